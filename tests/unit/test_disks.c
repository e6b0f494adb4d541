/*
 * test_disks.c - the health of disks: the source with a smartctl of our own run by the real command process, and the
 * rows that the builder makes of it; the rows of storage pools beside them.
 */
#include "runner_fixture.h"
#include "smart_fixture.h"
#include "tree.h"

#include "base/clock.h"
#include "model/build_storage.h"
#include "source/commands.h"
#include "source/disks.h"

extern const struct source source_disks;

/* --- the source -------------------------------------------------------------------------------------------------- */

/* Answers for /dev/NAME what ANSWERS/NAME holds, with the status in ANSWERS/NAME.status; hangs without such a file. */
#define FAKE                                                                                         \
	"#!/bin/sh\n"                                                                                \
	"for argument; do device=$argument; done\n"                                                  \
	"echo \"$*\" >>%1$s/calls\n"                                                                 \
	"answer=%1$s/answers/${device#/dev/}\n"                                                      \
	"[ -e $answer ] || exec sleep 1000\n"                                                        \
	"cat $answer\n"                                                                              \
	"[ ! -e $answer.status ] || exit $(cat $answer.status)\n"

static struct runner *command_process;
static struct source_env env;
static struct sysroot root;
static char program[128];

static void rig_open(void)
{
	char script[1024];

	command_process = start();
	scratch_make();
	snprintf(script, sizeof(script), FAKE, scratch);
	scratch_text("/smartctl", script);
	scratch_text("/answers/empty", "");
	snprintf(program, sizeof(program), "%s/smartctl", scratch);
	ck_assert_int_eq(chmod(program, 0755), 0);
	root.prefix = scratch;
	env = (struct source_env){ .root = &root, .uri = "", .agent_version = "test", .smartctl = program };
	ck_assert_int_eq(commands_start(command_process, &env.commands), 0);
}

static void rig_stop(void)
{
	ck_assert(commands_stop(env.commands, clock_mono_ns() + PATIENCE_MS * NS_PER_MS));
}

static void rig_free(void)
{
	commands_free(env.commands);
	runner_stop(command_process, 1000);
	scratch_remove();
}

static void rig_close(void)
{
	rig_stop();
	rig_free();
}

static void plug(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/block/%s/size", name);
	scratch_text(path, "1000\n");
	snprintf(path, sizeof(path), "/dev/%s", name);
	scratch_text(path, "");
}

static void answer(const char *name, const char *fixture, const char *status)
{
	char path[128];

	smart_load(fixture);
	snprintf(path, sizeof(path), "/answers/%s", name);
	scratch_text(path, smart_text);
	snprintf(path, sizeof(path), "/answers/%s.status", name);
	scratch_text(path, status);
}

static void plug_and_answer(const char *name, const char *fixture, const char *status)
{
	plug(name);
	answer(name, fixture, status);
}

static int poll_disks(struct disks **disks)
{
	struct part *part = NULL;
	int rc;

	error.text[0] = '\0';
	rc = source_disks.poll(NULL, &env, &part, &error);
	ck_assert_int_eq(rc == 0, part != NULL);
	*disks = (struct disks *)part;
	return rc;
}

static struct disks *must_read(void)
{
	struct disks *disks;

	ck_assert_msg(poll_disks(&disks) == 0, "%s", error.text);
	return disks;
}

static void fails(int code, const char *words)
{
	struct disks *disks;

	ck_assert_int_eq(poll_disks(&disks), code);
	ck_assert_msg(strstr(error.text, words) != NULL, "\"%s\" does not say \"%s\"", error.text, words);
}

