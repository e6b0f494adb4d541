/*
 * metrics_doc.c - prints doc/metrics.md from the column tables, their origins and the registry of sources, so that no
 * fact is written twice. "make metrics-doc" renews the file, "make check" compares it.
 *
 * Only for the build. Ends with 0, or with EXIT_INCOMPLETE where a source is not built in and its rows say so.
 */
#include "source/libvirt_turn.h"
#include "source/source.h"
#include "subagent/origins.h"
#include "subagent/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The file is the same whatever --with-enterprise-oid says. */
#define DEFAULT_ROOT "1.3.6.1.4.1.8072.9999.9999.7666"
#define ROTATION_S "5"
#define AGES_MAX 8
#define EXIT_INCOMPLETE 77 /* to automake: the test is skipped */

_Static_assert(LIBVIRT_TURN_AGE_MS == 5000, "ROTATION_S says otherwise");

/* clang-format off */
static const char INTRO[] =
	"# Metrics\n"
	"\n"
	"Every object of EDGENODE-MIB: its type and unit, where its values come from, how old they may be, and when\n"
	"it has no instance. `make metrics-doc` prints this file from the tables that also serve the values; whoever\n"
	"wants a change here makes it in `subagent/rows_*.c` or `subagent/origins.c`.\n"
	"\n"
	"- **OID**: N is the object's number below the OID over its table. OIDs that begin with a dot are below\n"
	"  `edgeNodeMIB`; `" DEFAULT_ROOT "` is the default of that, see `--with-enterprise-oid`.\n"
	"- **source**: as edgeSourceTable names it. \"a, else b\": the first that tells the value is served. \"daemon\":\n"
	"  nobody else is asked.\n"
	"- **greatest age**: while the source is ok, with the default intervals. When it fails, the last values stay\n"
	"  and their age grows. *poll*: the poll period, 5 s unless the configuration says otherwise. *rotation*: " ROTATION_S "\n"
	"  s and one poll period; libvirt has to ask each QEMU for it, so that is done for some domains at a time.\n"
	"  *snapshot*: as new as the snapshot that answers.\n"
	"- **absent**: when a row has no instance of the object, - for never; scalars have none before the first\n"
	"  reading of their source. Nothing is ever 0 because it is not known.\n"
	"\n"
	"## What two could tell\n"
	"\n"
	"A domain under QEMU is a process of this node, so the kernel knows some of its figures as well as libvirt\n"
	"does. The kernel's are served where the process can be read: they are as new as the poll, they go on while\n"
	"libvirtd or the QEMU does not answer, and they cost neither of them anything. Their age is in\n"
	"edgeDomainProcessAge. Else libvirt's are served, with edgeDomainAge.\n"
	"\n"
	"| figure | from the kernel | from libvirt |\n"
	"|---|---|---|\n"
	"| edgeDomainCpuTime, -CpuUserTime, -CpuSystemTime | the domain's cgroup, else the CPU clock of its process | cpu.time, cpu.user, cpu.system |\n"
	"| edgeDomainMemRss | rss of /proc/PID/stat | balloon.rss |\n"
	"| edgeVcpuTime, edgeVcpuDelay, edgeDomainStealTime | schedstat of the vCPU's thread | vcpu.N.time, vcpu.N.delay |\n"
	"| edgeVcpuPhysical | stat of the vCPU's thread | virDomainGetVcpus() |\n"
	"| edgeNicRxBytes ... edgeNicTxDrops, edgeDomainNet... | its device in /proc/net/dev | net.N.* |\n"
	"\n"
	"The CPU time is that of the control group that libvirt made for the domain alone, where there is one: it\n"
	"holds what the kernel does for the domain in threads of its own (vhost), and it is what libvirt tells. Else\n"
	"it is that of the process. What the host receives from a tap the guest has sent, so those counters are\n"
	"swapped.\n"
	"\n"
	"The clock is the time daemon's, where one tells, and not the kernel's: the daemon knows the offset to what\n"
	"it follows, the kernel only what it was told last. ptp4l goes before the others where it steers the clock\n"
	"itself. Sensors are those of libsensors; a thermal zone is added where no chip stands for it.\n";
/* clang-format on */

/* --- ages --------------------------------------------------------------------------------------------------------- */

static const struct source *source_of(uint8_t id)
{
	for (size_t i = 0; SOURCES[i] != NULL; i++)
		if (SOURCES[i]->id == (enum source_id)id)
			return SOURCES[i];
	return NULL;
}

static void print_age(char *out, size_t size, const struct origin *origin, uint8_t id)
{
	const struct source *source = source_of(id);

	if (id == SOURCE_LIBVIRT && origin->rotated)
		snprintf(out, size, "rotation");
	else if (source == NULL)
		snprintf(out, size, "not built");
	else if (source->interval_ms == 0)
		snprintf(out, size, "poll");
	else if (source->interval_ms % 60000 == 0)
		snprintf(out, size, "%" PRIu32 " min", source->interval_ms / 60000);
	else
		snprintf(out, size, "%g s", source->interval_ms / 1000.0);
}

