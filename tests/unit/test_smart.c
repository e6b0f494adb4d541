/*
 * test_smart.c - smartctl's text on a disk: that of tests/fixtures/smartctl, cut, of wrong types, absurd and binary.
 */
#include "smart_fixture.h"
#include "tree.h"

#include "source/smart_parse.h"

static char reason[SMART_REASON_SIZE];

static int parse_fixture(const char *name, struct disk *row)
{
	const size_t length = smart_load(name);

	memset(row, 0, sizeof(*row));
	reason[0] = '\0';
	return smart_parse(smart_text, length, row, reason);
}

static int parse_text(const char *json, struct disk *row)
{
	memset(row, 0, sizeof(*row));
	return smart_parse(json, strlen(json), row, reason);
}

/* --- the text ---------------------------------------------------------------------------------------------------- */

#define TOLD (DISK_HAVE_TEMPERATURE | DISK_HAVE_POWER_ON_HOURS | DISK_HAVE_MODEL | DISK_HAVE_SERIAL)

START_TEST(parse_sata_ssd)
{
	struct disk row;

	ck_assert_int_eq(parse_fixture("sata-ssd", &row), 0);
	ck_assert_uint_eq(row.have, TOLD | DISK_HAVE_REALLOCATED | DISK_HAVE_WEAR);
	ck_assert_str_eq(row.model, "Samsung SSD 870 EVO 500GB");
	ck_assert_str_eq(row.serial, "TEST-SSD-0001");
	ck_assert_uint_eq(row.health, DISK_PASSED);
	ck_assert_int_eq(row.temperature_mdegc, 31000);
	ck_assert_uint_eq(row.power_on_hours, 12345);
	ck_assert_uint_eq(row.reallocated, 3);
	ck_assert_uint_eq(row.wear_percent, 7);
}
END_TEST

START_TEST(parse_failing_hdd)
{
	struct disk row;

	ck_assert_int_eq(parse_fixture("sata-hdd-failing", &row), 0);
	ck_assert_uint_eq(row.have, TOLD | DISK_HAVE_REALLOCATED | DISK_HAVE_PENDING);
	ck_assert_uint_eq(row.health, DISK_FAILED);
	ck_assert_uint_eq(row.reallocated, 1568);
	ck_assert_uint_eq(row.pending, 312);
	ck_assert_int_eq(row.temperature_mdegc, 46000);
}
END_TEST

START_TEST(parse_nvme_and_sas)
{
	struct disk row;

	ck_assert_int_eq(parse_fixture("nvme", &row), 0);
	ck_assert_uint_eq(row.have, TOLD | DISK_HAVE_WEAR | DISK_HAVE_MEDIA_ERRORS);
	ck_assert_uint_eq(row.wear_percent, 104);
	ck_assert_uint_eq(row.media_errors, 7);
	ck_assert_int_eq(parse_fixture("sas", &row), 0);
	ck_assert_uint_eq(row.have, TOLD | DISK_HAVE_REALLOCATED);
	ck_assert_str_eq(row.model, "TESTVEND SAS-600G");
	ck_assert_uint_eq(row.reallocated, 5);
}
END_TEST

START_TEST(parse_what_smartctl_said)
{
	struct disk row;

	ck_assert_int_eq(parse_fixture("qemu-sata", &row), 0);
	ck_assert_uint_eq(row.have, TOLD | DISK_HAVE_REALLOCATED);
	ck_assert_str_eq(row.serial, "TEST-SATA-9");
	ck_assert_uint_eq(row.health, DISK_PASSED);
	ck_assert_uint_eq(row.power_on_hours, 1);
	ck_assert_uint_eq(row.reallocated, 0);
	ck_assert_int_eq(parse_fixture("qemu-nvme", &row), 0);
	ck_assert_uint_eq(row.have, TOLD | DISK_HAVE_WEAR | DISK_HAVE_MEDIA_ERRORS);
	ck_assert_int_eq(row.temperature_mdegc, 50000);
	/* No SMART, so no 0 degrees. */
	ck_assert_int_eq(parse_fixture("qemu-scsi", &row), 0);
	ck_assert_uint_eq(row.have, DISK_HAVE_MODEL | DISK_HAVE_SERIAL);
	ck_assert_uint_eq(row.health, DISK_HEALTH_UNKNOWN);
}
END_TEST

