# doc: manual pages and what explains the sources.
dist_man_MANS += doc/man/edgenoded.8 doc/man/edgenode.conf.5 doc/man/libmetrics.3 doc/man/vm-dump-metrics.1
EXTRA_DIST += doc/architecture.md doc/bench.md
