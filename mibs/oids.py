#!/usr/bin/env python3
"""List the OIDs of EDGENODE-MIB, one line per name, in the order of the OIDs.

usage: oids.py [--tsv] EDGENODE-MIB.txt[.in]

Default: "name relative-OID syntax access", separated by blanks; this is the
form of oids.golden. The OID is relative to edgeNodeMIB.

--tsv: seven columns separated by tabs:
    name, relative OID, syntax, access   as above
    full syntax   enumeration or range: INTEGER{ok(1),...}, Unsigned32(0..5);
                  textual conventions of this module are resolved:
                  EdgeSeverity{info(1),...}
    units         the UNITS clause
    references    comma-separated: INDEX of an entry, OBJECTS of a
                  notification, members of a conformance group
An empty column holds "-".

Access is read-only, accessible-for-notify, not-accessible, notification or
node. The syntax is the type as the module writes it, without a range; for a
table it is SEQUENCE-OF, for OBJECT IDENTIFIER it is OBJECT-IDENTIFIER, for a
plain node and a notification "-", and for a conformance statement the name of
its macro.

It reads the module with regular expressions and relies on its regular form;
smilint checks the language. What it does check: names and OIDs are unique,
every parent exists, the columns of a table are numbered from 1 without a gap
in the order of the SEQUENCE, index columns come first, and every object and
notification is in exactly one conformance group.
"""
import re
import sys

ROOT = "edgeNodeMIB"
NAME = r"[a-z][A-Za-z0-9]*"
STRING = re.compile(r'"[^"]*"')
COMMENT = re.compile(r"--[^\n]*")
MACROS = ("OBJECT-TYPE|NOTIFICATION-TYPE|OBJECT-GROUP|NOTIFICATION-GROUP"
          "|MODULE-COMPLIANCE|OBJECT IDENTIFIER")
ITEM = re.compile(r"^(%s)\s+(%s)\b(.*?)::=\s*\{\s*(%s)\s+(\d+)\s*\}"
                  % (NAME, MACROS, NAME + "(?:-[0-9]+)?"), re.M | re.S)
CONVENTION = re.compile(r"^([A-Z]\w*)\s*::=\s*TEXTUAL-CONVENTION(.*?)"
                        r"^\s*SYNTAX\s+(.*?)(?=^\S|\Z)", re.M | re.S)
SEQUENCE = re.compile(r"^([A-Z]\w*)\s*::=\s*SEQUENCE\s*\{(.*?)\}", re.M | re.S)
SYNTAX = re.compile(r"^\s+SYNTAX\s+(.*?)(?=^\s+(?:UNITS|MAX-ACCESS)\b)",
                    re.M | re.S)


class Item:
    """One name of the module."""

    def __init__(self, name, parent, arc):
        self.name, self.parent, self.arc = name, parent, arc
        self.oid = None
        self.syntax, self.access, self.full, self.units = "-", "node", "-", "-"
        self.refs = []


def fail(text):
    sys.exit("oids.py: " + text)


def names_in(clause, body):
    """All names of the clause, of each of them where there are several."""
    clauses = re.findall(r"\b%s\s*\{(.*?)\}" % clause, body, re.S)
    return [name for names in clauses for name in re.findall(NAME, names)]


def strip_text(module):
    """Without comments, and with each string replaced by its number."""
    strings = []

    def keep(match):
        strings.append(match.group(0)[1:-1])
        return '"%d"' % (len(strings) - 1)

    # A string may hold "--" and a comment may hold a quote: whichever starts
    # first wins.
    both = re.compile(STRING.pattern + "|" + COMMENT.pattern)
    text = both.sub(lambda m: keep(m) if m.group(0)[0] == '"' else "", module)
    return text, strings


def short_syntax(full):
    if full.startswith("SEQUENCE OF"):
        return "SEQUENCE-OF"
    if full.startswith("OBJECT IDENTIFIER"):
        return "OBJECT-IDENTIFIER"
    return re.match(r"[A-Za-z0-9-]+", full).group(0)


