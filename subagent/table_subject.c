/*
 * table_subject.c - what people call a row of each table: the subject of rules on its columns. The one place that says
 * it.
 *
 * Const data; pure; thread: any.
 */
#include "base/text.h"
#include "subagent/rows.h"
#include "subagent/watch_values.h"

#include <stdio.h>
#include <string.h>

static const char *const RESOURCES[] = { "cpu", "memory", "io", NULL };
static const char *const CPU[] = { "cpu" };
static const char *const PLAIN[] = { "" };

/* clang-format off */
static const struct naming NAMINGS[] = {
	{ "edgeNode",           NAMED_NODE,    NULL, { NULL }, NULL, 0 },
	{ "edgeSourceTable",    NAMED_COLUMNS, NULL, { "edgeSourceName" }, NULL, 0 },
	{ "edgeDomainTable",    NAMED_COLUMNS, NULL, { "edgeDomainName" }, NULL, 0 },
	{ "edgeVcpuTable",      NAMED_NUMBER,  "edgeDomainTable", { NULL }, PLAIN, 1 },
	{ "edgeBlockTable",     NAMED_COLUMNS, "edgeDomainTable", { "edgeBlockTarget" }, NULL, 0 },
	{ "edgeNicTable",       NAMED_COLUMNS, "edgeDomainTable", { "edgeNicMac" }, NULL, 0 },
	{ "edgeCpu",            NAMED_NODE,    NULL, { NULL }, NULL, 0 },
	{ "edgeCpuTable",       NAMED_NUMBER,  NULL, { NULL }, CPU, 1 },
	{ "edgeMemory",         NAMED_NODE,    NULL, { NULL }, NULL, 0 },
	{ "edgeHugePageTable",  NAMED_NUMBER,  NULL, { NULL }, PLAIN, 0 },
	{ "edgePressureTable",  NAMED_WORD,    NULL, { NULL }, RESOURCES, 0 },
	{ "edgeSensorTable",    NAMED_COLUMNS, NULL, { "edgeSensorKey" }, NULL, 0 },
	{ "edgeClock",          NAMED_NODE,    NULL, { NULL }, NULL, 0 },
	{ "edgeClockPeerTable", NAMED_COLUMNS, NULL, { "edgeClockPeerName" }, NULL, 0 },
	{ "edgePtpTable",       NAMED_COLUMNS, NULL, { "edgePtpName" }, NULL, 0 },
	{ "edgeHardware",       NAMED_NODE,    NULL, { NULL }, NULL, 0 },
	{ "edgeEdacTable",      NAMED_COLUMNS, NULL, { "edgeEdacController", "edgeEdacLabel" }, NULL, 0 },
	{ "edgePowerTable",     NAMED_COLUMNS, NULL, { "edgePowerZone" }, NULL, 0 },
	{ "edgeBondTable",      NAMED_COLUMNS, NULL, { "edgeBondName" }, NULL, 0 },
	{ "edgeBondPortTable",  NAMED_COLUMNS, "edgeBondTable", { "edgeBondPortName" }, NULL, 0 },
	{ "edgeDiskTable",      NAMED_COLUMNS, NULL, { "edgeDiskName" }, NULL, 0 },
	{ "edgeHostDiskTable",  NAMED_COLUMNS, NULL, { "edgeHostDiskName" }, NULL, 0 },
	{ "edgePoolTable",      NAMED_COLUMNS, NULL, { "edgePoolName" }, NULL, 0 },
	{ "edgeMetricTable",    NAMED_COLUMNS, NULL, { "edgeMetricDomain", "edgeMetricName" }, NULL, 0 },
	{ "edgeEvent",          NAMED_NOT,     NULL, { NULL }, NULL, 0 },
	{ "edgeEventTable",     NAMED_NOT,     NULL, { NULL }, NULL, 0 },
	{ "edgeVbdTable",       NAMED_COLUMNS, NULL, { "edgeVbdPath" }, NULL, 0 },
	{ "edgeChannelTable",   NAMED_DOMAIN,  NULL, { NULL }, NULL, 0 },
	{ "edgeThresholdTable", NAMED_NOT,     NULL, { NULL }, NULL, 0 },
	{ "edgeAlarm",          NAMED_NOT,     NULL, { NULL }, NULL, 0 },
	{ "edgeAlarmTable",     NAMED_NOT,     NULL, { NULL }, NULL, 0 },
};
/* clang-format on */

