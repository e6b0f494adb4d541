#!/bin/bash
# A private libvirtd with real QEMU domains, for tests. Everything it writes is below DIR: it runs in its own mount, PID
# and network namespace with DIR's folders in place of /run, /etc/libvirt and /var/{lib,cache,log}/libvirt, so it meets
# neither the machine's own libvirtd nor D-Bus. Its PID 1 reaps at once; libvirt waits for the end of the QEMUs it probes
# with, and where the machine's PID 1 is slow to reap that would take a minute for every domain. It listens to TCP, too:
# 127.0.0.1 of its own network namespace.
#
# usage: libvirtd_rig.sh start DIR N    start it with N paused domains rig-1 ... rig-N (8 MiB, emulated); prints the
#                                       URI for read-only use
#        libvirtd_rig.sh domains DIR A B  start the domains rig-A ... rig-B
#        libvirtd_rig.sh uri DIR        the URI for changes (virsh -c)
#        libvirtd_rig.sh freeze|thaw DIR  SIGSTOP, SIGCONT to libvirtd
#        libvirtd_rig.sh kill DIR       SIGKILL to libvirtd; the domains go on
#        libvirtd_rig.sh revive DIR     start libvirtd again
#        libvirtd_rig.sh stop DIR       end all of it, domains included; DIR stays
# DIR is an absolute path, not longer than 70 characters (sockets). Needs root, libvirtd with its QEMU driver,
# qemu-system-x86_64, virsh; exit 77 where one is missing.
set -eu

need() {
	[ "$(id -u)" = 0 ] || { echo "needs root" >&2; exit 77; }
	for tool in libvirtd virsh qemu-system-x86_64 unshare pgrep; do
		command -v "$tool" >/dev/null || { echo "$tool is not installed" >&2; exit 77; }
	done
	unshare --pid --fork --mount --net true 2>/dev/null || { echo "no namespaces here" >&2; exit 77; }
}

