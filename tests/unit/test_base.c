/*
 * test_base.c - collector/base: buffers and cursors, numbers and strings, small files, state files, parts, clocks, log.
 */
#include "base/address.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/part.h"
#include "base/statefile.h"
#include "base/sysfile.h"
#include "base/text.h"

#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_SIZE 256

static char directory[] = "/tmp/edgenode-base-XXXXXX";

static void make_directory(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void remove_directory(void)
{
	char command[PATH_SIZE];

	snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	ck_assert_int_eq(system(command), 0);
}

static const char *in_directory(const char *name)
{
	static char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void put_file(const char *name, const void *data, size_t length)
{
	FILE *file = fopen(in_directory(name), "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(data, 1, length, file), length);
	ck_assert_int_eq(fclose(file), 0);
}

static void put_text(const char *name, const char *text)
{
	put_file(name, text, strlen(text));
}

/* ---- buf ---- */

START_TEST(address_is_numbers_with_a_port)
{
	static const char *const WRONG[] = { "", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
					     "localhost:323", "::1:323", "[::1]", "[::1", "[127.0.0.1]:1", "1.2.3.4:+1",
					     "[::1]:-1", "[]:1", "1.2.3.4 :1" };
	struct sockaddr_storage address;
	socklen_t length = 0;

	for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++)
		ck_assert_int_eq(address_parse(WRONG[i], &address, &length), -ERR_PARSE);
	ck_assert_uint_eq(length, 0);
	ck_assert_int_eq(address_parse("127.0.0.1:323", &address, &length), 0);
	ck_assert_int_eq(address.ss_family, AF_INET);
	ck_assert_uint_eq(ntohs(((struct sockaddr_in *)&address)->sin_port), 323);
	ck_assert_uint_eq(ntohl(((struct sockaddr_in *)&address)->sin_addr.s_addr), 0x7f000001);
	ck_assert_int_eq(address_parse("[fe80::2]:65535", &address, &length), 0);
	ck_assert_int_eq(address.ss_family, AF_INET6);
	ck_assert_uint_eq(length, sizeof(struct sockaddr_in6));
	ck_assert_uint_eq(ntohs(((struct sockaddr_in6 *)&address)->sin6_port), 65535);
}
END_TEST

START_TEST(buf_appends)
{
	struct buf buf;

	buf_init(&buf, 1000);
	ck_assert_ptr_null(buf.data);
	buf_text(&buf, "");
	ck_assert_str_eq(buf.data, "");
	buf_text(&buf, "ab");
	buf_append(&buf, "\0c", 2);
	buf_printf(&buf, "%d-%s", 7, "x");
	ck_assert_uint_eq(buf.length, 7);
	ck_assert_mem_eq(buf.data, "ab\0c7-x", 8);
	buf_cut(&buf, 100);
	ck_assert_uint_eq(buf.length, 7);
	buf_cut(&buf, 2);
	ck_assert_str_eq(buf.data, "ab");
	buf_reset(&buf);
	ck_assert_str_eq(buf.data, "");
	buf_append(&buf, NULL, 0);
	ck_assert_uint_eq(buf.length, 0);
	buf_free(&buf);
	ck_assert_ptr_null(buf.data);
	buf_cut(&buf, 0);
	buf_reset(&buf);
}
END_TEST

START_TEST(buf_grows_to_its_limit_and_no_further)
{
	struct buf buf;
	size_t i;

	buf_init(&buf, 5000);
	for (i = 0; i < 4999; i++)
		buf_append(&buf, "x", 1);
	buf_text(&buf, "yy");
	ck_assert(buf.over);
	ck_assert_uint_eq(buf.length, 4999);
	buf_text(&buf, "y"); /* would fit, but behind a hole */
	ck_assert_uint_eq(buf.length, 4999);
	buf_reset(&buf);
	ck_assert(!buf.over);
	buf_printf(&buf, "%5000s", "");
	ck_assert(!buf.over);
	ck_assert_uint_eq(buf.length, 5000);
	ck_assert_uint_eq(strlen(buf.data), 5000);
	buf_printf(&buf, "%s", "");
	ck_assert(!buf.over);
	buf_printf(&buf, "%s", "1");
	ck_assert(buf.over);
	buf_free(&buf);
	buf_init(&buf, SIZE_MAX);
	buf_append(&buf, "", SIZE_MAX);
	ck_assert(buf.over);
	ck_assert_ptr_null(buf.data);
}
END_TEST

static void check_xml(const char *text, size_t length, const char *expected)
{
	struct buf buf;

	buf_init(&buf, 10000);
	buf_xml(&buf, text, length);
	ck_assert_str_eq(buf.data == NULL ? "" : buf.data, expected);
	buf_free(&buf);
}

START_TEST(buf_xml_escapes)
{
	check_xml("plain", 5, "plain");
	check_xml("plain", 3, "pla");
	check_xml("a\0b", 3, "a");
	check_xml(NULL, 3, "");
	check_xml("<&>'\"", 5, "&lt;&amp;&gt;&apos;&quot;");
	check_xml("a\tb\nc\rd", 7, "a&#9;b&#10;c&#13;d");
	check_xml("\x01\x1f\x7f", 3, "??\x7f");
	check_xml("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", 15, "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80");
	check_xml("\xc3", 1, "?");
	check_xml("\xe2\x82", 2, "??");
	check_xml("\xff\xc0\xaf", 3, "???");          /* never UTF-8; overlong */
	check_xml("\xed\xa0\x80", 3, "???");          /* a surrogate */
	check_xml("\xef\xbf\xbe\xef\xbf\xbf", 6, "??"); /* U+FFFE U+FFFF */
	check_xml("\xef\xbf\xbd", 3, "\xef\xbf\xbd");
	check_xml("\xf4\x90\x80\x80", 4, "????"); /* above U+10FFFF */
}
END_TEST

START_TEST(cursor_reads_what_buf_wrote)
{
	struct buf buf;
	struct cursor c;
	char *text;

	buf_init(&buf, 100);
	buf_u8(&buf, 0xfe);
	buf_u32(&buf, 0x01020304);
	buf_u64(&buf, UINT64_C(0xfedcba9876543210));
	buf_string(&buf, "name");
	buf_string(&buf, NULL);
	ck_assert_uint_eq(buf.length, 1 + 4 + 8 + 8 + 4);
	ck_assert_mem_eq(buf.data + 1, "\x01\x02\x03\x04", 4);
	c = (struct cursor){ (const uint8_t *)buf.data, buf.length, false };
	ck_assert_uint_eq(cursor_u8(&c), 0xfe);
	ck_assert_uint_eq(cursor_u32(&c), 0x01020304);
	ck_assert(cursor_u64(&c) == UINT64_C(0xfedcba9876543210));
	text = cursor_string(&c, 4);
	ck_assert_str_eq(text, "name");
	free(text);
	text = cursor_string(&c, 4);
	ck_assert_str_eq(text, "");
	free(text);
	ck_assert_uint_eq(c.left, 0);
	ck_assert(!c.bad);
	ck_assert_uint_eq(cursor_u8(&c), 0);
	ck_assert(c.bad);
	buf_free(&buf);
}
END_TEST

static bool string_is_bad(const char *bytes, size_t length, size_t most)
{
	struct cursor c = { (const uint8_t *)bytes, length, false };

	ck_assert_ptr_null(cursor_string(&c, most));
	ck_assert_uint_eq(cursor_u32(&c), 0);
	return c.bad;
}

START_TEST(cursor_latches_bad_input)
{
	static const uint8_t DATA[] = { 1, 2, 3, 4, 5 };
	struct cursor c = { DATA, sizeof(DATA), false };

	ck_assert_ptr_null(cursor_bytes(&c, 6));
	ck_assert(c.bad);
	ck_assert_uint_eq(cursor_u8(&c), 0); /* one is there, but the cursor is bad */
	c = (struct cursor){ DATA, sizeof(DATA), false };
	ck_assert_uint_eq(cursor_u16(&c), 0x0102);
	ck_assert_uint_eq(cursor_u16(&c), 0x0304);
	ck_assert_uint_eq(cursor_u16(&c), 0);
	ck_assert(c.bad);
	c = (struct cursor){ DATA, sizeof(DATA), false };
	ck_assert(cursor_u64(&c) == 0);
	ck_assert(c.bad);
	c = (struct cursor){ NULL, 0, false };
	ck_assert_ptr_null(cursor_bytes(&c, 0));
	ck_assert(!c.bad);
	ck_assert(string_is_bad("\xff\xff\xff\xff" "abc", 7, SIZE_MAX));
	ck_assert(string_is_bad("\0\0\0\x04" "abc", 7, 100));
	ck_assert(string_is_bad("\0\0\0\x03" "abc", 7, 2));
	ck_assert(string_is_bad("\0\0\0\x03" "a\0c", 7, 3));
	ck_assert(string_is_bad("\0\0\0", 3, 3));
}
END_TEST

/* ---- text ---- */

START_TEST(text_numbers_unsigned)
{
	uint64_t v = 42;
	uint32_t w = 42;

	ck_assert_int_eq(text_u64("0", &v), 0);
	ck_assert(v == 0);
	ck_assert_int_eq(text_u64("18446744073709551615", &v), 0);
	ck_assert(v == UINT64_MAX);
	ck_assert_int_eq(text_u64("0000000000000000000000000000000012", &v), 0);
	ck_assert(v == 12);
	ck_assert_int_eq(text_u64("18446744073709551616", &v), -ERR_RANGE);
	ck_assert_int_eq(text_u64("99999999999999999999999", &v), -ERR_RANGE);
	ck_assert_int_eq(text_u64("99999999999999999999999x", &v), -ERR_PARSE);
	ck_assert_int_eq(text_u64("", &v), -ERR_PARSE);
	ck_assert_int_eq(text_u64("-1", &v), -ERR_PARSE);
	ck_assert_int_eq(text_u64("+1", &v), -ERR_PARSE);
	ck_assert_int_eq(text_u64(" 1", &v), -ERR_PARSE);
	ck_assert_int_eq(text_u64("1 ", &v), -ERR_PARSE);
	ck_assert_int_eq(text_u64("0x1", &v), -ERR_PARSE);
	ck_assert_int_eq(text_u64("1e3", &v), -ERR_PARSE);
	ck_assert(v == 12);
	ck_assert_int_eq(text_u32("4294967295", &w), 0);
	ck_assert_uint_eq(w, UINT32_MAX);
	ck_assert_int_eq(text_u32("4294967296", &w), -ERR_RANGE);
	ck_assert_int_eq(text_u32("", &w), -ERR_PARSE);
	ck_assert_uint_eq(w, UINT32_MAX);
}
END_TEST

START_TEST(text_numbers_signed)
{
	int64_t v = 42;

	ck_assert_int_eq(text_i64("-9223372036854775808", &v), 0);
	ck_assert(v == INT64_MIN);
	ck_assert_int_eq(text_i64("9223372036854775807", &v), 0);
	ck_assert(v == INT64_MAX);
	ck_assert_int_eq(text_i64("-0", &v), 0);
	ck_assert(v == 0);
	ck_assert_int_eq(text_i64("9223372036854775808", &v), -ERR_RANGE);
	ck_assert_int_eq(text_i64("-9223372036854775809", &v), -ERR_RANGE);
	ck_assert_int_eq(text_i64("", &v), -ERR_PARSE);
	ck_assert_int_eq(text_i64("-", &v), -ERR_PARSE);
	ck_assert_int_eq(text_i64("--1", &v), -ERR_PARSE);
	ck_assert_int_eq(text_i64("+1", &v), -ERR_PARSE);
	ck_assert(v == 0);
}
END_TEST

START_TEST(text_takes_numbers_from_a_line)
{
	static const char LINE[] = "cpu0  12 \t 34x 99999999999999999999";
	const char *end = LINE + sizeof(LINE) - 1, *p = LINE;
	uint64_t v = 0;

	ck_assert_int_eq(text_take_u64(&p, end, &v), -ERR_PARSE);
	ck_assert_ptr_eq(p, LINE);
	p += 4;
	ck_assert_int_eq(text_take_u64(&p, end, &v), 0);
	ck_assert(v == 12);
	ck_assert_int_eq(text_take_u64(&p, end, &v), 0);
	ck_assert(v == 34);
	ck_assert_int_eq(*p, 'x');
	p++;
	ck_assert_int_eq(text_take_u64(&p, end, &v), -ERR_RANGE);
	ck_assert_int_eq(text_take_u64(&p, p + 3, &v), 0); /* the end is the end, not the NUL */
	ck_assert(v == 99);
	p = end;
	ck_assert_int_eq(text_take_u64(&p, end, &v), -ERR_PARSE);
}
END_TEST

static int hundredths(const char *text, uint32_t *out)
{
	const char *p = text;

	return text_take_hundredths(&p, text + strlen(text), out);
}

START_TEST(text_takes_hundredths)
{
	uint32_t v = 7;

	ck_assert_int_eq(hundredths("12.34", &v), 0);
	ck_assert_uint_eq(v, 1234);
	ck_assert_int_eq(hundredths(" 0.5 ", &v), 0);
	ck_assert_uint_eq(v, 50);
	ck_assert_int_eq(hundredths("3", &v), 0);
	ck_assert_uint_eq(v, 300);
	ck_assert_int_eq(hundredths("3.", &v), 0);
	ck_assert_uint_eq(v, 300);
	ck_assert_int_eq(hundredths("1.239999999999999999999999", &v), 0);
	ck_assert_uint_eq(v, 123);
	ck_assert_int_eq(hundredths("42949672.95", &v), 0);
	ck_assert_uint_eq(v, UINT32_MAX);
	ck_assert_int_eq(hundredths("42949672.96", &v), -ERR_RANGE);
	ck_assert_int_eq(hundredths("99999999999", &v), -ERR_RANGE);
	ck_assert_int_eq(hundredths(".5", &v), -ERR_PARSE);
	ck_assert_int_eq(hundredths("-1", &v), -ERR_PARSE);
	ck_assert_int_eq(hundredths("", &v), -ERR_PARSE);
	ck_assert_uint_eq(v, UINT32_MAX);
}
END_TEST

START_TEST(text_utf8)
{
	static const char EURO[] = "a\xe2\x82\xac" "b"; /* 1 + 3 + 1 bytes */

	ck_assert(text_utf8_valid(EURO, 5));
	ck_assert(text_utf8_valid("", 0));
	ck_assert(!text_utf8_valid(EURO, 3));
	ck_assert(!text_utf8_valid("\x80", 1));
	ck_assert(!text_utf8_valid("\xe0\x80\xaf", 3));
	ck_assert(!text_utf8_valid("\xf5\x80\x80\x80", 4));
	ck_assert(text_utf8_valid("\xf4\x8f\xbf\xbf", 4));
	ck_assert_uint_eq(text_utf8_cut(EURO, 5, 10), 5);
	ck_assert_uint_eq(text_utf8_cut(EURO, 5, 5), 5);
	ck_assert_uint_eq(text_utf8_cut(EURO, 5, 4), 4);
	ck_assert_uint_eq(text_utf8_cut(EURO, 5, 3), 1);
	ck_assert_uint_eq(text_utf8_cut(EURO, 5, 2), 1);
	ck_assert_uint_eq(text_utf8_cut(EURO, 5, 1), 1);
	ck_assert_uint_eq(text_utf8_cut(EURO, 5, 0), 0);
	ck_assert_uint_eq(text_utf8_cut(EURO, 3, 10), 1);
	ck_assert_uint_eq(text_utf8_cut("\x80\x80\x80\x80\x80\x80", 6, 5), 5);
	ck_assert_uint_eq(text_utf8_cut("\xff\xff", 2, 1), 1);
}
END_TEST

START_TEST(text_uuid)
{
	static const char TEXT[] = "6be3fdb8-bef5-6fec-b1b7-e61bbceab708";
	uint8_t uuid[16] = { 0 }, again[16] = { 0 };
	char out[TEXT_UUID_SIZE];

	ck_assert_int_eq(text_uuid_parse(TEXT, uuid), 0);
	ck_assert_mem_eq(uuid, "\x6b\xe3\xfd\xb8\xbe\xf5\x6f\xec\xb1\xb7\xe6\x1b\xbc\xea\xb7\x08", 16);
	text_uuid_format(uuid, out);
	ck_assert_str_eq(out, TEXT);
	ck_assert_int_eq(text_uuid_parse("6BE3FDB8-BEF5-6FEC-B1B7-E61BBCEAB708", again), 0);
	ck_assert_mem_eq(uuid, again, 16);
	ck_assert_int_eq(text_uuid_parse("6be3fdb8-bef5-6fec-b1b7-e61bbceab70", again), -ERR_PARSE);
	ck_assert_int_eq(text_uuid_parse("6be3fdb8-bef5-6fec-b1b7-e61bbceab7088", again), -ERR_PARSE);
	ck_assert_int_eq(text_uuid_parse("6be3fdb8-bef5-6fec-b1b7-e61bbceab70g", again), -ERR_PARSE);
	ck_assert_int_eq(text_uuid_parse("6be3fdb8_bef5-6fec-b1b7-e61bbceab708", again), -ERR_PARSE);
	ck_assert_int_eq(text_uuid_parse("6be3fdb8b-ef5-6fec-b1b7-e61bbceab708", again), -ERR_PARSE);
	ck_assert_int_eq(text_uuid_parse("", again), -ERR_PARSE);
	ck_assert_mem_eq(uuid, again, 16);
}
END_TEST

START_TEST(text_match_and_trim)
{
	char text[] = " \t one two\r\n\n", blank[] = " \n", none[] = "";

	ck_assert(text_match("coretemp-*/temp?", "coretemp-isa-0000/temp1"));
	ck_assert(text_match("*", "any/thing/.hidden"));
	ck_assert(text_match("[ab]x", "bx"));
	ck_assert(!text_match("[ab]x", "cx"));
	ck_assert(!text_match("a", "ab"));
	ck_assert(text_match("", ""));
	text_trim(text);
	ck_assert_str_eq(text, "one two");
	text_trim(blank);
	ck_assert_str_eq(blank, "");
	text_trim(none);
	ck_assert_str_eq(none, "");
}
END_TEST

/* ---- sysfile ---- */

START_TEST(sysfile_reads_whole_files)
{
	const struct sysroot root = { directory };
	char text[8];
	size_t length;

	put_text("seven", "1234567");
	put_text("eight", "12345678");
	put_text("empty", "");
	put_file("binary", "\0\xff\0", 3);
	ck_assert_int_eq(sysfile_read(&root, "/seven", text, sizeof(text), &length), 0);
	ck_assert_str_eq(text, "1234567");
	ck_assert_uint_eq(length, 7);
	ck_assert_int_eq(sysfile_read(&root, "/eight", text, sizeof(text), &length), -ERR_LIMIT);
	ck_assert_int_eq(sysfile_read(&root, "/empty", text, sizeof(text), NULL), 0);
	ck_assert_str_eq(text, "");
	ck_assert_int_eq(sysfile_read(&root, "/empty", text, 0, NULL), -ERR_LIMIT);
	ck_assert_int_eq(sysfile_read(&root, "/binary", text, sizeof(text), &length), 0);
	ck_assert_uint_eq(length, 3);
	ck_assert_int_eq(sysfile_read(&root, "/no-such", text, sizeof(text), &length), -ERR_ABSENT);
	ck_assert_int_eq(sysfile_read(&root, "/seven/below", text, sizeof(text), &length), -ERR_ABSENT);
	ck_assert_int_eq(sysfile_read(&root, "/", text, sizeof(text), &length), -ERR_IO);
	ck_assert_int_eq(errno, EISDIR);
}
END_TEST

START_TEST(sysfile_limits_the_path)
{
	const struct sysroot root = { directory };
	char path[SYSFILE_PATH_MAX + 1], text[8];
	uint64_t v;

	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(sysfile_read(&root, path, text, sizeof(text), NULL), -ERR_LIMIT);
	ck_assert_int_eq(sysfile_line(&root, text, sizeof(text), "%s", path), -ERR_LIMIT);
	ck_assert_int_eq(sysfile_u64(&root, &v, "%s", path), -ERR_LIMIT);
	ck_assert_int_eq(sysfile_realpath(&root, path, text, sizeof(text)), -ERR_LIMIT);
}
END_TEST

START_TEST(sysfile_lines)
{
	const struct sysroot root = { directory };
	char text[8];

	put_text("two", "ab \t\nsecond line that is long");
	put_text("long", "12345678");
	put_text("edge", "1234567");
	put_file("tree", "Model\0", 6);
	put_file("inner", "a\0b\n", 4);
	put_text("empty", "");
	ck_assert_int_eq(sysfile_line(&root, text, sizeof(text), "/%s", "two"), 0);
	ck_assert_str_eq(text, "ab");
	ck_assert_int_eq(sysfile_line(&root, text, sizeof(text), "/long"), -ERR_LIMIT);
	ck_assert_int_eq(sysfile_line(&root, text, sizeof(text), "/edge"), 0);
	ck_assert_str_eq(text, "1234567");
	ck_assert_int_eq(sysfile_line(&root, text, sizeof(text), "/tree"), 0);
	ck_assert_str_eq(text, "Model");
	ck_assert_int_eq(sysfile_line(&root, text, sizeof(text), "/inner"), -ERR_PARSE);
	ck_assert_int_eq(sysfile_line(&root, text, sizeof(text), "/empty"), 0);
	ck_assert_str_eq(text, "");
	ck_assert_int_eq(sysfile_line(&root, text, sizeof(text), "/none"), -ERR_ABSENT);
}
END_TEST

START_TEST(sysfile_numbers)
{
	const struct sysroot root = { directory };
	uint64_t v = 5;
	int64_t i = 5;

	put_text("n", " 1234\n");
	put_text("minus", "-40000\n");
	put_text("big", "18446744073709551616\n");
	put_text("two", "1 2\n");
	put_text("word", "<unsupported>\n");
	put_text("empty", "");
	put_file("nul", "12\0", 3);
	put_text("huge", "0000000000000000000000000000000000000000000000000000000000000000000000000000000000001");
	ck_assert_int_eq(sysfile_u64(&root, &v, "/%c", 'n'), 0);
	ck_assert(v == 1234);
	ck_assert_int_eq(sysfile_u64(&root, &v, "/minus"), -ERR_PARSE);
	ck_assert_int_eq(sysfile_i64(&root, &i, "/minus"), 0);
	ck_assert(i == -40000);
	ck_assert_int_eq(sysfile_u64(&root, &v, "/big"), -ERR_RANGE);
	ck_assert_int_eq(sysfile_i64(&root, &i, "/big"), -ERR_RANGE);
	ck_assert_int_eq(sysfile_u64(&root, &v, "/two"), -ERR_PARSE);
	ck_assert_int_eq(sysfile_u64(&root, &v, "/word"), -ERR_PARSE);
	ck_assert_int_eq(sysfile_u64(&root, &v, "/empty"), -ERR_PARSE);
	ck_assert_int_eq(sysfile_u64(&root, &v, "/nul"), -ERR_PARSE);
	ck_assert_int_eq(sysfile_u64(&root, &v, "/huge"), -ERR_LIMIT);
	ck_assert_int_eq(sysfile_i64(&root, &i, "/none"), -ERR_ABSENT);
	ck_assert(v == 1234 && i == -40000);
}
END_TEST

static void count_name(void *arg, const char *name)
{
	(void)name;
	++*(size_t *)arg;
	errno = ENOENT; /* what a callback may leave behind */
}

START_TEST(sysfile_lists)
{
	const struct sysroot root = { directory };
	size_t n = 0;

	put_text("a", "");
	put_text(".b", "");
	ck_assert_int_eq(mkdir(in_directory("c"), 0700), 0);
	ck_assert_int_eq(sysfile_list(&root, "/", 3, count_name, &n), 0);
	ck_assert_uint_eq(n, 3);
	n = 0;
	ck_assert_int_eq(sysfile_list(&root, "/", 2, count_name, &n), -ERR_LIMIT);
	ck_assert_uint_eq(n, 2);
	n = 0;
	ck_assert_int_eq(sysfile_list(&root, "/c", 0, count_name, &n), 0);
	ck_assert_int_eq(sysfile_list(&root, "/none", 9, count_name, &n), -ERR_ABSENT);
	ck_assert_int_eq(sysfile_list(&root, "/a", 9, count_name, &n), -ERR_ABSENT);
	ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(sysfile_canonical_paths)
{
	struct sysroot root = { directory };
	char prefix[PATH_SIZE], path[64];

	ck_assert_int_eq(mkdir(in_directory("root"), 0700), 0);
	ck_assert_int_eq(mkdir(in_directory("root/devices"), 0700), 0);
	ck_assert_int_eq(mkdir(in_directory("root-other"), 0700), 0);
	ck_assert_int_eq(symlink("devices/../devices", in_directory("root/link")), 0);
	ck_assert_int_eq(symlink("../root-other", in_directory("root/out")), 0);
	ck_assert_int_eq(symlink("loop", in_directory("root/loop")), 0);
	snprintf(prefix, sizeof(prefix), "%s/./root", directory);
	root.prefix = prefix;
	ck_assert_int_eq(sysfile_realpath(&root, "/link", path, sizeof(path)), 0);
	ck_assert_str_eq(path, "/devices");
	ck_assert_int_eq(sysfile_realpath(&root, "/devices/..", path, sizeof(path)), 0);
	ck_assert_str_eq(path, "/");
	ck_assert_int_eq(sysfile_realpath(&root, "/link", path, 8), -ERR_LIMIT);
	ck_assert_int_eq(sysfile_realpath(&root, "/out", path, sizeof(path)), -ERR_ABSENT);
	ck_assert_int_eq(sysfile_realpath(&root, "/none", path, sizeof(path)), -ERR_ABSENT);
	ck_assert_int_eq(sysfile_realpath(&root, "/loop", path, sizeof(path)), -ERR_IO);
	root.prefix = "";
	ck_assert_int_eq(sysfile_realpath(&root, "/proc/self/../version", path, sizeof(path)), 0);
	ck_assert_str_eq(path, "/proc/version");
}
END_TEST

/* ---- statefile ---- */

static size_t entries(void)
{
	const struct sysroot root = { directory };
	size_t n = 0;

	ck_assert_int_eq(sysfile_list(&root, "/", 100, count_name, &n), 0);
	return n;
}

static void check_content(const char *name, const void *expected, size_t n)
{
	uint8_t *data = NULL;
	size_t length = 0;

	ck_assert_int_eq(statefile_read(directory, name, 100, &data, &length), 0);
	ck_assert_uint_eq(length, n);
	ck_assert_mem_eq(data, expected, n);
	free(data);
}

START_TEST(statefile_replaces)
{
	uint8_t *data = NULL;
	size_t length = 9;

	ck_assert_int_eq(statefile_write(directory, "s", "one\0two", 7), 0);
	check_content("s", "one\0two", 7);
	put_text("s.new", "what a crash left behind");
	ck_assert_int_eq(statefile_write(directory, "s", "", 0), 0);
	check_content("s", "", 0);
	ck_assert_uint_eq(entries(), 1);
	ck_assert_int_eq(statefile_write(directory, "s", "1234", 4), 0);
	ck_assert_int_eq(statefile_read(directory, "s", 3, &data, &length), -ERR_LIMIT);
	ck_assert_int_eq(statefile_read(directory, "none", 3, &data, &length), -ERR_ABSENT);
	ck_assert_int_eq(statefile_read("/no/such", "none", 3, &data, &length), -ERR_ABSENT);
	ck_assert_int_eq(statefile_read(directory, ".", 3, &data, &length), -ERR_IO);
	ck_assert_int_eq(mkfifo(in_directory("fifo"), 0600), 0);
	ck_assert_int_eq(statefile_read(directory, "fifo", 3, &data, &length), -ERR_IO);
	ck_assert_ptr_null(data);
	ck_assert_uint_eq(length, 9);
}
END_TEST

START_TEST(statefile_keeps_the_old_content_on_failure)
{
	const struct rlimit small = { 100, RLIM_INFINITY }, none = { RLIM_INFINITY, RLIM_INFINITY };
	char big[300];
	int rc, saved;

	memset(big, 'x', sizeof(big));
	ck_assert_int_eq(statefile_write(directory, "s", "old", 3), 0);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small); /* nothing may be asserted under it: that writes a file too */
	rc = statefile_write(directory, "s", big, sizeof(big));
	saved = errno;
	setrlimit(RLIMIT_FSIZE, &none);
	ck_assert_int_eq(rc, -ERR_IO);
	ck_assert_int_eq(saved, EFBIG);
	check_content("s", "old", 3);
	ck_assert_uint_eq(entries(), 1);
	ck_assert_int_eq(statefile_write("/no/such/dir", "s", "x", 1), -ERR_IO);
	ck_assert_int_eq(errno, ENOENT);
	memset(big, 'n', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	ck_assert_int_eq(statefile_write(directory, big, "x", 1), -ERR_IO);
	ck_assert_int_eq(errno, ENAMETOOLONG);
}
END_TEST

START_TEST(statefile_checksum)
{
	ck_assert_uint_eq(statefile_crc32("", 0), 0);
	ck_assert_uint_eq(statefile_crc32("123456789", 9), 0xcbf43926u);
	ck_assert_uint_eq(statefile_crc32("\0\xff", 2), 0x6cdbfd72u);
}
END_TEST

/* Exit status of a child that tries the lock: 0 got it, else the code. */
static int try_in_child(const char *dir, pid_t expected_holder)
{
	const pid_t pid = fork();
	int status;

	if (pid == 0) {
		long holder = -1;
		int fd;
		const int rc = statefile_lock(dir, &fd, &holder);

		_exit(rc == -ERR_BUSY && holder != expected_holder ? 99 : -rc);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(statefile_locks)
{
	char dir[PATH_SIZE];
	struct stat st;
	int fd = -1;
	long holder = 0;

	snprintf(dir, sizeof(dir), "%s/state/of/node", directory);
	umask(022);
	ck_assert_int_eq(statefile_lock(dir, &fd, &holder), 0);
	ck_assert_int_eq(stat(dir, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0750);
	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_int_eq(try_in_child(dir, getpid()), ERR_BUSY);
	ck_assert_int_eq(statefile_lock(dir, &fd, &holder), -ERR_BUSY); /* the same process is no exception */
	ck_assert_int_eq(holder, getpid());
	close(fd);
	ck_assert_int_eq(try_in_child(dir, 0), 0); /* and it ends with its holder: */
	ck_assert_int_eq(statefile_lock(dir, &fd, NULL), 0);
	put_text("file", "");
	ck_assert_int_eq(statefile_lock(in_directory("file"), &fd, &holder), -ERR_IO);
	ck_assert_int_eq(errno, ENOTDIR);
	ck_assert_int_eq(statefile_lock(in_directory("file/below"), &fd, &holder), -ERR_IO);
	ck_assert_int_eq(symlink("/tmp/elsewhere", in_directory("lock")), 0);
	ck_assert_int_eq(statefile_lock(directory, &fd, &holder), -ERR_IO); /* not through a link */
}
END_TEST

/* ---- part ---- */

struct counted {
	struct part part;
	int *destroyed;
};

static void destroy_counted(struct part *part)
{
	struct counted *counted = (struct counted *)part;

	++*counted->destroyed;
	free(counted);
}

static void *ref_and_unref(void *arg)
{
	int i;

	for (i = 0; i < 100000; i++)
		part_unref(part_ref(arg));
	return NULL;
}

START_TEST(part_ends_with_its_last_reference)
{
	struct counted *counted = mem_alloc(sizeof(*counted));
	int destroyed = 0, i;
	pthread_t threads[2];

	counted->destroyed = &destroyed;
	part_init(&counted->part, destroy_counted);
	ck_assert_ptr_eq(part_ref(counted), counted);
	part_unref(counted);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, ref_and_unref, counted), 0);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_int_eq(destroyed, 0);
	part_unref(counted);
	ck_assert_int_eq(destroyed, 1);
	ck_assert_ptr_null(part_ref(NULL));
	part_unref(NULL);
}
END_TEST

/* ---- mem, err, clock ---- */

START_TEST(mem_strings)
{
	char *text = mem_string("a"), *part = mem_string_n("abc", 2);
	uint8_t *bytes = mem_array(3, 4);

	ck_assert_ptr_null(mem_string(NULL));
	ck_assert_str_eq(part, "ab");
	mem_replace(&text, text); /* its own old value */
	ck_assert_str_eq(text, "a");
	mem_replace(&text, NULL);
	ck_assert_ptr_null(text);
	ck_assert_mem_eq(bytes, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
	bytes = mem_grow(bytes, 100, 100);
	ck_assert_mem_eq(bytes, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
	free(bytes);
	free(part);
}
END_TEST

START_TEST(mem_ends_the_process_on_overflow)
{
	const pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		close(STDERR_FILENO);
		mem_array(SIZE_MAX / 2, 3);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	/* abort(), or the exit of a sanitizer's allocator, which is there first */
	ck_assert(WIFSIGNALED(status) ? WTERMSIG(status) == SIGABRT : WEXITSTATUS(status) != 0);
}
END_TEST

START_TEST(err_every_code_has_a_text)
{
	int code;

	for (code = 0; code < ERR_COUNT; code++)
		ck_assert_ptr_nonnull(err_text(-code));
	ck_assert_str_eq(err_text(-ERR_BUSY), err_text(ERR_BUSY));
	ck_assert_str_eq(err_text(ERR_COUNT), "unknown error");
	ck_assert_str_eq(err_text(INT32_MAX), "unknown error");
}
END_TEST

START_TEST(clock_date_and_time_octets)
{
	uint8_t out[CLOCK_DATE_AND_TIME_SIZE];

	clock_date_and_time(0, out);
	ck_assert_mem_eq(out, "\x07\xb2\x01\x01\0\0\0\0+\0\0", sizeof(out));
	clock_date_and_time(INT64_C(1709210096) * NS_PER_S + 789 * NS_PER_MS, out); /* 2024-02-29 12:34:56.789 */
	ck_assert_mem_eq(out, "\x07\xe8\x02\x1d\x0c\x22\x38\x07+\0\0", sizeof(out));
	clock_date_and_time(INT64_C(4102444800) * NS_PER_S, out); /* 2100-01-01 */
	ck_assert_mem_eq(out, "\x08\x34\x01\x01\0\0\0\0+\0\0", sizeof(out));
}
END_TEST

START_TEST(clock_counts)
{
	const int64_t mono = clock_mono_ns(), boot = clock_boot_ns();
	struct timex tx = { .modes = 0 };

	ck_assert(mono > 0 && clock_mono_ns() >= mono);
	ck_assert(boot > 0 && clock_boot_ns() >= boot);
	ck_assert(clock_real_ns() > INT64_C(1600000000) * NS_PER_S);
	ck_assert(clock_thread_cpu_ns() >= 0 && clock_process_cpu_ns() >= 0);
	ck_assert_int_eq(clock_is_synced(), adjtimex(&tx) >= 0 && (tx.status & STA_UNSYNC) == 0);
}
END_TEST

/* ---- log ---- */

/* Sends stderr to a file; the log lines of the test are in it afterwards. */
static void capture_stderr(void)
{
	const int fd = open(in_directory("log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	close(fd);
}

static const char *logged(void)
{
	static char text[8192];
	const struct sysroot root = { directory };

	ck_assert_int_eq(sysfile_read(&root, "/log", text, sizeof(text), NULL), 0);
	return text;
}

START_TEST(log_lines)
{
	char big[3000];

	unsetenv("JOURNAL_STREAM");
	capture_stderr();
	log_open("prog", false, LOG_LEVEL_INFO);
	log_error("e %d", 1);
	log_warning("w");
	log_info("i");
	log_debug("not shown");
	log_info("a\r\n\x1b[2Jb\x7f");
	ck_assert_str_eq(logged(), "prog: error: e 1\nprog: warning: w\nprog: i\nprog: a???[2Jb?\n");
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	log_info("%s", big);
	ck_assert_int_eq(logged()[strlen(logged()) - 1], '\n');
	ck_assert_uint_lt(strlen(logged()), 1200);
}
END_TEST

START_TEST(log_journal_priorities)
{
	char stream[64];
	struct stat st;

	capture_stderr();
	ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%lu:%lu", (unsigned long)st.st_dev, (unsigned long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open("prog", false, LOG_LEVEL_DEBUG);
	log_warning("w");
	log_debug("d");
	ck_assert_str_eq(logged(), "<4>w\n<7>d\n");
}
END_TEST

START_TEST(log_repeat_says_it_once)
{
	struct log_repeat repeat = { 0 };

	unsetenv("JOURNAL_STREAM");
	capture_stderr();
	log_open("p", false, LOG_LEVEL_INFO);
	log_repeat_ok(&repeat, "disk");
	log_repeat_fail(&repeat, "disk", "full");
	log_repeat_fail(&repeat, "disk", "full");
	log_repeat_fail(&repeat, "disk", "gone");
	log_repeat_ok(&repeat, "disk");
	log_repeat_ok(&repeat, "disk");
	ck_assert_str_eq(logged(),
			 "p: warning: disk: full\np: warning: disk: gone\np: disk: works again after 3 failures\n");
}
END_TEST

/* A case whose test has a directory of its own. */
static void add_with_directory(Suite *suite, const char *name, const TTest *test)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, make_directory, remove_directory);
	tcase_add_test(tc, test);
	suite_add_tcase(suite, tc);
}
#define ADD_WITH_DIRECTORY(suite, test) add_with_directory(suite, #test, test)

static void add_pure(Suite *suite)
{
	UNIT_ADD(suite, address_is_numbers_with_a_port);
	UNIT_ADD(suite, buf_appends);
	UNIT_ADD(suite, buf_grows_to_its_limit_and_no_further);
	UNIT_ADD(suite, buf_xml_escapes);
	UNIT_ADD(suite, cursor_reads_what_buf_wrote);
	UNIT_ADD(suite, cursor_latches_bad_input);
	UNIT_ADD(suite, text_numbers_unsigned);
	UNIT_ADD(suite, text_numbers_signed);
	UNIT_ADD(suite, text_takes_numbers_from_a_line);
	UNIT_ADD(suite, text_takes_hundredths);
	UNIT_ADD(suite, text_utf8);
	UNIT_ADD(suite, text_uuid);
	UNIT_ADD(suite, text_match_and_trim);
	UNIT_ADD(suite, statefile_checksum);
	UNIT_ADD(suite, part_ends_with_its_last_reference);
	UNIT_ADD(suite, mem_strings);
	UNIT_ADD(suite, mem_ends_the_process_on_overflow);
	UNIT_ADD(suite, err_every_code_has_a_text);
	UNIT_ADD(suite, clock_date_and_time_octets);
	UNIT_ADD(suite, clock_counts);
}

static void add_with_files(Suite *suite)
{
	ADD_WITH_DIRECTORY(suite, sysfile_reads_whole_files);
	ADD_WITH_DIRECTORY(suite, sysfile_limits_the_path);
	ADD_WITH_DIRECTORY(suite, sysfile_lines);
	ADD_WITH_DIRECTORY(suite, sysfile_numbers);
	ADD_WITH_DIRECTORY(suite, sysfile_lists);
	ADD_WITH_DIRECTORY(suite, sysfile_canonical_paths);
	ADD_WITH_DIRECTORY(suite, statefile_replaces);
	ADD_WITH_DIRECTORY(suite, statefile_keeps_the_old_content_on_failure);
	ADD_WITH_DIRECTORY(suite, statefile_locks);
	ADD_WITH_DIRECTORY(suite, log_lines);
	ADD_WITH_DIRECTORY(suite, log_journal_priorities);
	ADD_WITH_DIRECTORY(suite, log_repeat_says_it_once);
}

static Suite *base_suite(void)
{
	Suite *suite = suite_create("base");

	add_pure(suite);
	add_with_files(suite);
	return suite;
}

UNIT_MAIN(base_suite)