static const struct naming *naming_of(const char *table)
{
	for (size_t i = 0; i < sizeof(NAMINGS) / sizeof(NAMINGS[0]); i++)
		if (strcmp(NAMINGS[i].table, table) == 0)
			return &NAMINGS[i];
	return NULL;
}

const struct naming *table_naming(const struct table *table)
{
	return naming_of(table->name);
}

/* Appends one more part of a name; whatever does not fit is cut. */
static void add_part(char out[SUBJECT_ROOM], const char *text, size_t length)
{
	const size_t used = strlen(out);

	if (length > 0)
		snprintf(out + used, SUBJECT_ROOM - used, "%s%.*s", used > 0 ? "/" : "", (int)length, text);
}

/* Of the NICs of a domain that share an address the second is "...#2". */
static void add_nic(char out[SUBJECT_ROOM], const struct nic_device *device)
{
	const uint8_t *mac = device->mac;
	char text[32];
	int n = snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
			 mac[5]);

	if (device->ordinal > 0)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "#%u", device->ordinal + 1);
	add_part(out, text, (size_t)n);
}

static void add_domain(char out[SUBJECT_ROOM], const struct snapshot *snapshot, uint32_t index)
{
	const struct domain *domain = snapshot_domain(snapshot, index);

	if (domain != NULL && domain->name != NULL)
		add_part(out, domain->name, strlen(domain->name));
}

static void add_column(char out[SUBJECT_ROOM], const char *name, const struct cell_context *context)
{
	const struct table *table;
	const struct column *column = table_column(name, &table);
	struct cell cell;

	if (column == NULL || !column_get(table, column, context, &cell))
		return;
	if (table == &NIC_TABLE)
		add_nic(out, ((const struct nic *)context->row[1])->device);
	else if (column->syntax == SYN_DOMAIN)
		add_domain(out, context->snapshot, cell.number);
	else
		add_part(out, (const char *)cell.octets.data, cell.octets.length);
}

static void add_number(char out[SUBJECT_ROOM], const char *word, uint32_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%.16s%u", word, number);
	add_part(out, text, strlen(text));
}

static void add_word(char out[SUBJECT_ROOM], const char *const *words, uint32_t index)
{
	for (uint32_t i = 1; words[i - 1] != NULL; i++)
		if (i == index)
			add_part(out, words[i - 1], strlen(words[i - 1]));
}

/* Columns of the outer table read row[0], those of the table itself the innermost row, which column_get knows. */
static void add_columns(char out[SUBJECT_ROOM], const struct naming *naming, const struct cell_context *context)
{
	for (size_t i = 0; i < 2; i++)
		if (naming->columns[i] != NULL)
			add_column(out, naming->columns[i], context);
}

void table_subject(const struct table *table, const struct cell_context *context, char out[SUBJECT_ROOM])
{
	const struct naming *naming = table_naming(table);
	const struct naming *outer = naming != NULL && naming->outer != NULL ? naming_of(naming->outer) : NULL;
	const struct level *level = &table->levels[table->n_levels - 1];
	const uint32_t index = level->index(context->row[table->n_levels - 1]);

	out[0] = '\0';
	if (naming == NULL)
		return;
	if (outer != NULL)
		add_columns(out, outer, context);
	if (naming->kind == NAMED_NODE)
		add_part(out, "node", 4);
	else if (naming->kind == NAMED_COLUMNS)
		add_columns(out, naming, context);
	else if (naming->kind == NAMED_NUMBER)
		add_number(out, naming->words[0], index - naming->less);
	else if (naming->kind == NAMED_WORD)
		add_word(out, naming->words, index);
	else if (naming->kind == NAMED_DOMAIN)
		add_domain(out, context->snapshot, index);
}
