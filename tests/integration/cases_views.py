"""The standard modules: each walks in order and says what EDGENODE-MIB says of the same rows; a module that another
agent has does not keep the others from being served."""
import os
import re
import shutil
import time

from cases import case
from cases_clock import AHEAD_S, client_of, clock_node, server_of, use
from cases_sensor import KEY, node_with_chip
from cases_snmp import check_order
from edge import Build, Node, Process, Skipped, SOURCE, STARTING, expect, expect_equal, run, tool, wait_for
from rig import shared_rig

ROOTS = {"ENTITY-MIB": "1.3.6.1.2.1.47", "ENTITY-SENSOR-MIB": "1.3.6.1.2.1.99", "LIBVIRT-MIB": "1.3.6.1.4.1.36957",
         "VM-MIB": "1.3.6.1.2.1.236", "NTPv4-MIB": "1.3.6.1.2.1.197"}
WIRE = {"INTEGER": "INTEGER", "Integer32": "INTEGER", "Unsigned32": "Gauge32", "Gauge32": "Gauge32",
        "Counter32": "Counter32", "Counter64": "Counter64", "TimeTicks": "Timeticks", "OCTET-STRING": "STRING",
        "OBJECT-IDENTIFIER": "OID", "BITS": "STRING"}
FIRST_SENSOR = 10000
HOST_CPUS = 196608
RUNNING = 2
TRANSIENT = 3
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
        source, = (i for i, name in column("edgeSourceName").items() if name == b"sensors")
        expect_equal([sensors["entPhySensor" + name][mine] for name in ("Type", "Scale", "Precision", "OperStatus",
                                                                         "ValueUpdateRate")],
                     [8, 8, 0, 1, column("edgeSourceInterval")[source]],
                     "type, scale, precision, status and rate of the temperature")
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
            expect("ntpEntStatusActiveOffset" not in found, "an offset without a daemon")
        synchronized = get("edgeClockState.0") == 1
        expect_equal(len(found["ntpEntStatusDateTime"]["0"]), 16 if synchronized else 0, "ntpEntStatusDateTime")
        for module in ("ENTITY-MIB", "ENTITY-SENSOR-MIB", "VM-MIB"):
            expect_equal(node.manager.walk(ROOTS[module]), [], module + ", which is off")


@case(seconds=15)
def views_ntp_chronyd():
    """With a real chronyd NTPv4-MIB tells its name, mode, stratum, selected source and that one's address and offset,
    and nothing that chronyd does not say."""
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
        expect(index in found["ntpAssocStatusJitter"], "there is no jitter")
        for part in ("EntSoftwareVersion", "EntSoftwareVendor", "EntStatusEntityUptime", "EntStatusInPkts",
                     "EntTimePrecision", "AssocRefId", "AssocStatusDelay", "AssocStatInPkts"):
            expect("ntp" + part not in found, "chronyd does not say ntp" + part)
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
        gone, = (n for n in node.notifications() if n.kind == vm + ".0.10")
        expect_equal(gone[vm + ".1.4.1.8." + index][1], TRANSIENT, "vmPersistent of the domain that is gone")
        rows = {int(arc): gone[vm + ".1.4.1.%d.%s" % (arc, index)][1] for arc in (2, 3)}
        key = bytes(map(int, uuid.split(".")))
        expect_equal(rows, {2: b"rig-92", 3: key}, "vmName and vmUUID of it")
        one = next(n for n in node.notifications() if n.kind == guest + ".0.1")
        expect_equal({oid[len(guest):]: value for oid, value in one.items() if oid.startswith(guest)},
                     {".1.1.1.2." + uuid: ("STRING", b"rig-92"), ".1.1.1.1." + uuid: ("STRING", key),
                      ".1.1.1.3." + uuid: ("INTEGER", 1), ".1.1.1.9." + uuid: ("INTEGER", 1)},
                     "the objects of libvirtGuestNotif")
        kinds = [n.kind for n in node.notifications()]
        first = kinds.index("edgeDomainStateChanged")
        expect_equal(kinds[first:first + 3], ["edgeDomainStateChanged", vm + ".0.1", guest + ".0.1"], "the order")
        return "%s" % told()


