/*
 * test_virtio_request.c - the pure parts of the guests' channels: requests in bytes, rates, names of directories.
 */
#include "tests/unit/unit.h"

#include "base/clock.h"
#include "base/err.h"
#include "model/domain.h"
#include "transport/board.h"
#include "transport/virtio.h"
#include "transport/virtio_rate.h"
#include "transport/virtio_request.h"
#include "transport/virtio_scan.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWERS_MAX 64
#define GET "GET /metrics/XML"
#define X32 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X128 X32 X32 X32 X32
#define X512 X128 X128 X128 X128
#define X511 X128 X128 X128 X32 X32 X32 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* --- requests ----------------------------------------------------------------------------------------------------- */

/* Appends 'G' or 'I' per request that ends in data. */
static void feed(struct virtio_request *request, const char *data, size_t length, char *answers)
{
	char *end = answers + strlen(answers);

	while (length > 0) {
		size_t used = 0;
		const enum virtio_request_result result = virtio_request_feed(request, data, length, &used);

		ck_assert_uint_gt(used, 0);
		ck_assert_uint_le(used, length);
		ck_assert(result != VIRTIO_REQUEST_MORE || used == length);
		data += used;
		length -= used;
		if (result == VIRTIO_REQUEST_MORE)
			continue;
		ck_assert_int_lt(end - answers, ANSWERS_MAX - 1);
		*end++ = result == VIRTIO_REQUEST_GET ? 'G' : 'I';
		*end = '\0';
	}
}

static const struct {
	const char *input, *answers;
	size_t length; /* 0: strlen */
} FORMS[] = {
	{ "", "", 0 },
	{ GET, "", 0 },
	{ GET "\n", "", 0 },
	{ GET "\r\n", "", 0 },
	{ GET "\r\n\r", "", 0 },
	{ GET "\n\n", "G", 0 },
	{ GET "\r\n\r\n", "G", 0 },
	{ GET "\n\r\n", "G", 0 },
	{ GET "\r\n\n", "G", 0 },
	{ GET "\n\n" GET "\n\n" GET "\r\n\r\n", "GGG", 0 },
	{ GET "\n\n\n" GET "\n\n\n", "GG", 0 },
	{ GET "\r\n\r\n\r\n" GET "\r\n\r\n", "GG", 0 },
	{ "\n" GET "\n\n", "G", 0 },
	{ "\n\n", "I", 0 },
	{ "\r\n\r\n", "I", 0 },
	{ "\n\n" GET "\n\n", "IG", 0 },
	{ GET " \n\n", "I", 0 },
	{ " " GET "\n\n", "I", 0 },
	{ "\r" GET "\n\n", "I", 0 },
	{ GET "\r\r\n\r\n", "I", 0 },
	{ GET "\n \n\n", "I", 0 },
	{ GET "\n" GET "\n\n", "I", 0 },
	{ GET "L\n\n", "I", 0 },
	{ "GET /metrics/XM\n\n", "I", 0 },
	{ "get /metrics/xml\n\n", "I", 0 },
	{ GET " HTTP/1.1\r\nHost: a\r\n\r\n" GET "\n\n", "IG", 0 },
	{ "GET /metrics/JSON\n\n" GET "\n\n", "IG", 0 },
	{ GET "\0\n\n", "I", sizeof(GET "\0\n\n") - 1 },
	{ "\0\0\n\n" GET "\n\n", "IG", sizeof("\0\0\n\n" GET "\n\n") - 1 },
	{ "\xff\xfe\x80\n\n", "I", 0 },
	{ X511, "", 0 },
	{ X512, "I", 0 },
	{ X511 "\n\n", "II", 0 },
	{ X512 X512 X512, "I", 0 },
	{ X512 "\n\n", "II", 0 },
	{ X512 GET "\n\n", "IG", 0 },
	{ X512 X512 GET "\n\n", "IG", 0 },
	{ X512 X32 GET "\n\n" GET "\n\n", "IIG", 0 },
	{ X512 X512 X32 "\n\n" X512 "\n\n", "IIII", 0 },
	{ X512 X32 "\n" GET "\n\n", "II", 0 },
};
#define N_FORMS (sizeof(FORMS) / sizeof(FORMS[0]))

static size_t length_of(size_t form)
{
	return FORMS[form].length > 0 ? FORMS[form].length : strlen(FORMS[form].input);
}

START_TEST(forms_at_once)
{
	struct virtio_request request = { 0 };
	char answers[ANSWERS_MAX] = "";

	feed(&request, FORMS[_i].input, length_of((size_t)_i), answers);
	ck_assert_str_eq(answers, FORMS[_i].answers);
}
END_TEST

