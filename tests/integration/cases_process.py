"""QEMU processes seen from outside: they agree with libvirt, and go on when libvirtd does not."""
import os
import signal
import time

from cases import case
from cases_devices import by_name, domstats, number, table
from cases_guest import row_of
from edge import expect, expect_equal, tool, wait_for
from guest import guest_rig

LONG = bool(os.environ.get("EDGENODE_LONG"))
TICKS_NS = 20 * 1000 * 1000  # two of 10 ms: user and system time are cut to whole ones each
RSS_KIB = 4096               # what the resident size may move by between two looks

# A boot sector that computes for ever, with interrupts off: cli; jmp $
BOOT = b"\xfa\xeb\xfe" + bytes(507) + b"\x55\xaa"
XML = """
<domain type='qemu'><name>{name}</name><memory unit='MiB'>16</memory><vcpu>2</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
<devices><emulator>{qemu}</emulator>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{disk}'/>
<target dev='hda' bus='ide'/></disk>
<interface type='ethernet'><target dev='{name}-a'/><model type='e1000'/><rom enabled='no'/></interface>
{bridged}<memballoon model='virtio'/></devices></domain>
"""
BRIDGED = """<interface type='bridge'><source bridge='{bridge}'/><target dev='{name}-b'/><model type='e1000'/>
<rom enabled='no'/></interface>
"""


class Spinner:
    """A domain that keeps a host CPU busy, while in use."""

    def __init__(self, rig, name):
        self.rig, self.name = rig, name
        self.disk, self.path = os.path.join(rig.dir, name + ".img"), os.path.join(rig.dir, name + ".xml")

    def __enter__(self):
        with open(self.disk, "wb") as disk:
            disk.write(BOOT.ljust(1 << 20, b"\0"))
        bridged = BRIDGED.format(bridge=self.rig.bridge, name=self.name) if self.rig.bridge else ""
        with open(self.path, "w", encoding="utf-8") as xml:
            xml.write(XML.format(name=self.name, qemu=tool("qemu-system-x86_64"), disk=self.disk, bridged=bridged))
        self.start()
        return self

    def __exit__(self, *_):
        if self.pid():
            self.rig.virsh("destroy", self.name)

    def start(self):
        self.rig.virsh("create", self.path)

    def uuid(self):
        return self.rig.virsh("domuuid", self.name).strip()

    def pid(self):
        return self.rig.qemu(self.name)


WATCHED = ["edgeDomain" + name for name in (
    "CpuTime", "CpuUserTime", "CpuSystemTime", "StealTime", "MemRss", "NetRxBytes", "NetTxBytes", "ProcessId",
    "ProcessAge", "Age", "CpuUtil", "StartTime", "DiscontinuityTime")]


class Look:
    """The values of one domain's row, of one snapshot; without "edgeDomain"."""

    def __init__(self, node, row):
        values = node.get(*["%s.%s" % (name, row) for name in WATCHED])
        for name, value in zip(WATCHED, values):
            expect(value is not None, "%s has no value" % name)
            setattr(self, name[len("edgeDomain"):], value)


def served_by_process(node, row, pid):
    return node.get("edgeDomainProcessId." + row) == pid


def polls(node, source):
    return node.get("edgeSourcePolls." + node.source_index(source))


def start(node):
    node.start_snmpd()
    node.start_daemon()


class Bracket:
    """What virsh says before and after; counters of ours lie between."""

    def __init__(self, before, after):
        self.before, self.after = before, after

    def check(self, what, value, key, below=0, above=0):
        low, high = number(self.before, key) - below, number(self.after, key) + above
        expect(value is not None, "%s has no value, %s is %d" % (what, key, high))
        expect(low <= value <= high, "%s is %d, %s is %d to %d" % (what, value, key, low, high))


