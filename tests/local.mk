# Tests that need no daemon; tests/README.md says what shows what. Programs without flags of their own take the
# default ones below.
AM_CPPFLAGS += $(CHECK_CFLAGS) $(LIBXML_CFLAGS)
LDADD = $(EDGE_LIBS) $(EDGE_SYSTEM_LIBS) $(CHECK_LIBS)

if HAVE_CHECK
UNIT_TESTS = \
	tests/unit/test_action_text \
	tests/unit/test_action_value \
	tests/unit/test_actions \
	tests/unit/test_base \
	tests/unit/test_build \
	tests/unit/test_build_process \
	tests/unit/test_clock \
	tests/unit/test_commands \
	tests/unit/test_config \
	tests/unit/test_cycle \
	tests/unit/test_detect \
	tests/unit/test_dump_tool \
	tests/unit/test_domain_disks \
	tests/unit/test_domain_lives \
	tests/unit/test_domain_watch \
	tests/unit/test_event_log \
	tests/unit/test_stage \
	tests/unit/test_scale \
	tests/unit/test_sink \
	tests/unit/test_guest \
	tests/unit/test_guest_lanes \
	tests/unit/test_guest_metric \
	tests/unit/test_guest_parse \
	tests/unit/test_hardware \
	tests/unit/test_host \
	tests/unit/test_lane \
	tests/unit/test_libmetrics \
	tests/unit/test_mce \
	tests/unit/test_mib \
	tests/unit/test_model \
	tests/unit/test_notices \
	tests/unit/test_ntp \
	tests/unit/test_ntp_message \
	tests/unit/test_build_clock \
	tests/unit/test_origins \
	tests/unit/test_msr \
	tests/unit/test_port \
	tests/unit/test_process \
	tests/unit/test_process_parse \
	tests/unit/test_ptp \
	tests/unit/test_ptp_message \
	tests/unit/test_runner \
	tests/unit/test_runner_death \
	tests/unit/test_runner_end \
	tests/unit/test_runner_message \
	tests/unit/test_table \
	tests/unit/test_threshold \
	tests/unit/test_trap \
	tests/unit/test_trap_bulk \
	tests/unit/test_varbind \
	tests/unit/test_view_rows \
	tests/unit/test_views \
	tests/unit/test_virtio \
	tests/unit/test_virtio_load \
	tests/unit/test_virtio_request
if LIBVIRT
UNIT_TESTS += tests/unit/test_libvirt tests/unit/test_libvirt_monitor tests/unit/test_libvirt_parse tests/unit/test_libvirt_turn
endif
if JANSSON
UNIT_TESTS += tests/unit/test_disks tests/unit/test_smart
endif
if SENSORS
UNIT_TESTS += tests/unit/test_sensors
endif
if XENSTORE
UNIT_TESTS += tests/unit/test_xenstore
tests_unit_test_xenstore_CPPFLAGS = $(AM_CPPFLAGS) $(XENSTORE_CFLAGS)
endif
tests_unit_test_dump_tool_LDADD = libjson.a libguest.la $(LDADD)
tests_unit_test_guest_parse_LDADD = libguest.la $(LDADD)
tests_unit_test_libmetrics_LDADD = libguest.la $(LDADD)
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif
EXTRA_DIST += tests/README.md tests/fixtures tests/unit/detect_bench.h tests/unit/domain_fixture.h tests/unit/guest_text.h tests/unit/ntp_fixture.h tests/unit/port_host.h tests/unit/ptp_fixture.h \
	tests/unit/runner_fixture.h tests/unit/smart_fixture.h tests/unit/table_fixture.h tests/unit/tree.h tests/unit/unit.h \
	tests/unit/virtio_fixture.h

include tests/abi/local.mk
include tests/lint/local.mk
include tests/fuzz/local.mk
include tests/bench/local.mk
include tests/integration/local.mk
