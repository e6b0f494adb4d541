/*
 * test_guest.c - the guests' side: document, metrics disk format, its writer, its reader, the disk lane.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "guestlib/mvbd_read.h"
#include "store.h"
#include "transport/guest_doc.h"
#include "transport/disk_lane.h"
#include "transport/mvbd.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 256
#define DISK_SIZE (64u << 10)
#define PATIENCE_NS (20 * NS_PER_S) /* for what another thread does at once */

static char directory[] = "/tmp/edgenode-guest-XXXXXX";
static char disk_path[PATH_SIZE];

static void make_directory(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(disk_path, sizeof(disk_path), "%s/disk", directory);
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

static void put_file(const char *path, const void *data, size_t length)
{
	FILE *file = fopen(path, "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(data, 1, length, file), length);
	ck_assert_int_eq(fclose(file), 0);
}

/* ---- format ---- */

START_TEST(header_on_disk)
{
	const struct mvbd_header header = { MVBD_SIGNATURE, 1, 0x01020304, 0xfffefdfc };
	struct mvbd_header again;
	uint8_t bytes[MVBD_HEADER_SIZE];

	mvbd_header_encode(&header, bytes);
	ck_assert_mem_eq(bytes, "mvbd\0\0\0\1\1\2\3\4\xff\xfe\xfd\xfc", sizeof(bytes));
	mvbd_header_decode(bytes, &again);
	ck_assert_mem_eq(&header, &again, sizeof(header));
}
END_TEST

START_TEST(checksums)
{
	ck_assert_uint_eq(mvbd_checksum("", 0), 0);
	ck_assert_uint_eq(mvbd_checksum("ab", 2), 'a' + 'b');
	ck_assert_uint_eq(mvbd_checksum("\x80\xff", 2), 0x17f);
	ck_assert_uint_eq(mvbd_checksum_signed("ab", 2), 'a' + 'b');
	ck_assert_uint_eq(mvbd_checksum_signed("\x80\xff", 2), (uint32_t)-129);
}
END_TEST

/* An image of content with the given header fields. */
static size_t make_image(uint8_t *image, const char *content, uint32_t busy, uint32_t checksum, uint32_t length)
{
	const struct mvbd_header header = { MVBD_SIGNATURE, busy, checksum, length };

	mvbd_header_encode(&header, image);
	memcpy(image + MVBD_HEADER_SIZE, content, strlen(content));
	return MVBD_HEADER_SIZE + strlen(content);
}

static size_t make_valid_image(uint8_t *image, const char *content)
{
	const uint32_t length = (uint32_t)strlen(content);

	return make_image(image, content, 0, mvbd_checksum(content, length), length);
}

START_TEST(check_accepts)
{
	uint8_t image[100] = { 0 };
	struct mvbd_header header;
	const size_t size = make_valid_image(image, "<metrics>\n</metrics>\n");

	ck_assert_int_eq(mvbd_check(image, size, &header), 0);
	ck_assert_uint_eq(header.length, size - MVBD_HEADER_SIZE);
	ck_assert_int_eq(mvbd_check(image, sizeof(image), &header), 0);
	make_valid_image(image, "");
	ck_assert_int_eq(mvbd_check(image, MVBD_HEADER_SIZE, &header), 0);
	ck_assert_uint_eq(header.length, 0);
	make_image(image, "gr\xc3\xbcn", 0, mvbd_checksum_signed("gr\xc3\xbcn", 5), 5);
	ck_assert_int_eq(mvbd_check(image, sizeof(image), &header), 0);
}
END_TEST

START_TEST(check_refuses_every_cut)
{
	uint8_t image[100];
	struct mvbd_header header = { .length = 77 };
	const size_t size = make_valid_image(image, "content");

	for (size_t cut = 0; cut < size; cut++) {
		uint8_t *exact = malloc(cut > 0 ? cut : 1); /* so that a sanitizer sees a read behind it */

		memcpy(exact, image, cut);
		ck_assert_int_eq(mvbd_check(exact, cut, &header), cut < MVBD_HEADER_SIZE ? -ERR_PARSE : -ERR_RANGE);
		free(exact);
	}
	ck_assert_uint_eq(header.length, 77);
}
END_TEST

START_TEST(check_refuses_lies_and_damage)
{
	static const uint32_t LENGTHS[] = { 85, 1000, MVBD_SIZE_MAX, MVBD_SIZE_MAX + 1, INT32_MAX, UINT32_MAX };
	uint8_t image[100] = { 0 };
	struct mvbd_header header;

	for (size_t i = 0; i < sizeof(LENGTHS) / sizeof(LENGTHS[0]); i++) {
		make_image(image, "abc", 0, mvbd_checksum("abc", 3), LENGTHS[i]);
		ck_assert_int_eq(mvbd_check(image, sizeof(image), &header), -ERR_RANGE);
	}
	make_image(image, "abc", 0, mvbd_checksum("abc", 3), 2);
	ck_assert_int_eq(mvbd_check(image, sizeof(image), &header), -ERR_CHECKSUM);
	make_image(image, "abd", 0, mvbd_checksum("abc", 3), 3);
	ck_assert_int_eq(mvbd_check(image, sizeof(image), &header), -ERR_CHECKSUM);
	make_image(image, "abc", 1, mvbd_checksum("abc", 3), 3);
	ck_assert_int_eq(mvbd_check(image, sizeof(image), &header), -ERR_BUSY);
	make_image(image, "abc", 0x80000000, mvbd_checksum("abc", 3), 3);
	ck_assert_int_eq(mvbd_check(image, sizeof(image), &header), -ERR_BUSY);
	image[0] = 'M';
	ck_assert_int_eq(mvbd_check(image, sizeof(image), &header), -ERR_PARSE);
}
END_TEST

/* ---- writer ---- */

static struct mvbd *open_disk(uint32_t size)
{
	struct mvbd *disk = NULL;
	char error[256] = "";
	const int rc = mvbd_open(disk_path, size, &disk, error, sizeof(error));

	ck_assert_msg(rc == 0, "%s", error);
	return disk;
}

/* The code of an open that must fail, with an error that names the path and says what. */
static int open_fails(uint32_t size, const char *what)
{
	struct mvbd *disk = NULL;
	char error[256] = "";
	const int rc = mvbd_open(disk_path, size, &disk, error, sizeof(error));

	ck_assert_ptr_null(disk);
	ck_assert_ptr_nonnull(strstr(error, disk_path));
	ck_assert_msg(strstr(error, what) != NULL, "\"%s\" is not in \"%s\"", what, error);
	return rc;
}

static void check_content(const char *expected)
{
	char *content = NULL;
	size_t length = 0;

	ck_assert_int_eq(mvbd_read(disk_path, 0, &content, &length), 0);
	ck_assert_uint_eq(length, strlen(content));
	ck_assert_str_eq(content, expected);
	free(content);
}

static int read_code(void)
{
	char *content = NULL;
	size_t length;
	const int rc = mvbd_read(disk_path, 0, &content, &length);

	free(content);
	return rc;
}

static struct stat status(void)
{
	struct stat st;

	ck_assert_int_eq(stat(disk_path, &st), 0);
	return st;
}

START_TEST(writer_makes_a_disk)
{
	struct mvbd *disk;

	umask(077);
	disk = open_disk(1025);
	ck_assert_int_eq(status().st_size, 1536); /* whole sectors */
	ck_assert_int_ge(status().st_blocks * 512, 1536);
	ck_assert_uint_eq(status().st_mode & 07777, 0644);
	ck_assert_uint_eq(mvbd_capacity(disk), 1520);
	ck_assert_int_eq(read_code(), -ERR_ABSENT);
	ck_assert_int_eq(mvbd_write(disk, "one", 3), 0);
	check_content("one");
	ck_assert_int_eq(mvbd_write(disk, "", 0), 0);
	ck_assert_int_eq(read_code(), -ERR_ABSENT);
	ck_assert_int_eq(mvbd_write(disk, "two", 3), 0);
	mvbd_close(disk);
	check_content("two");
	mvbd_close(NULL);
}
END_TEST

START_TEST(writer_makes_the_last_directory)
{
	struct stat st;

	umask(022);
	snprintf(disk_path, sizeof(disk_path), "%s/of-its-own/disk", directory);
	mvbd_close(open_disk(1024));
	ck_assert_int_eq(status().st_size, 1024);
	*strrchr(disk_path, '/') = '\0';
	ck_assert_int_eq(stat(disk_path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0755);
	snprintf(disk_path, sizeof(disk_path), "%s/no/such/disk", directory);
	ck_assert_int_eq(open_fails(1024, "directory does not exist"), -ERR_IO);
}
END_TEST

START_TEST(writer_keeps_size_and_content)
{
	struct mvbd *disk = open_disk(DISK_SIZE);
	ino_t inode;

	inode = status().st_ino;
	ck_assert_int_eq(mvbd_write(disk, "old", 3), 0);
	mvbd_close(disk);
	disk = open_disk(1024);
	ck_assert_int_eq(status().st_size, DISK_SIZE);
	check_content("old");
	ck_assert_uint_eq(mvbd_capacity(disk), DISK_SIZE - MVBD_HEADER_SIZE);
	mvbd_close(disk);
	disk = open_disk(2 * DISK_SIZE);
	ck_assert_int_eq(status().st_size, 2 * DISK_SIZE);
	check_content("old");
	mvbd_close(disk);
	ck_assert_uint_eq(status().st_ino, inode);
}
END_TEST

START_TEST(writer_takes_a_prepared_file)
{
	static const char ZEROS[4096];
	struct mvbd *disk;

	put_file(disk_path, ZEROS, sizeof(ZEROS));
	disk = open_disk(1024);
	ck_assert_int_eq(mvbd_write(disk, "x", 1), 0);
	check_content("x");
	mvbd_close(disk);
}
END_TEST

/* A writer that ended in the middle of a write leaves no mixture behind for us to offer. */
START_TEST(writer_empties_an_interrupted_disk)
{
	uint8_t image[2048] = { 0 };
	struct mvbd *disk;

	make_image(image, "half", 1, 0, 4);
	put_file(disk_path, image, sizeof(image));
	ck_assert_int_eq(read_code(), -ERR_BUSY);
	disk = open_disk(1024);
	ck_assert_int_eq(read_code(), -ERR_ABSENT);
	mvbd_close(disk);
	make_image(image, "half", 0, 0, UINT32_MAX);
	put_file(disk_path, image, sizeof(image));
	disk = open_disk(1024);
	ck_assert_int_eq(read_code(), -ERR_ABSENT);
	mvbd_close(disk);
}
END_TEST

START_TEST(writer_refuses_sizes)
{
	ck_assert_int_eq(open_fails(0, "0 bytes"), -ERR_RANGE);
	ck_assert_int_eq(open_fails(MVBD_SIZE_MIN - 1, "1023 bytes"), -ERR_RANGE);
	ck_assert_int_eq(open_fails(MVBD_SIZE_MAX + 1, "268435457 bytes"), -ERR_RANGE);
	ck_assert_int_ne(access(disk_path, F_OK), 0);
}
END_TEST

START_TEST(writer_refuses_what_is_not_its_own)
{
	static const char IMAGE[5000] = { [sizeof(IMAGE) - 1] = 1 };
	struct mvbd *disk;
	char other[PATH_SIZE];

	snprintf(other, sizeof(other), "%s/other", directory);
	put_file(other, "precious data, longer than a header", 35);
	ck_assert_int_eq(symlink(other, disk_path), 0);
	ck_assert_int_eq(open_fails(1024, "symbolic link"), -ERR_IO);
	ck_assert_int_eq(unlink(disk_path), 0);
	ck_assert_int_eq(rename(other, disk_path), 0);
	ck_assert_int_eq(open_fails(1024, "something else"), -ERR_IO);
	ck_assert_int_eq(status().st_size, 35);
	put_file(disk_path, "short", 5);
	ck_assert_int_eq(open_fails(1024, "something else"), -ERR_IO);
	put_file(disk_path, IMAGE, sizeof(IMAGE)); /* as that of a file system */
	ck_assert_int_eq(open_fails(1024, "something else"), -ERR_IO);
	ck_assert_int_eq(unlink(disk_path), 0);
	ck_assert_int_eq(mkdir(disk_path, 0700), 0);
	ck_assert_int_eq(open_fails(1024, "directory"), -ERR_IO);
	ck_assert_int_eq(rmdir(disk_path), 0);
	ck_assert_int_eq(mkfifo(disk_path, 0600), 0);
	ck_assert_int_eq(open_fails(1024, "not a regular file"), -ERR_IO);
	ck_assert_int_eq(unlink(disk_path), 0);
	disk = open_disk(1024);
	ck_assert_int_eq(open_fails(1024, "another process"), -ERR_BUSY);
	mvbd_close(disk);
	ck_assert_int_eq(link(disk_path, other), 0);
	ck_assert_int_eq(open_fails(1024, "hard links"), -ERR_IO);
}
END_TEST

START_TEST(writer_keeps_the_old_content_when_the_new_is_too_long)
{
	static char big[2048];
	struct mvbd *disk = open_disk(1024);

	memset(big, 'x', sizeof(big) - 1);
	ck_assert_int_eq(mvbd_write(disk, "old", 3), 0);
	ck_assert_int_eq(mvbd_write(disk, big, 1009), -ERR_LIMIT);
	check_content("old");
	big[1008] = '\0';
	ck_assert_int_eq(mvbd_write(disk, big, 1008), 0);
	check_content(big);
	ck_assert_int_eq(mvbd_write(disk, big, 1008), 0); /* no room for a newline: the same again */
	check_content(big);
	ck_assert_int_eq(status().st_size, 1024);
	mvbd_close(disk);
}
END_TEST

START_TEST(writer_makes_each_header_differ)
{
	struct mvbd *disk = open_disk(1024);

	ck_assert_int_eq(mvbd_write(disk, "ab", 2), 0);
	ck_assert_int_eq(mvbd_write(disk, "ba", 2), 0);
	check_content("ba\n");
	ck_assert_int_eq(mvbd_write(disk, "ba", 2), 0);
	check_content("ba");
	mvbd_close(disk);
	disk = open_disk(1024);
	ck_assert_int_eq(mvbd_write(disk, "ab", 2), 0);
	check_content("ab\n");
	mvbd_close(disk);
}
END_TEST

START_TEST(writer_knows_its_place)
{
	struct mvbd *disk = open_disk(4096);

	ck_assert(mvbd_in_place(disk));
	ck_assert_int_eq(truncate(disk_path, 4095), 0);
	ck_assert(!mvbd_in_place(disk));
	ck_assert_int_eq(truncate(disk_path, 8192), 0);
	ck_assert(mvbd_in_place(disk));
	ck_assert_int_eq(unlink(disk_path), 0);
	ck_assert(!mvbd_in_place(disk));
	put_file(disk_path, "", 0);
	ck_assert_int_eq(truncate(disk_path, 8192), 0);
	ck_assert(!mvbd_in_place(disk));
	mvbd_close(disk);
}
END_TEST

/* Runs mvbd_write while files may not grow beyond `most` bytes: nothing may be asserted meanwhile, Check writes too. */
static int write_limited(struct mvbd *disk, const char *content, size_t length, rlim_t most)
{
	const struct rlimit small = { most, RLIM_INFINITY }, none = { RLIM_INFINITY, RLIM_INFINITY };
	int rc;

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	rc = mvbd_write(disk, content, length);
	setrlimit(RLIMIT_FSIZE, &none);
	return rc;
}

START_TEST(writer_leaves_no_mixture_after_a_failed_write)
{
	static char old[2001], new[2001];
	struct mvbd *disk = open_disk(4096);

	memset(old, 'o', 2000);
	memset(new, 'n', 2000);
	ck_assert_int_eq(mvbd_write(disk, old, 2000), 0);
	ck_assert_int_eq(write_limited(disk, new, 2000, 0), -ERR_IO); /* not even the busy flag */
	check_content(old);
	ck_assert_int_eq(write_limited(disk, new, 2000, 1000), -ERR_IO);
	ck_assert_int_eq(read_code(), -ERR_BUSY);
	ck_assert_int_eq(mvbd_write(disk, new, 2000), 0);
	check_content(new);
	ck_assert_int_eq(write_limited(disk, old, 2000, 1000), -ERR_IO);
	mvbd_close(disk);
	ck_assert_int_eq(read_code(), -ERR_ABSENT);
	disk = open_disk(4096);
	ck_assert_int_eq(mvbd_write(disk, old, 2000), 0);
	check_content(old);
	mvbd_close(disk);
}
END_TEST

/* A file system of our own that only this process sees. */
static bool mount_small(void)
{
	return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", directory, "tmpfs", 0, "size=64k") == 0;
}

static void fill_up(const char *path)
{
	static const char PAGE[4096] = { 1 };
	const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	while (write(fd, PAGE, sizeof(PAGE)) > 0)
		;
	ck_assert_int_eq(errno, ENOSPC);
	close(fd);
}

START_TEST(writer_notices_a_full_disk_at_open)
{
	struct mvbd *disk;
	char error[256];
	const struct rlimit small = { 4096, RLIM_INFINITY }, none = { RLIM_INFINITY, RLIM_INFINITY };
	int rc;

	if (mount_small()) {
		ck_assert_int_eq(open_fails(256 << 10, "No space left"), -ERR_IO);
		ck_assert_int_ne(access(disk_path, F_OK), 0);
		disk = open_disk(32 << 10);
		ck_assert_int_eq(mvbd_write(disk, "before", 6), 0);
		fill_up(in_directory("filler"));
		ck_assert_int_eq(mvbd_write(disk, in_directory(""), 20), 0);
		ck_assert_int_eq(mvbd_write(disk, "after", 5), 0);
		check_content("after");
		mvbd_close(disk);
		ck_assert_int_eq(umount2(directory, MNT_DETACH), 0);
	}
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	rc = mvbd_open(disk_path, DISK_SIZE, &disk, error, sizeof(error));
	setrlimit(RLIMIT_FSIZE, &none);
	ck_assert_int_eq(rc, -ERR_IO);
	ck_assert_ptr_nonnull(strstr(error, disk_path));
	ck_assert_int_ne(access(disk_path, F_OK), 0);
}
END_TEST

/* ---- reader ---- */

START_TEST(reader_refuses)
{
	uint8_t image[600] = { 0 };
	const size_t size = make_image(image, "abc", 0, 1, 3);
	const int64_t start = clock_mono_ns();
	char *content = NULL;
	size_t length = 0;

	ck_assert_int_eq(read_code(), -ERR_IO);
	ck_assert_int_eq(errno, ENOENT);
	put_file(disk_path, "", 0);
	ck_assert_int_eq(mvbd_read(disk_path, 60000, &content, &length), -ERR_PARSE); /* at once */
	put_file(disk_path, image, 15);
	ck_assert_int_eq(mvbd_read(disk_path, 60000, &content, &length), -ERR_PARSE);
	put_file(disk_path, "MVBD............x", 17);
	ck_assert_int_eq(mvbd_read(disk_path, 60000, &content, &length), -ERR_PARSE);
	ck_assert_int_eq(mvbd_read("/dev/zero", 60000, &content, &length), -ERR_UNSUPPORTED);
	ck_assert_int_eq(mvbd_read(directory, 60000, &content, &length), -ERR_UNSUPPORTED);
	ck_assert(clock_mono_ns() - start < PATIENCE_NS);
	put_file(disk_path, image, size);
	ck_assert_int_eq(mvbd_read(disk_path, 20, &content, &length), -ERR_CHECKSUM);
	make_image(image, "abc", 0, 1, UINT32_MAX);
	put_file(disk_path, image, size);
	ck_assert_int_eq(mvbd_read(disk_path, 20, &content, &length), -ERR_RANGE);
	make_image(image, "abc", 7, 1, 3);
	put_file(disk_path, image, size);
	ck_assert_int_eq(mvbd_read(disk_path, 20, &content, &length), -ERR_BUSY);
	ck_assert_ptr_null(content);
	ck_assert_uint_eq(length, 0);
}
END_TEST

START_TEST(reader_takes_old_checksums_and_any_size)
{
	uint8_t *image = calloc(1, 300000);
	char *text = malloc(200001);
	static const size_t LENGTHS[] = { 1, 495, 496, 497, 4079, 4080, 4081, 8176, 200000 };

	for (size_t i = 0; i < sizeof(LENGTHS) / sizeof(LENGTHS[0]); i++) {
		const size_t n = LENGTHS[i];

		memset(text, '\xc3', n);
		text[n] = '\0';
		make_image(image, text, 0, mvbd_checksum_signed(text, n), (uint32_t)n);
		put_file(disk_path, image, MVBD_HEADER_SIZE + n);
		check_content(text);
		put_file(disk_path, image, 300000);
		check_content(text);
	}
	free(text);
	free(image);
}
END_TEST

struct found {
	unsigned devices, disks, absent, foreign, other_size;
};

static void count_device(void *arg, const char *path, int code)
{
	struct found *found = arg;

	ck_assert_ptr_nonnull(strstr(path, "/dev/"));
	found->devices++;
	found->disks += code == 0;
	found->absent += code == -ERR_IO && errno == ENOENT;
	found->foreign += code == -ERR_PARSE;
	found->other_size += code == -ERR_LIMIT;
}

static void make_device(const char *name, const char *file, const void *data, size_t length)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/sys/block/%s", directory, name);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/dev/%s", directory, file);
	if (data != NULL)
		put_file(path, data, length);
}

static void set_device_size(const char *name, const char *sectors)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/sys/block/%s/size", directory, name);
	put_file(path, sectors, strlen(sectors));
}

