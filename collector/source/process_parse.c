/*
 * process_parse.c - parsers of the files of a process, of its control group and of the network devices. Pure.
 */
#include "source/process.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "source/procsys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int scale(uint64_t value, uint64_t by, uint64_t *out)
{
	return __builtin_mul_overflow(value, by, out) ? -ERR_RANGE : 0;
}

/* --- /proc/PID/stat ---------------------------------------------------------------------------------------------- */

#define FIRST_FIELD 3 /* behind the name */

/* Fields by their number in proc(5), ascending. */
static const struct {
	unsigned int number;
	size_t offset;
	bool ticks;
} FIELDS[] = {
	{ 14, offsetof(struct process_stat, user_ns), true },	{ 15, offsetof(struct process_stat, system_ns), true },
	{ 22, offsetof(struct process_stat, start_ns), true },	{ 24, offsetof(struct process_stat, rss_pages), false },
	{ 39, offsetof(struct process_stat, physical), false },
};

/* The next field, of any form; false at the end. */
static bool next_field(const char **p, const char *stop, const char **from)
{
	while (*p < stop && **p == ' ')
		++*p;
	*from = *p;
	while (*p < stop && **p != ' ')
		++*p;
	return *p > *from;
}

static int take_fields(const char *p, const char *stop, uint64_t hz, struct process_stat *out)
{
	const char *from;
	size_t wanted = 0;

	for (unsigned int number = FIRST_FIELD; wanted < COUNT(FIELDS); number++) {
		uint64_t value;
		int rc;

		if (!next_field(&p, stop, &from))
			return -ERR_PARSE;
		if (number == FIRST_FIELD)
			out->ended = *from == 'Z' || *from == 'X';
		if (number != FIELDS[wanted].number)
			continue;
		rc = text_take_u64(&from, p, &value);
		if (rc == 0 && from != p)
			rc = -ERR_PARSE;
		if (rc == 0 && FIELDS[wanted].ticks)
			rc = scale(value, NS_PER_S / hz, &value);
		if (rc != 0)
			return rc;
		memcpy((char *)out + FIELDS[wanted++].offset, &value, sizeof(value));
	}
	return 0;
}

/* The name stands in brackets and may hold any byte, also brackets: it ends at the last one. */
static int take_comm(const char *text, const char *stop, struct process_stat *out, const char **after)
{
	const char *open = memchr(text, '(', (size_t)(stop - text));
	const char *close = memrchr(text, ')', (size_t)(stop - text));
	size_t length;

	if (open == NULL || close == NULL || close < open)
		return -ERR_PARSE;
	length = (size_t)(close - open) - 1;
	if (length >= sizeof(out->comm))
		return -ERR_PARSE;
	memcpy(out->comm, open + 1, length);
	out->comm[length] = '\0';
	*after = close + 1;
	return 0;
}

int process_parse_stat(const char *text, size_t length, uint64_t hz, struct process_stat *out)
{
	struct process_stat stat = { 0 };
	const char *stop, *fields;
	int rc;

	if (length == 0 || text[length - 1] != '\n')
		return -ERR_PARSE;
	stop = text + length - 1;
	rc = take_comm(text, stop, &stat, &fields);
	if (rc == 0)
		rc = take_fields(fields, stop, hz, &stat);
	if (rc == 0)
		*out = stat;
	return rc;
}

/* --- small files ------------------------------------------------------------------------------------------------- */

int process_parse_schedstat(const char *text, size_t length, uint64_t *time_ns, uint64_t *delay_ns)
{
	uint64_t number[3];
	const char *p = text, *end = text + length;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < COUNT(number); i++)
		rc = text_take_u64(&p, end, &number[i]);
	if (rc != 0)
		return rc;
	if (p == end || *p != '\n')
		return -ERR_PARSE;
	if (number[2] == 0)
		return -ERR_ABSENT;
	*time_ns = number[0];
	*delay_ns = number[1];
	return 0;
}

