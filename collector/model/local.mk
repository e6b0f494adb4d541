# model: pure data.
noinst_LIBRARIES += libmodel.a
libmodel_a_SOURCES = \
	collector/model/alarm.c \
	collector/model/build_clock.c collector/model/build_clock.h \
	collector/model/build_devices.c collector/model/build_devices.h \
	collector/model/build_domains.c collector/model/build_domains.h \
	collector/model/build_host.c collector/model/build_host.h \
	collector/model/build_hardware.c collector/model/build_hardware.h \
	collector/model/build_metric.c collector/model/build_metric.h \
	collector/model/build_storage.c collector/model/build_storage.h \
	collector/model/build_process.c collector/model/build_process.h \
	collector/model/builder.c collector/model/builder.h \
	collector/model/change.c collector/model/change.h \
	collector/model/clock_state.h \
	collector/model/detect.c collector/model/detect.h \
	collector/model/domain.c collector/model/domain.h \
	collector/model/domain_entry.c collector/model/domain_entry.h \
	collector/model/domain_event.c collector/model/domain_event.h \
	collector/model/domain_live.c \
	collector/model/domain_row.c collector/model/domain_row.h \
	collector/model/domain_watch.c collector/model/domain_watch.h \
	collector/model/event_kind.c \
	collector/model/event_limit.c collector/model/event_limit.h \
	collector/model/event.c collector/model/event.h \
	collector/model/hardware.h \
	collector/model/host.h \
	collector/model/hysteresis.c collector/model/hysteresis.h \
	collector/model/indexed.c collector/model/indexed.h \
	collector/model/index_map.c collector/model/index_map.h \
	collector/model/notice.c collector/model/notice.h \
	collector/model/process.h \
	collector/model/keyed.c collector/model/keyed.h \
	collector/model/machine_check.c collector/model/machine_check.h \
	collector/model/metric.c collector/model/metric.h \
	collector/model/rate.c collector/model/rate.h \
	collector/model/row_pool.c collector/model/row_pool.h \
	collector/model/ruled.c collector/model/ruled.h \
	collector/model/sensor.c collector/model/sensor.h \
	collector/model/source_name.c \
	collector/model/snapshot.c collector/model/snapshot.h \
	collector/model/status.c collector/model/status.h \
	collector/model/subject_set.c collector/model/subject_set.h \
	collector/model/storage.h \
	collector/model/transport.c collector/model/transport.h \
	collector/model/watch.c collector/model/watch.h \
	collector/model/watch_bond.c \
	collector/model/watch_clock.c \
	collector/model/watch_disk.c \
	collector/model/watch_edac.c \
	collector/model/watch_fault.c \
	collector/model/watch_overhead.c \
	collector/model/watch_rule.c collector/model/watch_rule.h \
	collector/model/watch_throttle.c \
	collector/model/watch_values.h \
	collector/model/watched.c collector/model/watched.h \
	collector/model/watched_event.c
