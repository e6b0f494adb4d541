# shellcheck shell=bash disable=SC2154
# What the scripts that make images for test guests have in common; they source it, and name the modules that the guest
# needs in "modules".

skip() {
	printf '%s\n' "$*" >&2
	exit 77
}

need() {
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
}

apt() {
	timeout 300 apt-get -q -o Acquire::http::Timeout=20 -o Acquire::Retries=1 "$@"
}

# One file of a module, unpacked.
module_plain() { # FILE OUT
	case $1 in
	*.ko) cp "$1" "$2" ;;
	*.xz) need xz && xz -dc "$1" >"$2" ;;
	*.zst) need zstd && zstd -qdc "$1" >"$2" ;;
	esac
}

# The kernel of a package, and the modules that it has, unpacked into the directory.
unpack_kernel() { # PACKAGE DIR
	local name patterns=('./boot/vmlinuz-*')
	for name in "${modules[@]}"; do patterns+=("*/$name.ko*"); done
	# A pattern that matches nothing is an error to tar, here it is not.
	dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --wildcards "${patterns[@]}" 2>/dev/null || true
}

collect_modules() { # FROM TO
	local name file
	for name in "${modules[@]}"; do
		file=$(find "$1" -name "$name.ko*" -print -quit)
		[ -z "$file" ] || module_plain "$file" "$2/$name.ko"
	done
}

# A program and the libraries it is linked with; where the guest's loader looks for them, wherever they are here.
program() { # PROGRAM
	local file
	cp -L "$1" root/bin/
	{ ldd "$1" 2>/dev/null || true; } | grep -o '/[^ ]*' | while read -r file; do
		case $file in
		*/ld-*) mkdir -p "root$(dirname "$file")" && cp -L "$file" "root$file" ;;
		*) cp -L "$file" root/lib/ ;;
		esac
	done
}

# The directory "root" in the working directory, with busybox.
begin_root() {
	need busybox cpio ldd
	mkdir -p root/bin root/lib root/mod
	cp "$(command -v busybox)" root/bin/
	! ldd root/bin/busybox >/dev/null 2>&1 || skip "busybox is not the static one"
}

# How init(8) of a guest ends: it obeys what comes on file descriptor 3. A line is a shell command, the answer
# "LENGTH STATUS\n" and LENGTH bytes of output.
obey() {
	cat <<-'OBEY'
		while :; do
		    if read -r command <&3; then
		        sh -c "$command" </dev/null >/tmp/.out 2>&1 3>&-
		        status=$?
		        { echo "$(wc -c </tmp/.out) $status"; cat /tmp/.out; } >&3
		    else
		        sleep 0.2
		    fi
		done
	OBEY
}

# Not compressed: an emulated processor unpacks slowly.
pack_root() { # OUT
	chmod 755 root/init
	(cd root && find . | cpio -o -H newc --quiet) >initrd
	mv initrd "$1"
}
