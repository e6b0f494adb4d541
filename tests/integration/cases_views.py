"""The standard modules: each walks in order and says what EDGENODE-MIB says of the same rows; a module that another
agent has does not keep the others from being served."""
import os
import re

from cases import case
from cases_sensor import KEY, node_with_chip
from cases_snmp import check_order
from edge import Mib, Node, SOURCE, expect, expect_equal, wait_for

ROOTS = {"ENTITY-MIB": "1.3.6.1.2.1.47", "ENTITY-SENSOR-MIB": "1.3.6.1.2.1.99", "LIBVIRT-MIB": "1.3.6.1.4.1.36957"}
WIRE = {"INTEGER": "INTEGER", "Integer32": "INTEGER", "Unsigned32": "Gauge32", "Gauge32": "Gauge32",
        "Counter32": "Counter32", "Counter64": "Counter64", "TimeTicks": "Timeticks", "OCTET-STRING": "STRING",
        "OBJECT-IDENTIFIER": "OID"}
FIRST_SENSOR = 10000
REFUSED = "the master refuses its registration"


class View:
    """A module: its names, and what a manager finds of it."""

    def __init__(self, module, node):
        self.module, self.root, self.node, self.objects = module, ROOTS[module], node, {}
        with open(os.path.join(SOURCE, "mibs", "views", module + ".golden"), encoding="ascii") as golden:
            for line in golden:
                name, oid, base = line.split()[:3]
                self.objects[oid] = name, base

    def split(self, oid):
        """(name, base type, instance) of an instance's OID."""
        expect(oid.startswith(self.root + "."), "%s is not in %s" % (oid, self.module))
        relative, instance = oid[len(self.root):], ""
        while relative not in self.objects:
            relative, _, last = relative.rpartition(".")
            expect(relative, "%s is not in %s" % (oid, self.module))
            instance = last + ("." + instance if instance else "")
        return self.objects[relative] + (instance,)

    def walk(self):
        """{name: {instance: value}}, of a walk that is in order and of the right types, whatever its steps are."""
        walked = self.node.manager.walk(self.root)
        check_order(walked)
        found = {}
        for oid, (kind, value) in walked:
            name, base, instance = self.split(oid)
            expect_equal(kind, WIRE[base], "the type of " + name)
            found.setdefault(name, {})[instance] = value
        for repetitions in (1, 40):
            bulk = self.node.manager.bulkwalk(self.root, repetitions=repetitions)
            expect_equal([oid for oid, _ in bulk], [oid for oid, _ in walked], "the instances of a bulkwalk")
        return found


def equal_columns(found, wanted, what):
    expect_equal(found, wanted, what)
    expect(found, "nothing of " + what)


@case
def views_entity_sensors():
    """Every sensor of EDGENODE-MIB is in ENTITY-MIB, inside the chassis, and in ENTITY-SENSOR-MIB with its value."""
    node, chip = node_with_chip("views_entity_sensors")
    with node:
        chip.heat(45000)
        node.start()
        column = node.manager.column
        wait_for(lambda: KEY.encode() in column("edgeSensorKey").values(), 10, "the chip")

        def ours(name):
            return {str(FIRST_SENSOR + int(i)): v for i, v in column(name).items()}
        physical, sensors = View("ENTITY-MIB", node).walk(), View("ENTITY-SENSOR-MIB", node).walk()
        keys = ours("edgeSensorKey")
        expect_equal(physical["entPhysicalName"], {"1": node.get("edgeNodeName.0"), **keys}, "entPhysicalName")
        expect_equal(physical["entPhysicalClass"], {"1": 3, **{i: 8 for i in keys}}, "entPhysicalClass")
        expect_equal(physical["entPhysicalContainedIn"], {"1": 0, **{i: 1 for i in keys}}, "entPhysicalContainedIn")
        equal_columns(sensors["entPhySensorValue"], ours("edgeSensorValue"), "entPhySensorValue")
        equal_columns(sensors["entPhySensorType"].keys(), keys.keys(), "the rows of entPhySensorTable")
        mine = next(i for i, key in keys.items() if key == KEY.encode())
        expect_equal([sensors["entPhySensor" + name][mine] for name in ("Type", "Scale", "Precision", "OperStatus",
                                                                         "UpdateRate") if name != "UpdateRate"],
                     [8, 8, 0, 1], "type, scale, precision and status of the temperature")
        return "%d sensors" % len(keys)


