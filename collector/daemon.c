/*
 * daemon.c - background, pid file, user, service manager. Thread: see daemon.h.
 */
#include "daemon.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* The parent's half: a byte means ready; end of file means that the daemon ended. */
static void wait_for_daemon(int fd, pid_t pid)
{
	char byte;
	int status = 0;
	ssize_t n;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		_exit(EXIT_SUCCESS);
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) != 0)
		_exit(WEXITSTATUS(status));
	_exit(EXIT_FAILURE);
}

int daemon_fork(int *ready_fd)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return -ERR_IO;
	pid = fork();
	if (pid < 0)
		return -ERR_IO;
	if (pid > 0) {
		close(fds[1]);
		wait_for_daemon(fds[0], pid);
	}
	close(fds[0]);
	setsid();
	if (chdir("/") != 0)
		return -ERR_IO;
	*ready_fd = fds[1];
	return 0;
}

static void streams_to_null(void)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	if (null > STDERR_FILENO)
		close(null);
}

void daemon_ready(int ready_fd)
{
	if (ready_fd < 0)
		return;
	if (write(ready_fd, "", 1) != 1)
		log_warning("the starting process is gone");
	close(ready_fd);
	streams_to_null();
}

int daemon_claim_pid_file(struct pid_file *file, const char *path)
{
	const bool there = access(path, F_OK) == 0;
	const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0)
		return -ERR_IO;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		return errno == EWOULDBLOCK ? -ERR_BUSY : -ERR_IO;
	}
	*file = (struct pid_file){ .path = mem_string(path), .fd = fd, .made = !there };
	return 0;
}

int daemon_fill_pid_file(struct pid_file *file)
{
	char text[32];
	const int length = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (file->path == NULL)
		return 0;
	if (ftruncate(file->fd, 0) != 0 || pwrite(file->fd, text, (size_t)length, 0) != length)
		return -ERR_IO;
	file->made = true;
	return 0;
}

void daemon_release_pid_file(struct pid_file *file)
{
	if (file->path == NULL)
		return;
	if (file->made && unlink(file->path) != 0 && ftruncate(file->fd, 0) != 0)
		log_debug("%s: %s", file->path, strerror(errno));
	close(file->fd);
	free(file->path);
	file->path = NULL;
}

static int refuse(char *error, unsigned long size, const char *user, const char *why)
{
	snprintf(error, size, "user %s: %s", user, why);
	return -ERR_STATE;
}

int daemon_become(const char *user, char *error, unsigned long error_size)
{
	const struct passwd *entry = getpwnam(user);

	if (entry == NULL)
		return refuse(error, error_size, user, "no such user");
	if (entry->pw_uid == getuid())
		return 0;
	if (getuid() != 0)
		return refuse(error, error_size, user, "only root can become another user");
	if (initgroups(user, entry->pw_gid) != 0 || setgid(entry->pw_gid) != 0 || setuid(entry->pw_uid) != 0)
		return refuse(error, error_size, user, strerror(errno));
	return 0;
}

void daemon_make_directory(const char *path, const char *user)
{
	const struct passwd *entry = user != NULL ? getpwnam(user) : NULL;

	if (getuid() != 0 || entry == NULL || mkdir(path, 0750) != 0)
		return;
	if (chown(path, entry->pw_uid, entry->pw_gid) != 0)
		log_warning("%s: cannot be given to user %s: %s", path, user, strerror(errno));
}

void daemon_notify(const char *message)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	socklen_t length;
	int fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof(to.sun_path))
		return;
	length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	memcpy(to.sun_path, path, strlen(path));
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (sendto(fd, message, strlen(message), MSG_NOSIGNAL, (const struct sockaddr *)&to, length) < 0)
		log_debug("service manager: %s", strerror(errno));
	close(fd);
}
