# conf: what is installed beside the programs.
# The configuration says the defaults and is for reading: one in $(sysconfdir) would hide vhostmd's own.
dist_doc_DATA = conf/edgenode.conf conf/domains-at-once.xml
dist_pkgdata_DATA = conf/edgenode.dtd conf/metric.dtd
dist_sysusers_DATA = conf/sysusers.d/edgenode.conf
dist_tmpfiles_DATA = conf/tmpfiles.d/edgenode.conf
systemdsystemunit_DATA = conf/edgenode.service conf/edgenode-trace.service
# Prepares the tracing of machine checks as root, so that the daemon need not be.
dist_sbin_SCRIPTS = conf/edgenode-trace
snmpdconfdir = $(sysconfdir)/snmp/snmpd.conf.d
snmpdconf_DATA = conf/snmpd.conf.d/edgenode.conf

# For those who had vhostmd: the program's name, what its packages have below their documentation, and the script that
# its configuration calls.
vhostmddocdir = $(datadir)/doc/vhostmd
dist_vhostmddoc_DATA = conf/metric.dtd conf/vhostmd/mdisk.xml conf/vhostmd/vhostmd.dtd conf/vhostmd/vhostmd.xml
vhostmddoc_DATA = conf/vhostmd/vhostmd.init
vhostmdscriptsdir = $(datadir)/vhostmd/scripts
dist_vhostmdscripts_SCRIPTS = conf/vhostmd/pagerate.pl
install-exec-local:
	$(MKDIR_P) $(DESTDIR)$(sbindir) && cd $(DESTDIR)$(sbindir) && rm -f vhostmd && $(LN_S) edgenoded vhostmd
uninstall-local:
	rm -f $(DESTDIR)$(sbindir)/vhostmd

CONF_MADE = conf/edgenode.service conf/edgenode-trace.service conf/snmpd.conf.d/edgenode.conf conf/vhostmd/vhostmd.init
CONF_EDIT = $(SED) -e 's|@sbindir[@]|$(sbindir)|g' -e 's|@sysconfdir[@]|$(sysconfdir)|g' \
	-e 's|@ENTERPRISE_OID[@]|$(ENTERPRISE_OID)|g' -e 's|@runstatedir[@]|$(runstatedir)|g'
CLEANFILES += $(CONF_MADE)

conf/edgenode.service: conf/edgenode.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) conf && $(CONF_EDIT) $(srcdir)/conf/edgenode.service.in > $@.new && mv $@.new $@
conf/edgenode-trace.service: conf/edgenode-trace.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) conf && $(CONF_EDIT) $(srcdir)/conf/edgenode-trace.service.in > $@.new && mv $@.new $@
conf/snmpd.conf.d/edgenode.conf: conf/snmpd.conf.d/edgenode.conf.in Makefile
	$(AM_V_GEN)$(MKDIR_P) conf/snmpd.conf.d && $(CONF_EDIT) $(srcdir)/conf/snmpd.conf.d/edgenode.conf.in > $@.new && \
		mv $@.new $@
conf/vhostmd/vhostmd.init: conf/vhostmd/vhostmd.init.in Makefile
	$(AM_V_GEN)$(MKDIR_P) conf/vhostmd && $(CONF_EDIT) $(srcdir)/conf/vhostmd/vhostmd.init.in > $@.new && mv $@.new $@

# The DTD as the daemon holds it: collector/config_dtd.h is in the sources, test_config compares the two.
EXTRA_DIST += conf/edgenode.service.in conf/edgenode-trace.service.in conf/vhostmd/vhostmd.init.in conf/snmpd.conf.d/edgenode.conf.in conf/dtd2c.sh
