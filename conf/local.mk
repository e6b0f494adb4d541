# conf: what is installed beside the programs.
edgenodeconfdir = $(sysconfdir)/edgenode
dist_edgenodeconf_DATA = conf/edgenode.conf
dist_pkgdata_DATA = conf/edgenode.dtd conf/metric.dtd
dist_sysusers_DATA = conf/sysusers.d/edgenode.conf
dist_tmpfiles_DATA = conf/tmpfiles.d/edgenode.conf
systemdsystemunit_DATA = conf/edgenode.service
snmpdconfdir = $(sysconfdir)/snmp/snmpd.conf.d
snmpdconf_DATA = conf/snmpd.conf.d/edgenode.conf

CONF_MADE = conf/edgenode.service conf/snmpd.conf.d/edgenode.conf
CONF_EDIT = $(SED) -e 's|@sbindir[@]|$(sbindir)|g' -e 's|@sysconfdir[@]|$(sysconfdir)|g' \
	-e 's|@ENTERPRISE_OID[@]|$(ENTERPRISE_OID)|g'
CLEANFILES += $(CONF_MADE)

conf/edgenode.service: conf/edgenode.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) conf && $(CONF_EDIT) $(srcdir)/conf/edgenode.service.in > $@.new && mv $@.new $@
conf/snmpd.conf.d/edgenode.conf: conf/snmpd.conf.d/edgenode.conf.in Makefile
	$(AM_V_GEN)$(MKDIR_P) conf/snmpd.conf.d && $(CONF_EDIT) $(srcdir)/conf/snmpd.conf.d/edgenode.conf.in > $@.new && \
		mv $@.new $@

# The DTD as the daemon holds it: collector/config_dtd.h is in the sources, test_config compares the two.
EXTRA_DIST += conf/edgenode.service.in conf/snmpd.conf.d/edgenode.conf.in conf/dtd2c.sh
