# transport: what guests see.
noinst_LIBRARIES += libtransport.a
libtransport_a_SOURCES = \
	collector/transport/disk_lane.c \
	collector/transport/guest_doc.c collector/transport/guest_doc.h \
	collector/transport/mvbd.c collector/transport/mvbd.h
