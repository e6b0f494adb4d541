"""What is served is what is there: virsh, the kernel and the metrics disk say the same."""
import os
import re
import xml.etree.ElementTree as ElementTree

from cases import case
from cases_sensor import node_with_chip
from edge import Columns, Failed, Mib, Node, SOURCE, expect, expect_equal, virsh, wait_for

INTEL = os.path.join(SOURCE, "tests", "fixtures", "server-intel")
BOARD = os.path.join(SOURCE, "tests", "fixtures", "board-arm")
STATES = {"no state": 1, "running": 2, "idle": 3, "paused": 4, "in shutdown": 5, "shut off": 6, "crashed": 7,
          "pmsuspended": 8}


def objects():
    return {name for name, access in Mib.access.items() if access == "read-only"}


def with_value(node):
    return {Mib.split(oid)[0] for oid, _ in node.manager.bulkwalk()}


def of_this_machine():
    """Objects of tree_every_object this machine has no source for, by what is missing."""
    cpu0 = "/sys/devices/system/cpu/cpu0/"
    needs = {
        cpu0 + "cpufreq/scaling_cur_freq": ["edgeCpuFrequency", "edgeCpuFrequencyMin", "edgeCpuFrequencyMax",
                                            "edgeCpuGovernor"],
        cpu0 + "thermal_throttle/core_throttle_count": ["edgeCpuCoreThrottles"],
        cpu0 + "thermal_throttle/package_throttle_count": ["edgeCpuPackageThrottles"],
        cpu0 + "topology/physical_package_id": ["edgeCpuPackage"],
        "/sys/kernel/mm/hugepages": [n for n in objects() if n.startswith("edgeHugePages")],
        "/sys/kernel/mm/ksm/pages_sharing": ["edgeMemKsmSharing"],
        "/proc/pressure/memory": [n for n in objects() if n.startswith("edgePressure")],
        "/sys/class/net/bonding_masters": [n for n in objects() if n.startswith("edgeBond")],
        "/sys/devices/system/edac/mc/mc0": [n for n in objects() if n.startswith("edgeEdac")],
        "/sys/class/powercap/intel-rapl:0/energy_uj": [n for n in objects() if n.startswith("edgePower")],
        "/sys/class/dmi/id/product_uuid": ["edgeNodeUuid"],
        "/sys/class/dmi/id/sys_vendor": ["edgeNodeVendor"],
        "/sys/class/dmi/id/product_name": ["edgeNodeModel"],
        "/sys/class/dmi/id/product_serial": ["edgeNodeSerial"],
    }
    lacking = {name for path, names in needs.items() if not os.path.exists(path) for name in names}
    if not any(not name.startswith(("loop", "ram", "zram")) for name in os.listdir("/sys/block")):
        lacking |= {name for name in objects() if name.startswith("edgeHostDisk")}
    with open("/proc/interrupts", encoding="ascii") as file:
        rows = re.findall(r"^ *(\w+):", file.read(), re.M)
    interrupts = {"MCE": "edgeMceExceptions", "MCP": "edgeMcePolls", "TRM": "edgeThermalInterrupts",
                  "THR": "edgeThresholdInterrupts", "DFR": "edgeDeferredInterrupts"}
    # An error is no matter of course; what the registers of a CPU tell depends on its model.
    lacking |= {"edgeSourceLastError", "edgeSourceLastErrorTime", "edgeCpuTemperature", "edgeCpuVoltage"}
    return lacking | {name for row, name in interrupts.items() if row not in rows}


def wait_all(node, case, timeout=15):
    """Until every column that tests/columns.tsv lists for the case has a value."""
    wanted, lacking = Columns.of_case[case], []

    def none_lacks():
        lacking[:] = sorted(wanted - with_value(node))
        return not lacking
    try:
        wait_for(none_lacks, timeout)
    except Failed:
        raise Failed("without a value: " + ", ".join(lacking)) from None


@case(seconds=10)
def value_every_object():
    """What every Linux has, and libvirt's test driver, has a value; what this machine has in addition, too."""
    node, chip = node_with_chip("value_every_object")
    with node:
        node.start()
        chip.heat(85000)  # a row in the alarm table
        wait_for(lambda: node.get("edgeAlarmWarnings.0") == 1, 10, "the alarm")
        wait_all(node, "value_every_object")
        found = with_value(node)
    missed = sorted(Columns.of_case["tree_every_object"] - found - of_this_machine())
    expect(not missed, "this machine has them, but they have no value: " + ", ".join(missed))
    return "%d of %d objects" % (len(found), len(objects()))


def captured_values(root):
    """What is served on a captured tree, libvirt being away: then its source has an error to show."""
    with Node("tree_every_object_" + os.path.basename(root), root=root, uri="test:///nonexistent/node.xml") as node:
        node.start_snmpd()
        node.start_daemon(wait=False)
        wait_for(lambda: node.manager.answers() and "edgeSourceLastError" in with_value(node), 10, "a source's error")
        polls = "edgeSourcePolls." + node.source_index("powercap")
        wait_for(lambda: node.get(polls) >= 2, 10, "two readings")
        return with_value(node)


