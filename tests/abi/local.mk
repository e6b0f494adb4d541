# The guests' library and tool as programs out there see them.
# static.sh links for a minute: make proof runs it.
TESTS += tests/abi/abi.sh tests/abi/program.sh
dist_check_SCRIPTS += tests/abi/abi.sh tests/abi/program.sh tests/abi/static.sh
EXTRA_DIST += tests/abi/reference.c tests/abi/reference.h
AM_TESTS_ENVIRONMENT = CC='$(CC)'; export CC; CFLAGS='$(CFLAGS)'; export CFLAGS; \
	SANITIZE='$(SANITIZE)'; export SANITIZE; \
	VERSION='$(VERSION)'; export VERSION; MAKE='$(MAKE)'; export MAKE;
