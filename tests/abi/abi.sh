#!/bin/sh
# The library's binary interface against the one that programs were built for: nothing of it may be gone or changed.
# Run by "make check" in the build directory; skipped where abidiff (abigail-tools) is not there.
srcdir=${srcdir:-.}
here=$srcdir/tests/abi
library=.libs/libmetrics.so.0
work=tests/abi/work
status=0

command -v abidiff >/dev/null || {
	echo "skipped: abidiff not found, install abigail-tools (Debian) or libabigail (Fedora)"
	exit 77
}
rm -rf $work
mkdir -p $work
trap 'rm -rf $work' EXIT

reference() { # NAME FLAG...
	name=$1
	shift
	${CC:-cc} -g -fPIC -shared -Wl,-soname,libmetrics.so.0 "$@" -o "$work/$name" "$here/reference.c"
}
reference reference.so || exit 99
reference broken.so -DBROKEN || exit 99

# What is new does not matter; abidiff's status is 0 where nothing else differs.
abidiff --no-added-syms $work/reference.so $library || {
	echo "libmetrics.so.0 is not what programs were built for" >&2
	status=1
}
abidiff --no-added-syms $work/reference.so $work/broken.so >$work/broken.txt && {
	echo "a library with another layout was not told apart" >&2
	status=1
}
exit $status
