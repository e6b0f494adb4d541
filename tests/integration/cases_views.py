"""The standard modules: each walks in order and says what EDGENODE-MIB says of the same rows; a module that another
agent has does not keep the others from being served."""
import os
import re

from cases import case
from cases_clock import AHEAD_S, client_of, clock_node, server_of, use
from cases_sensor import KEY, node_with_chip
from cases_snmp import check_order
from edge import Node, SOURCE, STARTING, expect, expect_equal, wait_for
from rig import shared_rig

ROOTS = {"ENTITY-MIB": "1.3.6.1.2.1.47", "ENTITY-SENSOR-MIB": "1.3.6.1.2.1.99", "LIBVIRT-MIB": "1.3.6.1.4.1.36957",
         "VM-MIB": "1.3.6.1.2.1.236", "NTPv4-MIB": "1.3.6.1.2.1.197"}
WIRE = {"INTEGER": "INTEGER", "Integer32": "INTEGER", "Unsigned32": "Gauge32", "Gauge32": "Gauge32",
        "Counter32": "Counter32", "Counter64": "Counter64", "TimeTicks": "Timeticks", "OCTET-STRING": "STRING",
        "OBJECT-IDENTIFIER": "OID"}
FIRST_SENSOR = 10000
HOST_CPUS = 196608
RUNNING = 2
VM_DOMAINS = """<domain type='test'><name>pinned</name><uuid>11111111-2222-4333-8444-555555555555</uuid>
<memory>524288</memory><vcpu>2</vcpu><cputune><vcpupin vcpu='0' cpuset='0'/></cputune><os><type>hvm</type></os><devices>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/images/a.qcow2'/>
<target dev='vda' bus='virtio'/></disk>
<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='/images/cd.iso'/>
<target dev='sda' bus='sata'/><readonly/></disk>
<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='lo'/><model type='virtio'/></interface>
</devices></domain>"""
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


@case(seconds=10)
def views_vm():
    """VM-MIB says of each domain, its vCPUs, disks and interfaces what EDGENODE-MIB says, with the same indexes."""
    with Node("views_vm") as node:
        with open(node.dir + "/node.xml", "w", encoding="ascii") as machines:
            machines.write("<node>%s</node>" % VM_DOMAINS)
        node.uri = "test://" + machines.name
        node.start()
        column = node.manager.column
        wait_for(lambda: column("edgeBlockTarget"), 10, "the disks")
        found = View("VM-MIB", node).walk()
        state = {i: 4 if value == RUNNING else 11 for i, value in column("edgeDomainState").items()}
        for name, wanted in (
                ("vmName", column("edgeDomainName")), ("vmUUID", column("edgeDomainUuid")),
                ("vmOSType", column("edgeDomainOs")), ("vmOperState", state),
                ("vmCurCpuNumber", column("edgeDomainVcpus")), ("vmMaxCpuNumber", column("edgeDomainVcpusMax")),
                ("vmMaxMem", column("edgeDomainMemMax")), ("vmStorageResourceID", column("edgeBlockSource")),
                ("vmNetworkPhysAddress", column("edgeNicMac")), ("vmNetworkIfIndex", column("edgeNicIfIndex"))):
            equal_columns(found[name], wanted, name)
        expect_equal(found["vmNumber"], {"0": len(state)}, "vmNumber")
        expect_equal(found["vmCpuCoreTime"].keys(), column("edgeVcpuTime").keys(), "the rows of vmCpuTable")
        expect_equal(found["vmHvSoftware"], {"0": node.get("edgeNodeHypervisor.0")}, "vmHvSoftware")
        expect_equal(found["vmHvObjectID"], {"0": "0.0"}, "vmHvObjectID")
        enabled = [found["vm%sNotificationsEnabled" % name] for name in ("PerVM", "Bulk")]
        expect_equal(enabled, [{"0": 2}, {"0": 2}], "the notifications enabled")
        cpus = column("edgeCpuOnline")
        for instance in column("edgeVcpuState"):
            for cpu in cpus:
                number = int(cpu) - 1
                expect_equal(found["vmCpuAffinity"]["%s.%d" % (instance, HOST_CPUS + number)],
                             1 if instance.endswith(".2") or number == 0 else 2, "the affinity of " + instance)
        expect_equal(set(found["vmStorageSourceType"].values()), {4, 5}, "the sources' types")
        return "%d machines" % len(state)


@case
def views_ntp():
    """NTPv4-MIB says what EDGENODE-MIB says of the clock and of its daemon's sources; each module can be off."""
    with Node("views_ntp", config='<snmp entity="no" entity_sensor="no" vm="no"/>') as node:
        node.start()
        get, column = node.get, node.manager.column
        wait_for(lambda: STARTING not in column("edgeSourceState").values(), 10, "a reading of every source")
        found = View("NTPv4-MIB", node).walk()
        expect_equal(found["ntpEntSystemType"], {"0": get("edgeNodeKernel.0")}, "ntpEntSystemType")
        expect_equal(found.get("ntpAssocName", {}), column("edgeClockPeerName"), "ntpAssocName")
        expect_equal(found["ntpEntStatusNumberOfRefSources"]["0"] if "ntpEntStatusNumberOfRefSources" in found else 0,
                     len(column("edgeClockPeerName")), "ntpEntStatusNumberOfRefSources")
        if get("edgeClockDaemon.0") is None:
            expect_equal(found["ntpEntStatusCurrentMode"], {"0": 1}, "ntpEntStatusCurrentMode")
        synchronized = get("edgeClockState.0") == 1
        expect_equal(len(found["ntpEntStatusDateTime"]["0"]), 16 if synchronized else 0, "ntpEntStatusDateTime")
        for module in ("ENTITY-MIB", "ENTITY-SENSOR-MIB", "VM-MIB"):
            expect_equal(node.manager.walk(ROOTS[module]), [], module + ", which is off")


