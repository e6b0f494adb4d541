/*
 * domain_event.h - the events that are about a domain: line, severity, frozen row. Pure; cycle lane.
 */
#ifndef EDGENODE_MODEL_DOMAIN_EVENT_H
#define EDGENODE_MODEL_DOMAIN_EVENT_H

#include "model/domain.h"
#include "model/event.h"

struct domain_news {
	const struct domain *row; /* as it is with this event; a reference is taken. NULL: nothing is known but the name */
	uint8_t before;           /* the state told before; 0: none, it is new */
	bool restarted;           /* running as before, but in another run */
	bool by_list;             /* no live change told it */
	int64_t time_real_ns;
	/* Borrowed; NULL where the event has none. */
	const char *name;   /* where there is no row */
	const char *device; /* of an I/O error */
	const char *cause;  /* of an I/O error, a word */
	const char *action; /* what the hypervisor did */
	uint32_t untold;    /* of the same kind before this one */
	int64_t untold_since_real_ns;
};

/* kind is one of the EVENT_DOMAIN_ kinds. The rest of the event is as detect's (model/detect.h); the alarm is the
 * caller's. */
struct event *domain_event_new(uint8_t kind, const struct domain_news *news);

/* What an I/O error was answered with stops the domain. */
bool domain_action_pauses(const char *action);

#endif
