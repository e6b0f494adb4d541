# guestlib: runs in the guest; no libvirt, no net-snmp.
noinst_LTLIBRARIES += libmvbd.la libguest.la
libmvbd_la_SOURCES = \
	guestlib/dump.c guestlib/dump.h \
	guestlib/mvbd_find.c \
	guestlib/mvbd_format.c guestlib/mvbd_format.h \
	guestlib/mvbd_read.c guestlib/mvbd_read.h \
	guestlib/port.c guestlib/port.h

# All of libmetrics, for tests that need what it does not export.
libguest_la_CPPFLAGS = $(AM_CPPFLAGS) $(LIBXML_CFLAGS)
libguest_la_SOURCES = \
	guestlib/document.c guestlib/document.h \
	guestlib/guest_parse.c guestlib/guest_parse.h \
	guestlib/guest_value.c guestlib/guest_value.h \
	guestlib/libmetrics.c guestlib/libmetrics.h

# A shared library takes nothing from libbase.a: what it needs of the base is compiled once more.
lib_LTLIBRARIES = libmetrics.la
libmetrics_la_CPPFLAGS = $(AM_CPPFLAGS)
libmetrics_la_SOURCES = collector/base/clock.c collector/base/text.c
libmetrics_la_LIBADD = libguest.la libmvbd.la $(LIBXML_LIBS)
libmetrics_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -Wl,--version-script=$(srcdir)/guestlib/libmetrics.map
EXTRA_libmetrics_la_DEPENDENCIES = guestlib/libmetrics.map
include_HEADERS = guestlib/libmetrics.h

pkgconfigdir = $(libdir)/pkgconfig
nodist_pkgconfig_DATA = guestlib/libmetrics.pc
EXTRA_DIST += guestlib/libmetrics.map guestlib/libmetrics.pc.in
CLEANFILES += guestlib/libmetrics.pc
guestlib/libmetrics.pc: guestlib/libmetrics.pc.in Makefile
	$(AM_V_GEN)$(MKDIR_P) guestlib && $(SED) -e 's|@prefix[@]|$(prefix)|' -e 's|@exec_prefix[@]|$(exec_prefix)|' \
		-e 's|@libdir[@]|$(libdir)|' -e 's|@includedir[@]|$(includedir)|' -e 's|@VERSION[@]|$(VERSION)|' \
		$(srcdir)/guestlib/libmetrics.pc.in > $@.new && mv $@.new $@

bin_PROGRAMS += vm-dump-metrics
vm_dump_metrics_SOURCES = guestlib/vm-dump-metrics.c
vm_dump_metrics_LDADD = libmvbd.la libbase.a

# The name that vhostmd's tool had in its first years.
install-exec-hook:
	cd $(DESTDIR)$(bindir) && rm -f vm_dump_metrics && $(LN_S) vm-dump-metrics vm_dump_metrics
install-data-hook:
	cd $(DESTDIR)$(man1dir) && rm -f vm_dump_metrics.1 && $(LN_S) vm-dump-metrics.1 vm_dump_metrics.1
uninstall-hook:
	rm -f $(DESTDIR)$(bindir)/vm_dump_metrics $(DESTDIR)$(man1dir)/vm_dump_metrics.1