# --- many machines at once

MANY, CROWD = 24, 400  # the events of a crowd are more than get a notification each
BULK = {"running": 11, "shutdown": 13, "paused": 14, "deleted": 20}
DOMAIN = """<domain type='test'><name>many-%d</name><uuid>0000000a-0000-4000-8000-%012x</uuid><memory>1024</memory>
<vcpu>1</vcpu><os><type>hvm</type></os></domain>"""


def machines_in(bitmap):
    """The vmIndexes that a VirtualMachineList holds, by the words of its description."""
    return {8 * octet + bit + 1 for octet, value in enumerate(bitmap) for bit in range(8) if value & 0x80 >> bit}


class Many:
    """Machines of the test driver of the rig's libvirtd, which has them as long as one connection is there."""

    def __init__(self, rig, node, n=MANY):
        self.uri = rig.uri_rw.replace("qemu+", "test+").replace("/system", "/default")
        self.names = ["many-%d" % i for i in range(n)]
        self.paths = []
        node.uri = self.uri
        node.helper("keeper", ["virsh", "-q", "-c", self.uri, "event --loop --event lifecycle"])
        for i in range(n):
            self.paths.append("%s/many-%d.xml" % (node.dir, i))
            with open(self.paths[-1], "w", encoding="ascii") as xml:
                xml.write(DOMAIN % (i, i))

    def define(self, node):
        """Their vmIndexes."""
        self.all("define", self.paths)

        def known():
            return {name.decode(): int(i) for i, name in node.manager.column("edgeDomainName").items()}
        wait_for(lambda: set(self.names) <= set(known()), 15, "the rows of the machines")
        return {index for name, index in known().items() if name in self.names}

    def all(self, action, words=None):
        """One virsh for all of them."""
        status, out, err = run(["virsh", "-q", "-c", self.uri, "; ".join("%s %s" % (action, word)
                                                                        for word in words or self.names)])
        expect(status == 0, "virsh %s: %s" % (action, err or out))


def lists_of(node, kind=None):
    """What vmAffectedVMs of each notification for many has, of the kind or of all."""
    vm = ROOTS["VM-MIB"]
    return [machines_in(n[vm + ".1.11.0"][1]) for n in node.notifications() if vm + ".1.11.0" in n and
            (kind is None or n.kind == "%s.0.%d" % (vm, BULK[kind]))]


@case(alone=True, seconds=40)
def views_bulk():
    """400 machines start, pause, stop and go at once: each change is one notification of VM-MIB, or as many as seconds
    went by, with the bits of all and of no other, though most of the events have no notification of their own."""
    rig = shared_rig()
    with Node("views_bulk", config='<snmp vm_bulk_notifications="yes"/>') as node:
        many = Many(rig, node, CROWD)
        node.start()
        indexes = many.define(node)
        vm = ROOTS["VM-MIB"]
        expect_equal(node.get(vm + ".1.9.0", vm + ".1.10.0"), [2, 1], "the switches of VM-MIB")
        found = []
        wait_for(lambda: indexes <= set().union(*lists_of(node, "shutdown")), 20, "word of the new machines")
        for action, kind in (("start", "running"), ("suspend", "paused"), ("destroy", "shutdown"),
                             ("undefine", "deleted")):
            begin, before = time.monotonic(), len(lists_of(node, kind))
            many.all(action)
            wait_for(lambda k=kind, n=before: indexes <= set().union(*lists_of(node, k)[n:]), 20,
                     "the notifications of " + kind)
            lists = lists_of(node, kind)[before:]
            expect_equal(set().union(*lists), indexes, "the machines " + kind)
            expect_equal(sum(map(len, lists)), CROWD, "how often they are told to be " + kind)
            took = time.monotonic() - begin
            expect(len(lists) <= took + 1, "%s within %.1f s took %d notifications" % (kind, took, len(lists)))
            found.append(len(lists))
        single = [n.kind for n in node.notifications() if n.kind.startswith(vm) and int(n.kind.split(".")[-1]) < 11]
        expect_equal(single, [], "the notifications for single machines")
        expect(len(node.notified("edgeDomainStateChanged")) < 3 * CROWD, "every event has a notification of its own")
        return "in %s notifications" % found