START_TEST(every_disk_is_asked)
{
	static const char *const OTHERS[] = { "loop0", "ram0", "dm-0", "md127", "sr0", "vda", "zram0", "nvme0c0n1",
					      "nbd0", "mmcblk0", "sda1", "nvme0n1p1", "sd", "nvme0n" };
	struct disks *disks;
	char calls[512];
	int64_t before;

	rig_open();
	for (size_t i = 0; i < COUNT(OTHERS); i++)
		plug(OTHERS[i]);
	fails(-ERR_ABSENT, "/sys/block: no disk");
	scratch_text("/sys/block/sda/size", "1000\n");
	fails(-ERR_ABSENT, "/dev: none of the disks of /sys/block is there");
	plug_and_answer("sda", "sata-ssd", "0");
	plug_and_answer("sdb", "sata-hdd-failing", "24");
	plug_and_answer("nvme0n1", "nvme", "0");
	before = clock_mono_ns();
	disks = must_read();
	ck_assert_uint_eq(disks->n, 3);
	ck_assert_str_eq(disks->rows[0].name, "nvme0n1");
	ck_assert_uint_eq(disks->rows[0].wear_percent, 104);
	ck_assert_str_eq(disks->rows[1].identity, "TEST-SSD-0001");
	ck_assert_str_eq(disks->rows[2].name, "sdb");
	ck_assert_uint_eq(disks->rows[2].health, DISK_FAILED);
	ck_assert_uint_ne(disks->rows[2].have & DISK_HAVE_READ, 0);
	ck_assert_int_ge(disks->rows[2].read_mono_ns, before);
	part_unref(disks);
	ck_assert_int_eq(sysfile_read(&root, "/calls", calls, sizeof(calls), NULL), 0);
	ck_assert_str_eq(calls, "--json=c -n standby -i -H -A /dev/nvme0n1\n--json=c -n standby -i -H -A /dev/sda\n"
				"--json=c -n standby -i -H -A /dev/sdb\n");
	rig_close();
}
END_TEST

START_TEST(a_disk_that_cannot_be_read_has_a_row)
{
	struct disks *disks;

	rig_open();
	plug_and_answer("sda", "denied", "2");
	fails(-ERR_IO, "/dev/sda: Smartctl open device: /dev/sda failed: Permission denied");
	answer("sda", "truncated", "0");
	fails(-ERR_IO, "/dev/sda: what smartctl says is not JSON");
	scratch_text("/answers/sda", "");
	fails(-ERR_IO, "/dev/sda: exit status 0");
	plug_and_answer("sdb", "sata-ssd", "0");
	disks = must_read();
	ck_assert_uint_eq(disks->n, 2);
	ck_assert_uint_eq(disks->rows[0].have, 0);
	ck_assert_uint_eq(disks->rows[0].health, DISK_HEALTH_UNKNOWN);
	ck_assert_str_eq(disks->rows[0].identity, "sda");
	ck_assert_uint_eq(disks->rows[1].health, DISK_PASSED);
	part_unref(disks);
	rig_close();
}
END_TEST

START_TEST(a_sleeping_disk_is_no_failure)
{
	static const char PAGE[] = "\0\x80\0\x14TEST-SATA-9         ";
	struct disks *disks;

	rig_open();
	plug_and_answer("sdb", "standby", "2");
	plug_and_answer("nvme1n1", "standby", "2");
	scratch_write("/sys/block/sdb/device/vpd_pg80", PAGE, sizeof(PAGE) - 1);
	scratch_text("/sys/block/nvme1n1/device/serial", "N-2      \n");
	disks = must_read();
	ck_assert_uint_eq(disks->rows[0].have, DISK_HAVE_SERIAL);
	ck_assert_str_eq(disks->rows[0].identity, "N-2");
	ck_assert_str_eq(disks->rows[1].identity, "TEST-SATA-9");
	part_unref(disks);
	rig_close();
}
END_TEST

START_TEST(two_paths_to_one_disk)
{
	struct disks *disks;

	rig_open();
	plug_and_answer("sda", "sas", "0");
	plug_and_answer("sdb", "sas", "0");
	plug_and_answer("sdaa", "sas", "0");
	disks = must_read();
	ck_assert_str_eq(disks->rows[0].identity, "TEST-SAS-0004");
	ck_assert_str_eq(disks->rows[1].identity, "TEST-SAS-0004#2");
	ck_assert_str_eq(disks->rows[2].identity, "TEST-SAS-0004#3");
	part_unref(disks);
	rig_close();
}
END_TEST

