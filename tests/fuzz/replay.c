/*
 * replay.c - gives a fuzz target stored inputs: the files and directories of the command line, else its corpus in the
 * source tree. So "make check" runs every corpus with any compiler. Fails where there is nothing to replay.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_MAX (8u << 20)

/* In memory of its exact size, so that a sanitizer sees each byte read beyond it. */
static int replay_file(const char *path, size_t size)
{
	uint8_t *data = malloc(size > 0 ? size : 1);
	FILE *file = fopen(path, "re");
	size_t n = 0;

	if (file == NULL || data == NULL || (n = fread(data, 1, size, file)) != size) {
		fprintf(stderr, "%s: %s\n", path, file == NULL ? strerror(errno) : "cannot be read");
		exit(EXIT_FAILURE);
	}
	fclose(file);
	LLVMFuzzerTestOneInput(data, n);
	free(data);
	return 1;
}

static int replay(const char *path);

static int replay_directory(const char *path)
{
	char below[PATH_MAX];
	const struct dirent *entry;
	DIR *dir = opendir(path);
	int n = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) < (int)sizeof(below))
			n += replay(below);
	}
	if (dir != NULL)
		closedir(dir);
	return n;
}

/* How many inputs were replayed. */
static int replay(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(EXIT_FAILURE);
	}
	if (S_ISDIR(st.st_mode))
		return replay_directory(path);
	return S_ISREG(st.st_mode) && st.st_size <= INPUT_MAX ? replay_file(path, (size_t)st.st_size) : 0;
}

int main(int argc, char **argv)
{
	int n = 0;

	if (argc == 1)
		n = replay(SOURCE_ROOT "/tests/fuzz/corpus/" CORPUS);
	for (int i = 1; i < argc; i++)
		n += replay(argv[i]);
	printf("%d inputs replayed\n", n);
	return n > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
