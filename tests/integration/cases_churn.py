"""Domains that come and go for a long time: the daemon's memory and descriptors do not grow.

EDGENODE_CHURN_S is how long each case churns, in seconds; "make proof" sets half an hour
for both together.
"""
import os
import time
import uuid

from cases import case
from edge import (Build, Node, OK, Skipped, expect, expect_equal, open_files, rss_anon_kib, run, tool,
                  wait_for)
from rig import shared_rig

SECONDS = float(os.environ.get("EDGENODE_CHURN_S", "10"))
NAMES = 4          # domains at a time
EVENT_ROWS = 30    # the table of events is full after the first rounds
MEMORY_KIB = 1024  # what the allocator may keep beyond the first rounds
SANITIZED_KIB = 64 << 10  # its quarantine
DESCRIPTORS = 4    # a connection more or less: of four lanes

XML = """
<domain type='{type}'><name>{name}</name><uuid>{uuid}</uuid><memory unit='MiB'>8</memory><vcpu>1</vcpu>
<os><type{machine}>hvm</type></os>{emulator}</domain>
"""


def qemu_xml(name, number):
    return XML.format(type="qemu", name=name, uuid=number, machine=" arch='x86_64' machine='q35'", emulator=(
        "<features><acpi/></features><devices><emulator>%s</emulator><memballoon model='none'/></devices>"
        % tool("qemu-system-x86_64")))


def test_xml(name, number):
    return XML.format(type="test", name=name, uuid=number, machine="", emulator="")


class Churn:
    """Defines, starts, pauses, renames, stops and undefines domains of one URI. The first has another UUID each round."""

    def __init__(self, directory, uri, make_xml):
        self.directory, self.uri, self.make_xml, self.rounds = directory, uri, make_xml, 0
        self.uuids = [str(uuid.uuid4()) for _ in range(NAMES)]

    def batch(self, commands):
        status, _, err = run([tool("virsh"), "-q", "-c", self.uri, "; ".join(commands)], timeout=120)
        expect(status == 0, "virsh: " + err.strip())

    def one_round(self):
        self.rounds += 1
        self.uuids[0] = str(uuid.uuid4())
        first, second = [], []
        for i in range(NAMES):
            name, path = "churn-%d" % i, os.path.join(self.directory, "churn-%d.xml" % i)
            with open(path, "w", encoding="utf-8") as xml:
                xml.write(self.make_xml(name, self.uuids[i]))
            first += ["define " + path, "start " + name, "suspend " + name]
            second += ["resume " + name, "destroy " + name, "domrename %s %s-renamed" % (name, name),
                       "start %s-renamed" % name, "destroy %s-renamed" % name, "undefine %s-renamed" % name]
        self.batch(first)
        self.batch(second)


def figures(node):
    return rss_anon_kib(node.daemon.pid), open_files(node.daemon.pid)


def is_sanitized():
    with open(Build.edgenoded, "rb") as program:
        content = program.read()
    return b"__asan_init" in content or b"__tsan_init" in content


def churned(name, uri, directory, make_xml):
    """Churns for a fifth of the time, then for the rest of it, and compares the two ends."""
    churn = Churn(directory, uri, make_xml)
    with Node(name, uri=uri, config='<events rows="%d"/>' % EVENT_ROWS) as node:
        node.start_snmpd()
        node.start_daemon()
        begin = time.monotonic()
        while time.monotonic() - begin < SECONDS / 5 or node.get("edgeEventLast.0") < 2 * EVENT_ROWS:
            churn.one_round()
        warm = figures(node)
        while time.monotonic() - begin < SECONDS:
            churn.one_round()
        wait_for(lambda: not any(value.startswith(b"churn-") for value in node.manager.column("edgeDomainName").values()),
                 30, "the end of the last domain")
        # Those of the last processes are given back at the next reading of them.
        wait_for(lambda: open_files(node.daemon.pid) <= warm[1] + DESCRIPTORS, 30,
                 "as few descriptors as the %d of the beginning" % warm[1])
        end = figures(node)
        wait_for(lambda: node.source_state("libvirt") == OK, 10, "the state of the source libvirt")
        expect_equal(node.get("edgeEventDropped.0"), 0, "edgeEventDropped")
        allowed = SANITIZED_KIB if is_sanitized() else MEMORY_KIB
        expect(end[0] <= warm[0] + allowed, "RssAnon grew from %d to %d KiB" % (warm[0], end[0]))
        return "%d rounds of %d domains in %.0f s: RssAnon %d to %d KiB, descriptors %d to %d, %d events" % (
            churn.rounds, NAMES, time.monotonic() - begin, warm[0], end[0], warm[1], end[1],
            node.get("edgeEventLast.0"))


@case(alone=True, long=True, seconds=30)
def churn_of_qemu_domains():
    """Domains of a real libvirtd come and go: no growth of memory or descriptors."""
    rig = shared_rig()
    return churned("churn_of_qemu_domains", rig.uri_rw, rig.dir, qemu_xml)


@case(alone=True, long=True, seconds=30)
def churn_of_test_domains():
    """Domains of the test driver inside libvirtd come and go: no growth of memory or descriptors."""
    rig = shared_rig()
    uri = rig.uri_rw.replace("qemu+unix:///system", "test+unix:///default")
    if uri == rig.uri_rw:
        raise Skipped("the rig's URI is %s" % uri)
    return churned("churn_of_test_domains", uri, rig.dir, test_xml)
