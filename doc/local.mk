# doc: manual pages and what explains the sources.
dist_man_MANS += doc/man/edgenoded.8 doc/man/edgenode.conf.5 doc/man/libmetrics.3 doc/man/metrics_open.3 doc/man/vhostmd.8 doc/man/vm-dump-metrics.1
EXTRA_DIST += doc/architecture.md doc/bench.md doc/metrics.md doc/views.md doc/check-metrics.sh

# For Prometheus' snmp_exporter.
exporterdir = $(docdir)/snmp_exporter
dist_exporter_DATA = doc/snmp_exporter/generator.yml

# doc/metrics.md is printed from the column tables.
check_PROGRAMS += doc/metrics_doc
doc_metrics_doc_SOURCES = doc/metrics_doc.c
doc_metrics_doc_LDADD = $(EDGE_LIBS) $(EDGE_SYSTEM_LIBS)
TESTS += doc/check-metrics.sh
metrics-doc: doc/metrics_doc
	doc/metrics_doc >$(srcdir)/doc/metrics.md
.PHONY: metrics-doc