command=${1:-} dir=${2:-}
case $dir in
/*) [ ${#dir} -le 70 ] || { echo "$dir: too long for a socket's path" >&2; exit 2; } ;;
*) sed -n '8,19s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
sockets=$dir/run/libvirt
uri="qemu+unix:///system?socket=$sockets/libvirt-sock"
uri_ro="qemu+unix:///system?socket=$sockets/libvirt-sock-ro"

# The outer process of the namespaces, if it is still ours.
outer() {
	local pid
	pid=$(cat "$dir/pid" 2>/dev/null) && grep -qzxF "$dir/init" "/proc/$pid/cmdline" 2>/dev/null && echo "$pid"
}

gone() {
	! outer >/dev/null
}

daemon_pid() {
	local pid
	pid=$(outer) && pid=$(pgrep -P "$pid") && pgrep -P "$pid" -x libvirtd
}

# until_true SECONDS COMMAND...: asks ten times a second
until_true() {
	local left=$(($1 * 10))
	shift
	until "$@"; do
		[ $((left -= 1)) -gt 0 ] || return 1
		sleep 0.1
	done
}

answers() {
	[ -S "$sockets/libvirt-sock" ] && timeout 5 virsh -q -c "$uri" version >/dev/null 2>&1
}

come_up() {
	until_true 30 answers || { echo "libvirtd did not come up; see $dir/log/rig" >&2; exit 1; }
}

write_files() {
	mkdir -p "$sockets" "$dir"/{etc/qemu,lib,cache,log,domains}
	cat >"$dir/etc/libvirtd.conf" <<-'CONF'
		auth_unix_ro = "none"
		auth_unix_rw = "none"
		unix_sock_ro_perms = "0777"
		listen_tls = 0
		listen_tcp = 1
		listen_addr = "127.0.0.1"
		auth_tcp = "none"
	CONF
	cat >"$dir/etc/qemu.conf" <<-'CONF'
		user = "root"
		group = "root"
		dynamic_ownership = 0
		remember_owner = 0
		security_driver = "none"
		cgroup_controllers = []
		namespaces = []
		stdio_handler = "file"
	CONF
	truncate -s 256K "$dir/disk"
	# PID 1 of the namespace. It looks after libvirtd unless $dir/hold is there.
	cat >"$dir/init" <<-INIT
		#!/bin/bash
		mount -t proc proc /proc
		mount --bind "$dir/run" /run
		mkdir -p /etc/libvirt /var/{lib,cache,log}/libvirt
		mount --bind "$dir/etc" /etc/libvirt
		for name in lib cache log; do mount --bind "$dir/\$name" /var/\$name/libvirt; done
		ip link set lo up 2>/dev/null
		# libvirtd takes an address of IPv4 only where there is one that is not the loopback's.
		ip address add 192.0.2.1/32 dev lo 2>/dev/null
		daemon=
		while :; do
			if [ ! -e "$dir/hold" ] && { [ -z "\$daemon" ] || [ ! -e "/proc/\$daemon" ]; }; then
				libvirtd --listen &
				daemon=\$!
			fi
			sleep 0.1 & wait -n
		done
	INIT
	chmod +x "$dir/init"
}

domain_xml() {
	cat <<-XML
		<domain type='qemu'><name>rig-$1</name><memory unit='MiB'>8</memory><vcpu>1</vcpu>
		<metadata><o:libosinfo xmlns:o='http://libosinfo.org/xmlns/libvirt/domain/1.0'>
		<o:os id='http://example.org/rig/1'/></o:libosinfo></metadata>
		<os><type arch='x86_64' machine='q35'>hvm</type></os><features><acpi/></features>
		<devices><emulator>$(command -v qemu-system-x86_64)</emulator>
		<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$dir/disk'/>
		<target dev='vda' bus='virtio'/><readonly/><shareable/></disk>
		<interface type='ethernet'><target dev='rig$1'/><model type='virtio'/><rom enabled='no'/></interface>
		<channel type='unix'><source mode='bind'/><target type='virtio' name='org.github.vhostmd.1'/></channel>
		<memballoon model='virtio'><stats period='5'/></memballoon></devices></domain>
	XML
}

# domains FROM TO STEP: one virsh for all of them
domains() {
	local i list=
	for ((i = $1; i <= $2; i += $3)); do
		domain_xml "$i" >"$dir/domains/rig-$i.xml"
		list+="create --paused $dir/domains/rig-$i.xml;"
	done
	[ -z "$list" ] || virsh -q -c "$uri" "$list" >/dev/null
}

start_domains() {
	domains "$1" "$2" 2 &
	domains $(($1 + 1)) "$2" 2
	wait $!
}

# With its PID 1 the whole namespace goes; the outer process ends when all of it has.
stop_all() {
	outer >/dev/null || return 0
	kill -KILL "$(pgrep -P "$(outer)")"
	until_true 20 gone || { echo "$dir: does not end" >&2; exit 1; }
	rm -f "$dir/pid"
}

signal_daemon() {
	local pid
	pid=$(daemon_pid) || { echo "$dir: no libvirtd runs" >&2; exit 1; }
	kill "$1" "$pid"
}

case ${3:-0}${4:-0} in
*[!0-9]*) echo "$3 ${4:-}: not a number" >&2; exit 2 ;;
esac
case $command in
start)
	need
	if outer >/dev/null; then echo "$dir: runs already" >&2; exit 1; fi
	trap '[ $? = 0 ] || stop_all' EXIT
	write_files
	rm -f "$dir/hold"
	setsid unshare --pid --fork --kill-child --mount --net "$dir/init" </dev/null >"$dir/log/rig" 2>&1 &
	echo $! >"$dir/pid"
	come_up
	start_domains 1 "${3:-0}"
	echo "$uri_ro"
	;;
domains) start_domains "$3" "$4" ;;
uri) echo "$uri" ;;
freeze) signal_daemon -STOP ;;
thaw) signal_daemon -CONT ;;
kill)
	touch "$dir/hold"
	signal_daemon -KILL
	;;
revive)
	rm -f "$dir/hold"
	come_up
	;;
stop) stop_all ;;
*) sed -n '8,19s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
