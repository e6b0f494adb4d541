#!/bin/sh
# A program of somebody else: built with nothing but the header, the library and what pkg-config says, in C and, where
# there is a compiler, in C++; then run on the image of a metrics disk. Run by "make check" in the build directory.
srcdir=${srcdir:-.}
here=$srcdir/tests/integration
work=tests/abi/program
status=0

command -v pkg-config >/dev/null || {
	echo "skipped: pkg-config not found"
	exit 77
}
case " $CFLAGS $LDFLAGS $SANITIZE" in
*-fsanitize=*)
	echo "skipped: the library is built for programs with a sanitizer"
	exit 77
	;;
esac
rm -rf $work
mkdir -p $work
trap 'rm -rf $work' EXIT

# Not installed yet: what the file says, in other directories.
asked() {
	PKG_CONFIG_PATH=guestlib pkg-config --define-variable=libdir="$PWD/.libs" \
		--define-variable=includedir="$srcdir/guestlib" "$@" libmetrics
}
version=$(asked --modversion)
[ "$version" = "$VERSION" ] || {
	echo "libmetrics.pc says version $version, this is $VERSION" >&2
	status=1
}
case " $(asked --libs) " in
*" -lmetrics "*) ;;
*)
	echo "libmetrics.pc has no -lmetrics" >&2
	status=1
	;;
esac

# octal BYTES: of a number of 32 bits, for printf.
octal() {
	printf '\\%03o\\%03o\\%03o\\%03o' $(($1 >> 24 & 255)) $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255))
}
cat >$work/document <<'DOCUMENT'
<metrics>
<metric type='string' context='host'>
  <name>HostName</name>
  <value>node-7</value>
</metric>
<metric type='uint64' context='host' unit='MiB'>
  <name>FreeMem</name>
  <value>5001</value>
</metric>
<metric type='real64' context='vm' id='3' uuid='6be3fdb8-bef5-6fec-b1b7-e61bbceab708'>
  <name>TotalCPUTime</name>
  <value>2.500000</value>
</metric>
</metrics>
DOCUMENT
sum=$(od -An -v -tu1 $work/document | awk '{ for (i = 1; i <= NF; i++) sum += $i } END { print sum }')
length=$(wc -c <$work/document)
# shellcheck disable=SC2059 # the header is made of the format's escapes
{ printf "mvbd$(octal 0)$(octal "$sum")$(octal "$length")" && cat $work/document; } >$work/disk
cat >$work/expected <<'EXPECTED'
host HostName string node-7
host FreeMem uint64 5001 MiB
vm TotalCPUTime real64 2.5 id=3 uuid=6be3fdb8-bef5-6fec-b1b7-e61bbceab708
EXPECTED

try() { # COMPILER...
	# shellcheck disable=SC2046 # several words
	"$@" -Wall -Wextra -Werror -o $work/all $(asked --cflags) "$here/metrics_all.c" $(asked --libs) ||
		return 1
	LD_LIBRARY_PATH=.libs:$LD_LIBRARY_PATH $work/all $work/disk >$work/printed && cmp $work/printed $work/expected
}
try ${CC:-cc} || status=1
# shellcheck disable=SC2209 # the name of the compiler
if command -v c++ >/dev/null; then try c++ -x c++ || status=1; fi
exit $status