static void make_device_directories(void)
{
	ck_assert_int_eq(mkdir(in_directory("sys"), 0700), 0);
	ck_assert_int_eq(mkdir(in_directory("sys/block"), 0700), 0);
	ck_assert_int_eq(mkdir(in_directory("dev"), 0700), 0);
	ck_assert_int_eq(mkdir(in_directory("dev/cciss"), 0700), 0);
}

static void check_found(const char *device, const char *content)
{
	struct found found = { 0 };
	struct mvbd_found disk;

	ck_assert_int_eq(mvbd_find(directory, 20000, count_device, &found, &disk), 0);
	ck_assert_str_eq(disk.path, in_directory(device));
	ck_assert_str_eq(disk.content, content);
	ck_assert_uint_eq(disk.length, strlen(content));
	free(disk.content);
}

START_TEST(reader_finds_the_disk)
{
	uint8_t image[100] = { 0 };
	struct found found = { 0 };
	struct mvbd_found disk;

	ck_assert_int_eq(mvbd_find(directory, 0, NULL, NULL, &disk), -ERR_IO);
	make_device_directories();
	ck_assert_int_eq(mvbd_find(directory, 0, NULL, NULL, &disk), -ERR_ABSENT);
	make_device("sr0", "sr0", NULL, 0);
	make_device("vda", "vda", "boot sector of something", 24);
	make_device("vdb", "vdb", "", 0);
	ck_assert_int_eq(mvbd_find(directory, 20000, count_device, &found, &disk), -ERR_ABSENT);
	ck_assert_uint_eq(found.devices, 3);
	ck_assert_uint_eq(found.absent, 1);
	ck_assert_uint_eq(found.foreign, 2);
	ck_assert_str_eq(disk.path, "");
	make_image(image, "abc", 1, 0, 3);
	make_device("vdz", "vdz", image, sizeof(image));
	ck_assert_int_eq(mvbd_find(directory, 10, NULL, NULL, &disk), -ERR_BUSY);
	ck_assert_str_eq(disk.path, in_directory("dev/vdz"));
	make_image(image, "abc", 0, mvbd_checksum("abc", 3), 3);
	make_device("cciss!c0d1", "cciss/c0d1", image, sizeof(image));
	found = (struct found){ 0 };
	ck_assert_int_eq(mvbd_find(directory, 10, count_device, &found, &disk), 0);
	ck_assert_uint_eq(found.disks, 2);
	free(disk.content);
	check_found("dev/cciss/c0d1", "abc");
}
END_TEST

