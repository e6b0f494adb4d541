# Integration tests: run by quickstart, not by "make check"; they need snmpd, libvirt and, some of them, root.
EXTRA_DIST += \
	tests/integration/cases.py \
	tests/integration/cases_bad_input.py \
	tests/integration/cases_libvirtd.py \
	tests/integration/cases_restart.py \
	tests/integration/cases_sensor.py \
	tests/integration/cases_snmp.py \
	tests/integration/cases_values.py \
	tests/integration/edge.py \
	tests/integration/libvirtd_rig.sh \
	tests/integration/rig.py \
	tests/integration/run.py \
	tests/integration/sensors_fixture.sh
