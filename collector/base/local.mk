# base: knows nothing of this project.
noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	collector/base/address.c collector/base/address.h \
	collector/base/buf.c collector/base/buf.h \
	collector/base/clock.c collector/base/clock.h \
	collector/base/descriptors.c collector/base/descriptors.h \
	collector/base/err.c collector/base/err.h \
	collector/base/lane.c collector/base/lane.h \
	collector/base/log.c collector/base/log.h \
	collector/base/mem.c collector/base/mem.h \
	collector/base/part.c collector/base/part.h \
	collector/base/statefile.c collector/base/statefile.h \
	collector/base/sysfile.c collector/base/sysfile.h \
	collector/base/text.c collector/base/text.h
