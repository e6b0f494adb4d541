/* ptp_message.c - PTP management messages, pure. Thread: any. */
#include "source/ptp_message.h"

#include "base/buf.h"
#include "base/err.h"

#include <stdio.h>
#include <string.h>

#define PTP_VERSION 2
#define TYPE_MANAGEMENT 0x0d
#define CONTROL_MANAGEMENT 0x04
#define INTERVAL_NONE 0x7f
#define ACTION_RESPONSE 2
#define TLV_MANAGEMENT 0x0001
#define TLV_MANAGEMENT_ERROR 0x0002
#define TIME_INTERVAL_UNIT 65536 /* a TimeInterval counts 2^-16 ns */
#define FLAG_SLAVE_ONLY 0x02
#define FLAG_LEAP_61 0x01
#define FLAG_LEAP_59 0x02
#define FLAG_UTC_OFFSET_VALID 0x04
#define FLAG_PTP_TIMESCALE 0x08
#define TIME_STAMPS_SOFTWARE 0

/* --- request ----------------------------------------------------------------------------------------------------- */

struct writer {
	uint8_t *at;
};

static void put_u8(struct writer *w, uint8_t v)
{
	*w->at++ = v;
}

static void put_u16(struct writer *w, uint16_t v)
{
	put_u8(w, (uint8_t)(v >> 8));
	put_u8(w, (uint8_t)v);
}

static void put_zeros(struct writer *w, size_t n)
{
	memset(w->at, 0, n);
	w->at += n;
}

static void put_identity(struct writer *w, const struct ptp_identity *identity)
{
	memcpy(w->at, identity->clock, sizeof(identity->clock));
	w->at += sizeof(identity->clock);
	put_u16(w, identity->port);
}

void ptp_message_encode(const struct ptp_request *request, uint8_t out[PTP_REQUEST_SIZE])
{
	struct writer w = { out };

	put_u8(&w, (uint8_t)(request->transport << 4 | TYPE_MANAGEMENT));
	put_u8(&w, PTP_VERSION);
	put_u16(&w, PTP_REQUEST_SIZE);
	put_u8(&w, request->domain);
	put_zeros(&w, 1 + 2 + 8 + 4); /* reserved, flags, correction, reserved */
	put_identity(&w, &request->source);
	put_u16(&w, request->sequence);
	put_u8(&w, CONTROL_MANAGEMENT);
	put_u8(&w, INTERVAL_NONE);
	put_identity(&w, &request->target);
	put_zeros(&w, 4); /* no hops: it goes to no other clock; action GET; reserved */
	put_u16(&w, TLV_MANAGEMENT);
	put_u16(&w, sizeof(request->data_set));
	put_u16(&w, request->data_set);
}

/* --- reply ------------------------------------------------------------------------------------------------------- */

static int64_t take_i64(struct cursor *c)
{
	return (int64_t)cursor_u64(c);
}

static void take_clock(struct cursor *c, uint8_t clock[8])
{
	const uint8_t *bytes = cursor_bytes(c, 8);

	if (bytes != NULL)
		memcpy(clock, bytes, 8);
}

static void take_identity(struct cursor *c, struct ptp_identity *identity)
{
	take_clock(c, identity->clock);
	identity->port = cursor_u16(c);
}

/* The common header; the cursor is left behind it and ends where the message says that it ends. */
static int take_header(struct cursor *c, struct ptp_reply *reply)
{
	const size_t had = c->left;
	const uint8_t type = cursor_u8(c);
	const uint8_t version = cursor_u8(c);
	const size_t length = cursor_u16(c);

	reply->transport = type >> 4;
	if ((type & 0x0f) != TYPE_MANAGEMENT || (version & 0x0f) != PTP_VERSION)
		return -ERR_PARSE;
	if (c->bad || length > had || length < had - c->left)
		return -ERR_PARSE;
	c->left -= had - length;
	reply->domain = cursor_u8(c);
	cursor_bytes(c, 1 + 2 + 8 + 4); /* reserved, flags, correction, reserved */
	take_identity(c, &reply->source);
	reply->sequence = cursor_u16(c);
	cursor_bytes(c, 2); /* control, interval */
	return c->bad ? -ERR_PARSE : 0;
}

