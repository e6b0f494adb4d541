#!/bin/bash
# What the edge node's guest boots: Debian's kernel with drivers for the hardware that edge_node/ makes up, and an
# initramfs with the programs under test.
#
# usage: edge_node_image.sh parts DIR   see to it that DIR has the kernel, its modules, edgefake.ko, the ACPI table and
#                                       the tools; the packages they come from are downloaded, once, and not installed
#        edge_node_image.sh initrd DIR OUT PROGRAM...  an initramfs with DIR's parts, the programs, and their libraries
# Paths are absolute. Needs apt-get, dpkg, make, a compiler, busybox (static) and cpio; exit 77 where one is missing.
set -euo pipefail
script=$(readlink -f "$0")
here=${script%/*}
# shellcheck source=tests/integration/image_parts.sh
. "$here/image_parts.sh"

modules=(hwmon-vid i2c-dev i2c-stub lm90 adt7475 tls bonding veth e1000 msr mce-inject edgefake)
tools=(usr/bin/sensors usr/sbin/i2cset usr/bin/iasl)

# --- parts ------------------------------------------------------------------------------------------------------------

# Names of the packages that one depends on, as far as they match.
depends() { # PACKAGE PATTERN
	apt-cache depends "$1" 2>/dev/null | awk -v pattern="$2" '$1 == "Depends:" && $2 ~ pattern { print $2 }'
}

packages() {
	local image headers
	image=$(depends linux-image-amd64 '^linux-image-[0-9]' | head -n 1)
	[ -n "$image" ] || {
		echo "E: apt knows no linux-image-amd64" >&2
		return 1
	}
	headers=linux-headers-${image#linux-image-}
	echo "$image" "$headers"
	depends "$headers" '^linux-(headers|kbuild)-'
	echo acpica-tools i2c-tools libi2c0 lm-sensors libsensors-config libelf1
}

download() {
	local list
	list=$(packages) || return 1
	# shellcheck disable=SC2086 # several
	apt download $list
}

unpack() {
	local package
	mkdir tree
	for package in ./*.deb; do
		case $package in
		./linux-image-*) unpack_kernel "$package" tree ;;
		*) dpkg -x "$package" tree ;;
		esac
	done
}

# The Makefile of the headers names their usual place; here they are below "tree".
build_module() {
	local headers=$1
	sed -i "s|/usr/src/|$PWD/tree/usr/src/|" "$headers/Makefile"
	mkdir module
	cp "$here/edge_node/edgefake.c" module/
	echo 'obj-m := edgefake.o' >module/Makefile
	make -C "$headers" M="$PWD/module" modules
	cp module/edgefake.ko .
}

make_parts() {
	local tool headers
	headers=$(find "$PWD/tree/usr/src" -maxdepth 1 -name 'linux-headers-*' ! -name '*-common*')
	export LD_LIBRARY_PATH=$PWD/tree/usr/lib/x86_64-linux-gnu:${LD_LIBRARY_PATH:-}
	build_module "$headers" >module.log 2>&1 ||
		skip "edgefake.c does not build for ${headers##*linux-headers-}: $(grep -m 1 -iE 'error|not found' module.log)"
	collect_modules "$PWD/tree" .
	tree/usr/bin/iasl -p thermal "$here/edge_node/thermal.asl" >iasl.log
	for tool in "${tools[@]}"; do cp "tree/$tool" .; done
	cp tree/usr/lib/x86_64-linux-gnu/libi2c.so.0 tree/etc/sensors3.conf .
	cp tree/boot/vmlinuz-* vmlinuz
	chmod 644 vmlinuz
	rm -rf tree module ./*.deb iasl
}

# What the parts were made from.
stamp() { cat "$script" "$here/edge_node/edgefake.c" "$here/edge_node/thermal.asl" | cksum; }

parts() { # DIR
	local work
	[ "$(cat "$1/made" 2>/dev/null)" != "$(stamp)" ] || return 0
	need apt-get apt-cache dpkg dpkg-deb make gcc
	rm -rf "$1"
	mkdir -p "$1"
	work=$(mktemp -d "$1/get.XXXXXX")
	# shellcheck disable=SC2064 # now, not then
	trap "rm -rf '$work'" EXIT
	cd "$work"
	download >get.log 2>&1 || { apt update >>get.log 2>&1 && download >>get.log 2>&1; } ||
		skip "no packages for the edge node: $(grep '^E:' get.log | tail -n 1)"
	unpack
	make_parts
	mv ./* "$1"
	stamp >"$1/made"
}

# --- initramfs --------------------------------------------------------------------------------------------------------

initrd() { # DIR OUT PROGRAM...
	local parts=$1 out=$2 work one
	shift 2
	work=$(mktemp -d)
	# shellcheck disable=SC2064 # now, not then
	trap "rm -rf '$work'" EXIT
	cd "$work"
	begin_root
	mkdir -p root/etc
	cp "$parts"/*.ko root/mod/
	cp "$parts/sensors3.conf" root/etc/
	export LD_LIBRARY_PATH=$parts:${LD_LIBRARY_PATH:-}
	for one in "$parts/sensors" "$parts/i2cset" "$@"; do program "$one"; done
	{ cat "$here/edge_node/init" && obey; } >root/init
	pack_root "$out"
}

case ${1:-} in
parts) parts "$2" ;;
initrd) initrd "${@:2}" ;;
*)
	sed -n '5,8s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
