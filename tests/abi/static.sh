#!/bin/sh
# vm-dump-metrics with all libraries in it: it can be built, asks for none, and prints what the other one does. Run by
# "make proof" in the build directory; skipped where a library is not there as an archive.
srcdir=${srcdir:-.}
work=tests/abi/static
status=0

case " $CFLAGS $LDFLAGS $SANITIZE" in
*-fsanitize=*)
	echo "skipped: sanitizers are shared libraries"
	exit 77
	;;
esac
rm -rf $work
mkdir -p $work
trap 'rm -rf $work' EXIT
${MAKE:-make} -s vm-dump-metrics-static >$work/log 2>&1 || {
	if grep -E 'cannot find -l|unable to find library|no such file.*\.a' $work/log; then
		echo "skipped: a static program takes (Debian) libxml2-dev, libicu-dev, zlib1g-dev, liblzma-dev, g++"
		exit 77
	fi
	cat $work/log >&2
	exit 1
}
if readelf -d vm-dump-metrics-static | grep NEEDED; then
	echo "it asks for libraries" >&2
	status=1
fi
corpus=$srcdir/tests/fuzz/corpus/mvbd
for image in "$corpus"/*; do
	for form in "" --json "--metric HostName"; do
		# shellcheck disable=SC2086 # two words
		for tool in vm-dump-metrics vm-dump-metrics-static; do
			./$tool --path "$image" $form >$work/$tool.out 2>$work/$tool.err
			echo "status $?" >>$work/$tool.out
		done
		cmp $work/vm-dump-metrics.out $work/vm-dump-metrics-static.out || status=1
	done
done
exit $status