/* A damaged disk, an empty one and one whose header lies do not hide a valid one behind them. */
START_TEST(reader_prefers_a_valid_disk)
{
	uint8_t image[100] = { 0 };
	struct mvbd_found disk;
	int64_t start = clock_mono_ns();

	make_device_directories();
	make_image(image, "", 0, 0, 0);
	make_device("vda", "vda", image, sizeof(image));
	make_image(image, "abc", 0, 0, 2000);
	make_device("vdb", "vdb", image, sizeof(image));
	make_image(image, "abc", 0, 1, 3);
	make_device("vdc", "vdc", image, sizeof(image));
	make_image(image, "abc", 1, 1, 3);
	make_device("vdd", "vdd", image, sizeof(image));
	ck_assert_int_eq(mvbd_find(directory, 100, NULL, NULL, &disk), -ERR_CHECKSUM); /* what may yet become one */
	ck_assert_str_eq(disk.path, in_directory("dev/vdc"));
	ck_assert_int_ge(clock_mono_ns() - start, 100 * NS_PER_MS);
	make_image(image, "good", 0, mvbd_checksum("good", 4), 4);
	for (char name[] = "vde"; name[2] <= 'z'; name[2]++) /* more than are kept */
		make_device(name, name, image, sizeof(image));
	check_found("dev/vde", "good");
}
END_TEST

