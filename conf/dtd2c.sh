#!/bin/sh
# A DTD as a C string. usage: conf/dtd2c.sh < conf/edgenode.dtd > collector/config_dtd.h
#                            conf/dtd2c.sh metric < conf/metric.dtd > collector/metric_dtd.h
# Comments are left out; a unit test tells when the header is older than the DTD.
case $1 in
metric) header=metric_dtd.h file=metric.dtd name=METRIC_DTD ;;
*) header=config_dtd.h file=edgenode.dtd name=CONFIG_DTD ;;
esac
cat <<HEAD
/*
 * $header - conf/$file as the daemon checks with it. Made by conf/dtd2c.sh: edit the DTD, not this file.
 */
#ifndef EDGENODE_${name}_H
#define EDGENODE_${name}_H

static const char ${name}[] =
HEAD
sed -e '/^<!--.*-->$/d' -e '/^<!--/,/-->$/d' -e '/^[[:space:]]*$/d' -e 's/[\\"]/\\&/g' -e 's/^/	"/' -e 's/$/\\n"/'
cat <<'TAIL'
	;

#endif
TAIL