START_TEST(a_disk_that_hangs_is_given_up)
{
	struct part *part = NULL;
	const struct disks *disks;

	rig_open();
	plug("sda"); /* no answer */
	ck_assert_int_eq(disks_read(&env, 100, &part, &error), -ERR_IO);
	ck_assert_msg(strstr(error.text, "/dev/sda: no end within") != NULL, "%s", error.text);
	plug_and_answer("sdb", "sata-ssd", "0");
	/* Long enough for the other one on a busy machine. */
	ck_assert_msg(disks_read(&env, 3000, &part, &error) == 0, "%s", error.text);
	disks = (const struct disks *)part;
	ck_assert_uint_eq(disks->rows[0].have, 0);
	ck_assert_uint_eq(disks->rows[1].power_on_hours, 12345);
	part_unref(part);
	rig_close();
}
END_TEST

START_TEST(without_program_there_is_nothing)
{
	struct commands *commands;

	rig_open();
	plug_and_answer("sda", "sata-ssd", "0");
	env.smartctl = "";
	fails(-ERR_ABSENT, "no smartctl is configured");
	env.smartctl = "/nowhere/smartctl";
	fails(-ERR_ABSENT, "/nowhere/smartctl: No such file");
	env.smartctl = "no-such-smartctl";
	fails(-ERR_IO, "not started: no-such-smartctl: No such file");
	commands = env.commands;
	env.commands = NULL;
	env.smartctl = program;
	fails(-ERR_ABSENT, "nothing here runs programs");
	env.commands = commands;
	ck_assert_int_eq(chmod(program, 0644), 0);
	fails(-ERR_IO, "Permission denied");
	rig_stop();
	fails(-ERR_STATE, "there is no command process");
	rig_free();
}
END_TEST

/* --- the rows ---------------------------------------------------------------------------------------------------- */

static struct disks *make_disks(size_t n)
{
	struct disks *disks = calloc(1, sizeof(*disks) + n * sizeof(disks->rows[0]));

	part_init(&disks->part, (void (*)(struct part *))free);
	disks->n = n;
	return disks;
}

static void set_row(struct disk *row, const char *name, const char *identity, int64_t read_mono_ns)
{
	memset(row, 0, sizeof(*row));
	snprintf(row->name, sizeof(row->name), "%s", name);
	snprintf(row->identity, sizeof(row->identity), "%s", identity);
	row->health = DISK_HEALTH_UNKNOWN;
	if (read_mono_ns == 0)
		return;
	row->have = DISK_HAVE_READ | DISK_HAVE_SERIAL | DISK_HAVE_POWER_ON_HOURS;
	row->health = DISK_PASSED;
	row->power_on_hours = 100;
	row->read_mono_ns = read_mono_ns;
}

START_TEST(numbers_belong_to_the_disk)
{
	struct index_map *indexes = index_map_new();
	struct disks *raw = make_disks(2), *first, *second;

	set_row(&raw->rows[0], "sda", "one", 5);
	set_row(&raw->rows[1], "sdb", "two", 5);
	first = build_disks(indexes, NULL, raw, 1000);
	ck_assert_uint_eq(first->n, 2);
	ck_assert_uint_eq(first->rows[0].index, 1);
	ck_assert_uint_eq(first->rows[1].index, 2);
	/* They change places: the numbers go with them, and so does the order of the rows. */
	set_row(&raw->rows[0], "sda", "two", 6);
	set_row(&raw->rows[1], "sdb", "one", 6);
	second = build_disks(indexes, first, raw, 1000);
	ck_assert_str_eq(second->rows[0].identity, "one");
	ck_assert_str_eq(second->rows[0].name, "sdb");
	ck_assert_uint_eq(second->rows[1].index, 2);
	part_unref(first);
	/* One goes; a new one gets another number, and the old one its own when it is back. */
	set_row(&raw->rows[1], "sdb", "three", 7);
	first = build_disks(indexes, second, raw, 1000);
	ck_assert_uint_eq(first->rows[0].index, 2);
	ck_assert_uint_eq(first->rows[1].index, 3);
	set_row(&raw->rows[1], "sdb", "one", 8);
	part_unref(second);
	second = build_disks(indexes, first, raw, 1000);
	ck_assert_uint_eq(second->rows[0].index, 1);
	part_unref(first);
	part_unref(second);
	part_unref(raw);
	index_map_free(indexes);
}
END_TEST

