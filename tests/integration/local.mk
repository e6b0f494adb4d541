# Integration tests: run by quickstart, not by "make check"; they need snmpd, libvirt and, some of them, root.
EXTRA_DIST += \
	tests/integration/agentx_peer.py \
	tests/integration/cases.py \
	tests/integration/cases_actions.py \
	tests/integration/cases_agentx.py \
	tests/integration/cases_agentx_load.py \
	tests/integration/cases_agentx_peers.py \
	tests/integration/cases_bad_input.py \
	tests/integration/cases_churn.py \
	tests/integration/cases_clock.py \
	tests/integration/cases_devices.py \
	tests/integration/cases_disks.py \
	tests/integration/cases_edge_bond.py \
	tests/integration/cases_edge_latency.py \
	tests/integration/cases_edge_mce.py \
	tests/integration/cases_edge_node.py \
	tests/integration/cases_events.py \
	tests/integration/cases_guest.py \
	tests/integration/cases_libvirt_hang.py \
	tests/integration/cases_libvirtd.py \
	tests/integration/cases_life.py \
	tests/integration/cases_managers.py \
	tests/integration/cases_ptp.py \
	tests/integration/cases_process.py \
	tests/integration/cases_restart.py \
	tests/integration/cases_sensor.py \
	tests/integration/cases_sinks.py \
	tests/integration/cases_snmp.py \
	tests/integration/cases_speed.py \
	tests/integration/cases_threshold.py \
	tests/integration/cases_values.py \
	tests/integration/cases_views.py \
	tests/integration/cases_vhostmd.py \
	tests/integration/edge.py \
	tests/integration/edge_node.py \
	tests/integration/edge_node/edgefake.c \
	tests/integration/edge_node/init \
	tests/integration/edge_node/thermal.asl \
	tests/integration/edge_node_image.sh \
	tests/integration/guest.py \
	tests/integration/guest_image.sh \
	tests/integration/image_parts.sh \
	tests/integration/libvirtd_rig.sh \
	tests/integration/modules.py \
	tests/integration/npm_manager.js \
	tests/integration/rig.py \
	tests/integration/run.py \
	tests/integration/second_decoder.py \
	tests/integration/sensors_fixture.sh

# The long tiers: everything under sanitizers and again and again; ordinary life for a night.
EXTRA_DIST += tests/proof.sh tests/lsan.supp tests/tsan.supp
proof:
	$(SHELL) $(srcdir)/tests/proof.sh $(abs_top_builddir)
soak: all tests/bench/getloop
	EDGENODED=$(abs_top_builddir)/edgenoded VM_DUMP_METRICS=$(abs_top_builddir)/vm-dump-metrics \
	python3 -B $(srcdir)/tests/integration/run.py --build $(abs_top_builddir) --minutes $${SOAK_MINUTES:-480}
.PHONY: proof soak

# For a guest, with the library: what programs that use libmetrics look like, by its old and its new interface.
check_PROGRAMS += tests/integration/metrics_example tests/integration/metrics_all
tests_integration_metrics_all_SOURCES = tests/integration/metrics_all.c
tests_integration_metrics_all_CPPFLAGS = -I$(top_srcdir)/guestlib
tests_integration_metrics_all_LDADD = libmetrics.la
tests_integration_metrics_example_SOURCES = tests/integration/metrics_example.c
tests_integration_metrics_example_CPPFLAGS = -I$(top_srcdir)/guestlib
tests_integration_metrics_example_LDADD = libmetrics.la

# In the place of libxenstore, for programs that are started with it.
EXTRA_DIST += tests/integration/cases_guestlib.py
if XENSTORE
check_LTLIBRARIES = tests/integration/libfakexenstore.la
tests_integration_libfakexenstore_la_SOURCES = tests/integration/fake_xenstore.c
tests_integration_libfakexenstore_la_CPPFLAGS = $(XENSTORE_CFLAGS)
tests_integration_libfakexenstore_la_LDFLAGS = -module -avoid-version -shared -rpath /nonexistent
endif

# For a guest: how long its port takes to answer.
check_PROGRAMS += tests/integration/port_latency
tests_integration_port_latency_SOURCES = tests/integration/port_latency.c
tests_integration_port_latency_LDADD =
