#!/usr/bin/env python3
"""Check that what doc/views.md claims to comply with is served, by mibs/views.

usage: claims.py VIEWS.md GOLDEN...

"RFC 7666, vmReadOnlyCompliances, below ..." claims that statement: then each
member of each of its mandatory groups has a line with "+" there. Prints what
has none.
"""
import re
import sys


def main(document, *lists):
    references = {}
    for path in lists:
        with open(path, encoding="ascii") as golden:
            for line in golden:
                name, *_, members = line.split()
                references[name] = [] if members == "-" else members.split(",")
    with open(document, encoding="utf-8") as views:
        text = views.read()
    claimed = re.findall(r"^RFC \d+, (\w+), below", text, re.M)
    if not claimed:
        sys.exit("claims.py: no claim in " + document)
    served = set(re.findall(r"^\+ \S+ +(\w+ \(\w+\))$", text, re.M))
    lacking = [(statement, name, group) for statement in claimed
               for group in references[statement]
               for name in references[group]
               if "%s (%s)" % (name, group) not in served]
    for statement in claimed:
        if not references[statement]:
            sys.exit("claims.py: %s has no mandatory group" % statement)
    for statement, name, group in lacking:
        print("%s: %s (%s) is not served" % (statement, name, group))
    sys.exit(1 if lacking else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
