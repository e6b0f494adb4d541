# Benches. getloop is also a tool of the integration tests.
check_PROGRAMS += tests/bench/getloop
tests_bench_getloop_CPPFLAGS = $(AM_CPPFLAGS) $(NETSNMP_CFLAGS)
tests_bench_getloop_LDADD = $(NETSNMP_LIBS)
EXTRA_PROGRAMS += tests/bench/empty
CLEANFILES += tests/bench/empty
tests_bench_empty_CPPFLAGS = $(AM_CPPFLAGS) $(NETSNMP_CFLAGS) $(LIBVIRT_CFLAGS) $(LIBXML_CFLAGS) $(LIBEVENT_CFLAGS)
tests_bench_empty_LDADD = $(EDGE_SYSTEM_LIBS)
# The walks: a manager that stays, and the least that an agent costs.
EXTRA_PROGRAMS += tests/bench/walkloop tests/bench/empty_handler
CLEANFILES += tests/bench/walkloop tests/bench/empty_handler
tests_bench_walkloop_CPPFLAGS = $(AM_CPPFLAGS) $(NETSNMP_CFLAGS)
tests_bench_walkloop_LDADD = $(NETSNMP_LIBS)
tests_bench_empty_handler_CPPFLAGS = $(AM_CPPFLAGS) $(NETSNMP_CFLAGS)
tests_bench_empty_handler_LDADD = $(NETSNMP_LIBS)
# libvirt's place, for 10,000 domains.
EXTRA_LTLIBRARIES = tests/bench/libhypervisor.la
CLEANFILES += tests/bench/libhypervisor.la
tests_bench_libhypervisor_la_SOURCES = tests/bench/hypervisor.c
tests_bench_libhypervisor_la_CPPFLAGS = $(AM_CPPFLAGS) $(LIBVIRT_CFLAGS)
tests_bench_libhypervisor_la_LDFLAGS = -module -avoid-version -shared -rpath /nonexistent
EXTRA_DIST += tests/bench/figures.py tests/bench/run.py tests/bench/scale.py tests/bench/walk.py

# The figures of doc/bench.md, measured here and now (root for those with a libvirtd of their own).
bench: edgenoded tests/bench/getloop tests/bench/empty tests/bench/walkloop tests/bench/empty_handler \
		tests/bench/libhypervisor.la
	EDGENODED=$(abs_top_builddir)/edgenoded VM_DUMP_METRICS=$(abs_top_builddir)/vm-dump-metrics \
	GETLOOP=$(abs_top_builddir)/tests/bench/getloop EMPTY=$(abs_top_builddir)/tests/bench/empty \
	python3 -B $(srcdir)/tests/bench/run.py --build $(abs_top_builddir)
.PHONY: bench
