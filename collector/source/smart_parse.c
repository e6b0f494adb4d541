/*
 * smart_parse.c - smartctl's JSON to the fields of a disk. Pure; thread: any. The one file that knows jansson.
 *
 * Numbers are taken as doubles: 64-bit counters of all ones, which broken firmware gives, would otherwise make the
 * whole document an error; whole numbers up to 2^53 stay exact, and beyond that no field here makes sense.
 */
#include "source/smart_parse.h"

#include "base/err.h"
#include "base/text.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define EXACT_MAX 9007199254740992.0 /* 2^53 */
#define TEMPERATURE_LEAST_C (-60)
#define TEMPERATURE_MOST_C 200
#define HOURS_MOST 1000000 /* more than a hundred years */
#define WEAR_MOST 255      /* NVMe: one byte */
#define ATTRIBUTES_MAX 256u
#define STATUS_NOT_OPENED 2 /* bit 1 of smartctl's status: not opened, not identified, or asleep */
#define PAGE80 0x80
#define PAGE_HEADER 4

/* Attributes whose normalised value is what is left of a solid-state disk's life, in percent, by the names of
 * smartctl's drive database: their numbers alone mean something else on other disks. The first that is there counts. */
static const struct {
	int id;
	const char *name;
} LIFE_LEFT[] = {
	{ 231, "SSD_Life_Left" },
	{ 233, "Media_Wearout_Indicator" },
	{ 177, "Wear_Leveling_Count" },
	{ 202, "Percent_Lifetime_Remain" },
	{ 202, "Percent_Lifetime_Used" }, /* its raw value is what is used, the normalised one what is left */
};

enum { REALLOCATED = 5, PENDING = 197 };

/* --- values ------------------------------------------------------------------------------------------------------ */

/* A whole number within bounds. */
static bool take_number(const json_t *value, double least, double most, double *out)
{
	const double number = json_is_number(value) ? json_number_value(value) : least - 1;

	if (!(number >= least && number <= most) || number != (double)(int64_t)number)
		return false;
	*out = number;
	return true;
}

static bool take_u64(const json_t *value, double most, uint64_t *out)
{
	double number;

	if (!take_number(value, 0, most, &number))
		return false;
	*out = (uint64_t)number;
	return true;
}

static bool take_u32(const json_t *value, double most, uint32_t *out)
{
	uint64_t number;

	if (!take_u64(value, most, &number))
		return false;
	*out = (uint32_t)number;
	return true;
}

/* Whatever a disk says of itself is one line, cut between characters where it is too long. */
static void copy_line(const char *text, char *out, size_t size)
{
	const size_t length = text_utf8_cut(text, strlen(text), size - 1);

	memcpy(out, text, length);
	out[length] = '\0';
	for (char *p = out; *p != '\0'; p++)
		if ((uint8_t)*p < ' ' || *p == 0x7f)
			*p = ' ';
	text_trim(out);
}

static bool take_text(const json_t *value, char *out, size_t size)
{
	if (!json_is_string(value))
		return false;
	copy_line(json_string_value(value), out, size);
	return out[0] != '\0';
}

static void set(struct disk *row, uint64_t bit, bool have)
{
	if (have)
		row->have |= bit;
}

/* --- ATA --------------------------------------------------------------------------------------------------------- */

static const json_t *find_attribute(const json_t *table, int id)
{
	for (size_t i = 0; i < json_array_size(table) && i < ATTRIBUTES_MAX; i++) {
		const json_t *attribute = json_array_get(table, i);
		double number;

		if (take_number(json_object_get(attribute, "id"), id, id, &number))
			return attribute;
	}
	return NULL;
}

/* The count as smartctl prints it, "8 (0 2)": some disks keep other things in the upper bytes of the raw value. */
static bool take_raw(const json_t *table, int id, double most, uint64_t *out)
{
	const json_t *raw = json_object_get(find_attribute(table, id), "raw");
	const char *text = json_string_value(json_object_get(raw, "string"));
	uint64_t number;

	if (text == NULL || text_take_u64(&text, text + strlen(text), &number) != 0 || (*text != '\0' && *text != ' '))
		return take_u64(json_object_get(raw, "value"), most, out);
	if ((double)number > most)
		return false;
	*out = number;
	return true;
}

static bool take_wear(const json_t *table, uint32_t *out)
{
	for (size_t i = 0; i < sizeof(LIFE_LEFT) / sizeof(LIFE_LEFT[0]); i++) {
		const json_t *attribute = find_attribute(table, LIFE_LEFT[i].id);
		const char *name = json_string_value(json_object_get(attribute, "name"));
		uint32_t left;

		if (name == NULL || strcmp(name, LIFE_LEFT[i].name) != 0 ||
		    !take_u32(json_object_get(attribute, "value"), 100, &left))
			continue;
		*out = 100 - left;
		return true;
	}
	return false;
}

static void parse_ata(const json_t *document, struct disk *row)
{
	const json_t *table = json_object_get(json_object_get(document, "ata_smart_attributes"), "table");
	uint64_t pending;

	set(row, DISK_HAVE_REALLOCATED, take_raw(table, REALLOCATED, EXACT_MAX, &row->reallocated));
	set(row, DISK_HAVE_WEAR, take_wear(table, &row->wear_percent));
	if (take_raw(table, PENDING, UINT32_MAX, &pending)) {
		row->pending = (uint32_t)pending;
		row->have |= DISK_HAVE_PENDING;
	}
}

/* --- the others -------------------------------------------------------------------------------------------------- */

