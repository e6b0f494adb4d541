"""vCPUs, disks and NICs of real guests: every value is virsh's."""
import os
import re

from cases import case
from cases_guest import row_of
from edge import Build, Mib, SOURCE, expect, expect_equal, run, tool, wait_for
from guest import guest_rig

PAUSED = 4
# Columns by the keys of virsh domstats. A list adds up over the devices.
DOMAIN = {
    "edgeDomainVcpus": "vcpu.current", "edgeDomainVcpusMax": "vcpu.maximum", "edgeDomainCpuTime": "cpu.time",
    "edgeDomainCpuUserTime": "cpu.user", "edgeDomainCpuSystemTime": "cpu.system",
    "edgeDomainStealTime": "vcpu.*.delay", "edgeDomainMemMax": "balloon.maximum",
    "edgeDomainMemCurrent": "balloon.current", "edgeDomainMemRss": "balloon.rss",
    "edgeDomainMemAvailable": "balloon.available", "edgeDomainMemUnused": "balloon.unused",
    "edgeDomainMemUsable": "balloon.usable", "edgeDomainMemDiskCaches": "balloon.disk_caches",
    "edgeDomainSwapIn": "balloon.swap_in", "edgeDomainSwapOut": "balloon.swap_out",
    "edgeDomainMajorFaults": "balloon.major_fault", "edgeDomainMinorFaults": "balloon.minor_fault",
    "edgeDomainDiskReadBytes": "block.*.rd.bytes", "edgeDomainDiskWriteBytes": "block.*.wr.bytes",
    "edgeDomainDiskReads": "block.*.rd.reqs", "edgeDomainDiskWrites": "block.*.wr.reqs",
    "edgeDomainNetRxBytes": "net.*.rx.bytes", "edgeDomainNetTxBytes": "net.*.tx.bytes",
}
VCPU = {"edgeVcpuTime": "time", "edgeVcpuWait": "wait", "edgeVcpuDelay": "delay"}
BLOCK = {
    "edgeBlockReads": "rd.reqs", "edgeBlockReadBytes": "rd.bytes", "edgeBlockReadTime": "rd.times",
    "edgeBlockWrites": "wr.reqs", "edgeBlockWriteBytes": "wr.bytes", "edgeBlockWriteTime": "wr.times",
    "edgeBlockFlushes": "fl.reqs", "edgeBlockFlushTime": "fl.times", "edgeBlockCapacity": "capacity",
    "edgeBlockAllocation": "allocation", "edgeBlockPhysical": "physical",
}
NIC = {"edgeNic%s%s" % (direction.capitalize(), name): "%s.%s" % (direction, key) for direction in ("rx", "tx")
       for name, key in (("Bytes", "bytes"), ("Packets", "pkts"), ("Errors", "errs"), ("Drops", "drop"))}
# What QEMU itself uses goes on while the guest is paused; the rest stands still.
MOVES = ("cpu.time", "cpu.user", "cpu.system", "balloon.rss", "balloon.last-update")
# libvirt adds up user and system time in whole ticks; ours are the kernel's nanoseconds.
TICKS_NS = 20 * 1000 * 1000
IN_TICKS = re.compile(r"cpu\.time|vcpu\.\d+\.time")
# Columns without such a key, checked by themselves, and keys without a column.
OTHER = {"edgeVcpuState", "edgeVcpuPhysical", "edgeVcpuUtil", "edgeBlockTarget", "edgeBlockSource",
         "edgeBlockDiscontinuityTime", "edgeNicTarget", "edgeNicMac", "edgeNicModel", "edgeNicSource", "edgeNicIfIndex",
         "edgeNicDiscontinuityTime"}
UNUSED_KEYS = {"state", "name", "path", "backingIndex", "count", "current", "maximum"}


def domstats(rig, guest):
    lines = rig.virsh("domstats", guest.name).splitlines()
    return dict(line.strip().split("=", 1) for line in lines if "=" in line)


def number(stats, key):
    """The value of a key; with a '*' the sum over all numbers in its place."""
    head, star, tail = key.partition("*")
    if not star:
        return int(stats[key])
    return sum(int(value) for name, value in stats.items() if name.startswith(head) and name.endswith(tail) and
               name[len(head):-len(tail)].isdigit())


def by_name(stats, group):
    """{name: number} of a group's devices."""
    return {stats["%s.%d.name" % (group, i)]: i for i in range(int(stats[group + ".count"]))}


def table(node, group, row):
    """{rest of the instance: {column: value}} of a domain's rows of a table."""
    rows = {}
    for oid, value in node.manager.bulkwalk(group):
        name, instance = Mib.split(oid)
        domain, _, rest = instance.partition(".")
        if domain == row:
            rows.setdefault(rest, {})[name] = value[1]
    return rows


