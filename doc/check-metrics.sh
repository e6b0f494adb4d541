#!/bin/sh
# doc/metrics.md is what the catalogue says. Run by "make check" in the build directory; "make metrics-doc" renews it.
tmp=$(mktemp) || exit 99
trap 'rm -f "$tmp"' EXIT
doc/metrics_doc >"$tmp" || exit
diff -u "${srcdir:-.}/doc/metrics.md" "$tmp" || {
	echo "check-metrics: doc/metrics.md is not what the column tables say; make metrics-doc renews it" >&2
	exit 1
}