struct values {
	uint64_t have, first, second, third;
};
#define HAVE_FIRST BIT(0)
#define HAVE_SECOND BIT(1)
#define HAVE_THIRD BIT(2)

static int take_values(const char *text, size_t length, const struct procsys_key *keys, size_t n, uint64_t needed,
		       struct values *values)
{
	uint32_t line;
	int rc;

	*values = (struct values){ 0 };
	rc = procsys_take_keys(text, length, keys, n, values, &values->have, &line);
	return rc == 0 && (values->have & needed) != needed ? -ERR_PARSE : rc;
}

int process_parse_io(const char *text, size_t length, uint64_t *read_bytes, uint64_t *write_bytes)
{
	static const struct procsys_key KEYS[] = {
		{ "read_bytes", offsetof(struct values, first), HAVE_FIRST },
		{ "write_bytes", offsetof(struct values, second), HAVE_SECOND },
	};
	struct values values;
	int rc = take_values(text, length, KEYS, COUNT(KEYS), HAVE_FIRST | HAVE_SECOND, &values);

	if (rc != 0)
		return rc;
	*read_bytes = values.first;
	*write_bytes = values.second;
	return 0;
}

/* "350735.47 234388.90": two digits behind the dot. */
int process_parse_uptime(const char *text, size_t length, int64_t *out_ns)
{
	const char *p = text, *end = text + length;
	uint64_t seconds, hundredths;
	int rc = text_take_u64(&p, end, &seconds);

	if (rc != 0)
		return rc;
	if (end - p < 4 || p[0] != '.' || p[3] != ' ')
		return -ERR_PARSE;
	p++;
	rc = text_take_u64(&p, end, &hundredths);
	if (rc != 0 || hundredths > 99)
		return -ERR_PARSE;
	if (seconds > (uint64_t)(INT64_MAX / NS_PER_S - 1))
		return -ERR_RANGE;
	*out_ns = (int64_t)seconds * NS_PER_S + (int64_t)hundredths * (NS_PER_S / 100);
	return 0;
}

/* --- what it is -------------------------------------------------------------------------------------------------- */

bool process_parse_qemu(const char *comm)
{
	return strstr(comm, "qemu") != NULL || strstr(comm, "kvm") != NULL;
}

bool process_parse_cmdline(const char *text, size_t length, uint8_t uuid[16])
{
	const char *p = text, *end = text + length, *stop, *before = NULL;

	/* A string without its NUL was cut off. */
	for (; p < end && (stop = memchr(p, '\0', (size_t)(end - p))) != NULL; p = stop + 1) {
		if (before != NULL && (strcmp(before, "-uuid") == 0 || strcmp(before, "--uuid") == 0))
			return text_uuid_parse(p, uuid) == 0;
		before = p;
	}
	return false;
}

bool process_parse_vcpu(const char *comm, uint32_t *number)
{
	const char *p = comm, *end = comm + strlen(comm);
	uint64_t value;

	if (strncmp(p, "CPU ", 4) != 0)
		return false;
	p += 4;
	if (*p == ' ' || text_take_u64(&p, end, &value) != 0 || *p != '/' || p[1] == '\0' || value >= DOMAIN_VCPUS_MAX)
		return false;
	*number = (uint32_t)value;
	return true;
}

/* --- control groups ---------------------------------------------------------------------------------------------- */

static bool starts(const char *name, size_t length, const char *with)
{
	return length >= strlen(with) && memcmp(name, with, strlen(with)) == 0;
}

static bool ends(const char *name, size_t length, const char *with)
{
	return length >= strlen(with) && memcmp(name + length - strlen(with), with, strlen(with)) == 0;
}

/* By systemd: "machine-qemu\x2d1\x2dname.scope"; without it: "qemu-1-name.libvirt-qemu". */
static bool is_machine(const char *name, size_t length)
{
	return (starts(name, length, "machine-qemu") && ends(name, length, ".scope")) ||
	       ends(name, length, ".libvirt-qemu");
}

