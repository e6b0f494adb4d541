# MIB modules. Included from the top Makefile.am, which sets EXTRA_DIST and
# TESTS first. configure makes mibs/EDGENODE-MIB.txt from the .in file.

snmpmibdir = $(datadir)/snmp/mibs
nodist_snmpmib_DATA = mibs/EDGENODE-MIB.txt

# Stand-ins for the IETF modules, of those that the views serve as well, in a
# directory of our own: they must never be found before the real ones.
basemibdir = $(datadir)/edgenode/mibs
dist_basemib_DATA = \
	mibs/base/ENTITY-MIB \
	mibs/base/ENTITY-SENSOR-MIB \
	mibs/base/HCNUM-TC \
	mibs/base/IANA-ENTITY-MIB \
	mibs/base/IANA-STORAGE-MEDIA-TYPE-MIB \
	mibs/base/IF-MIB \
	mibs/base/INET-ADDRESS-MIB \
	mibs/base/LIBVIRT-MIB \
	mibs/base/NTPv4-MIB \
	mibs/base/SNMP-FRAMEWORK-MIB \
	mibs/base/SNMP-USER-BASED-SM-MIB \
	mibs/base/SNMPv2-CONF \
	mibs/base/SNMPv2-MIB \
	mibs/base/SNMPv2-SMI \
	mibs/base/SNMPv2-TC \
	mibs/base/SYSAPPL-MIB \
	mibs/base/UUID-TC-MIB \
	mibs/base/VM-MIB

EXTRA_DIST += \
	mibs/check-mib.sh \
	mibs/claims.py \
	mibs/oids.golden \
	mibs/oids.py \
	mibs/standard.py \
	mibs/views/ENTITY-MIB.golden \
	mibs/views/ENTITY-SENSOR-MIB.golden \
	mibs/views/LIBVIRT-MIB.golden \
	mibs/views/NTPv4-MIB.golden \
	mibs/views/VM-MIB.golden

TESTS += mibs/check-mib.sh
