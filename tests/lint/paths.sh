#!/bin/sh
# No file of the project names a directory of the machine it was written on. Run by "make check".
srcdir=${srcdir:-.}
cd "$srcdir" || exit 99

files() {
	if [ -e .git ] && command -v git >/dev/null; then
		git -c safe.directory='*' ls-files -co --exclude-standard -z
	else
		find . -type f ! -path './.git/*' ! -path './build*' ! -path './autom4te.cache/*' ! -path './m4/l*' ! -name configure \
			! -name Makefile.in ! -name aclocal.m4 ! -name 'config_build.h.in*' -print0
	fi
}

# A home or a workplace, with nothing of a longer path before it.
found=$(files | xargs -0 grep -nIE "(^|[^A-Za-z0-9_.}%-])/(home|root|work|Users|workspace|mnt)/[A-Za-z]" 2>/dev/null)
if [ -n "$found" ]; then
	printf 'paths of a machine:\n%s\n' "$found" >&2
	exit 1
fi