/* The one part that a management message has: a data set, or why there is none. */
static int take_part(struct cursor *c, struct ptp_reply *reply)
{
	const uint16_t type = cursor_u16(c);
	const size_t length = cursor_u16(c);

	if (c->bad || length > c->left)
		return -ERR_PARSE;
	c->left = length;
	if (type != TLV_MANAGEMENT && type != TLV_MANAGEMENT_ERROR)
		return -ERR_PARSE;
	reply->refused = type == TLV_MANAGEMENT_ERROR;
	if (reply->refused)
		cursor_u16(c); /* the reason */
	reply->data_set = cursor_u16(c);
	reply->data = c->data;
	reply->length = c->left;
	return c->bad ? -ERR_PARSE : 0;
}

int ptp_message_parse(const uint8_t *message, size_t length, struct ptp_reply *out)
{
	struct cursor c = { .data = message, .left = length };
	struct ptp_reply reply = { 0 };
	uint8_t action;

	if (take_header(&c, &reply) != 0)
		return -ERR_PARSE;
	take_identity(&c, &reply.target);
	cursor_bytes(&c, 2); /* hops */
	action = cursor_u8(&c) & 0x0f;
	cursor_u8(&c);
	if (c.bad || action != ACTION_RESPONSE || take_part(&c, &reply) != 0)
		return -ERR_PARSE;
	*out = reply;
	return 0;
}

/* --- data sets --------------------------------------------------------------------------------------------------- */

static bool data_of(const struct ptp_reply *reply, enum ptp_data_set set, struct cursor *c)
{
	*c = (struct cursor){ .data = reply->data, .left = reply->length };
	return !reply->refused && reply->data_set == set;
}

int ptp_message_default(const struct ptp_reply *reply, struct ptp_default *out)
{
	struct ptp_default set = { 0 };
	struct cursor c;

	if (!data_of(reply, PTP_DEFAULT_DATA_SET, &c))
		return -ERR_PARSE;
	set.slave_only = (cursor_u8(&c) & FLAG_SLAVE_ONLY) != 0;
	cursor_u8(&c);
	set.ports = cursor_u16(&c);
	cursor_bytes(&c, 1 + 4 + 1); /* priority 1, quality, priority 2 */
	take_clock(&c, set.clock);
	if (c.bad)
		return -ERR_PARSE;
	*out = set;
	return 0;
}

int ptp_message_current(const struct ptp_reply *reply, struct ptp_current *out)
{
	struct ptp_current set = { 0 };
	struct cursor c;

	if (!data_of(reply, PTP_CURRENT_DATA_SET, &c))
		return -ERR_PARSE;
	set.steps_removed = cursor_u16(&c);
	set.offset_ns = take_i64(&c) / TIME_INTERVAL_UNIT;
	set.delay_ns = take_i64(&c) / TIME_INTERVAL_UNIT;
	if (c.bad)
		return -ERR_PARSE;
	*out = set;
	return 0;
}

int ptp_message_parent(const struct ptp_reply *reply, uint8_t grandmaster[8])
{
	const uint8_t *clock;
	struct cursor c;

	if (!data_of(reply, PTP_PARENT_DATA_SET, &c))
		return -ERR_PARSE;
	cursor_bytes(&c, 10 + 2 + 2 + 4); /* parent, statistics, variance, rate */
	cursor_bytes(&c, 1 + 4 + 1);	  /* the grandmaster's priority 1, quality, priority 2 */
	clock = cursor_bytes(&c, 8);
	if (c.bad)
		return -ERR_PARSE;
	memcpy(grandmaster, clock, 8);
	return 0;
}

