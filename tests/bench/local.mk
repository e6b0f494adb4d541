# Benches. getloop is also a tool of the integration tests.
check_PROGRAMS += tests/bench/getloop
tests_bench_getloop_CPPFLAGS = $(AM_CPPFLAGS) $(NETSNMP_CFLAGS)
tests_bench_getloop_LDADD = $(NETSNMP_LIBS)
EXTRA_PROGRAMS += tests/bench/empty
CLEANFILES += tests/bench/empty
tests_bench_empty_CPPFLAGS = $(AM_CPPFLAGS) $(NETSNMP_CFLAGS) $(LIBVIRT_CFLAGS) $(LIBXML_CFLAGS) $(LIBEVENT_CFLAGS)
tests_bench_empty_LDADD = $(EDGE_SYSTEM_LIBS)
EXTRA_DIST += tests/bench/run.py

# The figures of doc/bench.md, measured here and now (root for those with a libvirtd of their own).
bench: edgenoded tests/bench/getloop tests/bench/empty
	EDGENODED=$(abs_top_builddir)/edgenoded VM_DUMP_METRICS=$(abs_top_builddir)/vm-dump-metrics \
	GETLOOP=$(abs_top_builddir)/tests/bench/getloop EMPTY=$(abs_top_builddir)/tests/bench/empty \
	python3 -B $(srcdir)/tests/bench/run.py --build $(abs_top_builddir)
.PHONY: bench
