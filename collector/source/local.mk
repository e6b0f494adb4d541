# source: one file per source of facts.
noinst_LIBRARIES += libsource.a
libsource_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(LIBNL_CFLAGS) $(LIBVIRT_CFLAGS) $(LIBXML_CFLAGS)
libsource_a_SOURCES = \
	collector/source/bond.c \
	collector/source/chrony_clock.c collector/source/chrony_clock.h \
	collector/source/chrony_message.c collector/source/chrony_message.h \
	collector/source/clock.c collector/source/clock.h \
	collector/source/commands.c collector/source/commands.h \
	collector/source/cpufreq.c \
	collector/source/diskstats.c \
	collector/source/edac.c \
	collector/source/hugepages.c \
	collector/source/ident.c \
	collector/source/interrupts.c \
	collector/source/live.c collector/source/live.h \
	collector/source/loadavg.c \
	collector/source/mce.c \
	collector/source/mce_batch.c collector/source/mce_batch.h \
	collector/source/mce_kmsg.c collector/source/mce_kmsg.h \
	collector/source/mce_lines.c \
	collector/source/mce_pstore.c \
	collector/source/mce_reader.c collector/source/mce_reader.h \
	collector/source/mce_record.c \
	collector/source/mce_text.h \
	collector/source/mce_trace.c collector/source/mce_trace.h \
	collector/source/meminfo.c \
	collector/source/msr.c collector/source/msr.h \
	collector/source/ntp.c \
	collector/source/ntp_chronyd.c \
	collector/source/ntp_daemon.c collector/source/ntp_daemon.h \
	collector/source/ntp_ntpd.c \
	collector/source/ntp_socket.c collector/source/ntp_socket.h \
	collector/source/ntp_timesyncd.c \
	collector/source/ntpd_clock.c collector/source/ntpd_clock.h \
	collector/source/ntpd_control.c collector/source/ntpd_control.h \
	collector/source/powercap.c \
	collector/source/pressure.c \
	collector/source/process.c collector/source/process.h \
	collector/source/process_file.c \
	collector/source/process_find.c \
	collector/source/process_parse.c \
	collector/source/process_read.c \
	collector/source/procsys.c collector/source/procsys.h \
	collector/source/ptp.c collector/source/ptp.h \
	collector/source/ptp_clock.c collector/source/ptp_clock.h \
	collector/source/ptp_daemon.c collector/source/ptp_daemon.h \
	collector/source/ptp_message.c collector/source/ptp_message.h \
	collector/source/registry.c \
	collector/source/source.c collector/source/source.h \
	collector/source/stat.c \
	collector/source/trace.c collector/source/trace.h \
	collector/source/trace_text.c \
	collector/source/thermal_events.c collector/source/thermal_events.h \
	collector/source/thermal.c \
	collector/source/throttle.c \
	collector/source/vmstat.c \
	collector/source/worker.c collector/source/worker.h
if JANSSON
libsource_a_SOURCES += collector/source/disks.c collector/source/disks.h \
	collector/source/smart_parse.c collector/source/smart_parse.h
endif
if SENSORS
libsource_a_SOURCES += collector/source/sensors.c \
	collector/source/sensors_channel.c collector/source/sensors_channel.h
endif
if LIBVIRT
libsource_a_SOURCES += collector/source/libvirt.c \
	collector/source/libvirt_change.c collector/source/libvirt_change.h \
	collector/source/libvirt_domain.c collector/source/libvirt_domain.h \
	collector/source/libvirt_local.c collector/source/libvirt_local.h \
	collector/source/libvirt_monitor.c collector/source/libvirt_monitor.h \
	collector/source/libvirt_reading.c collector/source/libvirt_reading.h \
	collector/source/libvirt_rotation.c collector/source/libvirt_rotation.h \
	collector/source/libvirt_rows.c collector/source/libvirt_rows.h \
	collector/source/libvirt_stats.c collector/source/libvirt_stats.h \
	collector/source/libvirt_turn.c collector/source/libvirt_turn.h \
	collector/source/libvirt_watch.c collector/source/libvirt_watch.h \
	collector/source/libvirt_xml.c collector/source/libvirt_xml.h \
	collector/source/pools.c \
	collector/source/repeats.c collector/source/repeats.h \
	collector/source/virevent.c collector/source/virevent.h
endif