int ptp_message_time_properties(const struct ptp_reply *reply, struct ptp_time_properties *out)
{
	struct ptp_time_properties set;
	struct cursor c;
	uint8_t flags;

	if (!data_of(reply, PTP_TIME_PROPERTIES_DATA_SET, &c))
		return -ERR_PARSE;
	set.utc_offset_s = (int16_t)cursor_u16(&c);
	flags = cursor_u8(&c);
	set.utc_offset_valid = (flags & FLAG_UTC_OFFSET_VALID) != 0;
	set.ptp_timescale = (flags & FLAG_PTP_TIMESCALE) != 0;
	set.leap_insert = (flags & FLAG_LEAP_61) != 0;
	set.leap_delete = (flags & FLAG_LEAP_59) != 0;
	cursor_u8(&c); /* the kind of source */
	if (c.bad)
		return -ERR_PARSE;
	*out = set;
	return 0;
}

int ptp_message_ingress(const struct ptp_reply *reply, int64_t *ingress_ns)
{
	struct cursor c;
	int64_t ingress;

	if (!data_of(reply, PTP_TIME_STATUS_NP, &c))
		return -ERR_PARSE;
	take_i64(&c); /* the offset, which the current data set has, too */
	ingress = take_i64(&c);
	if (c.bad)
		return -ERR_PARSE;
	*ingress_ns = ingress;
	return 0;
}

/* A text with its length before it: 0, or -ERR_PARSE where it is longer than an interface's name or holds a NUL. */
static int take_interface(struct cursor *c, char out[PTP_INTERFACE_SIZE])
{
	const size_t length = cursor_u8(c);
	const uint8_t *text = cursor_bytes(c, length);

	if (c->bad || length >= PTP_INTERFACE_SIZE || memchr(text, '\0', length) != NULL)
		return -ERR_PARSE;
	memcpy(out, text, length);
	out[length] = '\0';
	return 0;
}

int ptp_message_port_properties(const struct ptp_reply *reply, struct ptp_port_properties *out)
{
	struct ptp_port_properties set = { 0 };
	struct ptp_identity identity;
	struct cursor c;

	if (!data_of(reply, PTP_PORT_PROPERTIES_NP, &c))
		return -ERR_PARSE;
	take_identity(&c, &identity);
	set.port = identity.port;
	set.state = cursor_u8(&c);
	set.software = cursor_u8(&c) == TIME_STAMPS_SOFTWARE;
	if (c.bad || take_interface(&c, set.interface) != 0)
		return -ERR_PARSE;
	*out = set;
	return 0;
}

int ptp_message_port_state(const struct ptp_reply *reply, uint16_t *port, uint8_t *state)
{
	struct ptp_identity identity;
	struct cursor c;
	uint8_t number;

	if (!data_of(reply, PTP_PORT_DATA_SET, &c))
		return -ERR_PARSE;
	take_identity(&c, &identity);
	number = cursor_u8(&c);
	if (c.bad)
		return -ERR_PARSE;
	*port = identity.port;
	*state = number;
	return 0;
}

int ptp_message_port_clock(const struct ptp_reply *reply, uint16_t *port, int32_t *number)
{
	struct ptp_identity identity;
	struct cursor c;
	int32_t clock;

	if (!data_of(reply, PTP_PORT_HWCLOCK_NP, &c))
		return -ERR_PARSE;
	take_identity(&c, &identity);
	clock = (int32_t)cursor_u32(&c);
	if (c.bad)
		return -ERR_PARSE;
	*port = identity.port;
	*number = clock < 0 ? -1 : clock;
	return 0;
}

/* --- names ------------------------------------------------------------------------------------------------------- */

const char *ptp_message_state_name(uint8_t state)
{
	static const char *const NAMES[] = {
		NULL,	      "INITIALIZING", "FAULTY",	 "DISABLED",	 "LISTENING",
		"PRE_MASTER", "MASTER",	      "PASSIVE", "UNCALIBRATED", "SLAVE",
	};

	return state < sizeof(NAMES) / sizeof(NAMES[0]) && NAMES[state] != NULL ? NAMES[state] : "UNKNOWN";
}

void ptp_message_identity_text(const uint8_t clock[8], char out[PTP_IDENTITY_TEXT_SIZE])
{
	snprintf(out, PTP_IDENTITY_TEXT_SIZE, "%02x%02x%02x.%02x%02x.%02x%02x%02x", clock[0], clock[1], clock[2],
		 clock[3], clock[4], clock[5], clock[6], clock[7]);
}
