/* chrony_message.c - the messages of chronyd's command protocol. Pure; thread: any. */
#include "source/chrony_message.h"

#include "base/buf.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PROTOCOL_VERSION 6
#define REQUEST 1
#define REPLY 2
#define REQUEST_HEADER 20u
#define REPLY_HEADER 28u
#define ADDRESS_SIZE 20u
#define NAME_MAX_BYTES (CHRONY_NAME_SIZE - 1)

#define STATUS_SUCCESS 0
#define STATUS_NO_SOURCE 4

#define COEFFICIENT_BITS 25
#define NO_HIGH_SECONDS 0x7fffffffu /* the seconds have 32 bits */
#define PPB_PER_PPM 1000

/* What a command's reply is called and how long it is. */
struct format {
	enum chrony_command command;
	uint16_t reply;
	size_t length;
};

static const struct format FORMATS[] = {
	{ CHRONY_N_SOURCES, 2, REPLY_HEADER + 4 },
	{ CHRONY_SOURCE_DATA, 3, REPLY_HEADER + ADDRESS_SIZE + 28 },
	{ CHRONY_TRACKING, 5, REPLY_HEADER + 4 + ADDRESS_SIZE + 52 },
	{ CHRONY_SOURCESTATS, 6, REPLY_HEADER + 4 + ADDRESS_SIZE + 32 },
	{ CHRONY_SOURCE_NAME, 19, REPLY_HEADER + NAME_MAX_BYTES },
};

static const struct format *format_of(enum chrony_command command)
{
	size_t i = 0;

	while (FORMATS[i].command != command)
		i++;
	return &FORMATS[i];
}

/* --- requests ---------------------------------------------------------------------------------------------------- */

static void put_u16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put_u32(uint8_t *at, uint32_t v)
{
	put_u16(at, (uint16_t)(v >> 16));
	put_u16(at + 2, (uint16_t)v);
}

size_t chrony_request_encode(const struct chrony_request *request, uint8_t out[CHRONY_MESSAGE_MAX])
{
	uint8_t *const body = out + REQUEST_HEADER;

	memset(out, 0, CHRONY_MESSAGE_MAX);
	out[0] = PROTOCOL_VERSION;
	out[1] = REQUEST;
	put_u16(out + 4, (uint16_t)request->command);
	put_u32(out + 8, request->sequence);
	if (request->command == CHRONY_SOURCE_DATA || request->command == CHRONY_SOURCESTATS)
		put_u32(body, request->index);
	if (request->command == CHRONY_SOURCE_NAME) {
		memcpy(body, request->address.bytes, sizeof(request->address.bytes));
		put_u16(body + sizeof(request->address.bytes), request->address.family);
	}
	return format_of(request->command)->length;
}

/* --- replies ----------------------------------------------------------------------------------------------------- */

static int64_t take_ns(struct cursor *c)
{
	return chrony_number(cursor_u32(c), NS_PER_S);
}

static int64_t take_ppb(struct cursor *c)
{
	return chrony_number(cursor_u32(c), PPB_PER_PPM);
}

static void take_address(struct cursor *c, struct chrony_address *out)
{
	const uint8_t *bytes = cursor_bytes(c, sizeof(out->bytes));

	if (bytes != NULL)
		memcpy(out->bytes, bytes, sizeof(out->bytes));
	out->family = cursor_u16(c);
	if (out->family > CHRONY_UNRESOLVED)
		out->family = CHRONY_NO_ADDRESS;
	cursor_u16(c);
}

static int64_t take_time_ns(struct cursor *c)
{
	const uint32_t high = cursor_u32(c), low = cursor_u32(c), ns = cursor_u32(c);
	const uint64_t s = (high == NO_HIGH_SECONDS ? 0 : (uint64_t)high << 32) | low;

	return s < INT64_MAX / NS_PER_S && ns < NS_PER_S ? (int64_t)s * NS_PER_S + ns : 0;
}

static struct cursor body_of(const uint8_t *data, size_t length)
{
	struct cursor c = { data, length, false };

	cursor_bytes(&c, REPLY_HEADER);
	return c;
}

int chrony_reply_check(const struct chrony_request *request, const uint8_t *data, size_t length)
{
	const struct format *format = format_of(request->command);
	struct cursor c = { data, length, false };
	uint16_t reply, status;

	if (length < REPLY_HEADER || cursor_u8(&c) != PROTOCOL_VERSION || cursor_u8(&c) != REPLY)
		return -ERR_STATE;
	cursor_u16(&c);
	if (cursor_u16(&c) != request->command)
		return -ERR_STATE;
	reply = cursor_u16(&c);
	status = cursor_u16(&c);
	cursor_bytes(&c, 6);
	if (cursor_u32(&c) != request->sequence)
		return -ERR_STATE;
	if (status == STATUS_NO_SOURCE)
		return -ERR_ABSENT;
	if (status != STATUS_SUCCESS)
		return -ERR_UNSUPPORTED;
	return reply == format->reply && length == format->length ? 0 : -ERR_PARSE;
}

int chrony_n_sources_parse(const uint8_t *data, size_t length, uint32_t *out)
{
	struct cursor c = body_of(data, length);
	const uint32_t n = cursor_u32(&c);

	if (c.bad)
		return -ERR_PARSE;
	*out = n;
	return 0;
}

