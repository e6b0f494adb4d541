/* mce_record.c - records of a trace buffer, and what any record means in one line of English. Pure; thread: any. */
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "source/mce_text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TIME_MAX_S (INT64_MAX / NS_PER_S)
#define VENDOR_INTEL 0u
#define VENDOR_AMD 2u

/* --- fields of an mce_record -------------------------------------------------------------------------------------- */

/* Digits up to the end, or up to what cannot be one; at most 64 bits. */
static bool take_hex(const char *p, const char *end, uint64_t *out)
{
	uint64_t value = 0;
	size_t digits = 0;

	for (; p < end && isxdigit((unsigned char)*p) && digits < 16; p++, digits++)
		value = value << 4 | (uint64_t)(isdigit((unsigned char)*p) ? *p - '0' : (*p | 0x20) - 'a' + 10);
	*out = value;
	return digits > 0 && (p == end || !isxdigit((unsigned char)*p));
}

static bool take_u32(const char *p, const char *end, uint32_t *out)
{
	uint64_t value;

	if (text_take_u64(&p, end, &value) != 0 || value > UINT32_MAX)
		return false;
	*out = (uint32_t)value;
	return true;
}

static void set_hex(struct mce_fields *fields, uint64_t bit, uint64_t *to, const char *p, const char *end)
{
	if (take_hex(p, end, to))
		fields->have |= bit;
}

static void set_u32(struct mce_fields *fields, uint64_t bit, uint32_t *to, const char *p, const char *end)
{
	if (take_u32(p, end, to))
		fields->have |= bit;
}

static void set_time(struct mce_fields *fields, const char *p, const char *end)
{
	uint64_t seconds;

	if (text_take_u64(&p, end, &seconds) != 0 || seconds == 0 || seconds > (uint64_t)TIME_MAX_S)
		return;
	fields->time_s = (int64_t)seconds;
	fields->have |= MCE_HAVE_TIME;
}

static bool label_is(const char *label, size_t length, const char *wanted)
{
	return length == strlen(wanted) && strncasecmp(label, wanted, length) == 0;
}

/* One of several labels and values with slashes between: "ADDR/MISC/SYND: 12345000/8c/0". */
static void take_field(struct mce_fields *fields, const char *label, size_t length, const char *p, const char *end)
{
	if (label_is(label, length, "CPU"))
		set_u32(fields, MCE_HAVE_CPU, &fields->cpu, p, end);
	else if (label_is(label, length, "ADDR"))
		set_hex(fields, MCE_HAVE_ADDRESS, &fields->address, p, end);
	else if (label_is(label, length, "MISC"))
		set_hex(fields, MCE_HAVE_MISC, &fields->misc, p, end);
	else if (label_is(label, length, "TIME"))
		set_time(fields, p, end);
	else if (label_is(label, length, "PROCESSOR") || label_is(label, length, "VENDOR"))
		set_u32(fields, MCE_HAVE_VENDOR, &fields->vendor, p, end);
	else if (label_is(label, length, "s")) /* of "MCGc/s" */
		take_hex(p, end, &fields->mcg_status);
	else if (length > 2 && strncasecmp(label, "MC", 2) == 0 && take_u32(label + 2, label + length, &fields->bank)) {
		fields->have |= MCE_HAVE_BANK;
		set_hex(fields, MCE_HAVE_STATUS, &fields->status, p, end);
	}
}

static const char *find(const char *p, const char *end, char wanted)
{
	const char *found = p < end ? memchr(p, wanted, (size_t)(end - p)) : NULL;

	return found != NULL ? found : end;
}

/* "LABEL/LABEL: VALUE/VALUE", between commas. */
static void take_fields(struct mce_fields *fields, const char *p, const char *end)
{
	const char *const colon = find(p, end, ':');
	const char *value = colon < end ? colon + 1 : end;

	while (p < colon && *p == ' ')
		p++;
	while (value < end && *value == ' ')
		value++;
	while (p < colon && value < end) {
		const char *const label_end = find(p, colon, '/'), *const value_end = find(value, end, '/');

		take_field(fields, p, (size_t)(label_end - p), value, value_end);
		p = label_end + 1;
		value = value_end + 1;
	}
}

int mce_parse_record(const char *body, size_t length, struct mce_fields *out)
{
	const uint64_t needed = MCE_HAVE_CPU | MCE_HAVE_BANK | MCE_HAVE_STATUS;
	const char *const end = body + length;
	struct mce_fields fields = { .have = 0 };

	for (const char *p = body; p < end;) {
		const char *const comma = find(p, end, ',');

		take_fields(&fields, p, comma);
		p = comma + 1;
	}
	if ((fields.have & needed) != needed)
		return -ERR_PARSE;
	fields.exception = fields.mcg_status != 0;
	*out = fields;
	return 0;
}

/* --- what it means ------------------------------------------------------------------------------------------------ */

/* Bits of a status register that say something of their own, by the processor's vendor. */
static const struct {
	uint64_t bit;
	uint32_t vendors; /* a mask of 1 << number */
	const char *name;
} BITS[] = {
	{ BIT(62), ~0u, "OVER" },
	{ BIT(61), ~0u, "UC" },
	{ BIT(60), ~0u, "EN" },
	{ BIT(59), ~0u, "MISCV" },
	{ BIT(58), ~0u, "ADDRV" },
	{ BIT(57), ~0u, "PCC" },
	{ BIT(56), 1u << VENDOR_INTEL, "S" },
	{ BIT(55), 1u << VENDOR_INTEL, "AR" },
	{ BIT(44), 1u << VENDOR_AMD, "Deferred" },
	{ BIT(43), 1u << VENDOR_AMD, "Poison" },
};

