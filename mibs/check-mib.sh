#!/bin/sh
# Test of EDGENODE-MIB, run by "make check" in the build directory:
#   - its names, OIDs, types and access are those of oids.golden;
#   - the net-snmp tools read it with our base modules alone, in silence;
#   - so they do our stand-ins for the standard modules, which say nothing that
#     the lists of mibs/views do not have of the real ones;
#   - doc/views.md claims no conformance that is not there;
#   - smilint has nothing to say, where smilint finds the IETF modules (SMIPATH).
# What cannot be run here is left out; without python3 the test is skipped.

src=${srcdir:-.}/mibs
mib=mibs/EDGENODE-MIB.txt
fail() { echo "check-mib: $*" >&2; exit 1; }

command -v python3 >/dev/null || exit 77
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

python3 -B "$src/oids.py" "$mib" >"$tmp/oids" || exit 1
diff -u "$src/oids.golden" "$tmp/oids" || fail "$mib differs from oids.golden"

stand_ins="ENTITY-MIB:entityMIB ENTITY-SENSOR-MIB:entitySensorMIB VM-MIB:vmMIB
    NTPv4-MIB:ntpSnmpMIB LIBVIRT-MIB:libvirtMIB"
for pair in $stand_ins; do
    module=${pair%:*}
    python3 -B "$src/standard.py" "$module" "${pair#*:}" "$src"/base/*-* \
        >"$tmp/listed" || exit 1
    [ -s "$tmp/listed" ] || fail "base/$module is empty"
    if grep -vxF -f "$src/views/$module.golden" "$tmp/listed"; then
        fail "base/$module and views/$module.golden differ"
    fi
done

python3 -B "$src/claims.py" "$src/../doc/views.md" "$src"/views/*.golden || exit 1

if command -v snmptranslate >/dev/null; then
    SNMPCONFPATH=$tmp SNMP_PERSISTENT_DIR=$tmp
    export SNMPCONFPATH SNMP_PERSISTENT_DIR
    mkdir -p "$tmp/mib_indexes" "$tmp/cert_indexes"
    # Every name below the root, printed as a number, must be the golden one.
    snmptranslate -M "$src/base:mibs" -m EDGENODE-MIB -Pu -On \
        EDGENODE-MIB::edgeNodeMIB >"$tmp/root" 2>"$tmp/err" ||
        fail "snmptranslate: $(cat "$tmp/err")"
    root=$(cat "$tmp/root")
    sed "s/^\([^ ]*\) \([^ ]*\) .*/EDGENODE-MIB::\1 $root\2/" \
        "$src/oids.golden" >"$tmp/names"
    cut -d' ' -f1 "$tmp/names" | xargs snmptranslate -M "$src/base:mibs" \
        -m EDGENODE-MIB -On 2>>"$tmp/err" | grep . >"$tmp/got"
    cut -d' ' -f2 "$tmp/names" | diff -u - "$tmp/got" ||
        fail "snmptranslate and oids.golden differ"
    for pair in $stand_ins; do
        snmptranslate -M "$src/base" -m "${pair%:*}" -On \
            "${pair%:*}::${pair#*:}" >/dev/null 2>>"$tmp/err" ||
            fail "snmptranslate: no ${pair#*:} in ${pair%:*}"
    done
    if grep -v '^Created directory' "$tmp/err"; then
        fail "snmptranslate complains"
    fi
fi

if command -v smilint >/dev/null &&
    ! smilint -l 1 SNMPv2-TC SNMP-FRAMEWORK-MIB IF-MIB HCNUM-TC UUID-TC-MIB 2>&1 |
        grep -q locate; then
    smilint -s -m -l 6 "./$mib" >"$tmp/lint" 2>&1
    if [ -s "$tmp/lint" ]; then
        cat "$tmp/lint" >&2
        fail "smilint complains"
    fi
fi