@case(seconds=15)
def views_ntp_chronyd():
    """With a real chronyd NTPv4-MIB tells its name, mode, stratum, selected source and that one's address and offset."""
    with clock_node("views_ntp_chronyd") as node:
        port, _ = server_of(node)
        client = client_of(node, "server 127.0.0.1 port %d iburst offset %g" % (port, AHEAD_S))
        use(node, client)
        node.start()
        wait_for(client.settled, 20, "the first burst of the client")
        wait_for(lambda: node.get("edgeClockDaemon.0", "edgeClockState.0") == [b"chronyd", 1], 10, "chronyd")
        wait_for(lambda: abs(node.get("edgeClockOffset.0") + AHEAD_S * 1e6) < 2e4, 10, "the offset")
        found = View("NTPv4-MIB", node).walk()
        (index, name), = node.manager.column("edgeClockPeerName").items()
        expect_equal(found["ntpEntSoftwareName"], {"0": b"chronyd"}, "ntpEntSoftwareName")
        expect_equal([found["ntpEntStatus" + part]["0"] for part in ("CurrentMode", "ActiveRefSourceId",
                                                                      "NumberOfRefSources", "ActiveRefSourceName")],
                     [6, int(index), 1, name], "mode and source")
        expect_equal(found["ntpEntStatusStratum"]["0"], node.get("edgeClockStratum.0"), "ntpEntStatusStratum")
        expect_equal((found["ntpAssocAddressType"], found["ntpAssocAddress"]), ({index: 1}, {index: b"\x7f\0\0\1"}),
                     "the address")
        offsets = [found["ntpEntStatusActiveOffset"]["0"], found["ntpAssocOffset"][index]]
        for text, wanted in zip(offsets, (AHEAD_S * 1e3, -node.get("edgeClockPeerOffset." + index) / 1e3)):
            number, unit = text.decode().split()
            expect(unit == "ms" and abs(float(number) - wanted) < 20, "an offset is %s, not %g ms" % (text, wanted))


@case(alone=True, seconds=25)
def views_notifications():
    """resume, suspend and the end of a domain: after the notification of EDGENODE-MIB that of VM-MIB, with the state
    before, and that of LIBVIRT-MIB with the new one."""
    rig = shared_rig()
    with Node("views_notifications", uri=rig.uri,
              config='<snmp libvirt="yes" vm_notifications="yes" libvirt_notifications="yes"/>') as node:
        node.start_trapd()
        rig.act("domains", "92", "92")
        vm, guest = ROOTS["VM-MIB"], ROOTS["LIBVIRT-MIB"]
        try:
            node.start_snmpd()
            node.start_daemon()
            index = {name: i for i, name in node.manager.column("edgeDomainName").items()}[b"rig-92"]
            uuid = ".".join(map(str, node.get("edgeDomainUuid." + index)))
            expect_equal(node.get(vm + ".1.9.0", vm + ".1.10.0"), [1, 2], "the switches of VM-MIB")

            def told():
                """(VM-MIB's notification, the state before) and libvirtGuestState, as they came."""
                return [(int(n.kind.rpartition(".")[2]), n[vm + ".1.4.1.6." + index][1]) if n.kind.startswith(vm) else
                        n[guest + ".1.1.1.3." + uuid][1] for n in node.notifications()
                        if vm + ".1.4.1.6." + index in n or guest + ".1.1.1.3." + uuid in n]
            wanted = []
            for action, more in (("resume", [(1, 8), 1]), ("suspend", [(4, 4), 3])):
                rig.virsh(action, "rig-92")
                wanted += more
                wait_for(lambda: len(told()) >= len(wanted), 10, "the notifications (%s so far)" % told())
                expect_equal(told(), wanted, "the notifications")
                expect_equal(node.get(vm + ".1.4.1.6." + index), more[0][0] == 1 and 4 or 8, "vmOperState")
        finally:
            rig.virsh("destroy", "rig-92")
        wait_for(lambda: any(isinstance(t, tuple) and t[0] == 10 for t in told()), 10, "vmDeleted (%s so far)" % told())
        kinds = [n.kind for n in node.notifications()]
        first = kinds.index("edgeDomainStateChanged")
        expect_equal(kinds[first:first + 3], ["edgeDomainStateChanged", vm + ".0.1", guest + ".0.1"], "the order")
        return "%s" % told()


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
    with Node("views_second_subagent") as node, \
            Node("views_second_subagent_b", config='<snmp libvirt="yes"/>') as other:
        node.start()
        other.agentx = node.agentx
        other.start_daemon(wait=False)
        other.manager = node.manager
        wait_for(lambda: served(other, "LIBVIRT-MIB"), 15, "what only the second one has")
        expect_equal(set(refusals(other)), {"EDGENODE-MIB", "ENTITY-MIB", "ENTITY-SENSOR-MIB", "VM-MIB",
                                            "NTPv4-MIB"}, "what is refused")
        expect(node.get("edgeNodeName.0"), "the first one is still served")
        node.daemon.end()
        wait_for(lambda: node.manager.answers() and served(node, "ENTITY-MIB"), 25, "the second one in its place")
        expect_equal(set(refusals(other).values()), {1}, "how often a refusal is in the log")