int chrony_tracking_parse(const uint8_t *data, size_t length, struct chrony_tracking *out)
{
	struct cursor c = body_of(data, length);
	struct chrony_tracking t = { .reference_id = cursor_u32(&c) };

	take_address(&c, &t.address);
	t.stratum = cursor_u16(&c);
	t.leap = cursor_u16(&c);
	t.reference_real_ns = take_time_ns(&c);
	t.correction_ns = take_ns(&c);
	cursor_u32(&c); /* the offset at the last update */
	t.rms_offset_ns = take_ns(&c);
	t.frequency_ppb = take_ppb(&c);
	cursor_u32(&c); /* residual frequency */
	t.skew_ppb = take_ppb(&c);
	t.root_delay_ns = take_ns(&c);
	t.root_dispersion_ns = take_ns(&c);
	cursor_u32(&c); /* time between the last two updates */
	if (c.bad)
		return -ERR_PARSE;
	*out = t;
	return 0;
}

int chrony_source_parse(const uint8_t *data, size_t length, struct chrony_source *out)
{
	struct cursor c = body_of(data, length);
	struct chrony_source s = { .stratum = 0 };

	take_address(&c, &s.address);
	cursor_u16(&c); /* polling interval */
	s.stratum = cursor_u16(&c);
	s.state = cursor_u16(&c);
	s.mode = cursor_u16(&c);
	cursor_u16(&c); /* flags: none are defined */
	s.reach = cursor_u16(&c);
	s.since_sample_s = cursor_u32(&c);
	cursor_u32(&c); /* the offset as it was measured, before later corrections of the clock */
	s.offset_ns = take_ns(&c);
	s.error_ns = take_ns(&c);
	if (c.bad)
		return -ERR_PARSE;
	*out = s;
	return 0;
}

int chrony_sourcestats_parse(const uint8_t *data, size_t length, struct chrony_sourcestats *out)
{
	struct cursor c = body_of(data, length);
	struct chrony_sourcestats s = { .reference_id = cursor_u32(&c) };

	take_address(&c, &s.address);
	s.samples = cursor_u32(&c);
	cursor_bytes(&c, 2 * 4); /* runs, span */
	s.deviation_ns = take_ns(&c);
	cursor_bytes(&c, 2 * 4); /* frequency, skew */
	s.offset_ns = take_ns(&c);
	cursor_u32(&c); /* deviation of that */
	if (c.bad)
		return -ERR_PARSE;
	*out = s;
	return 0;
}

int chrony_name_parse(const uint8_t *data, size_t length, char out[CHRONY_NAME_SIZE])
{
	struct cursor c = body_of(data, length);
	const uint8_t *name = cursor_bytes(&c, NAME_MAX_BYTES);

	if (name == NULL)
		return -ERR_PARSE;
	memcpy(out, name, NAME_MAX_BYTES);
	out[NAME_MAX_BYTES] = '\0';
	return 0;
}

/* --- values ------------------------------------------------------------------------------------------------------ */

/* The coefficient times the scale has at most 54 bits. */
int64_t chrony_number(uint32_t raw, int64_t scale)
{
	const int32_t exponent = (int32_t)raw >> COEFFICIENT_BITS;
	const int32_t coefficient = (int32_t)(raw << (32 - COEFFICIENT_BITS)) >> (32 - COEFFICIENT_BITS);
	const int shift = exponent - COEFFICIENT_BITS;
	const int64_t product = coefficient * scale, size = product < 0 ? -product : product;
	int64_t result;

	if (shift >= 0)
		result = size > INT64_MAX >> shift ? INT64_MAX : size << shift;
	else
		result = shift < -62 ? 0 : (size + (INT64_C(1) << (-shift - 1))) >> -shift;
	return product < 0 ? -result : result;
}

uint32_t chrony_address_id(const struct chrony_address *address)
{
	struct cursor c = { address->bytes, sizeof(address->bytes), false };

	return cursor_u32(&c);
}

void chrony_address_text(const struct chrony_address *address, char out[CHRONY_TEXT_SIZE])
{
	out[0] = '\0';
	if (address->family == CHRONY_INET4)
		inet_ntop(AF_INET, address->bytes, out, CHRONY_TEXT_SIZE);
	else if (address->family == CHRONY_INET6)
		inet_ntop(AF_INET6, address->bytes, out, CHRONY_TEXT_SIZE);
	else if (address->family == CHRONY_UNRESOLVED)
		snprintf(out, CHRONY_TEXT_SIZE, "ID#%010" PRIu32, chrony_address_id(address));
}

void chrony_reference_text(uint32_t reference_id, char out[CHRONY_TEXT_SIZE])
{
	const char text[5] = { (char)(reference_id >> 24), (char)(reference_id >> 16), (char)(reference_id >> 8),
			       (char)reference_id };
	const size_t n = strlen(text);
	bool printable = n > 0;

	for (size_t i = 0; i < 4; i++)
		printable = printable && (i < n ? text[i] > ' ' && text[i] < 0x7f : text[i] == '\0');
	if (printable)
		snprintf(out, CHRONY_TEXT_SIZE, "%s", text);
	else
		snprintf(out, CHRONY_TEXT_SIZE, "%08" PRIX32, reference_id);
}
