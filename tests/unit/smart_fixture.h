/*
 * smart_fixture.h - for tests of disks' health: the texts of tests/fixtures/smartctl.
 */
#ifndef EDGENODE_TESTS_SMART_FIXTURE_H
#define EDGENODE_TESTS_SMART_FIXTURE_H

#include "tests/unit/unit.h"

#include <stdio.h>

#define SMART_FIXTURE_MAX (64u * 1024)

static char smart_text[SMART_FIXTURE_MAX + 1];

static inline size_t smart_load(const char *name)
{
	char path[512];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "%s/smartctl/%s.json", FIXTURES, name);
	file = fopen(path, "re");
	ck_assert_msg(file != NULL, "%s", path);
	n = fread(smart_text, 1, SMART_FIXTURE_MAX, file);
	smart_text[n] = '\0';
	fclose(file);
	return n;
}

#endif
