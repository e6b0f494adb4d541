"""Rules on columns other than temperatures, and what is told without a rule, as a manager sees them."""
import os
import shutil
import signal

from cases import case
from cases_sensor import WARNING, alarms
from cases_values import INTEL
from edge import Build, Mib, Node, Process, Skipped, complains, expect, expect_equal, run, tool, wait_for
from rig import shared_rig

NAME, UUID = "edge-threshold", "00000000-0000-4000-8000-00000000e4e4"
RISING, FALLING = 1500000, 1100000  # KiB
RULE = ('<threshold name="%s" object="edgeDomainMemCurrent" subject="edge-thr*" severity="warning" rising="%d" '
        'falling="%d" hold="1"/>')
XML = """
<domain type='test'><name>%s</name><uuid>%s</uuid><memory unit='KiB'>2000000</memory>
<currentMemory unit='KiB'>1000000</currentMemory><vcpu>1</vcpu><os><type>hvm</type></os></domain>
"""


def told(node, prefix):
    return [n for n in node.notifications() if n.kind.startswith(prefix)]


def wait_told(node, prefix, kinds, timeout=20):
    """The notifications of this prefix are these; the last of them."""
    wait_for(lambda: len(told(node, prefix)) >= len(kinds), timeout, "a notification (%s so far)" % kinds)
    expect_equal([n.kind for n in told(node, prefix)], kinds, "the notifications")
    return told(node, prefix)[-1]


def check_varbinds(node, notification, names, instances):
    """It came as an SNMPv3 inform, carries these objects of these instances, and a get says the same."""
    expect(notification.security.startswith("INFORM, SNMP v3, user edge"), "it came as " + notification.security)
    ours = [oid for oid in notification if Mib.split(oid)[0]]
    expect_equal([Mib.split(oid)[0] for oid in ours][3:], names, "the objects")
    expect_equal([Mib.split(oid)[1] for oid in ours][3:], instances, "the instances")
    for oid, value in node.manager.get_typed(*ours):
        expect_equal(value, notification[oid], "the get of %s.%s" % Mib.split(oid))


class TestDomain:
    """A domain of the test driver inside a real libvirtd, where its memory can be set from outside.

    The driver forgets its domains with the last connection, so one is held open.
    """

    def __init__(self, rig):
        self.uri = rig.uri_rw.replace("qemu+unix:///system", "test+unix:///default")
        if self.uri == rig.uri_rw:
            raise Skipped("the rig's URI is %s" % self.uri)
        self.path = os.path.join(rig.dir, NAME + ".xml")
        self.holder, self.log = None, os.path.join(rig.dir, NAME + ".log")

    def virsh(self, *words):
        status, _, err = run([tool("virsh"), "-q", "-c", self.uri] + list(words), timeout=30)
        expect(status == 0, "virsh %s: %s" % (" ".join(words), err.strip()))

    def __enter__(self):
        with open(self.path, "w", encoding="utf-8") as xml:
            xml.write(XML % (NAME, UUID))
        self.holder = Process("virsh", [tool("virsh"), "-c", self.uri, "event", "--all", "--loop"], self.log)
        wait_for(self.lasts, 20, "a domain that stays")
        return self

    def try_virsh(self, *words):
        return run([tool("virsh"), "-q", "-c", self.uri] + list(words), timeout=30)[0] == 0

    def lasts(self):
        """Made by one connection, seen by another."""
        return self.try_virsh("dominfo", NAME) or (
            self.try_virsh("create", self.path) and self.try_virsh("dominfo", NAME))

    def __exit__(self, kind, value, trace):
        self.try_virsh("destroy", NAME)
        self.holder.end()

    def set(self, kib):
        self.virsh("setmem", NAME, str(kib))


def domain_index(node):
    for index, name in node.manager.column("edgeDomainName").items():
        if name == NAME.encode():
            return index
    return None


def set_and_read(node, domain, index, kib):
    domain.set(kib)
    wait_for(lambda: node.get("edgeDomainMemCurrent." + index) == kib, 20, "the value %d" % kib, pause=0.05)


def row_of_rule(node, name):
    for index, value in node.manager.column("edgeThresholdName").items():
        if value == name.encode():
            return index
    raise AssertionError("no row of the rule " + name)