static bool is_of(const struct mce_fields *fields, uint32_t vendors)
{
	return vendors == ~0u ||
	       ((fields->have & MCE_HAVE_VENDOR) != 0 && fields->vendor < 32 && (vendors & 1u << fields->vendor) != 0);
}

static void put_bits(const struct mce_fields *fields, struct buf *out)
{
	const char *before = " (";

	for (size_t i = 0; i < sizeof(BITS) / sizeof(BITS[0]); i++)
		if ((fields->status & BITS[i].bit) != 0 && is_of(fields, BITS[i].vendors)) {
			buf_printf(out, "%s%s", before, BITS[i].name);
			before = " ";
		}
	if (before[1] == '\0')
		buf_text(out, ")");
}

/* What an uncorrected one asks for; Intel's words. */
static const char *urgency(const struct mce_fields *fields)
{
	if ((fields->status & MCE_STATUS_UNCORRECTED) == 0 || !is_of(fields, 1u << VENDOR_INTEL))
		return "";
	if ((fields->status & BIT(57)) != 0)
		return ", the processor's context is corrupt";
	if ((fields->status & BIT(56)) == 0)
		return ", no action required";
	return (fields->status & BIT(55)) != 0 ? ", action required" : ", action optional";
}

static void put_text(const struct mce_fields *fields, struct buf *out)
{
	buf_printf(out, "%s machine check%s on CPU %u, bank %u: status %016" PRIx64,
		   (fields->status & MCE_STATUS_UNCORRECTED) != 0 ? "uncorrected" : "corrected",
		   fields->exception ? " exception" : "", fields->cpu, fields->bank, fields->status);
	put_bits(fields, out);
	if ((fields->have & MCE_HAVE_ADDRESS) != 0 && ((fields->status & BIT(58)) != 0 || fields->address != 0))
		buf_printf(out, ", address %" PRIx64, fields->address);
	if ((fields->have & MCE_HAVE_MISC) != 0 && ((fields->status & BIT(59)) != 0 || fields->misc != 0))
		buf_printf(out, ", misc %" PRIx64, fields->misc);
	buf_text(out, urgency(fields));
}

/* FNV-1a: the same on every path, and from one version to the next. */
static uint64_t hash(const void *data, size_t length)
{
	const uint8_t *p = data;
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < length; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h != 0 ? h : 1;
}

static uint64_t identity_of(const struct mce_fields *fields)
{
	struct buf text;
	uint64_t identity;

	if ((fields->have & MCE_HAVE_TIME) == 0)
		return 0;
	buf_init(&text, MACHINE_CHECK_TEXT_MAX);
	buf_printf(&text, "%" PRId64 " %u %u %" PRIx64 " %" PRIx64, fields->time_s, fields->cpu, fields->bank,
		   fields->status, fields->address);
	identity = hash(text.data, text.length);
	buf_free(&text);
	return identity;
}

void mce_describe(const struct mce_fields *fields, struct machine_check *record)
{
	struct buf text;

	buf_init(&text, MACHINE_CHECK_TEXT_MAX);
	put_text(fields, &text);
	snprintf(record->text, sizeof(record->text), "%s", text.data);
	buf_free(&text);
	snprintf(record->subject, sizeof(record->subject), "CPU %u bank %u", fields->cpu, fields->bank);
	record->uncorrected = (fields->status & MCE_STATUS_UNCORRECTED) != 0;
	record->count = 1;
	record->identity = identity_of(fields);
	if ((fields->have & MCE_HAVE_TIME) != 0)
		record->time_real_ns = fields->time_s * NS_PER_S;
}

/* --- other events ------------------------------------------------------------------------------------------------- */

/* "0000:00:1c.0 PCIe Bus Error: severity=Corrected, Bad TLP, TLP Header=Not available" */
int mce_describe_pcie(const char *body, size_t length, struct machine_check *record)
{
	static const char KEY[] = "PCIe Bus Error: severity=";
	const char *key = memmem(body, length, KEY, sizeof(KEY) - 1), *severity;

	if (key == NULL || key == body || !isgraph((unsigned char)body[0]) || key - body > MACHINE_CHECK_SUBJECT_MAX)
		return -ERR_PARSE;
	severity = key + sizeof(KEY) - 1;
	record->uncorrected = (size_t)(body + length - severity) < 9 || memcmp(severity, "Corrected", 9) != 0;
	record->count = 1;
	snprintf(record->subject, sizeof(record->subject), "PCIe %.*s", (int)(key - body - 1), body);
	snprintf(record->text, sizeof(record->text), "%.*s",
		 (int)(length < MACHINE_CHECK_TEXT_MAX ? length : MACHINE_CHECK_TEXT_MAX), body);
	return 0;
}

uint32_t mce_parse_edac_count(const char *body, size_t length)
{
	uint32_t count;

	return take_u32(body, body + length, &count) ? count : 0;
}
