/*
 * varbind.h - a notification's varbinds as bytes: made once at the event, kept in the log, sent as they are.
 *
 * Record: u8 version 1; u32 count; per varbind u32 n + n * u32 sub-identifiers (absolute OID), u8 enum cell_type,
 * then the value (u32, u64, or u32 length + bytes / sub-identifiers). All big-endian.
 * The pure half: no net-snmp. Thread: any.
 */
#ifndef EDGENODE_SUBAGENT_VARBIND_H
#define EDGENODE_SUBAGENT_VARBIND_H

#include "base/buf.h"
#include "subagent/table.h"

#define VARBINDS_MAX 32

/* The objects of the event's notification (trap_rows.c: one const table, kind -> columns), read from the snapshot
 * and appended to out: snmpTrapOID.0 first, then edgeEventTime, edgeEventSeverity, edgeEventText of the event's
 * serial, then its OBJECTS with real instances, then edgeBlockTarget of the disk that the event names, if any. The
 * event's own columns are taken from `event`, so its row need not be in the snapshot; those of a row that the event has
 * of its own are taken from that. Objects that are absent are left out. */
int varbind_encode(const struct cell_context *context, const struct event *event, struct buf *out);

/* Another module's record: snmpTrapOID.0 with that value, then count - 1 varbinds, each by varbind_put. */
void varbind_begin(struct buf *out, const uint32_t *trap_oid, size_t n, uint32_t count);
void varbind_put(struct buf *out, const uint32_t *oid, size_t n, const struct cell *cell);

struct varbind {
	uint32_t oid[OID_MAX];
	size_t oid_n;
	struct cell cell; /* octets and oid values point into the record, or into cell's scratch */
};

/* Reads one varbind at a time. 0, -ERR_ABSENT at the end, -ERR_PARSE. Begin with varbind_open. */
struct varbind_reader {
	struct cursor cursor;
	uint32_t left;
};
int varbind_open(struct varbind_reader *reader, const uint8_t *record, size_t length);
int varbind_read(struct varbind_reader *reader, struct varbind *out);

#endif