@case(alone=True, seconds=40)
def threshold_on_a_domain_column():
    """edgeDomainMemCurrent under a rule: raised and cleared once each, kept over a kill, ended by a reload."""
    rig = shared_rig()
    rule = RULE % ("big", RISING, FALLING)
    with TestDomain(rig) as domain, Node("threshold_on_a_domain_column", uri=domain.uri, config=rule) as node:
        node.start()
        wait_for(lambda: domain_index(node) is not None, 10, "the domain")
        domain_row, row = domain_index(node), row_of_rule(node, "big")
        set_and_read(node, domain, domain_row, 1200000)
        expect_equal(node.get("edgeThresholdSubject." + row), NAME.encode(), "edgeThresholdSubject")
        expect_equal(node.get("edgeThresholdObject." + row), Mib.number("edgeDomainMemCurrent." + domain_row),
                     "edgeThresholdObject")
        expect_equal(node.get("edgeThresholdUnits." + row), b"KiB", "edgeThresholdUnits")
        expect_equal(node.get("edgeThresholdState." + row), 2, "edgeThresholdState")

        names = ["edgeThresholdName", "edgeThresholdSubject", "edgeThresholdValue"]
        set_and_read(node, domain, domain_row, 1600000)
        raised = wait_told(node, "edgeThreshold", ["edgeThresholdRaised"])
        check_varbinds(node, raised, names, [row] * 3)
        expect_equal(raised.of("edgeThresholdValue"), 1600000, "edgeThresholdValue")
        expect_equal(raised.of("edgeEventSeverity"), WARNING, "edgeEventSeverity")
        mine = [("edgeThresholdRaised", "big " + NAME, WARNING, raised.serial)]
        expect_equal([a for a in alarms(node) if a[0].startswith("edgeThreshold")], mine, "the alarms")
        for kib in (1400000, 1550000, 1200000):
            set_and_read(node, domain, domain_row, kib)

        wait_for(lambda: node.get("edgeEventUnsent.0") == 0, 5, "the master's word")
        node.daemon.kill()
        node.start_daemon()
        wait_for(lambda: node.get("edgeThresholdState." + row) == 3, 10, "the state after the restart")
        expect_equal([a for a in alarms(node) if a[0].startswith("edgeThreshold")], mine, "the alarms")

        set_and_read(node, domain, domain_row, 1000000)
        cleared = wait_told(node, "edgeThreshold", ["edgeThresholdRaised", "edgeThresholdCleared"])
        check_varbinds(node, cleared, names, [row] * 3)
        expect_equal([a for a in alarms(node) if a[0].startswith("edgeThreshold")], [], "the alarms")

        # A rule that is taken away ends what it has raised.
        set_and_read(node, domain, domain_row, 1700000)
        wait_told(node, "edgeThreshold", ["edgeThresholdRaised", "edgeThresholdCleared", "edgeThresholdRaised"])
        node.write_config(extra="")
        node.daemon.send(signal.SIGHUP)
        ended = wait_told(node, "edgeThreshold", ["edgeThresholdRaised", "edgeThresholdCleared"] * 2)
        expect_equal([ended.of(name) for name in names], [b"big", NAME.encode(), 1700000], "the row that is gone")
        expect_equal([a for a in alarms(node) if a[0].startswith("edgeThreshold")], [], "the alarms")


def wait_complaint(node, text):
    wait_for(lambda: complains(node.daemon.output(), text), 10, "file:line in the log")


@case(seconds=10)
def threshold_on_a_wrong_object():
    """A rule on what is no number names file and line: at the start, with -t, and at a reload, which changes nothing."""
    with Node("threshold_on_a_wrong_object", config=RULE % ("good", RISING, FALLING)) as node:
        node.start_snmpd()
        node.start_daemon()
        for wrong in ("edgeDomainName", "edgeDomainMem", "edgeThresholdValue", "edgeDomainState"):
            node.write_config(extra=(RULE % ("bad", 2, 1)).replace("edgeDomainMemCurrent", wrong))
            with open(node.config, encoding="utf-8") as conf:
                line = 1 + [i for i, text in enumerate(conf) if "<threshold" in text][0]
            wanted = "%s:%d: threshold on %s: no such numeric object" % (node.config, line, wrong)
            for words in (["-t", "-f", node.config], node.command()[1:]):
                status, _, err = run([Build.edgenoded] + words, timeout=10)
                expect(status != 0 and wanted in err, "%s: %d, %s" % (wrong, status, err.strip()))
            node.daemon.send(signal.SIGHUP)
            wait_complaint(node, wanted)
        expect(node.daemon_alive(), "the daemon ended")


class Bond:
    """A copy of the captured tree, whose first bond can lose a port."""

    def __init__(self, directory):
        self.root = os.path.join(directory, "root")
        shutil.copytree(INTEL, self.root, symlinks=True)
        self.port = os.path.join(self.root, "sys/class/net/eno1/bonding_slave")

    def set(self, status):
        with open(self.port + "/mii_status", "w", encoding="ascii") as file:
            file.write(status + "\n")


def of_bond(node):
    return [n for n in told(node, "edgeBond") if n.of("edgeBondName") == b"bond0"]


def change_port(node, bond, index, status, active, kind):
    """The port's new state is served, told of once, and an alarm or its end."""
    bond.set(status)
    wait_for(lambda: node.get("edgeBondActivePorts." + index) == active, 10, "the port")
    wait_for(lambda: of_bond(node) and of_bond(node)[-1].kind == kind, 20, kind)
    notification = of_bond(node)[-1]
    check_varbinds(node, notification, ["edgeBondName", "edgeBondActivePorts", "edgeBondPorts"], [index] * 3)
    expect_equal(notification.of("edgeBondActivePorts"), active, "edgeBondActivePorts")
    expect_equal(("edgeBondDegraded", "bond0") in [a[:2] for a in alarms(node)], status == "down", "the alarm")


@case(seconds=30)
def bond_loses_a_port():
    """A port that goes down is one edgeBondDegraded, the port that stays up again one edgeBondRestored."""
    with Node("bond_loses_a_port", uri="test:///default") as node:
        bond = Bond(node.dir)
        node.root = bond.root
        node.start()
        index = next(i for i, name in node.manager.column("edgeBondName").items() if name == b"bond0")
        wait_for(lambda: node.get("edgeBondActivePorts." + index) == 2, 10, "both ports")
        expect_equal(of_bond(node), [], "the notifications at the start")
        change_port(node, bond, index, "down", 1, "edgeBondDegraded")
        change_port(node, bond, index, "up", 2, "edgeBondRestored")
        expect_equal([n.kind for n in of_bond(node)], ["edgeBondDegraded", "edgeBondRestored"], "the notifications")
