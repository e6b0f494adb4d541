/*
 * build_metric.h - numbers for the operator's own metrics. Thread: cycle. Pure but for the indexes.
 */
#ifndef EDGENODE_MODEL_BUILD_METRIC_H
#define EDGENODE_MODEL_BUILD_METRIC_H

#include "model/index_map.h"
#include "model/metric.h"

/* The rows with an index each, which belongs to the name and the domain; of two with the same the first. raw: borrowed,
 * in any order, index 0. */
struct metrics *build_metrics(struct index_map *indexes, const struct metrics *raw, int64_t now_real_s);

#endif
