# model: pure data.
noinst_LIBRARIES += libmodel.a
libmodel_a_SOURCES = \
	collector/model/alarm.c \
	collector/model/build_devices.c collector/model/build_devices.h \
	collector/model/build_domains.c collector/model/build_domains.h \
	collector/model/build_hardware.c collector/model/build_hardware.h \
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
	collector/model/event.c collector/model/event.h \
	collector/model/hardware.h \
	collector/model/host.h \
	collector/model/hysteresis.c collector/model/hysteresis.h \
	collector/model/index_map.c collector/model/index_map.h \
	collector/model/rate.c collector/model/rate.h \
	collector/model/sensor.c collector/model/sensor.h \
	collector/model/source_name.c \
	collector/model/snapshot.c collector/model/snapshot.h \
	collector/model/status.c collector/model/status.h \
	collector/model/transport.c collector/model/transport.h \
	collector/model/watch.c collector/model/watch.h \
	collector/model/watched.c collector/model/watched.h \
	collector/model/watched_event.c
