/*
 * loop.h - an event loop of one thread: descriptors and timers. libevent behind it, whose names (struct event,
 * event_new) are this project's too and therefore stay in loop.c.
 *
 * Thread: all calls on the one that runs it, before it runs, or after it has ended. A watch or timer may be freed in
 * any callback, its own included.
 */
#ifndef EDGENODE_TRANSPORT_LOOP_H
#define EDGENODE_TRANSPORT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_watch;
struct loop_timer;

struct loop *loop_new(void); /* NULL with errno */
void loop_free(struct loop *loop); /* after its watches and timers */

void loop_run(struct loop *loop);   /* until loop_break */
void loop_break(struct loop *loop); /* in a callback: ends loop_run after it */

/* ready is called again and again while the descriptor is ready (also when the peer is gone) and the watch is on. It
 * starts off. Free it before the descriptor is closed. NULL is legal for _free. */
enum loop_for { LOOP_READING, LOOP_WRITING };
struct loop_watch *loop_watch_new(struct loop *loop, int fd, enum loop_for what, void (*ready)(void *arg), void *arg);
void loop_watch_free(struct loop_watch *watch);
int loop_watch_set(struct loop_watch *watch, bool on); /* -ERR_IO */

/* Calls expired once after that time, which begins anew with each set; 0 stops it. */
struct loop_timer *loop_timer_new(struct loop *loop, void (*expired)(void *arg), void *arg);
void loop_timer_free(struct loop_timer *timer);
void loop_timer_set(struct loop_timer *timer, int64_t after_ns);

#endif