START_TEST(forms_byte_by_byte)
{
	struct virtio_request request = { 0 };
	char answers[ANSWERS_MAX] = "";

	for (size_t i = 0; i < length_of((size_t)_i); i++)
		feed(&request, FORMS[_i].input + i, 1, answers);
	ck_assert_str_eq(answers, FORMS[_i].answers);
}
END_TEST

START_TEST(forms_in_every_two_fragments)
{
	const char *input = FORMS[_i].input;
	const size_t length = length_of((size_t)_i);

	for (size_t cut = 0; cut <= length; cut++) {
		struct virtio_request request = { 0 };
		char answers[ANSWERS_MAX] = "";

		feed(&request, input, cut, answers);
		feed(&request, input + cut, length - cut, answers);
		ck_assert_str_eq(answers, FORMS[_i].answers);
	}
}
END_TEST

/* A megabyte of anything costs two answers; then a proper request is understood. */
START_TEST(rubbish_without_end)
{
	struct virtio_request request = { 0 };
	char answers[ANSWERS_MAX] = "", junk[4096];

	for (size_t i = 0; i < sizeof(junk); i++)
		junk[i] = (char)(i % 251 == '\n' ? 0 : i % 251);
	for (size_t i = 0; i < 256; i++)
		feed(&request, junk, sizeof(junk), answers);
	ck_assert_str_eq(answers, "I");
	feed(&request, "\n\n" GET "\n\n", sizeof("\n\n" GET "\n\n") - 1, answers);
	ck_assert_str_eq(answers, "IIG");
}
END_TEST

/* --- rates -------------------------------------------------------------------------------------------------------- */

START_TEST(rate_gives_a_burst_and_then_one_each_time)
{
	struct virtio_rate rate = { 0 };
	int64_t now = 100 * NS_PER_S;

	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(virtio_rate_wait(&rate, now, NS_PER_S, 5 * NS_PER_S), 0);
		virtio_rate_spend(&rate, now, NS_PER_S);
	}
	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(virtio_rate_wait(&rate, now, NS_PER_S, 5 * NS_PER_S), NS_PER_S);
		now += NS_PER_S / 4;
		ck_assert_int_eq(virtio_rate_wait(&rate, now, NS_PER_S, 5 * NS_PER_S), 3 * NS_PER_S / 4);
		now += 3 * NS_PER_S / 4;
		ck_assert_int_eq(virtio_rate_wait(&rate, now, NS_PER_S, 5 * NS_PER_S), 0);
		virtio_rate_spend(&rate, now, NS_PER_S);
	}
	now += 1000 * NS_PER_S; /* rest is not saved beyond the burst */
	for (int i = 0; i < 5; i++)
		virtio_rate_spend(&rate, now, NS_PER_S);
	ck_assert_int_eq(virtio_rate_wait(&rate, now, NS_PER_S, 5 * NS_PER_S), NS_PER_S);
}
END_TEST

/* --- names -------------------------------------------------------------------------------------------------------- */

static struct domain *make_domain(const char *name, int32_t id)
{
	static const uint8_t UUID[16];
	struct domain *domain = domain_new(domain_ident_new(UUID, name, NULL));

	domain->id = id;
	return domain;
}

static const struct {
	const char *path, *name;
	int32_t id;
	bool is_of;
} PATHS[] = {
	{ "/c/domain-7-web/org.github.vhostmd.1", "web", 7, true },
	{ "/c/7-web/org.github.vhostmd.1", "web", 7, true },
	{ "/c/domain-7-we/org.github.vhostmd.1", "web", 7, true },
	{ "7-web/x", "web", 7, true },
	{ "/c/domain-7-web2/x", "web", 7, false },
	{ "/c/domain-8-web/x", "web", 7, false },
	{ "/c/domain-07-web/x", "web", 7, false },
	{ "/c/domain-4294967303-web/x", "web", 7, false },
	{ "/c/domain-99999999999999999999999-web/x", "web", 7, false },
	{ "/c/domain-7-/x", "web", 7, false },
	{ "/c/domain-7/x", "web", 7, false },
	{ "/c/domain-7/7-web", "web", 7, false },
	{ "/c/domain--7-web/x", "web", 7, false },
	{ "/c/web/x", "web", 7, false },
	{ "/7-web", "web", 7, false },
	{ "7-web", "web", 7, false },
	{ "/", "web", 7, false },
	{ "", "web", 7, false },
	{ "/c/5-domain-7-x/y", "domain-7-x", 5, true },
	{ "/c/2147483647-w/y", "w", 2147483647, true },
};

