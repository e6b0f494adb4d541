/*
 * table.h - the catalogue of columns and the one pure GET/GETNEXT over them, for EDGENODE-MIB and for each standard
 * module. Knows OIDs below a module's root and the snapshot; knows neither net-snmp nor any I/O. Also serves Prometheus
 * names, doc/metrics.md and rules.
 *
 * Thread: any; const data and a sealed snapshot. Cost: a binary search over tables, columns and rows; a hole is
 * skipped, so GETNEXT in a column that no row has costs the number of rows.
 */
#ifndef EDGENODE_SUBAGENT_TABLE_H
#define EDGENODE_SUBAGENT_TABLE_H

#include "model/snapshot.h"
#include "subagent/view.h"

#define OID_MAX 128
#define OID_SCRATCH 64 /* sub-identifiers of an OID value: the longest root and an instance */
#define TABLE_LEVELS_MAX 3

/* The SYNTAX of a column as the MIB file writes it; decides the wire type and the conversion. */
enum syntax {
	SYN_ENUM,       /* INTEGER { ... } */
	SYN_TRUTH,      /* TruthValue, from a bool */
	SYN_INTEGER32,
	SYN_UNSIGNED32,
	SYN_GAUGE32,
	SYN_COUNTER32,
	SYN_COUNTER64,
	SYN_GAUGE64,    /* CounterBasedGauge64 */
	SYN_STRING,     /* SnmpAdminString, cut at 255 octets on a UTF-8 boundary */
	SYN_TIME,       /* DateAndTime, from int64_t ns of the real clock */
	SYN_STAMP,      /* TimeStamp, from int64_t ns of the mono clock */
	SYN_UUID,       /* UUIDorZero */
	SYN_MAC,        /* MacAddress, from uint8_t[6] */
	SYN_BITS,       /* BITS, from a uint8_t whose bit of value 1 is the first one */
	SYN_IF_INDEX,   /* InterfaceIndexOrZero */
	SYN_DOMAIN,     /* EdgeDomainIndexOrZero */
	SYN_KIND,       /* OBJECT IDENTIFIER of a notification, from its arc */
	SYN_POINTER,    /* VariablePointer */
	SYN_TICKS,      /* TimeTicks; by the column's get */
	SYN_OBJECT_ID   /* OBJECT IDENTIFIER, AutonomousType; by the column's get */
};

/* How the field stands in the row. */
enum field {
	F_U8, F_BOOL, F_U32, F_I32, F_U64, F_I64,
	F_TEXT,          /* char *; NULL is absent */
	F_TEXT_OR_EMPTY, /* char *; NULL is the empty string */
	F_CHARS,         /* char[] */
	F_UUID,          /* uint8_t[16] */
	F_UUIDP,         /* uint8_t *; NULL is absent */
	F_FN             /* by the column's get */
};

enum cell_type { CELL_NONE, CELL_INTEGER, CELL_UNSIGNED /* Gauge32, Unsigned32 */, CELL_COUNTER32, CELL_COUNTER64,
		 CELL_OCTETS, CELL_OID, CELL_TICKS };

/* One value. octets and oid point into the snapshot or into scratch: valid as long as both. */
struct cell {
	enum cell_type type;
	union {
		int32_t integer;
		uint32_t number; /* unsigned, counter32, ticks */
		uint64_t counter64;
		struct { const uint8_t *data; size_t length; } octets;
		struct { const uint32_t *ids; size_t n; } oid;
	};
	uint8_t octet_scratch[32];
	uint32_t oid_scratch[OID_SCRATCH];
};

/* What a getter may use. */
struct cell_context {
	const struct snapshot *snapshot;
	int64_t now_mono_ns;    /* for ages */
	int64_t uptime_zero_mono_ns; /* when the master's sysUpTime was 0, for TimeStamp */
	const uint32_t *root;   /* edgeNodeMIB, for OID values */
	size_t root_n;
	const struct view_cache *cache; /* of this snapshot; NULL: what hangs on it is absent */
	bool vm_notifications, vm_bulk_notifications; /* VM-MIB's are sent: for each machine, for many */
	const void *row[TABLE_LEVELS_MAX]; /* [0] outermost ... of the row at hand */
};

