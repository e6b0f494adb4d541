#!/bin/bash
# What a test guest boots: the kernel of the distribution and an initramfs of busybox with the programs under test.
#
# usage: guest_image.sh kernel DIR   see to it that DIR has vmlinuz and the modules needed; they stay there; the package
#                                    they come from is downloaded, once, and not installed
#        guest_image.sh initrd DIR OUT PROGRAM...  an initramfs with DIR's modules, the programs, and their libraries
# Paths are absolute.
#
# The guest obeys the virtio port "edge.control": a line is a shell command, the answer "LENGTH STATUS\n" and LENGTH
# bytes of output. Needs apt-get and dpkg-deb for the kernel, busybox (static) and cpio; exit 77 where one is missing.
set -euo pipefail
# shellcheck source=tests/integration/image_parts.sh
. "$(dirname "$(readlink -f "$0")")/image_parts.sh"

# In the order of loading. One that is not there is taken to be part of the kernel.
modules=(failover net_failover virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk
	virtio_console virtio_net virtio_balloon watchdog i6300esb pvpanic pvpanic-mmio)

# The packages of the newest kernel: Debian has all in one, Ubuntu the modules apart.
kernel_packages() {
	local meta image
	for meta in linux-image-amd64 linux-image-virtual; do
		image=$(apt-cache depends "$meta" 2>/dev/null | awk '/Depends: linux-image-[0-9]/ { print $2; exit }')
		[ -n "$image" ] || continue
		echo "$image"
		apt-cache show "linux-modules-${image#linux-image-}" >/dev/null 2>&1 && echo "linux-modules-${image#linux-image-}"
		return 0
	done
	echo "E: neither linux-image-amd64 nor linux-image-virtual is known to apt" >&2
	return 1
}

download() {
	local packages
	packages=$(kernel_packages) || return 1
	# shellcheck disable=SC2086 # several
	apt download $packages
}

unpack() {
	local package
	mkdir tree
	for package in ./*.deb; do unpack_kernel "$package" tree; done
	collect_modules tree .
	cp tree/boot/vmlinuz-* vmlinuz
	chmod 644 vmlinuz
}

kernel() { # DIR
	local work
	[ "$(cat "$1/modules" 2>/dev/null)" != "${modules[*]}" ] || return 0
	need apt-get apt-cache dpkg-deb
	mkdir -p "$1"
	work=$(mktemp -d "$1/get.XXXXXX")
	# shellcheck disable=SC2064 # now, not then
	trap "rm -rf '$work'" EXIT
	cd "$work"
	download >get.log 2>&1 || { apt update >>get.log 2>&1 && download >>get.log 2>&1; } ||
		skip "no kernel for the guest: $(grep '^E:' get.log | tail -n 1)"
	unpack
	mv ./*.ko "$1"
	mv vmlinuz "$1/vmlinuz"
	echo "${modules[*]}" >"$1/modules"
}

init() {
	cat <<-'INIT'
		#!/bin/busybox sh
		/bin/busybox mkdir -p /proc /sys /dev /tmp
		/bin/busybox --install -s /bin
		export PATH=/bin
		mount -t proc proc /proc
		mount -t sysfs sys /sys
		mount -t devtmpfs dev /dev
	INIT
	echo "for m in ${modules[*]}; do"
	cat <<-'INIT'
		    [ ! -e /mod/$m.ko ] || insmod /mod/$m.ko
		done
		port() { grep -lx "$1" /sys/class/virtio-ports/*/name 2>/dev/null; }
		until port edge.control >/dev/null; do sleep 0.1; done
		# What udev does on other systems.
		mkdir -p /dev/virtio-ports
		for p in /sys/class/virtio-ports/*; do
		    name=$(cat $p/name)
		    [ -z "$name" ] || ln -sf /dev/${p##*/} /dev/virtio-ports/$name
		done
		echo GUEST-READY
		exec 3<>/dev/virtio-ports/edge.control
	INIT
	obey
}

initrd() { # DIR OUT PROGRAM...
	local kernel=$1 out=$2 work one
	shift 2
	work=$(mktemp -d)
	# shellcheck disable=SC2064 # now, not then
	trap "rm -rf '$work'" EXIT
	cd "$work"
	begin_root
	cp "$kernel"/*.ko root/mod/ 2>/dev/null || true
	for one in "$@"; do program "$one"; done
	init >root/init
	pack_root "$out"
}

case ${1:-} in
kernel) kernel "$2" ;;
initrd) initrd "${@:2}" ;;
*)
	sed -n '4,8s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
