/*
 * build_domains.h - the domain rows of a snapshot from libvirt's list, the domains' processes and the rows
 * before. Pure; cycle lane.
 */
#ifndef EDGENODE_MODEL_BUILD_DOMAINS_H
#define EDGENODE_MODEL_BUILD_DOMAINS_H

#include "base/text.h"
#include "model/domain.h"
#include "model/index_map.h"
#include "model/process.h"

/* What a domain is called in the index map. */
#define DOMAIN_KEY_PREFIX "domain:"
#define DOMAIN_KEY_SIZE (sizeof(DOMAIN_KEY_PREFIX) + TEXT_UUID_SIZE)
void domain_key(const uint8_t uuid[16], char key[DOMAIN_KEY_SIZE]);

/* before and processes (the newest result of "process") may be NULL. The result's rows are copies of raw's: who
 * read those may keep them. Rows that raw does not hold stay as they are when raw is not complete, and go
 * (their index is retired) when it is. */
struct domains *build_domains(struct index_map *indexes, const struct domains *before, const struct domains *raw,
			      const struct processes *processes, int64_t started_mono_ns, int64_t now_mono_ns,
			      int64_t now_real_ns);

/* The rows after a new result of "process" alone, so that they go on while libvirt says nothing: those whose process
 * was read are copies, the others are shared. processes may be NULL. */
struct domains *build_domains_processes(const struct domains *before, const struct processes *processes,
					int64_t now_mono_ns, int64_t now_real_ns);

#endif
