/*
 * virevent.c - the lane of libvirt's event loop.
 *
 * Thread: virevent, started once. Callbacks that run here belong to libvirt.c; they copy and enqueue.
 */
#include "source/virevent.h"

#include "base/err.h"
#include "base/log.h"

#include <errno.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

/* Errors reach the operator as the source's last error, so libvirt must not print them itself. */
static void virevent_silent(void *data, virErrorPtr error)
{
	(void)data;
	(void)error;
}

int virevent_init(void)
{
	/* Without it opening a session URI forks a libvirtd, and nothing here forks but the runner. */
	if (setenv("LIBVIRT_AUTOSTART", "0", 1) == 0 && virInitialize() == 0 && virEventRegisterDefaultImpl() == 0) {
		virSetErrorFunc(NULL, virevent_silent);
		return 0;
	}
	/* Its own words are not asked for: before it is initialised it has no place for them. */
	log_error("libvirt cannot be initialised");
	return -ERR_STATE;
}

static void *virevent_run(void *arg)
{
	static const struct timespec pause = {.tv_sec = 1};
	struct log_repeat repeat = {0};

	(void)arg;
	for (;;) {
		if (virEventRunDefaultImpl() == 0) {
			log_repeat_ok(&repeat, "libvirt's event loop");
			continue;
		}
		/* It would be called again at once; the pause keeps a broken loop from taking a whole CPU. */
		log_repeat_fail(&repeat, "libvirt's event loop", virGetLastErrorMessage());
		nanosleep(&pause, NULL);
	}
	return NULL;
}

int virevent_start(void)
{
	pthread_t thread;
	int code = pthread_create(&thread, NULL, virevent_run, NULL);

	if (code != 0) {
		errno = code;
		return -ERR_IO;
	}
	pthread_setname_np(thread, "virevent");
	pthread_detach(thread);
	return 0;
}
