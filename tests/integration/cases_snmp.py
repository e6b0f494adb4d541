"""What a manager may read, in which order, and who may not."""
import os

from cases import case
from cases_devices import snmptable
from cases_values import INTEL
from edge import Manager, Mib, Node, ROOT, STARTING, SnmpError, expect, expect_equal, ids, run, test_node, wait_for

WIRE = {  # SYNTAX of the module -> type as the tools print it
    "INTEGER": "INTEGER", "TruthValue": "INTEGER", "Integer32": "INTEGER", "EdgeSeverity": "INTEGER",
    "EdgeDomainIndexOrZero": "Gauge32", "Unsigned32": "Gauge32", "Gauge32": "Gauge32", "Counter32": "Counter32",
    "Counter64": "Counter64", "CounterBasedGauge64": "Counter64", "TimeStamp": "Timeticks",
    "SnmpAdminString": "STRING", "DateAndTime": "STRING", "UUIDorZero": "STRING",
    "MacAddress": "STRING", "BITS": "STRING", "InterfaceIndexOrZero": "INTEGER",
    "OBJECT-IDENTIFIER": "OID", "VariablePointer": "OID",
}
SIGNED = {"EdgeDomainIndexOrZero": ("Gauge32", "INTEGER")}
GROWS = "edgeEventTable"  # rows may come between two walks


def check_order(values):
    for (before, _), (after, _) in zip(values, values[1:]):
        expect(ids(before) < ids(after), "%s comes before %s" % (before, after))


def check_types(values):
    for oid, (kind, value) in values:
        name, instance = Mib.split(oid)
        expect(name is not None, "%s is not in the MIB" % oid)
        expect_equal(Mib.access[name], "read-only", "the access of %s" % name)
        syntax = Mib.syntax[name]
        wanted = SIGNED.get(syntax) or (WIRE[syntax],)
        expect(kind in wanted, "%s is a %s, expected %s" % (name, kind, " or ".join(wanted)))
        if syntax == "DateAndTime":
            expect(len(value) == 11 and value[8:] == b"+\0\0", "%s is %r" % (name, value))
        if syntax == "UUIDorZero":
            expect(len(value) in (0, 16), "%s has %d octets" % (name, len(value)))
        if syntax == "SnmpAdminString":
            expect(len(value) <= 255 and value.decode("utf-8") is not None, "%s is %r" % (name, value))
        if syntax == "TruthValue":
            expect(value in (1, 2), "%s.%s is %d" % (name, instance, value))


def without_events(values):
    table = Mib.oid[GROWS] + "."
    return [oid for oid, _ in values if not oid.startswith(table)]


def settled(node):
    """Every source has been read, and what needs two readings is there: from now on no instance comes by itself."""
    column = node.manager.column
    return STARTING not in column("edgeSourceState").values() and \
        column("edgeHostDiskUtil").keys() == column("edgeHostDiskName").keys() and \
        None not in node.get("edgeCpuUtil.1", "edgeMemPageInRate.0", "edgeVcpuUtil.1.1")


@case
def snmp_v3_get_walk_bulkwalk():
    """SNMPv3 authPriv get, walk and bulkwalk: the same instances in strict order, each of its MIB type."""
    with Node("snmp_v3_get_walk_bulkwalk") as node:
        node.start()
        expect_equal(node.get("edgeNodeName.0").decode(), os.uname().nodename, "edgeNodeName")
        wait_for(lambda: settled(node), 15, "a second reading of everything")
        walked = node.manager.walk()
        expect(len(walked) > 150, "the walk gave %d values" % len(walked))
        check_order(walked)
        check_types(walked)
        for repetitions in (1, 10, 100):
            bulk = node.manager.bulkwalk(repetitions=repetitions)
            check_order(bulk)
            expect_equal(sorted(set(without_events(bulk)) ^ set(without_events(walked))), [], "the difference")
        absent = node.get("edgeNodeName.1", "edgeDomainName.99999", "edgeDomainName.0", "edgeDomainName.1.1")
        expect_equal(absent, [None] * 4, "what does not exist")
        beyond, _ = node.manager.next(ROOT + ".3")
        expect(not beyond.startswith(ROOT + "."), "a GETNEXT after the end stays inside: %s" % beyond)
        return "%d values" % len(walked)


def refused(manager, what, options=()):
    try:
        values = manager.get("edgeNodeName.0", wait=1, retries=0, options=options)
    except SnmpError:
        return
    expect(values is None, "%s was let in" % what)