@case(alone=True, seconds=40)
def views_bulk_without_master():
    """What happens while there is no master, and what had not been told when the daemon was killed, is told later: each
    machine once at least."""
    rig = shared_rig()
    with Node("views_bulk_without_master", config='<snmp vm_bulk_notifications="yes"/>') as node:
        many = Many(rig, node)
        node.start()
        indexes = many.define(node)
        node.snmpd.end()
        many.all("start")
        wait_for(lambda: all("domain %s is running" % name in node.daemon.output() for name in many.names), 15,
                 "the events")
        node.daemon.kill()
        node.start_daemon(wait=False)
        expect_equal(lists_of(node, "running"), [], "what is told without a master")
        node.start_snmpd()
        wait_for(lambda: indexes <= set().union(*lists_of(node, "running")), 30, "the machines that run")
        expect_equal(set().union(*lists_of(node, "running")), indexes, "the machines that run")
        return "in %d notifications" % len(lists_of(node))


@case
def views_cannot_be_set():
    """vmReadOnlyCompliances: the two switches of VM-MIB are read, and a manager cannot set them."""
    with Node("views_cannot_be_set") as node:
        with open(node.dir + "/snmpd.conf", encoding="utf-8") as conf:
            allowed = conf.read().replace("rouser ", "rwuser ")
        with open(node.dir + "/snmpd.conf", "w", encoding="utf-8") as conf:
            conf.write(allowed)
        node.start()
        for name, oid in (("vmPerVMNotificationsEnabled", ".1.9.0"), ("vmBulkNotificationsEnabled", ".1.10.0")):
            status, out, err = run(["snmpset", "-m", "", "-t", "2", "-r", "0", node.manager.address,
                                    ROOTS["VM-MIB"] + oid, "i", "1"], env=node.manager.env)
            expect(status != 0 and "notWritable" in out + err, "a set of %s: %s" % (name, out + err))
            expect_equal(node.get(ROOTS["VM-MIB"] + oid), 2, name)


# --- ntpd

SERVER = "192.0.2.1"  # ntpd leaves out servers on the loopback's own network


