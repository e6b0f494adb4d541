#!/bin/sh
# sensors_fixture.sh DIR COMMAND... - runs COMMAND where /sys/class/hwmon holds one chip, "edgetest-virtual-0".
#
# libsensors reads the real /sys and takes no other root, so a private mount namespace gets a tree of our own bound over
# /sys/class. The chip's files are plain files, DIR/class/hwmon/hwmon0/*: who writes temp1_input there, outside of the
# namespace as well, changes what COMMAND reads; a file written aside and moved into place is never met half written.
# Every other class of the machine stays as it is. A DIR that is there from a run before keeps its values. Needs the
# right to make a mount namespace (root).
set -eu

if [ $# -lt 2 ]; then
	echo "usage: $0 DIR COMMAND..." >&2
	exit 2
fi
mkdir -p "$1/class/hwmon/hwmon0"
DIR=$(cd "$1" && pwd -P)
export DIR
shift

set_file() { # only where it is not there yet
	[ -e "$DIR/class/hwmon/hwmon0/$1" ] || printf '%s\n' "$2" >"$DIR/class/hwmon/hwmon0/$1"
}

set_file name edgetest
# millidegrees Celsius
set_file temp1_label Inlet
set_file temp1_input 45000
set_file temp1_max 80000
set_file temp1_max_hyst 75000
set_file temp1_crit 95000
set_file temp1_crit_hyst 90000
set_file temp1_max_alarm 0
set_file temp1_crit_alarm 0
set_file temp1_fault 0
# revolutions a minute
set_file fan1_label "Fan A"
set_file fan1_input 2400
set_file fan1_min 600
set_file fan1_alarm 0
set_file fan1_fault 0
# millivolts
set_file in0_label Vcore
set_file in0_input 1210
set_file in0_min 1140
set_file in0_max 1260
set_file in0_alarm 0
# microwatts
set_file power1_label "PSU 1"
set_file power1_input 85500000
set_file power1_max 250000000

# Relative links below /sys/class go through "..", so each class is bound by itself and only the top is ours.
exec unshare -m --propagation private sh -euc '
	for entry in /sys/class/*; do
		class=${entry##*/}
		[ "$class" = hwmon ] && continue
		mkdir -p "$DIR/class/$class"
		mount --bind "$entry" "$DIR/class/$class"
	done
	mount --rbind "$DIR/class" /sys/class
	unset DIR
	exec "$@"' sensors_fixture "$@"
