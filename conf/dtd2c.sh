#!/bin/sh
# The DTD of the configuration as a C string. usage: conf/dtd2c.sh < conf/edgenode.dtd > collector/config_dtd.h
# Comments are left out; a unit test tells when the header is older than the DTD.
cat <<'HEAD'
/*
 * config_dtd.h - conf/edgenode.dtd as the daemon checks with it. Made by conf/dtd2c.sh: edit the DTD, not this file.
 */
#ifndef EDGENODE_CONFIG_DTD_H
#define EDGENODE_CONFIG_DTD_H

static const char CONFIG_DTD[] =
HEAD
sed -e '/^<!--.*-->$/d' -e '/^<!--/,/-->$/d' -e '/^[[:space:]]*$/d' -e 's/[\\"]/\\&/g' -e 's/^/	"/' -e 's/$/\\n"/'
cat <<'TAIL'
	;

#endif
TAIL