class Reading:
    """The rows of a domain between two answers of virsh."""

    def __init__(self, node, rig, guest):
        self.rig, self.guest, self.row = rig, guest, row_of(node, guest)
        self.before = domstats(rig, guest)
        polls = "edgeSourcePolls." + node.source_index("libvirt")
        polled = node.get(polls)
        wait_for(lambda: node.get(polls) >= polled + 2, 15, "two polls")
        names = list(DOMAIN) + ["edgeDomainState"]
        self.domain = dict(zip(names, node.get(*["%s.%s" % (name, self.row) for name in names])))
        self.vcpus, self.blocks, self.nics = (table(node, group, self.row) for group in (
            "edgeVcpu", "edgeBlock", "edgeNic"))
        self.after = domstats(rig, guest)

    def still(self):
        """Nothing that should stand still has moved meanwhile."""
        return all(self.before[key] == self.after.get(key) for key in self.before if key not in MOVES)

    def check(self, what, value, key):
        low, high = sorted((number(self.before, key), number(self.after, key)))
        high += TICKS_NS if IN_TICKS.fullmatch(key) else 0
        expect(value is not None, "%s of %s has no value, %s is %d" % (what, self.guest.name, key, high))
        expect(low <= value <= high, "%s of %s is %d, %s is %d to %d" % (what, self.guest.name, value, key, low, high))

    def check_rows(self, rows, columns, group, numbers):
        """numbers: {instance: number in virsh}."""
        expect_equal(sorted(rows), sorted(numbers), "the rows of %s of %s" % (group, self.guest.name))
        for instance, values in rows.items():
            for column, key in columns.items():
                self.check("%s.%s" % (column, instance), values.get(column),
                           "%s.%d.%s" % (group, numbers[instance], key))

    def check_complete(self):
        """Every column and every key has been compared, or is known to have no counterpart."""
        columns = {name for rows in (self.vcpus, self.blocks, self.nics) for row in rows.values() for name in row}
        left = columns - set(VCPU) - set(BLOCK) - set(NIC) - OTHER
        expect(not left, "columns that are not compared: %s" % sorted(left))
        known = {key for columns in (VCPU, BLOCK, NIC) for key in columns.values()} | UNUSED_KEYS
        left = [key for key in self.after if key.split(".")[0] in ("vcpu", "block", "net") and
                ".".join(part for part in key.split(".")[1:] if not part.isdigit()) not in known]
        expect(not left, "virsh says more: %s" % left)

    def check_vcpus(self):
        self.check_rows(self.vcpus, VCPU, "vcpu", {str(i + 1): i for i in range(self.guest.vcpus)})
        cpus = [int(line.split()[1]) for line in self.rig.virsh("vcpuinfo", self.guest.name).splitlines()
                if line.startswith("CPU:")]
        for i, cpu in enumerate(cpus):
            row = self.vcpus[str(i + 1)]
            expect_equal(row["edgeVcpuState"], int(self.after["vcpu.%d.state" % i]) + 1, "edgeVcpuState")
            expect(row["edgeVcpuPhysical"] in (cpu, -1), "edgeVcpuPhysical is %d, expected %d or unknown" % (
                row["edgeVcpuPhysical"], cpu))
            expect(row["edgeVcpuUtil"] <= 100, "edgeVcpuUtil of a paused vCPU is %d" % row["edgeVcpuUtil"])

    def check_blocks(self):
        numbers = by_name(self.after, "block")
        self.check_rows(self.blocks, BLOCK, "block", {
            instance: numbers[row["edgeBlockTarget"].decode()] for instance, row in self.blocks.items()})
        sources = {row["edgeBlockTarget"].decode(): row["edgeBlockSource"].decode() for row in self.blocks.values()}
        expect_equal(sources, {"vda": self.rig.disk, "vdb": self.guest.scratch}, "edgeBlockSource")

    def check_nics(self):
        numbers = by_name(self.after, "net")
        self.check_rows(self.nics, NIC, "net", {
            instance: numbers[row["edgeNicTarget"].decode()] for instance, row in self.nics.items()})
        row, = self.nics.values()
        expect_equal(row["edgeNicTarget"].decode(), self.guest.tap, "edgeNicTarget")
        expect_equal(row["edgeNicMac"].hex(":"), self.guest.mac, "edgeNicMac")
        expect_equal(row["edgeNicModel"], b"virtio", "edgeNicModel")
        if self.guest.bridge:
            expect_equal(row["edgeNicSource"].decode(), self.guest.bridge, "edgeNicSource")
        expect_equal(row["edgeNicIfIndex"], ifindex(self.rig, self.guest.tap), "edgeNicIfIndex")

    def check_all(self):
        expect_equal(self.domain["edgeDomainState"], PAUSED, "edgeDomainState")
        for column, key in DOMAIN.items():
            self.check(column, self.domain[column], key)
        self.check_vcpus()
        self.check_blocks()
        self.check_nics()
        self.check_complete()


