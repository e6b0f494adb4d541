#!/usr/bin/env python3
"""List what a standard module says of its objects, for test_views and the tests with managers.

usage: standard.py MODULE ROOT FILE... >mibs/views/MODULE.golden

The files are the module itself and those that it has its types from. The lists in mibs/views were made of the real
modules, which do not come with this package; mibs/check-mib.sh holds the stand-ins of mibs/base to them. ROOT is the
descriptor of its MODULE-IDENTITY.

One line per name, in the order of the OIDs: name, OID below the root, base
type, values, access, references; "-" where there is none. The base type is
that of SMIv2 ("Integer32", "OCTET-STRING"). Values are what the object may
have: an enumeration "1,2,3", a range "0..255", several with "|"; of a string
the lengths. References are the INDEX of an entry, the members of a
conformance group and the mandatory groups of a compliance statement.
"""
import os.path
import re
import sys

import oids

BASE = {"INTEGER", "Integer32", "Unsigned32", "Gauge32", "Counter32", "Counter64", "TimeTicks", "BITS",
        "OCTET STRING", "OBJECT IDENTIFIER", "SEQUENCE OF"}
TYPE = re.compile(r"(OCTET STRING|OBJECT IDENTIFIER|SEQUENCE OF|[A-Za-z0-9-]+)"
                  r"(\s*\{[^}]*\}|\s*\((?:[^()]|\([^()]*\))*\)|)")


def conventions_in(path):
    with open(path, encoding="latin-1") as module:
        text, _ = oids.strip_text(module.read())
    text = re.sub(r"^[ \t]+(?=[A-Z]\w*\s*::=)", "", text, flags=re.M)
    return {name: " ".join(syntax.split()) for name, _, syntax in oids.CONVENTION.findall(text)}


def resolve(syntax, conventions):
    """(base type, values) of a SYNTAX; the nearest restriction counts."""
    values = "-"
    while True:
        kind, rest = TYPE.match(syntax.strip()).groups()
        numbers = re.findall(r"\((-?\d+)\)", rest) if "{" in rest else []
        limits = re.search(r"\(\s*(?:SIZE\s*\()?([-\d.| ]+)\)", rest)
        if values == "-" and numbers:
            values = ",".join(numbers)
        elif values == "-" and limits and "{" not in rest:
            values = limits.group(1).replace(" ", "")
        if kind in BASE or kind not in conventions:
            return kind.replace(" ", "-"), values
        syntax = conventions[kind]


def describe(module, root, files):
    """(item of oids.py, base type, values) of each name, in the order of the OIDs."""
    oids.ROOT = root
    conventions = {}
    for path in files:
        conventions.update(conventions_in(path))
    with open(next(f for f in files if os.path.basename(f) == module), encoding="latin-1") as text:
        items, _ = oids.parse(text.read())
    items.pop(root, None)
    oids.resolve(items)
    for item in sorted(items.values(), key=lambda i: i.oid):
        yield (item, *(resolve(item.full, conventions) if item.full != "-" else ("-", "-")))


def main(module, root, *files):
    for item, base, values in describe(module, root, files):
        print(item.name, "".join(".%d" % arc for arc in item.oid), base, values, item.access,
              ",".join(item.refs) or "-")


if __name__ == "__main__":
    main(*sys.argv[1:])
