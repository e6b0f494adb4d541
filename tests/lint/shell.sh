#!/bin/sh
# The shell scripts are clean by shellcheck. Run by "make check"; skipped where it is not installed.
command -v shellcheck >/dev/null || exit 77
srcdir=${srcdir:-.}
cd "$srcdir" || exit 99
find tests mibs conf \( -name '*.sh' -o -name edgenode-trace \) -exec shellcheck -S warning quickstart .ci/run {} +
