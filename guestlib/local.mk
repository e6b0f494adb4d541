# guestlib: runs in the guest; no libvirt, no net-snmp.
noinst_LTLIBRARIES += libmvbd.la libguest.la
libmvbd_la_CPPFLAGS = $(AM_CPPFLAGS) $(XENSTORE_CFLAGS)
libmvbd_la_SOURCES = \
	guestlib/dump.c guestlib/dump.h \
	guestlib/mvbd_find.c \
	guestlib/mvbd_format.c guestlib/mvbd_format.h \
	guestlib/mvbd_read.c guestlib/mvbd_read.h \
	guestlib/port.c guestlib/port.h \
	guestlib/xenstore_read.c guestlib/xenstore_read.h

# All of libmetrics, for tests that need what it does not export.
libguest_la_CPPFLAGS = $(AM_CPPFLAGS) $(LIBXML_CFLAGS)
libguest_la_SOURCES = \
	guestlib/document.c guestlib/document.h \
	guestlib/guest_parse.c guestlib/guest_parse.h \
	guestlib/guest_value.c guestlib/guest_value.h \
	guestlib/libmetrics.c guestlib/libmetrics.h \
	guestlib/metrics_open.c

# A shared library takes nothing from libbase.a: what it needs of the base is compiled once more.
lib_LTLIBRARIES = libmetrics.la
libmetrics_la_CPPFLAGS = $(AM_CPPFLAGS)
libmetrics_la_SOURCES = collector/base/clock.c collector/base/text.c
libmetrics_la_LIBADD = libguest.la libmvbd.la $(LIBXML_LIBS) $(XENSTORE_LIBS)
# Of the interfaces 0 (vhostmd's) and 1 (metrics_open), both are there: still libmetrics.so.0.
libmetrics_la_LDFLAGS = $(AM_LDFLAGS) -no-undefined -version-info 1:0:1 -Wl,--version-script=$(srcdir)/guestlib/libmetrics.map
EXTRA_libmetrics_la_DEPENDENCIES = guestlib/libmetrics.map
include_HEADERS = guestlib/libmetrics.h
# Where sources written for vhostmd's library look for it.
vhostmdincludedir = $(includedir)/vhostmd
vhostmdinclude_HEADERS = guestlib/libmetrics.h

pkgconfigdir = $(libdir)/pkgconfig
nodist_pkgconfig_DATA = guestlib/libmetrics.pc
EXTRA_DIST += guestlib/libmetrics.map guestlib/libmetrics.pc.in
CLEANFILES += guestlib/libmetrics.pc
guestlib/libmetrics.pc: guestlib/libmetrics.pc.in Makefile
	$(AM_V_GEN)$(MKDIR_P) guestlib && $(SED) -e 's|@prefix[@]|$(prefix)|' -e 's|@exec_prefix[@]|$(exec_prefix)|' \
		-e 's|@libdir[@]|$(libdir)|' -e 's|@includedir[@]|$(includedir)|' -e 's|@VERSION[@]|$(VERSION)|' \
		$(srcdir)/guestlib/libmetrics.pc.in > $@.new && mv $@.new $@

bin_PROGRAMS += vm-dump-metrics
vm_dump_metrics_SOURCES = guestlib/vm-dump-metrics.c guestlib/tool_read.c guestlib/tool_read.h
vm_dump_metrics_LDADD = libjson.a libguest.la libmvbd.la libbase.a $(LIBXML_LIBS) $(XENSTORE_LIBS)
noinst_LIBRARIES += libjson.a
libjson_a_SOURCES = guestlib/json.c guestlib/json.h

# The same with all libraries in it, for guests that have none: "make vm-dump-metrics-static". Not installed.
EXTRA_PROGRAMS += vm-dump-metrics-static
vm_dump_metrics_static_SOURCES = $(vm_dump_metrics_SOURCES)
vm_dump_metrics_static_LDADD = libjson.a libguest.la libmvbd.la libbase.a $(STATIC_LIBS)
vm_dump_metrics_static_LDFLAGS = -all-static
CLEANFILES += vm-dump-metrics-static

# The name that vhostmd's tool had in its first years, and the directory that it is in there; on some systems the two
# directories are one.
install-exec-hook:
	cd $(DESTDIR)$(bindir) && rm -f vm_dump_metrics && $(LN_S) vm-dump-metrics vm_dump_metrics
	$(MKDIR_P) $(DESTDIR)$(sbindir)
	test $(DESTDIR)$(sbindir)/. -ef $(DESTDIR)$(bindir)/. || { cd $(DESTDIR)$(sbindir) && \
		rm -f vm-dump-metrics && $(LN_S) $(bindir)/vm-dump-metrics vm-dump-metrics; }
install-data-hook:
	cd $(DESTDIR)$(man1dir) && rm -f vm_dump_metrics.1 && $(LN_S) vm-dump-metrics.1 vm_dump_metrics.1
uninstall-hook:
	rm -f $(DESTDIR)$(bindir)/vm_dump_metrics $(DESTDIR)$(sbindir)/vm-dump-metrics \
		$(DESTDIR)$(man1dir)/vm_dump_metrics.1
