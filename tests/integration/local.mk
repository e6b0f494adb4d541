# Integration tests: run by quickstart, not by "make check"; they need snmpd, libvirt and, some of them, root.
EXTRA_DIST += \
	tests/integration/cases.py \
	tests/integration/cases_bad_input.py \
	tests/integration/cases_churn.py \
	tests/integration/cases_clock.py \
	tests/integration/cases_devices.py \
	tests/integration/cases_disks.py \
	tests/integration/cases_edge_bond.py \
	tests/integration/cases_edge_node.py \
	tests/integration/cases_guest.py \
	tests/integration/cases_libvirt_hang.py \
	tests/integration/cases_libvirtd.py \
	tests/integration/cases_life.py \
	tests/integration/cases_ptp.py \
	tests/integration/cases_process.py \
	tests/integration/cases_restart.py \
	tests/integration/cases_sensor.py \
	tests/integration/cases_snmp.py \
	tests/integration/cases_threshold.py \
	tests/integration/cases_values.py \
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
	tests/integration/rig.py \
	tests/integration/run.py \
	tests/integration/sensors_fixture.sh

# The long tiers: everything under sanitizers and again and again; ordinary life for a night.
EXTRA_DIST += tests/proof.sh tests/tsan.supp
proof:
	$(SHELL) $(srcdir)/tests/proof.sh $(abs_top_builddir)
soak: all tests/bench/getloop
	EDGENODED=$(abs_top_builddir)/edgenoded VM_DUMP_METRICS=$(abs_top_builddir)/vm-dump-metrics \
	python3 -B $(srcdir)/tests/integration/run.py --build $(abs_top_builddir) --minutes $${SOAK_MINUTES:-480}
.PHONY: proof soak

# For a guest, with the library: what a program that uses libmetrics looks like.
check_PROGRAMS += tests/integration/metrics_example
tests_integration_metrics_example_SOURCES = tests/integration/metrics_example.c
tests_integration_metrics_example_CPPFLAGS = -I$(top_srcdir)/guestlib
tests_integration_metrics_example_LDADD = libmetrics.la