struct column {
	uint32_t arc;
	const char *name;  /* the MIB descriptor */
	enum syntax syntax;
	enum field field;
	size_t offset;     /* in the innermost row */
	uint64_t have;     /* bit(s) that must all be set in the row's `have`; 0: always there */
	uint64_t divisor;  /* of the field's unit to the column's; 0 and 1: none */
	/* F_FN: sets the cell; false: absent. Called only where the have bits are there. */
	bool (*get)(const struct cell_context *context, struct cell *cell);
	const char *units; /* the UNITS clause; NULL: none */
};

/* One index level. An index that is a string of fixed length has a sub-identifier for each octet. */
struct level {
	size_t (*count)(const struct cell_context *context);                 /* rows below context->row[level-1] */
	const void *(*at)(const struct cell_context *context, size_t i);     /* ascending index */
	uint32_t (*index)(const void *row);                                  /* where it is one sub-identifier */
	size_t n_ids;                                                        /* 0: it is one */
	uint32_t (*id)(const void *row, size_t i);                           /* the i-th of n_ids */
};

struct table {
	const char *name;   /* "edgeDomainTable"; of scalars the group: "edgeNode" */
	/* Below the module's root: of scalars what stands before their arcs, of a table its own arcs (the entry .1 follows).
	 * In EDGENODE-MIB {1, group} of scalars, one row with index 0 or none, and {1, group, arc} of a table. */
	uint32_t arcs[3];
	size_t n_arcs;
	size_t n_levels;    /* 1 or more; scalars: 1 */
	struct level levels[TABLE_LEVELS_MAX];
	size_t have_offset; /* of the innermost row's uint64_t have; SIZE_MAX: it has none */
	size_t n_columns;
	const struct column *columns; /* ascending arc; index columns are not in it */
	size_t n_index_columns; /* how many not-accessible arcs precede; fewer than levels where an outer table has them */
	const char *const *index_names; /* descriptors of all levels' indexes; its own ones are the last; NULL: scalars */
};

/* All tables of EDGENODE-MIB, ascending OID of their first column, ranges that do not overlap; TABLES_N of them, then
 * NULL. A view's tables are in the same order. */
extern const struct table *const TABLES[];
extern const size_t TABLES_N;

/* A context on this snapshot with the project's own root. */
void cell_context_init(struct cell_context *context, const struct snapshot *snapshot, int64_t now_mono_ns,
		       int64_t uptime_zero_mono_ns);

/* oid is relative to the view's root. 0 and the cell, or -ERR_ABSENT. context->row is scratch. */
int view_get(const struct view *view, struct cell_context *context, const uint32_t *oid, size_t n, struct cell *cell);

/* The first instance after oid in lexical order: its relative OID into next (OID_MAX), or -ERR_ABSENT at the end. */
int view_next(const struct view *view, struct cell_context *context, const uint32_t *oid, size_t n, uint32_t *next,
	      size_t *next_n, struct cell *cell);

/* Whether oid is a column (or scalar object) of the view or below one: what is absent there is noSuchInstance, elsewhere
 * noSuchObject. */
bool view_object(const struct view *view, const uint32_t *oid, size_t n);

/* The three of EDGENODE-MIB: oid is relative to edgeNodeMIB. */
int table_get(struct cell_context *context, const uint32_t *oid, size_t n, struct cell *cell);
int table_next(struct cell_context *context, const uint32_t *oid, size_t n, uint32_t *next, size_t *next_n,
	       struct cell *cell);
bool table_object(const uint32_t *oid, size_t n);

/* The same within one table; table_next_in gives false behind its last instance. */
int table_get_in(struct cell_context *context, const struct table *table, const uint32_t *oid, size_t n,
		 struct cell *cell);
bool table_next_in(struct cell_context *context, const struct table *table, const uint32_t *oid, size_t n,
		   uint32_t *next, size_t *next_n, struct cell *cell);

/* One column's cell of the row already set in context->row[]. */
bool column_get(const struct table *table, const struct column *column, const struct cell_context *context,
		struct cell *cell);

/* By descriptor; NULL where there is none. */
const struct column *table_column(const char *name, const struct table **table);

/* The absolute OID of an instance of the column with this descriptor, in a table with one index (scalars: index 0),
 * whether or not it exists at present. Its length, or 0 where there is no such column or it is longer than most. */
size_t table_instance(const struct cell_context *context, const char *name, uint32_t index, uint32_t *oid, size_t most);

#endif