@case(seconds=15)
def tree_every_object():
    """What only some hardware has, has a value on the captured trees."""
    found = captured_values(INTEL) | captured_values(BOARD)
    return "%d objects" % len(found)


def dominfo(uri, name):
    return {key.strip(): value.strip() for key, _, value in
            (line.partition(":") for line in virsh(uri, "dominfo", name).splitlines())}


def kib(shown):
    return int(re.match(r"(\d+) KiB", shown).group(1))


def check_domain(node, index, name, uri):
    """The row against virsh dominfo; the CPU time lies between what virsh says before and after the reading."""
    before, snapshots = dominfo(uri, name), node.get("edgeNodeSnapshots.0")
    polls = "edgeSourcePolls." + node.source_index("libvirt")
    polled = node.get(polls)
    wait_for(lambda: node.get(polls) >= polled + 2 and node.get("edgeNodeSnapshots.0") > snapshots, 15, "two polls")
    columns = ("Name", "Uuid", "State", "Id", "Vcpus", "MemMax", "MemCurrent", "CpuTime", "Persistent", "Autostart")
    row = dict(zip(columns, node.get(*["edgeDomain%s.%s" % (c, index) for c in columns])))
    after = dominfo(uri, name)
    expect_equal(row["Name"].decode(), name, "edgeDomainName")
    expect_equal(row["Uuid"].hex(), after["UUID"].replace("-", ""), "edgeDomainUuid")
    expect_equal(row["State"], STATES[after["State"]], "edgeDomainState")
    expect_equal(row["Id"], -1 if after["Id"] == "-" else int(after["Id"]), "edgeDomainId")
    expect_equal(row["Vcpus"], int(after["CPU(s)"]), "edgeDomainVcpus")
    expect_equal(row["MemMax"], kib(after["Max memory"]), "edgeDomainMemMax")
    expect_equal(row["MemCurrent"], kib(after["Used memory"]), "edgeDomainMemCurrent")
    expect_equal(row["Persistent"], 1 if after["Persistent"] == "yes" else 2, "edgeDomainPersistent")
    expect_equal(row["Autostart"], 1 if after["Autostart"] == "enable" else 2, "edgeDomainAutostart")
    if "CPU time" in after:
        low, high = (float(i["CPU time"].rstrip("s")) for i in (before, after))
        expect(low - 0.1 <= row["CpuTime"] / 1e9 <= high + 0.1, "edgeDomainCpuTime is %r, virsh says %g to %g s" % (
            row["CpuTime"], low, high))


def check_all_domains(node, uri):
    names = virsh(uri, "list", "--all", "--name").split("\n")
    names = sorted(n for n in names if n)
    served = {value.decode(): index for index, value in node.manager.column("edgeDomainName").items()}
    expect_equal(sorted(served), names, "the domains")
    expect_equal(node.get("edgeNodeDomains.0"), len(names), "edgeNodeDomains")
    active = [n for n in virsh(uri, "list", "--name").split("\n") if n]
    expect_equal(node.get("edgeNodeDomainsActive.0"), len(active), "edgeNodeDomainsActive")
    for name in names[:2]:
        check_domain(node, served[name], name, uri)
    return names


@case(seconds=8)
def value_domain_equals_virsh():
    """The domain of test:///default has virsh's state, CPU time, memory and vCPUs."""
    with Node("value_domain_equals_virsh") as node:
        node.start()
        expect_equal(check_all_domains(node, node.uri), ["test"], "the domains")


def metrics(document):
    """{(context, uuid or "", name): value} of a metrics document."""
    found = {}
    for metric in ElementTree.fromstring(document).iter("metric"):
        name, value = metric.find("name").text.strip(), (metric.find("value").text or "")
        expect_equal(value, value.strip(), "the value of %s" % name)
        found[metric.get("context"), metric.get("uuid") or "", name] = value
    return found