/* The ages of all its sources, each once. */
static void put_greatest_age(const struct origin *origin)
{
	char before[32] = "", age[32];

	if (origin->sources[0] == 0)
		printf("snapshot");
	for (size_t i = 0; i < ORIGIN_SOURCES_MAX && origin->sources[i] != 0; i++) {
		print_age(age, sizeof(age), origin, origin->sources[i]);
		if (strcmp(age, before) != 0)
			printf("%s%s", before[0] != '\0' ? ", else " : "", age);
		memcpy(before, age, sizeof(before));
	}
}

/* The objects that have ages of this table's values, each once. */
struct ages {
	size_t n;
	const char *names[AGES_MAX];
};

static const char *age_of(const struct origin *origin)
{
	if (origin->age != NULL)
		return origin->age;
	return origin->sources[0] != 0 ? "edgeSourceAge" : "edgeNodeSnapshotAge";
}

/* Which of them the origin's is, from 1; it is added where it is new. */
static size_t age_number(struct ages *ages, const struct origin *origin)
{
	size_t i = 0;

	while (i < ages->n && strcmp(ages->names[i], age_of(origin)) != 0)
		i++;
	if (i == ages->n && ages->n < AGES_MAX)
		ages->names[ages->n++] = age_of(origin);
	return i + 1;
}

/* --- tables ------------------------------------------------------------------------------------------------------- */

static const char *const TYPES[] = {
	[SYN_ENUM] = "enumeration",
	[SYN_TRUTH] = "TruthValue",
	[SYN_INTEGER32] = "Integer32",
	[SYN_UNSIGNED32] = "Unsigned32",
	[SYN_GAUGE32] = "Gauge32",
	[SYN_COUNTER32] = "Counter32",
	[SYN_COUNTER64] = "Counter64",
	[SYN_GAUGE64] = "CounterBasedGauge64",
	[SYN_STRING] = "SnmpAdminString",
	[SYN_TIME] = "DateAndTime",
	[SYN_STAMP] = "TimeStamp",
	[SYN_UUID] = "UUIDorZero",
	[SYN_MAC] = "MacAddress",
	[SYN_BITS] = "BITS",
	[SYN_IF_INDEX] = "InterfaceIndexOrZero",
	[SYN_DOMAIN] = "EdgeDomainIndexOrZero",
	[SYN_KIND] = "OBJECT IDENTIFIER",
	[SYN_POINTER] = "VariablePointer",
};

static void put_sources(const struct origin *origin)
{
	if (origin->sources[0] == 0)
		printf("daemon");
	for (size_t i = 0; i < ORIGIN_SOURCES_MAX && origin->sources[i] != 0; i++)
		printf("%s%s", i > 0 ? ", else " : "", source_id_name(origin->sources[i]));
}

static void put_column(const struct column *column, const struct origin *origin, struct ages *ages)
{
	const size_t age = age_number(ages, origin);

	printf("| %s | %" PRIu32 " | %s | %s | ", column->name, column->arc, TYPES[column->syntax],
	       column->units != NULL ? column->units : "");
	put_sources(origin);
	printf(" | ");
	put_greatest_age(origin);
	if (ages->n > 1)
		printf(" (%zu)", age);
	printf(" | %s |\n", origin->absent != NULL ? origin->absent : "-");
}

static void put_oid(const struct table *table, const char *root)
{
	printf("`%s", root);
	for (size_t i = 0; i < table->n_arcs; i++)
		printf(".%" PRIu32, table->arcs[i]);
	printf("%s`", table->n_arcs == 3 ? ".1.N" : ".N");
}

static void put_rows(const struct table_origin *origin)
{
	if (origin->rows == NULL) {
		printf("Scalars.");
		return;
	}
	printf("A row for %s. Index:", origin->rows);
	for (size_t i = 0; i < origin->table->n_levels; i++)
		printf("%s %s", i > 0 ? "," : "", origin->table->index_names[i]);
	printf(".");
}

static void put_ages(const struct table_origin *origin, struct ages *ages)
{
	for (size_t i = 0; i < origin->n; i++)
		age_number(ages, &origin->runs[i]);
	printf("Age:");
	for (size_t i = 0; i < ages->n; i++) {
		printf("%s ", i > 0 ? "," : "");
		if (ages->n > 1)
			printf("(%zu) ", i + 1);
		printf("%s", ages->names[i]);
	}
	printf(".");
}

static void put_table(const struct table_origin *origin)
{
	const struct table *table = origin->table;
	struct ages ages = { 0, { NULL } };

	printf("\n## %s\n\n", table->name);
	put_rows(origin);
	printf("\nOID: ");
	put_oid(table, "");
	printf(", ");
	put_oid(table, DEFAULT_ROOT);
	printf("\n");
	put_ages(origin, &ages);
	printf("\n\n| object | N | type | unit | source | greatest age | absent |\n|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < table->n_columns; i++)
		put_column(&table->columns[i], origin_of(origin, i), &ages);
}

/* Without libvirt or libsensors the intervals of their sources cannot be told. */
static bool all_built(void)
{
	uint8_t id = 1;

	while (id < SOURCE_END && source_of(id) != NULL)
		id++;
	return id == SOURCE_END;
}

int main(void)
{
	fputs(INTRO, stdout);
	for (size_t i = 0; ORIGINS[i].table != NULL; i++)
		put_table(&ORIGINS[i]);
	if (fflush(stdout) != 0 || ferror(stdout))
		return 1;
	return all_built() ? 0 : EXIT_INCOMPLETE;
}
