#!/bin/sh
# The group PageRates of vhostmd's configuration: KiB paged in, then out, within a second. The name is the one that
# configurations have; what edgenoded itself offers as PageInRate and PageFaultRate costs no second and no process.
pages() {
	awk '/^pgpgin / { in_ = $2 } /^pgpgout / { out = $2 } END { print in_, out }' /proc/vmstat
}
before=$(pages)
sleep 1
echo "$before $(pages)" | awk '{ printf "%d,%d\n", $3 - $1, $4 - $2 }'
