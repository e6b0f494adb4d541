/*
 * guest_text.h - documents for guests, for tests of who reads them.
 */
#ifndef EDGENODE_TESTS_GUEST_TEXT_H
#define EDGENODE_TESTS_GUEST_TEXT_H

#define UUID_A "6be3fdb8-bef5-6fec-b1b7-e61bbceab708"
#define UUID_B "0b5f3a7e-3d4c-4e55-9b1a-2f6c7d8e9f00"
#define METRIC(type, name, value) \
	"<metric type='" type "' context='host'>\n  <name>" name "</name>\n  <value>" value "</value>\n</metric>\n"
#define VM_METRIC(id, uuid, type, name, value)                                                    \
	"<metric type='" type "' context='vm' id='" id "' uuid='" uuid "'>\n  <name>" name "</name>\n  <value>" value \
	"</value>\n</metric>\n"
#define METRICS(content) "<metrics>\n" content "</metrics>\n"

#endif