START_TEST(reader_leaves_other_sizes_alone)
{
	uint8_t image[100] = { 0 };
	struct found found = { 0 };
	struct mvbd_found disk;

	make_device_directories();
	make_image(image, "abc", 0, mvbd_checksum("abc", 3), 3);
	make_device("vda", "vda", image, sizeof(image));
	make_device("vdb", "vdb", image, sizeof(image));
	set_device_size("vda", "0\n");
	set_device_size("vdb", "524297\n"); /* 256 MiB and 9 sectors */
	ck_assert_int_eq(mvbd_find(directory, 20000, count_device, &found, &disk), -ERR_ABSENT);
	ck_assert_uint_eq(found.devices, 2);
	ck_assert_uint_eq(found.other_size, 2);
	set_device_size("vdb", "524296\n");
	check_found("dev/vdb", "abc");
	set_device_size("vdb", "99999999999999999999\n");
	set_device_size("vda", "2\n");
	check_found("dev/vda", "abc");
}
END_TEST

/* ---- writer and readers at once; for a minute where EDGENODE_LONG is set ---- */

#ifdef __SANITIZE_THREAD__
#define RACE_WRITES 200 /* each is some twenty times as slow */
#else
#define RACE_WRITES 2000
#endif
#define RACE_READERS 4
#define RACE_LONG_NS (60 * NS_PER_S)
#define RACE_PAUSE_MOST_US 500 /* of a reader between two looks, at random */
#define RACE_LENGTH (512u << 10)
#define RACE_ROTATIONS 16 /* divides header and page size: a mixture of whole pages has the same sum, too */
#define RACE_BURST 10 /* writes without a pause; then the writer waits until a reader has succeeded */