/* The length of the path up to the domain's group; 0: it has none. What lies outside of what is mounted here ("..")
 * cannot be read. */
static size_t machine_path(const char *path, const char *stop)
{
	const char *name = path;

	while (name < stop && *name == '/') {
		const char *slash, *last;
		size_t length;

		name++;
		slash = memchr(name, '/', (size_t)(stop - name));
		last = slash != NULL ? slash : stop;
		length = (size_t)(last - name);
		if (length == 2 && name[0] == '.' && name[1] == '.')
			return 0;
		if (is_machine(name, length))
			return (size_t)(last - path);
		name = last;
	}
	return 0;
}

/* "cpuacct" among the controllers; the list of v2 is empty. */
static enum process_cgroup_kind kind_of(const char *list, const char *stop)
{
	const char *name = list;

	if (list == stop)
		return PROCESS_CGROUP_V2;
	for (const char *p = list; p <= stop; p++) {
		if (p < stop && *p != ',')
			continue;
		if (p - name == 7 && memcmp(name, "cpuacct", 7) == 0)
			return PROCESS_CGROUP_V1;
		name = p + 1;
	}
	return PROCESS_CGROUP_NONE;
}

/* A line "2:cpu,cpuacct:/machine/...". */
static void take_cgroup(const struct procsys_lines *lines, struct process_cgroup *out)
{
	const char *list = memchr(lines->at, ':', (size_t)(lines->stop - lines->at)), *path;
	enum process_cgroup_kind kind;
	size_t length;

	path = list != NULL ? memchr(list + 1, ':', (size_t)(lines->stop - list - 1)) : NULL;
	if (path == NULL)
		return;
	kind = kind_of(list + 1, path);
	/* Where both are there, libvirt counts by the old one. */
	if (kind == PROCESS_CGROUP_NONE || (kind == PROCESS_CGROUP_V2 && out->kind == PROCESS_CGROUP_V1))
		return;
	path++;
	length = machine_path(path, lines->stop);
	if (length == 0 || length >= sizeof(out->path) || memchr(path, '\0', length) != NULL)
		return;
	out->kind = kind;
	memcpy(out->path, path, length);
	out->path[length] = '\0';
}

void process_parse_cgroup(const char *text, size_t length, struct process_cgroup *out)
{
	struct procsys_lines lines;

	memset(out, 0, sizeof(*out));
	procsys_lines_init(&lines, text, length);
	while (procsys_lines_next(&lines) > 0)
		take_cgroup(&lines, out);
}

static int take_times(const char *text, size_t length, const struct procsys_key *keys, size_t n, uint64_t ns,
		      struct process_times *out)
{
	const uint64_t split = HAVE_FIRST | HAVE_SECOND;
	struct process_times times = *out;
	struct values values;
	int rc = take_values(text, length, keys, n, n == 3 ? HAVE_THIRD : split, &values);

	times.have_split = (values.have & split) == split;
	if (rc == 0)
		rc = scale(values.first, ns, &times.user_ns);
	if (rc == 0)
		rc = scale(values.second, ns, &times.system_ns);
	if (rc == 0 && n == 3)
		rc = scale(values.third, ns, &times.total_ns);
	if (rc == 0)
		*out = times;
	return rc;
}

int process_parse_cpu_stat(const char *text, size_t length, struct process_times *out)
{
	static const struct procsys_key KEYS[] = {
		{ "user_usec", offsetof(struct values, first), HAVE_FIRST },
		{ "system_usec", offsetof(struct values, second), HAVE_SECOND },
		{ "usage_usec", offsetof(struct values, third), HAVE_THIRD },
	};

	return take_times(text, length, KEYS, COUNT(KEYS), NS_PER_US, out);
}