@case(seconds=8)
def value_disk_equals_snmp():
    """vm-dump-metrics --path on the metrics disk gives what the gets give (a captured tree: nothing moves)."""
    with Node("value_disk_equals_snmp", root=INTEL) as node:
        node.start()

        def read():
            status, out, _ = node.dump()
            return metrics(out) if status == 0 and "PageInRate" in out and "context='vm'" in out else None
        found = wait_for(read, 10, "the metrics disk after two readings")

        def host(name):
            expect(("host", "", name) in found, "the disk has no host metric %s: %s" % (name, sorted(found)))
            return found["host", "", name]
        mib = 1024
        expect_equal(host("HostName"), node.get("edgeNodeName.0").decode(), "HostName")
        expect_equal(int(host("TotalPhyMem")), node.get("edgeMemTotal.0") // mib, "TotalPhyMem")
        expect_equal(int(host("FreeMem")), node.get("edgeMemAvailable.0") // mib, "FreeMem")
        expect_equal(int(host("UsedMem")), int(host("TotalPhyMem")) - int(host("FreeMem")), "UsedMem")
        expect_equal(int(host("TotalPhyCPUs")), len(node.manager.column("edgeCpuOnline")), "TotalPhyCPUs")
        expect_equal(int(host("PagedInMemory")), node.get("edgeMemPagedIn.0"), "PagedInMemory")
        expect_equal(int(host("PagedOutMemory")), node.get("edgeMemPagedOut.0"), "PagedOutMemory")
        expect_equal(int(host("PageInRate")), node.get("edgeMemPageInRate.0"), "PageInRate")
        expect_equal(int(host("PageFaultRate")), node.get("edgeMemPageFaultRate.0"), "PageFaultRate")
        busy = [node.manager.column("edgeCpu%sTime" % c) for c in ("User", "Nice", "System", "Irq", "Softirq")]
        total = sum(sum(column.values()) for column in busy) / 1e3
        expect(abs(float(host("TotalCPUTime")) - total) < 0.1 * total + 1, "TotalCPUTime is %s, the CPUs say %g s" % (
            host("TotalCPUTime"), total))
        index, name = next(iter(node.manager.column("edgeDomainName").items()))
        expect_equal(name, b"test", "the domain")
        uuid = "%s-%s-%s-%s-%s" % tuple(node.get("edgeDomainUuid." + index).hex()[a:b] for a, b in (
            (0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))
        expect(("vm", uuid, "TotalCPUTime") in found, "the disk has no TotalCPUTime of %s" % uuid)

        def on_disk(seen):
            return int(seen["vm", uuid, "TotalCPUTime"].replace(".", ""))  # six decimals: microseconds
        # It grows with every reading: what SNMP says lies between two readings of the disk, and is on it, too.
        served = node.get("edgeDomainCpuTime." + index) // 1000
        expect(on_disk(found) <= served, "TotalCPUTime is %d us on the disk, then %d by SNMP" % (on_disk(found), served))
        wait_for(lambda: on_disk(read() or found) >= served, 20, "%d us on the disk" % served)


@case(seconds=8)
def value_disk_is_always_whole():
    """While the daemon writes and is killed, a reader gets a whole document or an error, never a mixture."""
    with Node("value_disk_is_always_whole", poll_s=1) as node:
        node.start_daemon(wait=False)
        wait_for(lambda: node.daemon_alive() and node.dump()[0] == 0, 10, "the metrics disk")
        size = os.path.getsize(node.disk)
        good = 0
        for turn in range(100):
            if turn % 20 == 10:
                node.daemon.kill()
                node.start_daemon(wait=False)
            status, out, err = node.dump()
            if status == 0:
                metrics(out)
                good += 1
            else:
                expect(node.disk in err, "the error names no file: " + err)
            expect_equal(os.path.getsize(node.disk), size, "the size of the disk")
        expect(good > 50, "only %d of 100 reads were good" % good)
        node.daemon.end()
        expect_equal(node.dump()[0], 0, "vm-dump-metrics after the end of the daemon")


@case(seconds=3)
def value_kernel():
    """Figures of the machine are the kernel's own."""
    with Node("value_kernel") as node:
        node.start()
        with open("/proc/meminfo", encoding="ascii") as file:
            meminfo = dict(re.findall(r"^(\w+):\s+(\d+) kB", file.read(), re.M))
        expect_equal(node.get("edgeMemTotal.0"), int(meminfo["MemTotal"]), "edgeMemTotal")
        expect_equal(node.get("edgeMemSwapTotal.0"), int(meminfo["SwapTotal"]), "edgeMemSwapTotal")
        uname = os.uname()
        expect_equal(node.get("edgeNodeKernel.0").decode(), " ".join((uname.sysname, uname.release, uname.machine)),
                     "edgeNodeKernel")
        expect_equal(len(node.manager.column("edgeCpuOnline")), os.sysconf("SC_NPROCESSORS_CONF"), "the number of CPUs")
        with open("/proc/stat", encoding="ascii") as file:
            before = int(re.search(r"^cpu0 (\d+)", file.read(), re.M).group(1))
        polls = "edgeSourcePolls." + node.source_index("stat")
        polled = node.get(polls)
        wait_for(lambda: node.get(polls) >= polled + 2, 10, "two polls")
        served = node.get("edgeCpuUserTime.1")
        with open("/proc/stat", encoding="ascii") as file:
            after = int(re.search(r"^cpu0 (\d+)", file.read(), re.M).group(1))
        tick_ms = 1000 // os.sysconf("SC_CLK_TCK")
        expect(before * tick_ms <= served <= after * tick_ms, "edgeCpuUserTime.1 is %d, /proc/stat says %d to %d ms" % (
            served, before * tick_ms, after * tick_ms))