static struct {
	_Atomic bool done;
	_Atomic unsigned accepted, mixtures, unexpected;
} race;

/* All contents have the same bytes in another rotation, so length and checksum alone tell no two of them apart:
 * they are this text from an offset on. */
static char race_text[RACE_LENGTH + RACE_ROTATIONS];

static void make_race_text(void)
{
	for (size_t i = 0; i < sizeof(race_text); i++)
		race_text[i] = (char)('!' + i % RACE_ROTATIONS);
}

static bool is_whole(const char *content, size_t length)
{
	const unsigned rotation = (unsigned)(content[0] - '!');

	if (length != RACE_LENGTH && (length != RACE_LENGTH + 1 || content[RACE_LENGTH] != '\n'))
		return false;
	return rotation < RACE_ROTATIONS && memcmp(content, race_text + rotation, RACE_LENGTH) == 0;
}

static void *race_reader(void *arg)
{
	unsigned *seed = arg;

	while (!race.done) {
		char *content = NULL;
		size_t length;
		const int rc = mvbd_read(disk_path, 0, &content, &length);

		if (rc == 0) {
			race.mixtures += !is_whole(content, length);
			race.accepted++;
		} else if (rc != -ERR_BUSY && rc != -ERR_CHECKSUM) {
			race.unexpected++;
		}
		free(content);
		usleep((useconds_t)rand_r(seed) % RACE_PAUSE_MOST_US);
	}
	return NULL;
}

/* True: a reader has succeeded since. */
static bool wait_for_accepted(unsigned before)
{
	const int64_t until = clock_mono_ns() + PATIENCE_NS;

	while (race.accepted == before && clock_mono_ns() < until)
		sched_yield();
	return race.accepted != before;
}

static bool is_long(void)
{
	return getenv("EDGENODE_LONG") != NULL;
}

/* The ordinary race is over after so many writes, the long one after its time. */
static bool race_goes_on(unsigned writes, int64_t start_mono_ns)
{
	if (!is_long())
		return writes <= RACE_WRITES;
	return clock_mono_ns() - start_mono_ns < RACE_LONG_NS;
}

START_TEST(readers_never_accept_a_mixture)
{
	struct mvbd *disk = open_disk(2 * RACE_LENGTH);
	const int64_t start = clock_mono_ns();
	unsigned seeds[RACE_READERS], writes = 0;
	pthread_t readers[RACE_READERS];
	bool progress = true;
	int failed = 0;

	make_race_text();
	ck_assert_int_eq(mvbd_write(disk, race_text, RACE_LENGTH), 0);
	for (unsigned i = 0; i < RACE_READERS; i++) {
		seeds[i] = i + 1;
		ck_assert_int_eq(pthread_create(&readers[i], NULL, race_reader, &seeds[i]), 0);
	}
	for (unsigned i = 1; race_goes_on(i, start) && progress; i++) {
		writes = i;
		failed += mvbd_write(disk, race_text + i % RACE_ROTATIONS, RACE_LENGTH) != 0;
		if (i % RACE_BURST == 0 && !is_long())
			progress = wait_for_accepted(race.accepted);
	}
	race.done = true;
	for (unsigned i = 0; i < RACE_READERS; i++)
		ck_assert_int_eq(pthread_join(readers[i], NULL), 0);
	mvbd_close(disk);
	ck_assert(progress);
	ck_assert_int_eq(failed, 0);
	ck_assert_uint_eq(race.mixtures, 0);
	ck_assert_uint_eq(race.unexpected, 0);
	printf("%u writes, %u whole reads by %u readers\n", writes, race.accepted, RACE_READERS);
	fflush(stdout);
	ck_assert_uint_ge(race.accepted, writes / RACE_BURST);
}
END_TEST

/* ---- document ---- */

static void destroy_flat(struct part *part)
{
	free(part);
}

static void *flat_part(size_t size)
{
	struct part *part = mem_alloc(size);

	part_init(part, destroy_flat);
	return part;
}

static void add_cpus(struct snapshot *snapshot)
{
	struct cpus *cpus = flat_part(sizeof(*cpus) + 4 * sizeof(cpus->rows[0]));

	cpus->n = 4;
	for (uint32_t i = 0; i < 4; i++) {
		cpus->rows[i].index = i + 1;
		cpus->rows[i].online = i != 3;
		cpus->rows[i].have = i != 3 ? CPU_HAVE_TIME | CPU_HAVE_UTIL : 0;
		cpus->rows[i].util_centi = 4000; /* 40 % each: 1.2 CPUs */
	}
	snapshot_put(&snapshot->cpus, cpus);
}

static void add_memory(struct snapshot *snapshot)
{
	struct memory *memory = flat_part(sizeof(*memory));

	memory->have = MEM_HAVE_TOTAL | MEM_HAVE_FREE | MEM_HAVE_AVAILABLE | MEM_HAVE_PAGED_IN | MEM_HAVE_PAGED_OUT |
		       MEM_HAVE_PAGE_IN_RATE | MEM_HAVE_PAGE_FAULT_RATE;
	memory->total_kib = 8023u * 1024 + 512;
	memory->free_kib = 100 * 1024;
	memory->available_kib = 5000u * 1024 + 1023;
	memory->paged_in_kib = 3 * 1024 + 1;
	memory->paged_out_kib = UINT64_MAX;
	memory->page_in_rate_kib = 7;
	memory->page_fault_rate = UINT32_MAX;
	snapshot_put(&snapshot->memory, memory);
}

