/*
 * fuzz.h - what every fuzz target is: one function that libFuzzer calls with its inputs and replay.c with stored ones.
 */
#ifndef EDGENODE_TESTS_FUZZ_H
#define EDGENODE_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that every input must have; in force with NDEBUG, too. */
#define FUZZ_CHECK(condition)                                                            \
	do {                                                                             \
		if (!(condition)) {                                                      \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                         \
		}                                                                        \
	} while (0)

#endif
