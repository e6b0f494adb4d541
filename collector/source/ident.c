/*
 * ident.c - who this node is. Thread: worker "files". Source: uname(2), /sys/class/dmi/id (kernel:
 * Documentation/ABI/testing/sysfs-class-dmi), /proc/device-tree on boards without DMI, btime of /proc/stat.
 *
 * Serial number and UUID are readable for root only; for anybody else they are absent, which is no failure.
 */
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "source/procsys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>

#define DMI_PATH "/sys/class/dmi/id"
#define DEVICE_TREE_PATH "/proc/device-tree"
#define STAT_PATH "/proc/stat"
#define TEXT_SIZE 256
#define IDENT_INTERVAL_MS 60000

/* What board makers leave in DMI where they should have written something. */
static const char *const PLACEHOLDERS[] = {
	"To be filled by O.E.M.", "To be filled by OEM", "Default string", "System manufacturer", "System Product Name",
	"System Serial Number",	  "System Version",	 "Not Specified",  "Not Applicable",	  "Not Available",
	"None",			  "N/A",		 "Unknown",	   "O.E.M.",		  "OEM",
	"INVALID",		  "0123456789",		 "1234567890",	   "123456789",
};

/* The one UUID that is the same on boards of many makers; all zeros and all ones are told by their form. */
static const uint8_t UUID_PLACEHOLDER[16] = { 0x03, 0x00, 0x02, 0x00, 0x04, 0x00, 0x05, 0x00,
					      0x00, 0x06, 0x00, 0x07, 0x00, 0x08, 0x00, 0x09 };

/* "00000000", "xxxx", "....": one character throughout. */
static bool is_one_character(const char *text)
{
	char set[2] = { text[0], '\0' };

	return (text[0] == '0' || strchr("xX.-_*", text[0]) != NULL) && text[strspn(text, set)] == '\0';
}

bool ident_is_placeholder(const char *text)
{
	if (text[0] == '\0' || is_one_character(text))
		return true;
	for (size_t i = 0; i < sizeof(PLACEHOLDERS) / sizeof(PLACEHOLDERS[0]); i++)
		if (strcasecmp(text, PLACEHOLDERS[i]) == 0)
			return true;
	return false;
}

int ident_parse_boot_time(const char *text, size_t length, int64_t *out_s, uint32_t *line)
{
	struct {
		uint64_t have, btime;
	} found = { 0 };
	const struct procsys_key key = { "btime", offsetof(__typeof__(found), btime), 1 };
	const int rc = procsys_take_keys(text, length, &key, 1, &found, &found.have, line);

	if (rc != 0)
		return rc;
	if (found.have == 0)
		return -ERR_ABSENT;
	if (found.btime > INT64_MAX / 1000000000)
		return -ERR_RANGE;
	*out_s = (int64_t)found.btime;
	return 0;
}

/* Firmware strings are of any encoding: what is not UTF-8 is shown as '?'. */
static char *clean_string(const char *text)
{
	char *copy = mem_string(text);
	const bool valid = text_utf8_valid(text, strlen(text));

	for (char *p = copy; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f || (!valid && (unsigned char)*p >= 0x80))
			*p = '?';
	return copy;
}

/* NULL where the file is absent, unreadable, too long or a placeholder. */
static char *read_string(const struct sysroot *root, const char *directory, const char *file)
{
	char text[TEXT_SIZE];

	if (sysfile_line(root, text, sizeof(text), "%s/%s", directory, file) != 0)
		return NULL;
	text_trim(text);
	return ident_is_placeholder(text) ? NULL : clean_string(text);
}

static bool is_one_octet(const uint8_t uuid[16])
{
	return (uuid[0] == 0x00 || uuid[0] == 0xff) && memcmp(uuid, uuid + 1, 15) == 0;
}

static void read_uuid(const struct sysroot *root, struct node_ident *ident)
{
	char text[TEXT_SIZE];

	if (sysfile_line(root, text, sizeof(text), "%s/product_uuid", DMI_PATH) != 0 ||
	    text_uuid_parse(text, ident->uuid) != 0 || is_one_octet(ident->uuid) ||
	    memcmp(ident->uuid, UUID_PLACEHOLDER, sizeof(UUID_PLACEHOLDER)) == 0)
		return;
	ident->have |= NODE_HAVE_UUID;
}

static void read_firmware(const struct sysroot *root, struct node_ident *ident)
{
	ident->vendor = read_string(root, DMI_PATH, "sys_vendor");
	ident->model = read_string(root, DMI_PATH, "product_name");
	ident->serial = read_string(root, DMI_PATH, "product_serial");
	if (ident->model == NULL)
		ident->model = read_string(root, DEVICE_TREE_PATH, "model");
	if (ident->serial == NULL)
		ident->serial = read_string(root, DEVICE_TREE_PATH, "serial-number");
	read_uuid(root, ident);
}

static void read_uname(struct node_ident *ident)
{
	struct utsname name;
	char kernel[sizeof(name.sysname) + sizeof(name.release) + sizeof(name.machine) + 3];

	if (uname(&name) != 0)
		return;
	snprintf(kernel, sizeof(kernel), "%s %s %s", name.sysname, name.release, name.machine);
	ident->kernel = clean_string(kernel);
	ident->name = clean_string(name.nodename);
}

static int read_boot_time(struct procsys_buffer *buffer, const struct sysroot *root, struct node_ident *ident,
			  struct source_error *error)
{
	size_t length;
	uint32_t line = 0;
	int64_t seconds;
	int rc = procsys_read(buffer, root, STAT_PATH, PROCSYS_STAT_MAX, &length);

	if (rc == 0)
		rc = ident_parse_boot_time(buffer->data, length, &seconds, &line);
	if (rc == -ERR_ABSENT)
		return 0;
	if (rc != 0)
		return procsys_fail(error, rc, STAT_PATH, line);
	ident->boot_time_real_ns = seconds * 1000000000;
	ident->have |= NODE_HAVE_BOOT_TIME;
	return 0;
}

static void destroy_ident(struct part *part)
{
	struct node_ident *ident = (struct node_ident *)part;

	free(ident->name);
	free(ident->kernel);
	free(ident->vendor);
	free(ident->model);
	free(ident->serial);
	free(ident);
}

static int poll_ident(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct node_ident *ident = mem_alloc(sizeof(*ident));
	int rc;

	part_init(&ident->part, destroy_ident);
	rc = read_boot_time(self, env->root, ident, error);
	if (rc != 0) {
		part_unref(ident);
		return rc;
	}
	read_uname(ident);
	read_firmware(env->root, ident);
	*result = &ident->part;
	return 0;
}

const struct source source_ident = {
	.id = SOURCE_NODE,
	.name = "node",
	.worker = WORKER_FILES,
	.interval_ms = IDENT_INTERVAL_MS,
	.deadline_ms = 5000,
	.open = procsys_open,
	.poll = poll_ident,
	.close = procsys_close,
};