def ifindex(rig, device):
    """Of "7: tap-one: <...": the number."""
    return int(rig.inside("ip", "-o", "link", "show", "dev", device).partition(":")[0])


def use_devices(guest):
    """Traffic of every kind, and more from the guest than to it."""
    guest.run("dd if=/dev/urandom of=/dev/vdb bs=64k count=20 conv=fsync 2>/dev/null && "
              "dd if=/dev/vdb of=/dev/null bs=4k count=100 iflag=direct 2>/dev/null")
    guest.ask("ping -c 3 -i 0.1 -W 1 -s 1000 10.77.0.255")


@case(alone=True, seconds=30)
def devices_equal_virsh():
    """edgeDomain-, edgeVcpu-, edgeBlock- and edgeNicTable of paused guests are virsh domstats, value for value."""
    rig = guest_rig()
    guests = rig.booted("one", "two")
    with rig.node("devices_equal_virsh") as node:
        for guest in guests:
            use_devices(guest)
            sent = int(guest.run("cat /sys/class/net/eth0/statistics/tx_bytes"))
            expect(sent > 3000, "%s sent %d bytes" % (guest.name, sent))
        try:
            for guest in guests:
                rig.virsh("suspend", guest.name)
            node.start_snmpd()
            node.start_daemon()
            for guest in guests:
                wait_for(lambda guest=guest: "edgeVcpuUtil" in str(table(node, "edgeVcpu", row_of(node, guest))), 15,
                         "a second reading")
                # A packet of the host may come in between.
                reading = wait_for(lambda guest=guest: still_reading(node, rig, guest), 30, "a still reading")
                reading.check_all()
                check_not_zero(reading)
            check_tables(node, guests)
        finally:
            for guest in guests:
                rig.virsh("resume", guest.name)
        busy_vcpus(node, guests[0])
        return "snmptable.txt in the logs has what an operator sees"


def still_reading(node, rig, guest):
    reading = Reading(node, rig, guest)
    return reading if reading.still() else None


def check_not_zero(reading):
    """What the guest did is in the numbers, on the right side."""
    own = next(row for row in reading.blocks.values() if row["edgeBlockTarget"] == b"vdb")
    for column, least in (("edgeBlockWriteBytes", 20 << 16), ("edgeBlockWrites", 1), ("edgeBlockReadBytes", 100 << 12),
                          ("edgeBlockReads", 100), ("edgeBlockFlushes", 1), ("edgeBlockWriteTime", 1)):
        expect(own[column] >= least, "%s of vdb is %d" % (column, own[column]))
    nic, = reading.nics.values()
    expect(nic["edgeNicTxBytes"] >= 3000, "edgeNicTxBytes is %d" % nic["edgeNicTxBytes"])


def busy_vcpus(node, guest):
    """A guest that computes has busy vCPUs, and its row says so."""
    row = row_of(node, guest)
    loop = guest.background("while :; do :; done")
    try:
        wait_for(lambda: max(node.manager.column("edgeVcpuUtil").values()) > 2000 and
                 node.get("edgeDomainCpuUtil." + row) > 1000, 15, "a busy vCPU")
    finally:
        guest.run("kill -9 -%d" % loop)


def snmptable(node, name, *options):
    """A table as an operator sees it."""
    env = dict(node.manager.env, MIBS="EDGENODE-MIB", MIBDIRS="%s/mibs:%s/mibs/base" % (Build.directory, SOURCE))
    status, out, err = run([tool("snmptable"), "-Ci", *options, node.manager.address, "EDGENODE-MIB::" + name],
                           env=env)
    expect(status == 0 and not err.strip(), "snmptable %s: %s" % (name, err.strip()))
    return out


def check_tables(node, guests):
    """snmptable shows every row, with names and units; what it shows is kept in the logs."""
    expected = {
        "edgeDomainTable": (len(guests), [guest.name for guest in guests] + ["paused"]),
        "edgeVcpuTable": (sum(guest.vcpus for guest in guests), ["nanoseconds"]),
        "edgeBlockTable": (2 * len(guests), ["vda", "vdb", guests[0].scratch, "bytes"]),
        # net-snmp leaves zeros out: 52:54:0:ed:9e:1
        "edgeNicTable": (len(guests), [guest.tap for guest in guests] + [guests[0].mac.replace(":0", ":")[:11]]),
    }
    shown = {name: snmptable(node, name, "-Cf", "|") for name in expected}
    with open(os.path.join(Build.logs, "snmptable.txt"), "w", encoding="utf-8") as out:
        out.write("\n".join(shown.values()))
    for name, (rows, words) in expected.items():
        lines = [line for line in shown[name].splitlines() if "|" in line]
        expect_equal(len(lines), 1 + rows, "the lines of snmptable " + name)
        for line in lines:
            expect_equal(line.count("|"), lines[0].count("|"), "the columns of snmptable %s in %s" % (name, line))
        for word in words:
            expect(word in shown[name], "snmptable %s does not show %s" % (name, word))