START_TEST(paths_that_say_whose_they_are)
{
	struct domain *domain = make_domain(PATHS[_i].name, PATHS[_i].id);

	ck_assert_int_eq(virtio_scan_is_of(PATHS[_i].path, domain), PATHS[_i].is_of);
	part_unref(domain);
}
END_TEST

/* PLACE/directory/org.github.vhostmd.1; a socket that nobody listens at, or a plain file. */
static void make_entry(const char *place, const char *directory, bool socket_there)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char below[200];
	int fd;

	snprintf(below, sizeof(below), "%s/%s", place, directory);
	ck_assert_int_eq(mkdir(below, 0700), 0);
	ck_assert_int_lt(snprintf(address.sun_path, sizeof(address.sun_path), "%.80s/" VIRTIO_NAME, below), 108);
	if (socket_there) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	} else {
		fd = fileno(fopen(address.sun_path, "we"));
	}
	close(fd);
}

START_TEST(scan_finds_both_schemes)
{
	static const char *const NAMES[] = { "web", "a-long-name-that-is-cut-somewhere", "file", "none", "both", "other" };
	static const char *const FOUND[] = { "domain-1-web", "2-a-long-name-that-is", NULL, NULL, "5-both", NULL };
	char place[] = "/tmp/edgenode-scan-XXXXXX", expected[200], command[200];
	struct virtio_need needs[6] = { 0 };

	ck_assert_ptr_nonnull(mkdtemp(place));
	make_entry(place, "domain-1-web", true);
	make_entry(place, "2-a-long-name-that-is", true);
	make_entry(place, "domain-3-file", false);
	make_entry(place, "5-bo", true);
	make_entry(place, "5-both", true);
	make_entry(place, "domain-6-another", true);
	make_entry(place, "domain-77-web", true);
	make_entry(place, "nonsense", true);
	for (int i = 0; i < 6; i++)
		needs[i].domain = make_domain(NAMES[i], i + 1);
	ck_assert_int_eq(virtio_scan(place, needs, 6), 0);
	for (int i = 0; i < 6; i++) {
		snprintf(expected, sizeof(expected), "%s/%s/" VIRTIO_NAME, place, FOUND[i] != NULL ? FOUND[i] : "");
		if (FOUND[i] == NULL)
			ck_assert_ptr_null(needs[i].path);
		else
			ck_assert_str_eq(needs[i].path, expected);
		free(needs[i].path);
		part_unref(needs[i].domain);
	}
	ck_assert_int_eq(virtio_scan("/nonexistent/place", needs, 0), -ERR_ABSENT);
	snprintf(command, sizeof(command), "rm -rf '%s'", place);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

/* --- board -------------------------------------------------------------------------------------------------------- */

START_TEST(board_keeps_the_newest)
{
	struct board *board = board_new();
	struct vbds *vbds = NULL, *first = vbds_new(1);
	struct channels *channels = NULL;

	board_get(board, &vbds, &channels);
	ck_assert(vbds == NULL && channels == NULL);
	board_put_vbds(board, first);
	board_put_channels(board, channels_new(2));
	board_get(board, &vbds, &channels);
	ck_assert_ptr_eq(vbds, first);
	ck_assert_uint_eq(channels->n, 2);
	board_put_vbds(board, vbds_new(0));
	board_put_channels(board, NULL);
	ck_assert_uint_eq(vbds->n, 1); /* ours still */
	part_unref(vbds);
	part_unref(channels);
	board_get(board, &vbds, &channels);
	ck_assert_uint_eq(vbds->n, 0);
	ck_assert_ptr_null(channels);
	part_unref(vbds);
	board_free(board);
	board_free(NULL);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("virtio_request");
	TCase *forms = tcase_create("forms"), *paths = tcase_create("paths");

	tcase_add_loop_test(forms, forms_at_once, 0, N_FORMS);
	tcase_add_loop_test(forms, forms_byte_by_byte, 0, N_FORMS);
	tcase_add_loop_test(forms, forms_in_every_two_fragments, 0, N_FORMS);
	suite_add_tcase(s, forms);
	tcase_add_loop_test(paths, paths_that_say_whose_they_are, 0, sizeof(PATHS) / sizeof(PATHS[0]));
	suite_add_tcase(s, paths);
	UNIT_ADD(s, rubbish_without_end);
	UNIT_ADD(s, rate_gives_a_burst_and_then_one_each_time);
	UNIT_ADD(s, scan_finds_both_schemes);
	UNIT_ADD(s, board_keeps_the_newest);
	return s;
}

UNIT_MAIN(suite)