static void add_stat(struct snapshot *snapshot)
{
	struct stat_part *stat = flat_part(sizeof(*stat));

	stat->total = (struct cpu_time){ .user_ms = 1000, .nice_ms = 200, .system_ms = 30, .irq_ms = 4, .softirq_ms = 1000,
					 .idle_ms = 777777, .iowait_ms = 777777, .steal_ms = 777777, .guest_ms = 900 };
	snapshot_put(&snapshot->stat, stat);
}

static const struct guest_style STYLE = { .profile = GUEST_UPSTREAM };

static struct domain *make_domain(uint32_t n, int32_t id)
{
	uint8_t uuid[16] = { 0x6b, 0xe3, 0xfd, 0xb8, 0xbe, 0xf5, 0x6f, 0xec, 0xb1, 0xb7, 0xe6, 0x1b, 0xbc, 0, 0, 0 };
	struct domain *domain;
	char name[40];

	uuid[14] = (uint8_t)(n >> 8);
	uuid[15] = (uint8_t)n;
	snprintf(name, sizeof(name), "</metrics>\n\n%u", n);
	domain = domain_new(domain_ident_new(uuid, name, "hvm"));
	domain->index = n;
	domain->id = id;
	domain->have = DOMAIN_HAVE_CPU_TIME;
	domain->cpu_time_ns = UINT64_C(69400000999);
	return domain;
}

static void add_domains(struct snapshot *snapshot, size_t n)
{
	struct domains *domains = domains_new(n);

	for (size_t i = 0; i < n; i++)
		domains->rows[i] = make_domain((uint32_t)i + 1, (int32_t)i + 1);
	snapshot_put(&snapshot->domains, domains);
}

static struct snapshot *make_snapshot(size_t n_domains)
{
	struct snapshot *snapshot = snapshot_new();

	snapshot->serial = 1;
	snapshot->sealed_real_ns = INT64_C(1709210096) * NS_PER_S + 999999999;
	snapshot->node.name = "host.example\n";
	snapshot->node.hypervisor = "QEMU";
	snapshot->node.hypervisor_version = "7.2.0";
	add_cpus(snapshot);
	add_memory(snapshot);
	add_stat(snapshot);
	add_domains(snapshot, n_domains);
	return snapshot;
}

#define HOST_METRIC(type, name, value) \
	"<metric type='" type "' context='host'>\n  <name>" name "</name>\n  <value>" value "</value>\n</metric>\n"

static const char HOST_METRICS[] =
	HOST_METRIC("string", "HostName", "host.example")
	HOST_METRIC("string", "VirtualizationVendor", "QEMU")
	HOST_METRIC("string", "VirtualizationProductInfo", "QEMU 7.2.0")
	HOST_METRIC("uint32", "TotalPhyCPUs", "4")
	HOST_METRIC("uint32", "NumCPUs", "3")
	HOST_METRIC("uint32", "NumCPUsUtilized", "2")
	HOST_METRIC("uint64", "TotalPhyMem", "8023")
	HOST_METRIC("uint64", "UsedMem", "3023")
	HOST_METRIC("uint64", "FreeMem", "5000")
	HOST_METRIC("uint64", "FreePhyMem", "100")
	HOST_METRIC("uint64", "FreePhyMemFree", "100")
	HOST_METRIC("uint64", "PagedInMemory", "3073")
	HOST_METRIC("uint64", "PagedOutMemory", "18446744073709551615")
	HOST_METRIC("uint64", "PageInRate", "7")
	HOST_METRIC("uint64", "PageFaultRate", "4294967295")
	HOST_METRIC("real64", "TotalCPUTime", "2.234000")
	HOST_METRIC("uint64", "Time", "1709210096");

#define NO_VM_METRICS "<!-- VM metrics not available -->\n"
static const char VM_METRICS[] =
	"<metric type='real64' context='vm' id='1' uuid='6be3fdb8-bef5-6fec-b1b7-e61bbc000001'>\n"
	"  <name>TotalCPUTime</name>\n  <value>69.400000</value>\n</metric>\n";

START_TEST(document_of_a_node)
{
	struct snapshot *snapshot = make_snapshot(1);
	char expected[8192];
	struct buf out;

	buf_init(&out, 100000);
	guest_doc_shared(&out, &STYLE, snapshot, true);
	snprintf(expected, sizeof(expected), "<metrics>\n%s%s</metrics>\n", HOST_METRICS, VM_METRICS);
	ck_assert_str_eq(out.data, expected);
	buf_free(&out);
	part_unref(snapshot);
}
END_TEST

START_TEST(document_leaves_out_what_is_absent)
{
	struct snapshot *snapshot = snapshot_new();
	struct buf out;

	buf_init(&out, 100000);
	guest_doc_shared(&out, &STYLE, snapshot, true);
	ck_assert_str_eq(out.data, "<metrics>\n<!-- host metrics not available -->\n</metrics>\n");
	buf_reset(&out);
	guest_doc_shared(&out, &STYLE, NULL, true);
	ck_assert_str_eq(out.data, "<metrics>\n<!-- host metrics not available -->\n</metrics>\n");
	buf_reset(&out);
	snapshot->node.name = " \n";
	snapshot->node.hypervisor = "";
	snapshot_put(&snapshot->memory, flat_part(sizeof(struct memory)));
	snapshot->memory->have = MEM_HAVE_FREE | MEM_HAVE_TOTAL;
	snapshot->memory->free_kib = 2048;
	snapshot->memory->total_kib = 1024; /* nonsense gives no UsedMem */
	guest_doc_host(&out, &STYLE, snapshot);
	ck_assert_str_eq(out.data, HOST_METRIC("uint64", "TotalPhyMem", "1") HOST_METRIC("uint64", "FreeMem", "2")
				 HOST_METRIC("uint64", "FreePhyMem", "2") HOST_METRIC("uint64", "FreePhyMemFree", "2"));
	buf_free(&out);
	part_unref(snapshot);
}
END_TEST

START_TEST(document_of_domains)
{
	struct snapshot *snapshot = make_snapshot(3);
	struct buf out;

	buf_init(&out, 100000);
	snapshot->domains->rows[1]->id = -1;
	snapshot->domains->rows[2]->have = 0;
	guest_doc_domain(&out, &STYLE, snapshot, snapshot->domains->rows[1]);
	guest_doc_domain(&out, &STYLE, snapshot, snapshot->domains->rows[2]);
	ck_assert_str_eq(out.data, NO_VM_METRICS NO_VM_METRICS);
	buf_reset(&out);
	guest_doc_domain(&out, &STYLE, snapshot, snapshot->domains->rows[0]);
	ck_assert_str_eq(out.data, VM_METRICS);
	buf_free(&out);
	part_unref(snapshot);
}
END_TEST