@case
def snmp_v3_refused():
    """A wrong password, an unknown user, noAuth, authNoPriv and communities read nothing; the right user still does."""
    with Node("snmp_v3_refused") as node:
        node.start()
        address, good = node.manager.address, {"auth": node.auth, "priv": node.priv}

        def other(name, **changes):
            return Manager(os.path.join(node.dir, name), address, **dict(good, **changes))
        refused(other("auth", auth="wrong" + node.auth), "a wrong authentication password")
        refused(other("priv", priv="wrong" + node.priv), "a wrong privacy password")
        refused(other("user", user="nobody"), "an unknown user")
        refused(other("noauth", auth=None, priv=None, level="noAuthNoPriv"), "noAuthNoPriv")
        refused(other("nopriv", priv=None, level="authNoPriv"), "authNoPriv")
        for version in ("1", "2c"):
            refused(node.manager, "community public of v" + version, options=["-v", version, "-c", "public"])
        expect(node.get("edgeNodeName.0"), "the right user is refused")


@case
def snmp_set_refused():
    """Everything is read-only: a SET changes nothing."""
    with Node("snmp_set_refused") as node:
        node.start()
        name = node.get("edgeNodeName.0")
        status, out, err = run(["snmpset", "-m", "", "-t", "2", "-r", "0", node.manager.address,
                                Mib.number("edgeNodeName.0"), "s", "other"], env=node.manager.env)
        expect(status != 0, "SET was accepted: " + out)
        expect("notWritable" in err or "noAccess" in err, "SET was answered by " + err)
        expect_equal(node.get("edgeNodeName.0"), name, "edgeNodeName")


CHANGING = {"edgeDomainAge"}  # of a row that is not read again


def row_ids(node, name):
    return {Mib.split(oid)[1] for oid, _ in node.manager.bulkwalk(name)}


def check_table(node, name):
    """snmptable's parts of a table: a header, then a line for each row, in 200 columns but for a long string."""
    rows = row_ids(node, name)
    parts = snmptable(node, name, "-Cb", "-Cw", "200").split("SNMP table")[1:]
    if row_ids(node, name) != rows:  # one came or went
        return check_table(node, name)
    expect_equal(bool(parts), bool(rows), "whether snmptable shows %s" % name)
    shown = set()
    for part in parts:
        title, header, *lines = [line for line in part.splitlines() if line.strip()]
        expect_equal(len(lines), len(rows), "the lines of snmptable%s" % title)
        shown |= set(header.split()) - {"index"}
        columns = len(header.split())
        widest = max(map(len, [header] + lines))
        expect(widest <= 200 or columns == 2, "snmptable%s has %d columns" % (title, widest))
    columns = {column for column, oid in Mib.oid.items() if oid.startswith(Mib.oid[name] + ".1.") and
               Mib.access[column] == "read-only"}
    expect_equal(len(shown), len(columns) if parts else 0, "the columns of snmptable " + name)
    return len(rows)


@case(seconds=10)
def snmp_tables_in_200_columns():
    """snmptable shows each table whole, in parts of at most 200 columns."""
    with Node("snmp_tables_in_200_columns", root=INTEL) as node:
        node.start()
        tables = [name for name, syntax in Mib.syntax.items() if syntax == "SEQUENCE-OF"]
        filled = [name for name in tables if check_table(node, name) > 0]
        expect(len(filled) > len(tables) // 2, "only %s have rows" % ", ".join(filled))
        return "%d of %d tables have rows" % (len(filled), len(tables))


@case(seconds=30)
def snmp_thousand_domains():
    """1,000 domains: strict lexical order, and GET = GETNEXT = GETBULK for every cell of edgeDomainTable."""
    with Node("snmp_thousand_domains", poll_s=60) as node:
        node.uri = test_node(node.dir + "/node.xml", 1000)
        node.start()
        names = node.manager.column("edgeDomainName")
        expect_equal(sorted(names.values()), [b"vm-%05d" % i for i in range(1000)], "the names")
        expect_equal(node.get("edgeNodeDomains.0"), 1000, "edgeNodeDomains")
        bulk = node.manager.bulkwalk("edgeDomainTable", repetitions=100)
        walked = node.manager.walk("edgeDomainTable")
        check_order(walked)
        check_types(walked)

        def still(values):
            return [(o, v) for o, v in values if v is not None and Mib.split(o)[0] not in CHANGING]
        expect(still(walked) == still(bulk), "GETNEXT and GETBULK differ")
        instances = [oid for oid, _ in walked]
        got = []
        for i in range(0, len(instances), 100):
            got += node.manager.get_typed(*instances[i:i + 100])
        expect(still(got) == still(walked), "GET and GETNEXT differ")
        return "%d cells" % len(walked)