@case
def views_libvirt():
    """LIBVIRT-MIB is off, and once switched on has a row for each domain that runs, by its UUID."""
    with Node("views_libvirt") as node:
        node.start()
        expect_equal(node.manager.walk(ROOTS["LIBVIRT-MIB"]), [], "LIBVIRT-MIB, which is off")
        node.daemon.end()
        node.write_config(extra='<snmp libvirt="yes"/>')
        node.start_daemon()
        column = node.manager.column
        guests = View("LIBVIRT-MIB", node).walk()
        active = [i for i, number in column("edgeDomainId").items() if number >= 0]
        uuid = {i: ".".join(map(str, value)) for i, value in column("edgeDomainUuid").items() if i in active}

        def ours(name, divisor=None):
            values = {uuid[i]: v for i, v in column(name).items() if i in uuid}
            return values if divisor is None else {i: v // divisor for i, v in values.items()}
        equal_columns(guests["libvirtGuestName"], ours("edgeDomainName"), "libvirtGuestName")
        equal_columns(guests["libvirtGuestCpuCount"], ours("edgeDomainVcpus"), "libvirtGuestCpuCount")
        equal_columns(guests["libvirtGuestMemoryLimit"], ours("edgeDomainMemMax", 1024), "libvirtGuestMemoryLimit")
        expect_equal(set(guests["libvirtGuestState"].values()), {1}, "the states")
        expect_equal(set(guests["libvirtGuestRowStatus"].values()), {1}, "the status of the rows")
        name = ROOTS["LIBVIRT-MIB"] + ".1.1.1.2."
        one = next(iter(uuid.values()))
        absent = [name + one.rpartition(".")[0], name + one + ".0", name + "0." * 15 + "0"]
        expect_equal(node.get(*absent), [None] * 3, "what does not exist")


def refusals(node):
    """{module: lines of the log that say the master did not take it}."""
    found = {}
    for line in node.daemon.output().splitlines():
        match = re.search(r"(\S+): " + REFUSED, line)
        if match:
            found[match.group(1)] = found.get(match.group(1), 0) + 1
    return found


def served(node, module):
    return bool(node.manager.walk(ROOTS[module]))


@case(seconds=30)
def views_duplicate_registration():
    """What snmpd or another subagent has already is told once and tried again; everything else is served meanwhile."""
    with Node("views_duplicate_registration", config='<snmp libvirt="yes"/>') as node:
        with open(node.dir + "/snmpd.conf", "a", encoding="utf-8") as conf:
            conf.write("pass .1.3.6.1.2.1.47.1.1.1 /bin/false\npass .1.3.6.1.4.1.36957.1 /bin/false\n")
        node.start()
        expect_equal(refusals(node), {"ENTITY-MIB": 1, "LIBVIRT-MIB": 1}, "what the log says is refused")
        expect(served(node, "ENTITY-SENSOR-MIB") == bool(node.manager.column("edgeSensorKey")), "ENTITY-SENSOR-MIB")
        expect_equal(node.manager.walk(ROOTS["LIBVIRT-MIB"]), [], "LIBVIRT-MIB, which snmpd has")
        node.snmpd.end()
        with open(node.dir + "/snmpd.conf", encoding="utf-8") as conf:
            kept = [line for line in conf if not line.startswith("pass")]
        with open(node.dir + "/snmpd.conf", "w", encoding="utf-8") as conf:
            conf.writelines(kept)
        node.start_snmpd()
        node.wait_served()
        wait_for(lambda: served(node, "ENTITY-MIB") and served(node, "LIBVIRT-MIB"), 10, "the modules after a restart")
        expect_equal(refusals(node), {"ENTITY-MIB": 1, "LIBVIRT-MIB": 1}, "what the log says after the restart")


@case(seconds=40)
def views_second_subagent():
    """A second subagent with the same modules is refused them, serves what only it has, and takes over when the first
    one ends."""
    with Node("views_second_subagent") as node, Node("views_second_subagent_b", config='<snmp libvirt="yes"/>') as other:
        node.start()
        other.agentx = node.agentx
        other.start_daemon(wait=False)
        other.manager = node.manager
        wait_for(lambda: served(other, "LIBVIRT-MIB"), 15, "what only the second one has")
        expect_equal(set(refusals(other)), {"EDGENODE-MIB", "ENTITY-MIB", "ENTITY-SENSOR-MIB"}, "what is refused")
        expect(node.get("edgeNodeName.0"), "the first one is still served")
        node.daemon.end()
        wait_for(lambda: node.manager.answers() and served(node, "ENTITY-MIB"), 25, "the second one in its place")
        expect_equal(set(refusals(other).values()), {1}, "how often a refusal is in the log")