static void check_element(const xmlNode *node, const char *name)
{
	ck_assert_ptr_nonnull(node);
	ck_assert_str_eq((const char *)node->name, name);
}

static unsigned count_attributes(const xmlNode *node)
{
	unsigned n = 0;

	for (const xmlAttr *attribute = node->properties; attribute != NULL; attribute = attribute->next)
		n++;
	return n;
}

/* What strict readers demand: two attributes on a host metric, four on a vm metric, name and value below. */
static void check_metric(xmlNode *metric)
{
	xmlNode *name = xmlFirstElementChild(metric), *value;
	xmlChar *context = xmlGetProp(metric, (const xmlChar *)"context");

	check_element(metric, "metric");
	ck_assert_uint_eq(count_attributes(metric), strcmp((const char *)context, "vm") == 0 ? 4 : 2);
	check_element(name, "name");
	value = xmlNextElementSibling(name);
	check_element(value, "value");
	ck_assert_ptr_null(xmlNextElementSibling(value));
	xmlFree(context);
}

/* Parses, looks at every metric, gives their number. */
static unsigned check_document(const struct buf *out, char *host_name, size_t size)
{
	xmlDoc *document;
	unsigned n = 0;

	ck_assert(!out->over);
	ck_assert_ptr_null(strstr(out->data, "\n\n"));
	document = xmlReadMemory(out->data, (int)out->length, "document", NULL, XML_PARSE_NONET);
	ck_assert_ptr_nonnull(document);
	check_element(xmlDocGetRootElement(document), "metrics");
	for (xmlNode *metric = xmlFirstElementChild(xmlDocGetRootElement(document)); metric != NULL;
	     metric = xmlNextElementSibling(metric)) {
		check_metric(metric);
		if (n++ == 0) {
			xmlChar *text = xmlNodeGetContent(xmlLastElementChild(metric));

			snprintf(host_name, size, "%s", (const char *)text);
			xmlFree(text);
		}
	}
	xmlFreeDoc(document);
	return n;
}

START_TEST(document_survives_hostile_names)
{
	static const struct {
		const char *name, *shown;
	} NAMES[] = {
		{ "</value></metric></metrics>", "</value></metric></metrics>" },
		{ "a&b;&amp;&#0;", "a&b;&amp;&#0;" },
		{ "]]><![CDATA[<!--", "]]><![CDATA[<!--" },
		{ "'\"--><?xml?>", "'\"--><?xml?>" },
		{ "\n\na\n\n\nb\r\n\r\n", "a\n\n\nb" },
		{ "\x01\x02\x1b[31m\x7f", "??" "?[31m\x7f" },
		{ "\xff\xfe\xc0\x80\xed\xa0\x80", "???????" },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
		{ "cut \xe2\x82", "cut ??" },
		{ "%s%n%d", "%s%n%d" },
	};

	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		struct snapshot *snapshot = make_snapshot(2);
		struct buf out;
		char shown[100];

		buf_init(&out, 100000);
		snapshot->node.name = NAMES[i].name;
		guest_doc_shared(&out, &STYLE, snapshot, true);
		ck_assert_uint_eq(check_document(&out, shown, sizeof(shown)), 19);
		ck_assert_str_eq(shown, NAMES[i].shown);
		buf_free(&out);
		part_unref(snapshot);
	}
}
END_TEST

START_TEST(document_fits)
{
	struct snapshot *snapshot = make_snapshot(1000);
	struct guest_doc_cut cut;
	struct buf out;
	char shown[100];
	size_t whole, host;

	buf_init(&out, 1 << 20);
	ck_assert(guest_doc_shared_fit(&out, &STYLE, snapshot, true, &cut));
	ck_assert_uint_eq(check_document(&out, shown, sizeof(shown)), 1017);
	whole = out.length;
	buf_free(&out);
	buf_init(&out, whole);
	ck_assert(guest_doc_shared_fit(&out, &STYLE, snapshot, true, &cut));
	buf_free(&out);
	buf_init(&out, whole - 1);
	ck_assert(!guest_doc_shared_fit(&out, &STYLE, snapshot, true, &cut));
	ck_assert_uint_eq(check_document(&out, shown, sizeof(shown)), 17);
	ck_assert_ptr_nonnull(strstr(out.data, "<!-- VM metrics left out"));
	host = out.length;
	buf_free(&out);
	buf_init(&out, host - 1);
	ck_assert(!guest_doc_shared_fit(&out, &STYLE, snapshot, true, &cut));
	ck_assert_uint_eq(check_document(&out, shown, sizeof(shown)), 0);
	ck_assert_ptr_nonnull(strstr(out.data, "<!-- all metrics left out"));
	buf_free(&out);
	part_unref(snapshot);
}
END_TEST

/* ---- disk lane ---- */

static struct disk_lane *start_lane(struct store *store, uint32_t size, uint32_t period_ms)
{
	const struct disk_lane_options options = { .path = disk_path, .size = size, .period_ms = period_ms };
	struct disk_lane *lane = NULL;

	ck_assert_int_eq(disk_lane_start(store, &options, &lane), 0);
	return lane;
}

static void stop_lane(struct disk_lane *lane)
{
	ck_assert(disk_lane_stop(lane, clock_mono_ns() + PATIENCE_NS));
}

static void publish(struct store *store, uint64_t serial, const char *host_name, size_t n_domains)
{
	struct snapshot *snapshot = make_snapshot(n_domains);

	snapshot->serial = serial;
	snapshot->node.name = host_name;
	store_publish(store, snapshot);
}

static bool disk_holds(const char *text)
{
	char *content = NULL;
	size_t length;
	const bool holds = mvbd_read(disk_path, 10, &content, &length) == 0 && strstr(content, text) != NULL;

	free(content);
	return holds;
}

static void wait_for(const char *text)
{
	const int64_t until = clock_mono_ns() + PATIENCE_NS;

	while (!disk_holds(text)) {
		ck_assert_msg(clock_mono_ns() < until, "no \"%s\" on the disk", text);
		sched_yield();
	}
}

/* Sends stderr to a file and gives the number of its lines that hold text. */
static void capture_log(void)
{
	const int fd = open(in_directory("log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	close(fd);
}

static unsigned logged(const char *text)
{
	FILE *file = fopen(in_directory("log"), "re");
	char line[2048];
	unsigned n = 0;

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file) != NULL)
		n += strstr(line, text) != NULL;
	fclose(file);
	return n;
}

