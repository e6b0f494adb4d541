#!/bin/sh
# Library headers stay in their room: what a library changes then touches one directory, and each consumer of the
# snapshot stays free of how it was read. Run by "make check"; fails with file:line of each header out of place.
srcdir=${srcdir:-.}
cd "$srcdir" || exit 99
status=0

# room HEADERS PATHS...: includes that match HEADERS are allowed in files that match one of PATHS only.
room() {
	headers=$1
	shift
	found=$(grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($headers)" -r collector subagent guestlib \
		--include='*.c' --include='*.h')
	for path in "$@"; do
		found=$(printf '%s\n' "$found" | grep -v "^$path")
	done
	if [ -n "$found" ]; then
		printf 'out of its room (%s):\n%s\n' "$*" "$found" >&2
		status=1
	fi
}

room 'libvirt/|sensors/' collector/source/
room 'net-snmp/' subagent/
room 'event2/|event\.h' 'collector/serve\.c' collector/transport/ collector/export/
room 'libxml/' 'collector/config_xml\.c' 'collector/action_xml\.c' 'collector/source/libvirt_xml\.c' 'collector/transport/guest_doc\.c' guestlib/
room 'xenstore\.h' 'collector/transport/xenstore\.c' 'guestlib/xenstore_read\.c'
room 'jansson\.h' 'collector/source/smart_parse\.c'
room 'netlink/' 'collector/source/thermal_events\.c'
room 'curl/' collector/export/

# The base knows nothing of this project, the model no source and no consumer, the guest's side nothing of the host's.
apart() {
	directory=$1 headers=$2
	found=$(grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*\"($headers)" -r "$directory" --include='*.c' \
		--include='*.h')
	if [ -n "$found" ]; then
		printf '%s must not know:\n%s\n' "$directory" "$found" >&2
		status=1
	fi
}

apart collector/base 'model/|source/|transport/|export/|subagent/|guestlib/|config|store|app|cycle'
apart collector/source 'transport/|export/|subagent/|guestlib/|app\.h|cycle\.h|store\.h'
apart collector/model 'source/|transport/|export/|subagent/|guestlib/|app\.h|cycle\.h|store\.h'
apart guestlib 'model/|source/|transport/|export/|subagent/|config\.h|store|app|cycle'
apart subagent 'source/|transport/|export/|guestlib/|config\.h|app\.h|cycle\.h'
exit $status
