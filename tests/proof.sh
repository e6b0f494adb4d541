#!/bin/sh
# The second tier of tests: unit and integration tests with a daemon built under AddressSanitizer + UBSan and under
# ThreadSanitizer, then restarts and losses over and over, then half an hour of domains that come and go, and the cases
# that have a longer variant in that. usage: proof.sh BUILD-DIRECTORY; "make proof" runs it.
set -eu
source=$(cd "$(dirname "$0")/.." && pwd)
build=$1
rounds=${PROOF_ROUNDS:-5}
churn=${PROOF_CHURN_S:-900} # seconds, of each of two cases
status=0

# One build: NAME SANITIZERS.
prove() {
	directory=$build/proof-$1
	echo "== $2"
	mkdir -p "$directory"
	cd "$directory"
	[ -e config.status ] || "$source/configure" --prefix=/usr --sysconfdir=/etc --localstatedir=/var \
		--enable-sanitizers="$2" >configure.log 2>&1
	make -j"$(nproc)" >make.log 2>&1
	make -k -j"$(nproc)" check >check.log 2>&1 || { echo "FAIL make check ($directory/check.log)"; status=1; }
	EDGENODED=$directory/edgenoded VM_DUMP_METRICS=$directory/vm-dump-metrics GETLOOP=$build/tests/bench/getloop \
		python3 -B "$source/tests/integration/run.py" --build "$directory" || status=1
}

TSAN_OPTIONS=suppressions=$source/tests/tsan.supp:atexit_sleep_ms=100 # 1,000 is half of the time to stop
LSAN_OPTIONS=suppressions=$source/tests/lsan.supp:print_suppressions=0
CK_TIMEOUT_MULTIPLIER=10 # a sanitizer's pace
export LSAN_OPTIONS TSAN_OPTIONS CK_TIMEOUT_MULTIPLIER
make -C "$build" tests/bench/getloop >/dev/null
prove address address,undefined
prove thread thread

echo "== $rounds rounds of restarts and losses"
EDGENODED=$build/edgenoded VM_DUMP_METRICS=$build/vm-dump-metrics \
	python3 -B "$source/tests/integration/run.py" --build "$build" --rounds "$rounds" restart_ libvirtd_ bad_full \
	value_disk || status=1

echo "== a minute of torn reads, and of 1,024 guests"
make -C "$build" tests/unit/test_guest tests/unit/test_virtio_load >/dev/null
EDGENODE_LONG=1 CK_RUN_CASE=readers_never_accept_a_mixture "$build/tests/unit/test_guest" || status=1
# Ahead of whatever else runs here, where that may be had: the figure is to be the program's.
ahead="chrt -r 5"
$ahead true 2>/dev/null || ahead=
EDGENODE_LONG=1 CK_RUN_CASE=a_thousand_guests_once_per_second $ahead "$build/tests/unit/test_virtio_load" || status=1

echo "== $churn s of domains that come and go, and what takes long"
EDGENODE_LONG=1 EDGENODE_CHURN_S=$churn EDGENODED=$build/edgenoded VM_DUMP_METRICS=$build/vm-dump-metrics \
	python3 -B "$source/tests/integration/run.py" --build "$build" churn_ hang_ process_ \
	vhostmd_ edge_node_ events_kill libvirtd_stopped agentx_ || status=1

echo "== vm-dump-metrics without libraries"
(cd "$build" && srcdir=$source "$source/tests/abi/static.sh") || [ $? = 77 ] || status=1
exit $status
