/*
 * fuzz_smart.c - any bytes as what smartctl says of a disk, and as a disk's page with its serial number.
 */
#include "fuzz.h"

#include "base/text.h"
#include "source/smart_parse.h"

#include <string.h>

/* A text of the snapshot is one line of UTF-8. */
static void check_text(const char *text, size_t size, bool have)
{
	const size_t length = strnlen(text, size);

	FUZZ_CHECK(length < size && (length > 0) == have && text_utf8_valid(text, length));
	for (size_t i = 0; i < length; i++)
		FUZZ_CHECK((uint8_t)text[i] >= ' ');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct disk row = { .name = "sda" };
	char reason[SMART_REASON_SIZE] = "", serial[16] = "";

	if (smart_parse((const char *)data, size, &row, reason) == 0) {
		FUZZ_CHECK(row.have != 0 || row.health != DISK_HEALTH_UNKNOWN);
		FUZZ_CHECK(row.health >= DISK_PASSED && row.health <= DISK_HEALTH_UNKNOWN);
		FUZZ_CHECK(strcmp(row.name, "sda") == 0 && row.identity[0] == '\0');
		check_text(row.model, sizeof(row.model), (row.have & DISK_HAVE_MODEL) != 0);
		check_text(row.serial, sizeof(row.serial), (row.have & DISK_HAVE_SERIAL) != 0);
	} else {
		FUZZ_CHECK(row.have == 0 && row.health == 0 && reason[0] != '\0');
		check_text(reason, sizeof(reason), true);
	}
	if (smart_parse_page80(data, size, serial, sizeof(serial)) == 0)
		check_text(serial, sizeof(serial), true);
	return 0;
}