def parse(module):
    text, strings = strip_text(module)
    conventions = {}
    for name, _, syntax in CONVENTION.findall(text):
        conventions[name] = "".join(syntax.split())
    sequences = {}
    for name, body in SEQUENCE.findall(text):
        sequences[name] = [tuple(part.split(None, 1))
                           for part in body.split(",")]

    items = {}
    for name, macro, body, parent, arc in ITEM.findall(text):
        if name in items:
            fail("%s is defined twice" % name)
        item = items[name] = Item(name, parent, int(arc))
        if macro == "OBJECT-TYPE":
            read_object(item, body, conventions, strings)
        elif macro == "NOTIFICATION-TYPE":
            item.access = "notification"
            item.refs = names_in("OBJECTS", body)
        elif macro != "OBJECT IDENTIFIER":
            item.syntax = macro
            item.refs = (names_in("OBJECTS", body)
                         + names_in("NOTIFICATIONS", body)
                         + names_in("MANDATORY-GROUPS", body))
    return items, sequences


def read_object(item, body, conventions, strings):
    syntax = SYNTAX.search(body)
    access = re.search(r"\bMAX-ACCESS\s+(\S+)", body)
    if not syntax or not access:
        fail("%s: no SYNTAX or no MAX-ACCESS" % item.name)
    full = " ".join(syntax.group(1).split())
    item.syntax = short_syntax(full)
    item.access = access.group(1)
    item.full = re.sub(r"\s*([(){},|])\s*", r"\1", full)
    inner = conventions.get(item.syntax)
    if inner:
        item.full = item.syntax + inner[len(short_syntax(inner)):]
    units = re.search(r'\bUNITS\s+"(\d+)"', body)
    if units:
        item.units = strings[int(units.group(1))]
    item.refs = names_in("INDEX", body)


def resolve(items):
    def oid(name, seen=()):
        if name == ROOT:
            return ()
        if name not in items or name in seen:
            fail("%s: no such parent" % name)
        item = items[name]
        return oid(item.parent, seen + (name,)) + (item.arc,)

    taken = {}
    for item in items.values():
        item.oid = oid(item.name)
        if item.oid in taken:
            fail("%s and %s have the same OID" % (item.name, taken[item.oid]))
        taken[item.oid] = item.name


def check(items, sequences):
    for entry in items.values():
        if entry.syntax not in sequences or entry.access != "not-accessible":
            continue
        columns = sorted((i for i in items.values() if i.parent == entry.name),
                         key=lambda i: i.arc)
        if [c.arc for c in columns] != list(range(1, len(columns) + 1)):
            fail("%s: the columns are not numbered from 1" % entry.name)
        listed = [(n, short_syntax(t)) for n, t in sequences[entry.syntax]]
        if listed != [(c.name, c.syntax) for c in columns]:
            fail("%s: SEQUENCE and columns differ" % entry.name)
        hidden = [c.name for c in columns if c.access == "not-accessible"]
        if hidden != [c.name for c in columns[:len(hidden)]]:
            fail("%s: index columns are not first" % entry.name)
        if hidden != [n for n in entry.refs if n in hidden]:
            fail("%s: INDEX and columns differ" % entry.name)

    grouped = [n for i in items.values() if i.syntax.endswith("-GROUP")
               for n in i.refs]
    wanted = [i.name for i in items.values()
              if i.access not in ("node", "not-accessible")]
    for name in sorted(set(grouped) | set(wanted)):
        if grouped.count(name) != wanted.count(name):
            fail("%s is in %d conformance groups" % (name,
                                                     grouped.count(name)))


def main(args):
    tsv = "--tsv" in args
    files = [a for a in args if a != "--tsv"]
    if len(files) != 1 or files[0].startswith("-"):
        sys.exit("usage: oids.py [--tsv] EDGENODE-MIB.txt")
    with open(files[0], encoding="utf-8") as module:
        items, sequences = parse(module.read())
    if not items:
        fail("no definitions in %s" % files[0])
    resolve(items)
    check(items, sequences)
    for item in sorted(items.values(), key=lambda i: i.oid):
        row = [item.name, "".join(".%d" % arc for arc in item.oid),
               item.syntax, item.access]
        if tsv:
            row += [item.full, item.units, ",".join(item.refs) or "-"]
        print(("\t" if tsv else " ").join(row))


if __name__ == "__main__":
    main(sys.argv[1:])