def ntpd_program():
    """The machine's, or the one of NTPsec's package, which cannot be installed beside chrony: unpacked once."""
    installed = shutil.which("ntpd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if installed:
        return installed
    path = os.path.join(Build.directory, "ntpsec")
    program = path + "/unpacked/usr/sbin/ntpd"
    if not os.access(program, os.X_OK):
        os.makedirs(path, exist_ok=True)
        fetch = "apt-get -q -o Acquire::Retries=1 download ntpsec && dpkg-deb -x ./ntpsec_*.deb unpacked"
        status, _, err = run(["sh", "-c", 'cd "$0" && rm -f ./*.deb && ' + fetch, path], timeout=120)
        if status != 0:
            raise Skipped("no ntpd, and ntpsec's package cannot be had: " + err.strip().partition("\n")[0])
    missing = [line.split()[0] for line in run(["ldd", program])[1].splitlines() if "not found" in line]
    if missing:
        raise Skipped("ntpsec's ntpd needs " + ", ".join(missing))
    return program


class Ntpd:
    """NTPsec's ntpd in a network of its own, where port 123 is free, without the right to set any clock."""

    def __init__(self, node, lines):
        program = ntpd_program()
        if os.geteuid() != 0:
            raise Skipped("ntpd has to be started by root")
        path = os.path.join(node.dir, "ntpd")
        with open(path + ".conf", "w", encoding="ascii") as conf:
            conf.write("\n".join(lines + ["restrict default", "restrict 127.0.0.1", "driftfile %s.drift" % path, ""]))
        self.process = Process("ntpd", [
            tool("unshare"), "-n", "sh", "-c", "ip link set lo up && ip address add %s/32 dev lo && exec setpriv "
            "--inh-caps=-sys_time --bounding-set=-sys_time %s -n -c %s.conf -l %s.messages -p %s.pid" % (
                SERVER, program, path, path, path)],
            path + ".log")
        node.helpers.append(self.process)
        self.path = path
        wait_for(lambda: "Listen normally" in self.output(), 10, "ntpd")

    def output(self):
        expect(self.process.running(), "ntpd ended: " + self.process.output())
        try:
            with open(self.path + ".messages", encoding="utf-8", errors="replace") as messages:
                return messages.read()
        except FileNotFoundError:
            return ""

    def inside(self):
        return ["nsenter", "--net=/proc/%d/ns/net" % self.process.pid]


GROUP_1 = ("ntpEntSoftwareName", "ntpEntSoftwareVersion", "ntpEntSoftwareVendor", "ntpEntSystemType",
           "ntpEntStatusEntityUptime", "ntpEntStatusDateTime", "ntpAssocName", "ntpAssocRefId", "ntpAssocAddressType",
           "ntpAssocAddress")


@case(seconds=25)
def views_ntp_ntpd():
    """With a real ntpd of NTPsec ntpEntObjectsGroup1 is whole, and its counters count."""
    with Node("views_ntp_ntpd") as node:
        ntpd = Ntpd(node, ["server %s iburst" % SERVER, "refclock local unit 0"])
        version = re.search(r"ntpd ntpsec-\S+?(?=:)", ntpd.output())
        if version is None:
            raise Skipped("ntpd is not NTPsec's")
        node.prefix = ntpd.inside()
        node.write_config('<clock chronyd="" ptp4l=""/><source name="ntp" interval="250"/>')
        node.start()
        wait_for(lambda: len(node.manager.column("edgeClockPeerName")) == 2, 15, "what ntpd says")
        view = View("NTPv4-MIB", node)
        rows = view.walk()
        expect_equal([name for name in GROUP_1 if name not in rows], [], "what is missing of ntpEntObjectsGroup1")
        expect_equal(rows["ntpEntSoftwareName"]["0"], b"ntpd", "ntpEntSoftwareName")
        expect_equal(rows["ntpEntSoftwareVersion"]["0"].decode(), version.group(0), "ntpEntSoftwareVersion")
        expect_equal(rows["ntpEntSoftwareVendor"]["0"], b"ntpsec", "ntpEntSoftwareVendor")
        names = {name: i for i, name in rows["ntpAssocName"].items()}
        expect_equal(rows["ntpAssocRefId"], {names[b"LOCAL(0)"]: b"127.127.1.0"}, "ntpAssocRefId")
        expect_equal(rows["ntpAssocAddress"], {names[SERVER.encode()]: bytes(map(int, SERVER.split(".")))}, "addresses")
        age = rows["ntpEntStatusEntityUptime"]["0"]
        expect(0 < age < 6000, "ntpd is %d ticks old" % age)
        expect(rows["ntpEntTimeResolution"]["0"] > 10 ** 5, "ntpEntTimeResolution is too small")
        expect(rows["ntpEntTimePrecision"]["0"] < -10, "ntpEntTimePrecision is too great")
        packets = [view.root + ".1.2.%d.0" % arc for arc in (12, 13)]
        before = node.get(*packets)
        wait_for(lambda: all(now > then for now, then in zip(node.get(*packets), before)), 5, "more packets")
        wait_for(lambda: node.get(view.root + ".1.3.2.1.2." + names[SERVER.encode()]) > 0, 10, "a packet to the server")
        expect_equal(rows["ntpEntStatusNotifications"], {"0": 0}, "ntpEntStatusNotifications")
        expect_equal(rows["ntpEntNotifBits"], {"0": b"\0\0"}, "ntpEntNotifBits")


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
