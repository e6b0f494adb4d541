/*
 * build_devices.h - indexes, rates and discontinuities of a domain's vCPUs, disks and NICs. Pure; cycle lane.
 */
#ifndef EDGENODE_MODEL_BUILD_DEVICES_H
#define EDGENODE_MODEL_BUILD_DEVICES_H

#include "model/domain.h"
#include "model/index_map.h"

/* Gives the row's disks and NICs their numbers, per domain from 1, and sorts them by these: a disk is known by its
 * target, a NIC by its MAC address. Devices that the definition no longer has give theirs back. before may be NULL. */
void build_device_indexes(struct index_map *indexes, const struct domain *before, struct domain *row,
			  int64_t now_real_s);

/* Both rows have numbers, and the sets of disks, NICs or vCPUs differ. What was not read on one side does not. */
bool build_devices_changed(const struct domain *before, const struct domain *row);

/* The devices of a row whose own times are set. same_run: its counters go on from before's (never with before NULL). A
 * device's counters are continuous as the domain's are, or since now where it was not there before or counts anew. */
void build_device_times(const struct domain *before, struct domain *row, bool same_run, int64_t now_mono_ns);

#endif
