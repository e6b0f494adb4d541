# transport: what guests see.
noinst_LIBRARIES += libtransport.a
libtransport_a_CPPFLAGS = $(AM_CPPFLAGS) $(LIBEVENT_CFLAGS)
libtransport_a_SOURCES = \
	collector/transport/board.c collector/transport/board.h \
	collector/transport/disk_lane.c collector/transport/disk_lane.h \
	collector/transport/domain_disks.c collector/transport/domain_disks.h \
	collector/transport/guest_disk.c collector/transport/guest_disk.h \
	collector/transport/guest_doc.c collector/transport/guest_doc.h \
	collector/transport/guest_metric.c collector/transport/guest_metric.h \
	collector/transport/loop.c collector/transport/loop.h \
	collector/transport/mvbd.c collector/transport/mvbd.h \
	collector/transport/virtio.c collector/transport/virtio.h \
	collector/transport/virtio_channel.c collector/transport/virtio_channel.h \
	collector/transport/virtio_claims.c collector/transport/virtio_claims.h \
	collector/transport/virtio_rate.h \
	collector/transport/virtio_request.c collector/transport/virtio_request.h \
	collector/transport/virtio_scan.c collector/transport/virtio_scan.h

if XENSTORE
libtransport_a_CPPFLAGS += $(XENSTORE_CFLAGS)
libtransport_a_SOURCES += collector/transport/xenstore.c collector/transport/xenstore.h
endif
