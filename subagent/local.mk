# subagent: the catalogue and table engine (pure), and the one room of net-snmp.
noinst_LIBRARIES += libcatalogue.a libagent.a
libcatalogue_a_SOURCES = \
	subagent/cell.c \
	subagent/oids.h \
	subagent/origins.c subagent/origins.h \
	subagent/rows_alarm.c \
	subagent/rows_block.c \
	subagent/rows_clock.c \
	subagent/rows_cpu.c \
	subagent/rows_domain.c \
	subagent/rows_entity.c \
	subagent/rows_event.c \
	subagent/rows_hardware.c \
	subagent/rows_libvirt.c \
	subagent/rows_link.c \
	subagent/rows_memory.c \
	subagent/rows_metric.c \
	subagent/rows_nic.c \
	subagent/rows_node.c \
	subagent/rows_ntp.c subagent/rows_ntp.h \
	subagent/rows_ntp_peers.c \
	subagent/rows_sensor.c \
	subagent/rows_storage.c \
	subagent/rows_threshold.c \
	subagent/rows_transport.c \
	subagent/rows_vcpu.c \
	subagent/rows_vm.c \
	subagent/rows_vm_devices.c \
	subagent/rows.h \
	subagent/table.c subagent/table.h \
	subagent/table_subject.c \
	subagent/trap_bulk.c subagent/trap_bulk.h \
	subagent/trap_rows.c \
	subagent/trap_view.c subagent/trap_view.h \
	subagent/varbind.c subagent/varbind.h \
	subagent/view.c subagent/view.h \
	subagent/watch_values.c subagent/watch_values.h
libagent_a_CPPFLAGS = $(AM_CPPFLAGS) $(NETSNMP_CFLAGS)
libagent_a_SOURCES = \
	subagent/agent.c subagent/agent.h subagent/agent_private.h \
	subagent/direct.c \
	subagent/session.c \
	subagent/table_snmp.c \
	subagent/trap.c