START_TEST(what_was_told_stays)
{
	struct index_map *indexes = index_map_new();
	struct disks *raw = make_disks(2), *first, *second;

	set_row(&raw->rows[0], "sda", "one", 5);
	set_row(&raw->rows[1], "sdb", "sdb", 0);
	first = build_disks(indexes, NULL, raw, 1000);
	ck_assert_uint_eq(first->rows[1].have, 0);
	/* It sleeps under another name, with the serial number that the kernel knows. */
	set_row(&raw->rows[0], "sdc", "one", 0);
	raw->rows[0].have = DISK_HAVE_SERIAL;
	second = build_disks(indexes, first, raw, 1000);
	ck_assert_uint_eq(second->n, 2);
	ck_assert_str_eq(second->rows[0].name, "sdc");
	ck_assert_uint_eq(second->rows[0].power_on_hours, 100);
	ck_assert_int_eq(second->rows[0].read_mono_ns, 5);
	part_unref(first);
	/* And without it: the name is what is left. */
	set_row(&raw->rows[0], "sdc", "sdc", 0);
	first = build_disks(indexes, second, raw, 1000);
	ck_assert_uint_eq(first->n, 2);
	ck_assert_str_eq(first->rows[0].identity, "one");
	ck_assert_uint_eq(first->rows[0].index, 1);
	ck_assert_uint_eq(first->rows[0].health, DISK_PASSED);
	part_unref(second);
	/* Another disk in its place has nothing of it. */
	set_row(&raw->rows[0], "sdc", "other", 0);
	raw->rows[0].have = DISK_HAVE_SERIAL;
	second = build_disks(indexes, first, raw, 1000);
	ck_assert_uint_eq(second->rows[1].have, DISK_HAVE_SERIAL);
	ck_assert_uint_eq(second->rows[1].health, DISK_HEALTH_UNKNOWN);
	part_unref(first);
	part_unref(second);
	part_unref(raw);
	index_map_free(indexes);
}
END_TEST

START_TEST(pools_have_numbers_by_uuid)
{
	struct index_map *indexes = index_map_new();
	struct pools *raw = calloc(1, sizeof(*raw) + 2 * sizeof(raw->rows[0])), *first, *second;

	part_init(&raw->part, (void (*)(struct part *))free);
	raw->n = 2;
	raw->rows[0].uuid[0] = 0xaa;
	raw->rows[1].uuid[0] = 0xbb;
	strcpy(raw->rows[0].name, "images");
	strcpy(raw->rows[1].name, "scratch");
	first = build_pools(indexes, raw, 1000);
	ck_assert_uint_eq(first->rows[1].index, 2);
	raw->rows[0].uuid[0] = 0xcc;
	second = build_pools(indexes, raw, 1000);
	ck_assert_str_eq(second->rows[0].name, "scratch");
	ck_assert_uint_eq(second->rows[0].index, 2);
	ck_assert_uint_eq(second->rows[1].index, 3);
	part_unref(first);
	raw->n = 0;
	first = build_pools(indexes, raw, 1000);
	ck_assert_uint_eq(first->n, 0);
	part_unref(first);
	part_unref(second);
	part_unref(raw);
	index_map_free(indexes);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("disks");

	UNIT_ADD(s, every_disk_is_asked);
	UNIT_ADD(s, a_disk_that_cannot_be_read_has_a_row);
	UNIT_ADD(s, a_sleeping_disk_is_no_failure);
	UNIT_ADD(s, two_paths_to_one_disk);
	UNIT_ADD(s, a_disk_that_hangs_is_given_up);
	UNIT_ADD(s, without_program_there_is_nothing);
	UNIT_ADD(s, numbers_belong_to_the_disk);
	UNIT_ADD(s, what_was_told_stays);
	UNIT_ADD(s, pools_have_numbers_by_uuid);
	return s;
}

RUNNER_MAIN(suite)