START_TEST(lane_writes_each_newer_snapshot)
{
	struct store *store = store_new();
	struct disk_lane *lane = start_lane(store, DISK_SIZE, 1);

	publish(store, 1, "first", 2);
	wait_for(">first<");
	publish(store, 2, "second", 2);
	wait_for(">second<");
	ck_assert(disk_holds("context='vm' id='2'"));
	stop_lane(lane);
	ck_assert(disk_holds(">second<"));
	store_free(store);
}
END_TEST

START_TEST(lane_keeps_its_period_and_stops_at_once)
{
	struct store *store = store_new();
	struct disk_lane *lane = start_lane(store, DISK_SIZE, 3600 * 1000);
	const int64_t start = clock_mono_ns();

	publish(store, 1, "first", 0);
	wait_for(">first<");
	publish(store, 2, "second", 0);
	stop_lane(lane);
	ck_assert(clock_mono_ns() - start < PATIENCE_NS);
	ck_assert(disk_holds(">first<"));
	lane = start_lane(store, DISK_SIZE, 3600 * 1000); /* takes over what is there */
	wait_for(">second<");
	stop_lane(lane);
	lane = start_lane(store, DISK_SIZE, 1);
	stop_lane(lane);
	store_free(store);
	ck_assert(disk_lane_stop(NULL, 0));
}
END_TEST

START_TEST(lane_tries_again_and_says_it_once)
{
	struct store *store = store_new();
	struct disk_lane *lane;
	const int64_t until = clock_mono_ns() + PATIENCE_NS;

	capture_log();
	snprintf(disk_path, sizeof(disk_path), "%s/later/on/disk", directory);
	publish(store, 1, "first", 0);
	lane = start_lane(store, DISK_SIZE, 1);
	while (logged("does not exist") == 0 && clock_mono_ns() < until)
		sched_yield();
	publish(store, 2, "second", 0);
	ck_assert_int_eq(mkdir(in_directory("later"), 0700), 0);
	wait_for(">second<");
	stop_lane(lane);
	ck_assert_uint_eq(logged("does not exist"), 1);
	ck_assert_uint_eq(logged("works again"), 1);
	store_free(store);
}
END_TEST

START_TEST(lane_makes_a_removed_disk_again)
{
	struct store *store = store_new();
	struct disk_lane *lane = start_lane(store, DISK_SIZE, 1);

	publish(store, 1, "first", 0);
	wait_for(">first<");
	ck_assert_int_eq(unlink(disk_path), 0);
	publish(store, 2, "second", 0);
	wait_for(">second<");
	ck_assert_int_eq(truncate(disk_path, 0), 0);
	publish(store, 3, "third", 0);
	wait_for(">third<");
	ck_assert_int_eq(status().st_size, DISK_SIZE);
	stop_lane(lane);
	store_free(store);
}
END_TEST

START_TEST(lane_says_that_the_disk_is_too_small)
{
	struct store *store = store_new();
	struct disk_lane *lane;

	capture_log();
	lane = start_lane(store, 4096, 1);
	publish(store, 1, "first", 100);
	wait_for(">first<");
	ck_assert(disk_holds("<!-- VM metrics left out"));
	publish(store, 2, "second", 101);
	wait_for(">second<");
	publish(store, 3, "third", 1);
	wait_for("id='1'");
	stop_lane(lane);
	ck_assert_uint_eq(logged("are left out"), 1);
	ck_assert_uint_eq(logged("works again"), 1);
	store_free(store);
}
END_TEST

/* A case whose test has a directory of its own. */
static void add_with_directory(Suite *suite, const char *name, const TTest *test)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, make_directory, remove_directory);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, test);
	suite_add_tcase(suite, tc);
}
#define ADD_WITH_DIRECTORY(suite, test) add_with_directory(suite, #test, test)

static void add_pure(Suite *suite)
{
	UNIT_ADD(suite, header_on_disk);
	UNIT_ADD(suite, checksums);
	UNIT_ADD(suite, check_accepts);
	UNIT_ADD(suite, check_refuses_every_cut);
	UNIT_ADD(suite, check_refuses_lies_and_damage);
	UNIT_ADD(suite, document_of_a_node);
	UNIT_ADD(suite, document_leaves_out_what_is_absent);
	UNIT_ADD(suite, document_of_domains);
	UNIT_ADD(suite, document_survives_hostile_names);
	UNIT_ADD(suite, document_fits);
}

static void add_disk(Suite *suite)
{
	ADD_WITH_DIRECTORY(suite, writer_makes_a_disk);
	ADD_WITH_DIRECTORY(suite, writer_makes_the_last_directory);
	ADD_WITH_DIRECTORY(suite, writer_keeps_size_and_content);
	ADD_WITH_DIRECTORY(suite, writer_takes_a_prepared_file);
	ADD_WITH_DIRECTORY(suite, writer_empties_an_interrupted_disk);
	ADD_WITH_DIRECTORY(suite, writer_refuses_sizes);
	ADD_WITH_DIRECTORY(suite, writer_refuses_what_is_not_its_own);
	ADD_WITH_DIRECTORY(suite, writer_keeps_the_old_content_when_the_new_is_too_long);
	ADD_WITH_DIRECTORY(suite, writer_makes_each_header_differ);
	ADD_WITH_DIRECTORY(suite, writer_knows_its_place);
	ADD_WITH_DIRECTORY(suite, writer_leaves_no_mixture_after_a_failed_write);
	ADD_WITH_DIRECTORY(suite, writer_notices_a_full_disk_at_open);
	ADD_WITH_DIRECTORY(suite, reader_refuses);
	ADD_WITH_DIRECTORY(suite, reader_takes_old_checksums_and_any_size);
	ADD_WITH_DIRECTORY(suite, reader_finds_the_disk);
	ADD_WITH_DIRECTORY(suite, reader_prefers_a_valid_disk);
	ADD_WITH_DIRECTORY(suite, reader_leaves_other_sizes_alone);
	ADD_WITH_DIRECTORY(suite, readers_never_accept_a_mixture);
}

static void add_lane(Suite *suite)
{
	ADD_WITH_DIRECTORY(suite, lane_writes_each_newer_snapshot);
	ADD_WITH_DIRECTORY(suite, lane_keeps_its_period_and_stops_at_once);
	ADD_WITH_DIRECTORY(suite, lane_tries_again_and_says_it_once);
	ADD_WITH_DIRECTORY(suite, lane_makes_a_removed_disk_again);
	ADD_WITH_DIRECTORY(suite, lane_says_that_the_disk_is_too_small);
}

static Suite *guest_suite(void)
{
	Suite *suite = suite_create("guest");

	add_pure(suite);
	add_disk(suite);
	add_lane(suite);
	return suite;
}

UNIT_MAIN(guest_suite)