START_TEST(parse_of_disks_that_were_not_read)
{
	static const struct {
		const char *name;
		int rc;
		const char *reason;
	} CASES[] = {
		{ "absent", -ERR_IO, "Smartctl open device: /dev/sda failed: No such device" },
		{ "denied", -ERR_IO, "Smartctl open device: /dev/sda failed: Permission denied" },
		{ "unknown", -ERR_IO, "/dev/vda: Unable to detect device type" },
		{ "standby", -ERR_BUSY, "Device is in STANDBY mode, exit(2)" },
		{ "truncated", -ERR_PARSE, "what smartctl says is not JSON" },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct disk row, untouched = { .have = 0 };

		ck_assert_msg(parse_fixture(CASES[i].name, &row) == CASES[i].rc, "%s", CASES[i].name);
		ck_assert_str_eq(reason, CASES[i].reason);
		ck_assert_mem_eq(&row, &untouched, sizeof(row));
	}
}
END_TEST

#define MODEL "{\"model_name\":\"m\","
#define TABLE(row) MODEL "\"ata_smart_attributes\":{\"table\":[" row "]}}"

/* Each leaves everything absent but the model. */
START_TEST(absurd_values_are_absent)
{
	static const char *const CASES[] = {
		MODEL "\"temperature\":{\"current\":-273}}",
		MODEL "\"temperature\":{\"current\":1e300}}",
		MODEL "\"temperature\":{\"current\":30.5}}",
		MODEL "\"temperature\":{\"current\":\"30\"}}",
		MODEL "\"temperature\":30}",
		MODEL "\"power_on_time\":{\"hours\":-1}}",
		MODEL "\"power_on_time\":{\"hours\":4294967295}}",
		MODEL "\"power_on_time\":[1]}",
		MODEL "\"serial_number\":\"   \"}",
		MODEL "\"serial_number\":17}",
		MODEL "\"smart_status\":{\"passed\":\"true\"}}",
		MODEL "\"smart_status\":{\"passed\":1}}",
		MODEL "\"scsi_grown_defect_list\":-4}",
		MODEL "\"nvme_smart_health_information_log\":"
		      "{\"percentage_used\":256,\"media_errors\":18446744073709551615}}",
		MODEL "\"nvme_smart_health_information_log\":null}",
		MODEL "\"ata_smart_attributes\":{\"table\":{}}}",
		TABLE("5,null,{},[]"),
		TABLE("{\"id\":5}"),
		TABLE("{\"id\":\"5\",\"raw\":{\"value\":1}}"),
		TABLE("{\"id\":5,\"raw\":{\"value\":-1,\"string\":\"-\"}}"),
		TABLE("{\"id\":197,\"raw\":{\"value\":281474976710655,\"string\":\"281474976710655\"}}"),
		/* The number alone is another thing on another disk; the name alone does not make it one of these. */
		TABLE("{\"id\":231,\"name\":\"Temperature_Celsius\",\"value\":40}"),
		TABLE("{\"id\":233,\"name\":\"Flash_Writes_GiB\",\"value\":100}"),
		TABLE("{\"id\":177,\"name\":\"Wear_Range_Delta\",\"value\":0}"),
		TABLE("{\"id\":202,\"name\":\"Exception_Mode_Status\",\"value\":100}"),
		TABLE("{\"id\":177,\"name\":\"Wear_Leveling_Count\",\"value\":200}"),
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct disk row;

		ck_assert_msg(parse_text(CASES[i], &row) == 0, "%s: %s", CASES[i], reason);
		ck_assert_msg(row.have == DISK_HAVE_MODEL && row.health == DISK_HEALTH_UNKNOWN, "%s: %llx", CASES[i],
			      (unsigned long long)row.have);
	}
}
END_TEST

START_TEST(counts_and_wear)
{
	static const struct {
		const char *json;
		uint64_t bit;
		uint64_t value;
	} CASES[] = {
		{ TABLE("{\"id\":5,\"raw\":{\"value\":9,\"string\":\"0x0009\"}}"), DISK_HAVE_REALLOCATED, 9 },
		{ TABLE("{\"id\":5,\"raw\":{\"value\":9}}"), DISK_HAVE_REALLOCATED, 9 },
		{ TABLE("{\"id\":5,\"raw\":{\"value\":65544,\"string\":\"8 (0 1)\"}}"), DISK_HAVE_REALLOCATED, 8 },
		{ TABLE("{\"id\":231,\"name\":\"SSD_Life_Left\",\"value\":100}"), DISK_HAVE_WEAR, 0 },
		{ TABLE("{\"id\":233,\"name\":\"Media_Wearout_Indicator\",\"value\":1}"), DISK_HAVE_WEAR, 99 },
		{ TABLE("{\"id\":202,\"name\":\"Percent_Lifetime_Remain\",\"value\":0}"), DISK_HAVE_WEAR, 100 },
		{ TABLE("{\"id\":177,\"name\":\"Wear_Leveling_Count\",\"value\":50},"
			"{\"id\":231,\"name\":\"SSD_Life_Left\",\"value\":80}"), DISK_HAVE_WEAR, 20 },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct disk row;

		ck_assert_int_eq(parse_text(CASES[i].json, &row), 0);
		ck_assert_msg((row.have & CASES[i].bit) != 0, "%s", CASES[i].json);
		ck_assert_uint_eq(CASES[i].bit == DISK_HAVE_WEAR ? row.wear_percent : row.reallocated, CASES[i].value);
	}
}
END_TEST

