"""What the modules' texts say of each object that may be walked: its type, the values that it may have, its indexes.

EDGENODE-MIB is read as it was built; the standard modules are the stand-ins of mibs/base, or those of a directory that
EDGENODE_MIBDIR names, the real ones for example. Nothing here comes from the daemon's tables.
"""
import os
import re
import sys

from edge import ROOT, SOURCE, Build, expect

sys.path.insert(0, os.path.join(SOURCE, "mibs"))
import standard  # noqa: E402 (beside the modules)

BASE = os.path.join(SOURCE, "mibs", "base")
MODULES = {  # the descriptor of its MODULE-IDENTITY, and that one's OID
    "EDGENODE-MIB": ("edgeNodeMIB", ROOT), "ENTITY-MIB": ("entityMIB", "1.3.6.1.2.1.47"),
    "ENTITY-SENSOR-MIB": ("entitySensorMIB", "1.3.6.1.2.1.99"), "VM-MIB": ("vmMIB", "1.3.6.1.2.1.236"),
    "NTPv4-MIB": ("ntpSnmpMIB", "1.3.6.1.2.1.197"), "LIBVIRT-MIB": ("libvirtMIB", "1.3.6.1.4.1.36957"),
}
WIRE = {  # base type -> type as the tools print it, and the numbers that it can carry
    "INTEGER": ("INTEGER", -2**31, 2**31 - 1), "Integer32": ("INTEGER", -2**31, 2**31 - 1),
    "Unsigned32": ("Gauge32", 0, 2**32 - 1), "Gauge32": ("Gauge32", 0, 2**32 - 1),
    "Counter32": ("Counter32", 0, 2**32 - 1), "Counter64": ("Counter64", 0, 2**64 - 1),
    "TimeTicks": ("Timeticks", 0, 2**32 - 1), "OCTET-STRING": ("STRING", 0, 65535), "BITS": ("STRING", 0, 65535),
    "OBJECT-IDENTIFIER": ("OID", 0, 128),
}
TEXTS = {"SnmpAdminString", "Utf8String", "DisplayString"}
ELSEWHERE = {"ifIndex": "InterfaceIndex"}  # indexes of modules that nothing is served of
DATE = re.compile(rb"..[\1-\14][\1-\37][\0-\27][\0-\73][\0-\74][\0-\11]([+-][\0-\15][\0-\73])?", re.S)


def mib_directories():
    """Where managers look for modules, the first one first."""
    given = os.environ.get("EDGENODE_MIBDIR")
    return [os.path.join(Build.directory, "mibs")] + ([given] if given else []) + [BASE]


def module_files():
    """Path of each module: that of the first directory that has it."""
    files = {}
    for directory in mib_directories():
        for name in sorted(os.listdir(directory)):
            if re.fullmatch(r"EDGENODE-MIB\.txt|[A-Za-z0-9-]+", name) and os.path.isfile(os.path.join(directory, name)):
                files.setdefault(name.removesuffix(".txt"), os.path.join(directory, name))
    wanted = set(os.listdir(BASE)) | {"EDGENODE-MIB"}
    return {name: path for name, path in files.items() if name in wanted}


def may_be(values, number):
    """Whether "1..5|7" or "1,2,3" holds the number."""
    for part in re.split("[|,]", values):
        low, _, high = part.partition("..")
        if int(low) <= number <= int(high or low):
            return True
    return False


class Object:
    """One object of a module."""

    def __init__(self, module, root, item, base, values):
        self.module, self.name, self.oid = module, item.name, root + "".join(".%d" % arc for arc in item.oid)
        self.base, self.values, self.access, self.parent, self.refs = base, values, item.access, item.parent, item.refs
        self.syntax = re.match(r"[\w-]*", item.full).group(0)
        self.labels = {}  # names of an enumeration's numbers

    def check(self, kind, value):
        wanted, low, high = WIRE[self.base]
        expect(self.access.startswith("read-"), "%s is %s" % (self.name, self.access))
        expect(kind == wanted, "%s is a %s, its module says %s" % (self.name, kind, self.base))
        if self.base == "BITS":
            bits = [8 * i + bit for i, octet in enumerate(value) for bit in range(8) if octet & 128 >> bit]
            expect(all(may_be(self.values, bit) for bit in bits), "%s has the bits %s" % (self.name, bits))
            return
        number = value.count(".") + 1 if kind == "OID" else len(value) if kind == "STRING" else value
        expect(low <= number <= high and (self.values == "-" or may_be(self.values, number)),
               "%s is %r, its module says %s" % (self.name, value, self.values))
        if self.syntax in TEXTS:
            expect(value.decode("utf-8") is not None, "%s is %r" % (self.name, value))
        if self.syntax == "DateAndTime":
            expect(DATE.fullmatch(value), "%s is %r" % (self.name, value))


class Objects:
    """All objects of all modules."""

    def __init__(self):
        files = module_files()
        paths = list(files.values())
        self.of_name, self.of_oid, conventions = {}, {}, {}
        for path in paths:
            conventions.update(standard.conventions_in(path))
        for module, (root, oid) in MODULES.items():
            for item, base, values in standard.describe(os.path.basename(files[module]), root, paths):
                self._add(Object(module, oid, item, base, values), item.full, conventions)
        self.elsewhere = {name: standard.resolve(syntax, conventions) for name, syntax in ELSEWHERE.items()}

    def _add(self, found, full, conventions):
        while "{" not in full and full in conventions:
            full = conventions[full]
        found.labels = {int(number): label for label, number in re.findall(r"([\w-]+)\s*\((-?\d+)\)", full)}
        self.of_name[found.name] = self.of_oid[found.oid] = found

    def split(self, oid):
        """(object, instance) of an instance's OID."""
        head, instance = oid, []
        while head not in self.of_oid:
            head, dot, arc = head.rpartition(".")
            expect(dot, "%s is in no module" % oid)
            instance.insert(0, int(arc))
        return self.of_oid[head], instance

    def name(self, oid):
        """MODULE::object.instance"""
        found, instance = self.split(oid)
        return "%s::%s.%s" % (found.module, found.name, ".".join(map(str, instance)))

    def check(self, oid, kind, value):
        found, instance = self.split(oid)
        found.check(kind, value)
        entry = self.of_name.get(found.parent)
        if not entry or not entry.refs:
            expect(instance == [0], "%s has the instance %s" % (found.name, instance))
            return
        left = instance
        for name in entry.refs:
            left = self._index(name, left, oid)
        expect(not left, "%s has more than its indexes" % oid)

    def _index(self, name, left, oid):
        """What follows after the arcs of this index."""
        index = self.of_name.get(name)
        base, values = (index.base, index.values) if index else self.elsewhere[name]
        expect(left, "%s has no %s" % (oid, name))
        if base == "OCTET-STRING":  # of a fixed length, or with its length before it
            length = int(values) if values.isdigit() else left[0] + 1
            expect(len(left) >= length and max(left[:length]) <= 255, "%s in %s" % (name, oid))
            return left[length:]
        expect(values == "-" or may_be(values, left[0]), "%s is %d, its module says %s" % (name, left[0], values))
        return left[1:]