int process_parse_usage(const char *text, size_t length, struct process_times *out)
{
	const char *p = text, *end = text + length;
	uint64_t total;
	const int rc = text_take_u64(&p, end, &total);

	if (rc != 0)
		return rc;
	if (end - p != 1 || *p != '\n')
		return -ERR_PARSE;
	out->total_ns = total;
	return 0;
}

int process_parse_split(const char *text, size_t length, uint64_t hz, struct process_times *out)
{
	static const struct procsys_key KEYS[] = {
		{ "user", offsetof(struct values, first), HAVE_FIRST },
		{ "system", offsetof(struct values, second), HAVE_SECOND },
	};

	return take_times(text, length, KEYS, COUNT(KEYS), NS_PER_S / hz, out);
}

/* --- /proc/net/dev ----------------------------------------------------------------------------------------------- */

#define HEADER_LINES 2

/* Eight numbers received, then eight sent; what is not here is 0. */
/* clang-format off */
static const size_t COLUMNS[] = {
	offsetof(struct net_device, rx_bytes), offsetof(struct net_device, rx_packets),
	offsetof(struct net_device, rx_errors), offsetof(struct net_device, rx_drops), 0, 0, 0, 0,
	offsetof(struct net_device, tx_bytes), offsetof(struct net_device, tx_packets),
	offsetof(struct net_device, tx_errors), offsetof(struct net_device, tx_drops),
};
/* clang-format on */

static int take_device_name(const char **p, const char *stop, char name[16])
{
	const char *from = *p, *colon;
	size_t length;

	while (from < stop && *from == ' ')
		from++;
	colon = memchr(from, ':', (size_t)(stop - from));
	length = colon != NULL ? (size_t)(colon - from) : 0;
	if (length == 0 || length >= 16 || memchr(from, '\0', length) != NULL)
		return -ERR_PARSE;
	memset(name, 0, 16);
	memcpy(name, from, length);
	*p = colon + 1;
	return 0;
}

static int take_device(const struct procsys_lines *lines, struct net_device *row)
{
	const char *p = lines->at;
	int rc = take_device_name(&p, lines->stop, row->name);

	for (size_t i = 0; rc == 0 && i < COUNT(COLUMNS); i++) {
		uint64_t value;

		rc = text_take_u64(&p, lines->stop, &value);
		if (rc == 0 && COLUMNS[i] != 0)
			memcpy((char *)row + COLUMNS[i], &value, sizeof(value));
	}
	return rc == 0 && p != lines->stop && *p != ' ' ? -ERR_PARSE : rc;
}

static int take_devices(const char *text, size_t length, struct net_device *rows, size_t most, size_t *n,
			uint32_t *line)
{
	struct procsys_lines lines;
	int rc;

	*n = 0;
	procsys_lines_init(&lines, text, length);
	while ((rc = procsys_lines_next(&lines)) > 0) {
		if (lines.number <= HEADER_LINES)
			continue;
		rc = *n == most ? -ERR_LIMIT : take_device(&lines, &rows[(*n)++]);
		if (rc != 0)
			break;
	}
	*line = lines.number;
	return rc;
}

static int device_compare(const void *a, const void *b)
{
	return strcmp(((const struct net_device *)a)->name, ((const struct net_device *)b)->name);
}

int process_parse_netdev(const char *text, size_t length, struct net_device **rows, size_t *n, uint32_t *line)
{
	size_t most = 0, found;
	struct net_device *list;
	int rc;

	for (size_t i = 0; i < length && most < NET_DEVICES_MAX; i++)
		most += text[i] == '\n';
	list = mem_array(most > 0 ? most : 1, sizeof(list[0]));
	rc = take_devices(text, length, list, most, &found, line);
	if (rc != 0) {
		free(list);
		return rc;
	}
	qsort(list, found, sizeof(list[0]), device_compare);
	*rows = list;
	*n = found;
	return 0;
}