START_TEST(texts_are_cut_and_cleaned)
{
	char json[400], longest[200];
	struct disk row;

	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	memcpy(longest + 70, "\xc3\xa9", 2); /* would be cut in two */
	snprintf(json, sizeof(json), "{\"model_name\":\"  %s\",\"serial_number\":\" a\\nb\\u0007 \"}", longest);
	ck_assert_int_eq(parse_text(json, &row), 0);
	ck_assert_uint_le(strlen(row.model), sizeof(row.model) - 1);
	ck_assert_int_eq(row.model[strlen(row.model) - 1], 'x');
	ck_assert_str_eq(row.serial, "a b");
}
END_TEST

START_TEST(parser_survives_cut_binary_and_huge)
{
	const size_t length = smart_load("sata-ssd");
	struct disk row = { .have = 0 };
	char *huge = malloc(SMART_TEXT_MAX + 1);
	uint32_t state = 7;

	for (size_t cut = 0; cut < length; cut++) {
		char *copy = malloc(cut + 1);

		memcpy(copy, smart_text, cut);
		ck_assert_int_eq(smart_parse(copy, cut, &row, reason), -ERR_PARSE);
		free(copy);
	}
	for (int round = 0; round < 1000; round++) {
		smart_load("sata-ssd");
		for (int k = 0; k < 1 + round % 4; k++) {
			state = state * 1664525u + 1013904223u;
			smart_text[(state >> 8) % length] = (char)(state >> 24);
		}
		smart_parse(smart_text, length, &row, reason);
	}
	memset(huge, '[', SMART_TEXT_MAX + 1);
	ck_assert_int_eq(smart_parse(huge, SMART_TEXT_MAX, &row, reason), -ERR_PARSE);
	ck_assert_int_eq(smart_parse(huge, SMART_TEXT_MAX + 1, &row, reason), -ERR_LIMIT);
	memset(huge, '9', SMART_TEXT_MAX);
	ck_assert_int_eq(smart_parse(huge, SMART_TEXT_MAX, &row, reason), -ERR_PARSE);
	free(huge);
}
END_TEST

START_TEST(serial_number_pages)
{
	static const uint8_t GOOD[] = { 0, 0x80, 0, 8, ' ', 'A', 'B', ' ', '1', ' ', ' ', ' ' };
	uint8_t page[sizeof(GOOD)];
	char serial[16] = "before";

	for (size_t cut = 0; cut < sizeof(GOOD); cut++)
		ck_assert_int_eq(smart_parse_page80(GOOD, cut, serial, sizeof(serial)), -ERR_PARSE);
	ck_assert_str_eq(serial, "before");
	ck_assert_int_eq(smart_parse_page80(GOOD, sizeof(GOOD), serial, 4), -ERR_PARSE);
	ck_assert_int_eq(smart_parse_page80(GOOD, sizeof(GOOD), serial, sizeof(serial)), 0);
	ck_assert_str_eq(serial, "AB 1");
	memcpy(page, GOOD, sizeof(page));
	page[1] = 0x83;
	ck_assert_int_eq(smart_parse_page80(page, sizeof(page), serial, sizeof(serial)), -ERR_PARSE);
	page[1] = 0x80;
	page[5] = 0xff;
	ck_assert_int_eq(smart_parse_page80(page, sizeof(page), serial, sizeof(serial)), -ERR_PARSE);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smart");

	UNIT_ADD(s, parse_sata_ssd);
	UNIT_ADD(s, parse_failing_hdd);
	UNIT_ADD(s, parse_nvme_and_sas);
	UNIT_ADD(s, parse_what_smartctl_said);
	UNIT_ADD(s, parse_of_disks_that_were_not_read);
	UNIT_ADD(s, absurd_values_are_absent);
	UNIT_ADD(s, counts_and_wear);
	UNIT_ADD(s, texts_are_cut_and_cleaned);
	UNIT_ADD(s, parser_survives_cut_binary_and_huge);
	UNIT_ADD(s, serial_number_pages);
	return s;
}

UNIT_MAIN(suite)
