# collector: the daemon.
noinst_LIBRARIES += libcollector.a
libcollector_a_CPPFLAGS = $(AM_CPPFLAGS) $(LIBXML_CFLAGS) $(LIBVIRT_CFLAGS)
libcollector_a_SOURCES = \
	collector/action_command.c collector/action_command.h \
	collector/action_program.c collector/action_program.h \
	collector/action_set.c collector/action_set.h \
	collector/action_text.c collector/action_text.h \
	collector/action_value.c collector/action_value.h \
	collector/action_xml.c collector/action_xml.h \
	collector/actions.c collector/actions.h \
	collector/app.c collector/app.h \
	collector/config.c collector/config.h \
	collector/config_dtd.h \
	collector/config_keys.c collector/config_keys.h \
	collector/config_print.c \
	collector/config_value.c \
	collector/config_xml.c \
	collector/cycle.c collector/cycle.h \
	collector/daemon.c collector/daemon.h \
	collector/event_log.c collector/event_log.h \
	collector/event_record.c \
	collector/event_segment.c collector/event_segment.h \
	collector/event_text.c collector/event_text.h \
	collector/sink.c collector/sink.h \
	collector/event_stage.c collector/event_stage.h \
	collector/guest_lanes.c collector/guest_lanes.h \
	collector/metric_dtd.h \
	collector/options.c collector/options.h \
	collector/persist.c collector/persist.h \
	collector/schedule.c collector/schedule.h \
	collector/serve.c collector/serve.h \
	collector/signals.c collector/signals.h \
	collector/store.c collector/store.h

# The command process: main starts it, sources use it.
noinst_LIBRARIES += librunner.a
librunner_a_SOURCES = \
	collector/runner.c collector/runner.h \
	collector/runner_child.c \
	collector/runner_exec.c \
	collector/runner_keeper.c \
	collector/runner_message.c collector/runner_message.h \
	collector/runner_process.c \
	collector/runner_worker.c collector/runner_worker.h

# Lies beside edgenoded, which looks for it there.
sbin_PROGRAMS += edgenode-run
edgenode_run_SOURCES = collector/runner_main.c
edgenode_run_LDADD = librunner.a libbase.a

sbin_PROGRAMS += edgenoded
edgenoded_SOURCES = collector/main.c
edgenoded_LDADD = $(EDGE_LIBS) $(EDGE_SYSTEM_LIBS)
