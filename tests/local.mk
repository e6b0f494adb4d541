# Tests that need no daemon; tests/README.md says what shows what. Programs without flags of their own take the
# default ones below.
AM_CPPFLAGS += $(CHECK_CFLAGS) $(LIBXML_CFLAGS)
LDADD = $(EDGE_LIBS) $(EDGE_SYSTEM_LIBS) $(CHECK_LIBS)

if HAVE_CHECK
UNIT_TESTS = \
	tests/unit/test_base \
	tests/unit/test_build \
	tests/unit/test_config \
	tests/unit/test_cycle \
	tests/unit/test_detect \
	tests/unit/test_event_log \
	tests/unit/test_guest \
	tests/unit/test_host \
	tests/unit/test_mib \
	tests/unit/test_model \
	tests/unit/test_runner \
	tests/unit/test_runner_death \
	tests/unit/test_runner_end \
	tests/unit/test_runner_message \
	tests/unit/test_table \
	tests/unit/test_varbind
if LIBVIRT
UNIT_TESTS += tests/unit/test_libvirt
endif
if SENSORS
UNIT_TESTS += tests/unit/test_sensors
endif
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif
EXTRA_DIST += tests/README.md tests/fixtures tests/unit/runner_fixture.h tests/unit/table_fixture.h tests/unit/tree.h tests/unit/unit.h

include tests/lint/local.mk
include tests/fuzz/local.mk
include tests/bench/local.mk
include tests/integration/local.mk
