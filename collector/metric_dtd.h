/*
 * metric_dtd.h - conf/metric.dtd as the daemon checks with it. Made by conf/dtd2c.sh: edit the DTD, not this file.
 */
#ifndef EDGENODE_METRIC_DTD_H
#define EDGENODE_METRIC_DTD_H

static const char METRIC_DTD[] =
	"<!ELEMENT metric (name, value)>\n"
	"<!ATTLIST metric type (int32 | uint32 | int64 | uint64 | real32 | real64 | string) #REQUIRED>\n"
	"<!ATTLIST metric context (host | vm) #REQUIRED>\n"
	"<!ATTLIST metric id CDATA #IMPLIED>\n"
	"<!ATTLIST metric uuid CDATA #IMPLIED>\n"
	"<!ATTLIST metric unit CDATA #IMPLIED>\n"
	"<!ELEMENT name (#PCDATA)>\n"
	"<!ELEMENT value (#PCDATA)>\n"
	;

#endif
