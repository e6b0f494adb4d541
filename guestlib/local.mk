# guestlib: runs in the guest; no libvirt, no net-snmp.
noinst_LTLIBRARIES += libmvbd.la
libmvbd_la_SOURCES = \
	guestlib/mvbd_format.c guestlib/mvbd_format.h \
	guestlib/mvbd_read.c guestlib/mvbd_read.h

bin_PROGRAMS += vm-dump-metrics
vm_dump_metrics_SOURCES = guestlib/vm-dump-metrics.c
vm_dump_metrics_LDADD = libmvbd.la