static void parse_nvme(const json_t *document, struct disk *row)
{
	const json_t *log = json_object_get(document, "nvme_smart_health_information_log");

	if (take_u32(json_object_get(log, "percentage_used"), WEAR_MOST, &row->wear_percent))
		row->have |= DISK_HAVE_WEAR;
	set(row, DISK_HAVE_MEDIA_ERRORS, take_u64(json_object_get(log, "media_errors"), EXACT_MAX, &row->media_errors));
}

static void parse_scsi(const json_t *document, struct disk *row)
{
	if (take_u64(json_object_get(document, "scsi_grown_defect_list"), EXACT_MAX, &row->reallocated))
		row->have |= DISK_HAVE_REALLOCATED;
}

static uint8_t parse_health(const json_t *document)
{
	const json_t *passed = json_object_get(json_object_get(document, "smart_status"), "passed");

	if (!json_is_boolean(passed))
		return DISK_HEALTH_UNKNOWN;
	return json_is_true(passed) ? DISK_PASSED : DISK_FAILED;
}

static void parse_name(const json_t *document, struct disk *row)
{
	set(row, DISK_HAVE_MODEL,
	    take_text(json_object_get(document, "model_name"), row->model, sizeof(row->model)) ||
		    take_text(json_object_get(document, "scsi_model_name"), row->model, sizeof(row->model)));
	set(row, DISK_HAVE_SERIAL,
	    take_text(json_object_get(document, "serial_number"), row->serial, sizeof(row->serial)));
}

static void parse_common(const json_t *document, struct disk *row)
{
	double celsius;

	row->health = parse_health(document);
	set(row, DISK_HAVE_POWER_ON_HOURS,
	    take_u32(json_object_get(json_object_get(document, "power_on_time"), "hours"), HOURS_MOST,
		     &row->power_on_hours));
	if (take_number(json_object_get(json_object_get(document, "temperature"), "current"), TEMPERATURE_LEAST_C,
			TEMPERATURE_MOST_C, &celsius)) {
		row->temperature_mdegc = (int32_t)celsius * 1000;
		row->have |= DISK_HAVE_TEMPERATURE;
	}
}

/* A disk without it has only its name: what smartctl says of a SCSI disk's temperature then is 0. */
static bool has_smart(const json_t *document)
{
	return !json_is_false(json_object_get(json_object_get(document, "smart_support"), "available"));
}

/* --- the whole --------------------------------------------------------------------------------------------------- */

/* The first of smartctl's messages, which says why there is nothing else. */
static const char *first_message(const json_t *document)
{
	const json_t *messages = json_object_get(json_object_get(document, "smartctl"), "messages");
	const char *text = json_string_value(json_object_get(json_array_get(messages, 0), "string"));

	return text != NULL && text[0] != '\0' ? text : "smartctl does not say why";
}

/* "Device is in STANDBY mode, exit(2)", and SLEEP or STANDBY (OS) in that place. */
static bool is_asleep(const json_t *document, const char *message)
{
	const json_t *status = json_object_get(json_object_get(document, "smartctl"), "exit_status");
	double bits;

	return take_number(status, 0, UINT8_MAX, &bits) && ((int)bits & STATUS_NOT_OPENED) != 0 &&
	       strncmp(message, "Device is in ", 13) == 0;
}

static int parse_document(const json_t *document, struct disk *row, char reason[SMART_REASON_SIZE])
{
	struct disk told = { .health = DISK_HEALTH_UNKNOWN };
	const char *message;

	parse_name(document, &told);
	if (has_smart(document)) {
		parse_common(document, &told);
		parse_ata(document, &told);
		parse_nvme(document, &told);
		parse_scsi(document, &told);
	}
	if (told.have == 0 && told.health == DISK_HEALTH_UNKNOWN) {
		message = first_message(document);
		copy_line(message, reason, SMART_REASON_SIZE);
		return is_asleep(document, message) ? -ERR_BUSY : -ERR_IO;
	}
	memcpy(told.name, row->name, sizeof(told.name));
	memcpy(told.identity, row->identity, sizeof(told.identity));
	told.index = row->index;
	told.read_mono_ns = row->read_mono_ns;
	*row = told;
	return 0;
}

int smart_parse(const char *text, size_t length, struct disk *row, char reason[SMART_REASON_SIZE])
{
	json_error_t error;
	json_t *document;
	int rc;

	if (length > SMART_TEXT_MAX) {
		copy_line("more text than is taken", reason, SMART_REASON_SIZE);
		return -ERR_LIMIT;
	}
	document = json_loadb(text, length, JSON_DECODE_INT_AS_REAL, &error);
	if (!json_is_object(document)) {
		json_decref(document);
		copy_line("what smartctl says is not JSON", reason, SMART_REASON_SIZE);
		return -ERR_PARSE;
	}
	rc = parse_document(document, row, reason);
	json_decref(document);
	return rc;
}

static bool is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

int smart_parse_page80(const uint8_t *page, size_t length, char *serial, size_t size)
{
	size_t told;
	char text[UINT8_MAX + 1];

	if (length < PAGE_HEADER || page[1] != PAGE80)
		return -ERR_PARSE;
	told = ((size_t)page[2] << 8) | page[3];
	if (told > length - PAGE_HEADER || told >= sizeof(text))
		return -ERR_PARSE;
	memcpy(text, page + PAGE_HEADER, told);
	text[told] = '\0';
	text_trim(text);
	if (text[0] == '\0' || strlen(text) >= size || !is_printable(text))
		return -ERR_PARSE;
	memcpy(serial, text, strlen(text) + 1);
	return 0;
}
