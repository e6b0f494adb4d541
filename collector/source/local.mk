# source: one file per source of facts.
noinst_LIBRARIES += libsource.a
libsource_a_CPPFLAGS = $(AM_CPPFLAGS) $(LIBVIRT_CFLAGS) $(LIBXML_CFLAGS)
libsource_a_SOURCES = \
	collector/source/bond.c \
	collector/source/clock.c collector/source/clock.h \
	collector/source/cpufreq.c \
	collector/source/diskstats.c \
	collector/source/edac.c \
	collector/source/hugepages.c \
	collector/source/ident.c \
	collector/source/interrupts.c \
	collector/source/live.c collector/source/live.h \
	collector/source/loadavg.c \
	collector/source/meminfo.c \
	collector/source/powercap.c \
	collector/source/pressure.c \
	collector/source/procsys.c collector/source/procsys.h \
	collector/source/registry.c \
	collector/source/source.c collector/source/source.h \
	collector/source/stat.c \
	collector/source/thermal.c \
	collector/source/throttle.c \
	collector/source/vmstat.c \
	collector/source/worker.c collector/source/worker.h
if SENSORS
libsource_a_SOURCES += collector/source/sensors.c \
	collector/source/sensors_channel.c collector/source/sensors_channel.h
endif
if LIBVIRT
libsource_a_SOURCES += collector/source/libvirt.c \
	collector/source/libvirt_change.c collector/source/libvirt_change.h \
	collector/source/libvirt_domain.c collector/source/libvirt_domain.h \
	collector/source/libvirt_rows.c collector/source/libvirt_rows.h \
	collector/source/libvirt_stats.c collector/source/libvirt_stats.h \
	collector/source/libvirt_watch.c collector/source/libvirt_watch.h \
	collector/source/libvirt_xml.c collector/source/libvirt_xml.h \
	collector/source/repeats.c collector/source/repeats.h \
	collector/source/virevent.c collector/source/virevent.h
endif
