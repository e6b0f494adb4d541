#!/bin/sh
# tests/columns.tsv names a run for every column of EDGENODE-MIB, and each run that it names exists. Run by "make check".
srcdir=${srcdir:-.}
cd "$srcdir" || exit 99

awk '
	FNR == NR { if ($4 == "read-only") wanted[$1] = 1; next }
	/^#/ { next }
	NF != 2 { print FILENAME ":" FNR ": not a column and a run"; bad = 1; next }
	!($1 in wanted) { print FILENAME ":" FNR ": " $1 " is no column"; bad = 1 }
	$1 in run { print FILENAME ":" FNR ": " $1 " again"; bad = 1 }
	{ run[$1] = $2 }
	END { for (name in wanted) if (!(name in run)) { print name " is filled by no run"; bad = 1 }; exit bad }
' mibs/oids.golden tests/columns.tsv >&2
status=$?

for run in $(awk '!/^#/ { print $2 }' tests/columns.tsv | sort -u); do
	case $run in
	unit/*) [ -e "tests/$run.c" ] ;;
	*) grep -q "^def $run()" tests/integration/cases_*.py ;;
	esac || {
		echo "tests/columns.tsv: no run $run" >&2
		status=1
	}
done
exit $status