@case(alone=True, seconds=20)
def process_agrees_with_libvirt():
    """CPU, steal, vCPUs, resident size and NICs of a busy domain lie between virsh domstats before and after."""
    rig = guest_rig()
    with rig.node("process_agrees_with_libvirt") as node, Spinner(rig, "spin") as domain:
        start(node)
        row = row_of(node, domain)
        wait_for(lambda: served_by_process(node, row, domain.pid()), 10, "the domain's process")
        widths = []
        for _ in range(3):
            before = domstats(rig, domain)
            polled = polls(node, "process")
            wait_for(lambda: polls(node, "process") >= polled + 2, 10, "two polls")
            look, vcpus, nics = Look(node, row), table(node, "edgeVcpu", row), table(node, "edgeNic", row)
            bracket = Bracket(before, domstats(rig, domain))
            check_domain(bracket, look)
            check_vcpus(bracket, vcpus)
            check_nics(bracket, nics)
            widths.append(number(bracket.after, "cpu.time") - number(before, "cpu.time"))
        expect(min(widths) > 10 ** 8, "the domain ran %s ns: not busy" % widths)
        return "3 times, in brackets of %d ms of CPU time at most" % (max(widths) // 10 ** 6)


def check_domain(bracket, look):
    bracket.check("edgeDomainCpuTime", look.CpuTime, "cpu.time", above=TICKS_NS)
    bracket.check("edgeDomainCpuUserTime", look.CpuUserTime, "cpu.user", above=TICKS_NS)
    bracket.check("edgeDomainCpuSystemTime", look.CpuSystemTime, "cpu.system", above=TICKS_NS)
    bracket.check("edgeDomainStealTime", look.StealTime, "vcpu.*.delay")
    bracket.check("edgeDomainMemRss", look.MemRss, "balloon.rss", below=RSS_KIB, above=RSS_KIB)
    bracket.check("edgeDomainNetRxBytes", look.NetRxBytes, "net.*.rx.bytes")
    bracket.check("edgeDomainNetTxBytes", look.NetTxBytes, "net.*.tx.bytes")


def check_vcpus(bracket, rows):
    expect_equal(sorted(rows), ["1", "2"], "the vCPUs")
    for i in range(2):
        values = rows[str(i + 1)]
        bracket.check("edgeVcpuTime", values.get("edgeVcpuTime"), "vcpu.%d.time" % i, above=TICKS_NS)
        bracket.check("edgeVcpuDelay", values.get("edgeVcpuDelay"), "vcpu.%d.delay" % i)
        expect(0 <= values["edgeVcpuPhysical"] < os.cpu_count(), "edgeVcpuPhysical is %d" % values["edgeVcpuPhysical"])


def check_nics(bracket, rows):
    numbers = by_name(bracket.after, "net")
    expect_equal(sorted(values["edgeNicTarget"].decode() for values in rows.values()), sorted(numbers), "the NICs")
    for values in rows.values():
        for direction in ("rx", "tx"):
            for name, key in (("Bytes", "bytes"), ("Packets", "pkts"), ("Errors", "errs"), ("Drops", "drop")):
                column = "edgeNic%s%s" % (direction.capitalize(), name)
                bracket.check(column, values.get(column), "net.%d.%s.%s" % (
                    numbers[values["edgeNicTarget"].decode()], direction, key))


def check_goes_on(node, domain, stop, resume):
    """Second by second while libvirtd is away, and over its return."""
    row, pid = row_of(node, domain), domain.pid()
    wait_for(lambda: served_by_process(node, row, pid), 10, "the domain's process")
    wait_for(lambda: node.get("edgeDomainCpuUtil." + row), 10, "the utilisation")
    first = last = Look(node, row)
    stop()
    try:
        begin = time.monotonic()
        for second in range(1, (120 if LONG else 5) + 1):
            wait_for(lambda second=second: time.monotonic() >= begin + second, 2 + second, "the next second")
            look = wait_for(lambda: newer(node, row, last), 5, "a newer CPU time")
            check_follows(look, first, last)
            check_rows(node, row)
            last = look
        expect(last.Age >= 1000 * (time.monotonic() - begin - 2), "edgeDomainAge is %d ms after %.1f s" % (
            last.Age, time.monotonic() - begin))
        expect(last.StealTime > first.StealTime, "edgeDomainStealTime stands still")
    finally:
        resume()
    wait_for(lambda: node.get("edgeDomainAge." + row) < 3000, 40, "a new reading of libvirt's")
    look = Look(node, row)
    check_follows(look, first, last)
    expect_equal(look.ProcessId, pid, "edgeDomainProcessId")
    return "%d s, %.1f s of CPU time, %.1f %% of it in the last" % (
        second, (last.CpuTime - first.CpuTime) / 1e9, last.CpuUtil / 100)


def newer(node, row, last):
    look = Look(node, row)
    return look if look.CpuTime > last.CpuTime else None


def check_follows(look, first, last):
    for name in ("CpuTime", "CpuUserTime", "CpuSystemTime", "StealTime", "NetRxBytes", "NetTxBytes"):
        expect(getattr(look, name) >= getattr(last, name), "edgeDomain%s went back from %d to %d" % (
            name, getattr(last, name), getattr(look, name)))
    for name in ("ProcessId", "StartTime", "DiscontinuityTime"):
        expect_equal(getattr(look, name), getattr(first, name), "edgeDomain" + name)
    expect(look.MemRss > 1024, "edgeDomainMemRss is %d" % look.MemRss)
    expect(look.ProcessAge < 3000, "edgeDomainProcessAge is %d ms" % look.ProcessAge)


def check_rows(node, row):
    for values in table(node, "edgeNic", row).values():
        for column in ("edgeNicRxBytes", "edgeNicTxBytes", "edgeNicRxDrops", "edgeNicTxPackets"):
            expect(column in values, "%s has no value" % column)
    busy = [values.get("edgeVcpuUtil", 0) for values in table(node, "edgeVcpu", row).values()]
    expect(max(busy) > 100, "edgeVcpuUtil is %s" % busy)


@case(alone=True, seconds=20)
def process_goes_on_with_libvirtd_stopped():
    """libvirtd under SIGSTOP: CPU, steal, memory, vCPU and NIC figures go on; edgeDomainAge tells of the rest."""
    rig = guest_rig()
    with rig.node("process_goes_on_with_libvirtd_stopped") as node, Spinner(rig, "spin") as domain:
        start(node)
        return check_goes_on(node, domain, rig.freeze, rig.thaw)


@case(alone=True, seconds=25)
def process_goes_on_without_libvirtd():
    """libvirtd killed: the same; and nothing goes back or starts anew when it is there again."""
    rig = guest_rig()
    with rig.node("process_goes_on_without_libvirtd") as node, Spinner(rig, "spin") as domain:
        start(node)
        return check_goes_on(node, domain, rig.kill, rig.revive)


@case(alone=True, seconds=20)
def process_of_a_hung_qemu():
    """A QEMU under SIGSTOP: its row's process values stay fresh, also while libvirt waits for it."""
    rig = guest_rig()
    with rig.node("process_of_a_hung_qemu") as node, Spinner(rig, "spin") as domain:
        start(node)
        row, pid = row_of(node, domain), domain.pid()
        wait_for(lambda: served_by_process(node, row, pid), 10, "the domain's process")
        os.kill(pid, signal.SIGSTOP)
        try:
            begin = time.monotonic()
            for second in range(1, 7):
                wait_for(lambda second=second: time.monotonic() >= begin + second, 2 + second, "the next second")
                age, rss = node.get("edgeDomainProcessAge." + row, "edgeDomainMemRss." + row)
                expect(age is not None and age < 3000, "edgeDomainProcessAge is %s ms" % age)
                expect(rss, "edgeDomainMemRss is %s" % rss)
            wait_for(lambda: node.get("edgeDomainCpuUtil." + row) == 0, 5, "the end of its work")
        finally:
            os.kill(pid, signal.SIGCONT)
        wait_for(lambda: (node.get("edgeDomainCpuUtil." + row) or 0) > 100, 10, "its work")


@case(alone=True, seconds=20)
def process_of_the_next_run():
    """A domain that is started again has another process, its own start and counters of its own."""
    rig = guest_rig()
    with rig.node("process_of_the_next_run") as node, Spinner(rig, "spin") as domain:
        start(node)
        row, pid = row_of(node, domain), domain.pid()
        wait_for(lambda: served_by_process(node, row, pid), 10, "the domain's process")
        wait_for(lambda: node.get("edgeDomainCpuTime." + row) > 2 * 10 ** 9, 30, "two seconds of CPU time")
        before = wait_for(lambda: look_or_none(node, row), 10, "all values of it")
        rig.virsh("destroy", domain.name)
        wait_for(lambda: node.get("edgeDomainProcessId." + row) is None, 10, "the end of the process")
        domain.start()
        row, pid = row_of(node, domain), domain.pid()
        wait_for(lambda: served_by_process(node, row, pid), 10, "the domain's next process")
        after = wait_for(lambda: look_or_none(node, row), 10, "all values of it")
        expect(after.ProcessId != before.ProcessId, "the process is the same")
        expect(after.StartTime > before.StartTime, "edgeDomainStartTime is not later")
        expect(after.CpuTime < before.CpuTime, "edgeDomainCpuTime is %d" % after.CpuTime)


def look_or_none(node, row):
    values = node.get(*["%s.%s" % (name, row) for name in WATCHED])
    return None if None in values else Look(node, row)
