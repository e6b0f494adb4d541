"""Scale: what 10,000 domains with every table filled cost the daemon, in memory, CPU and in how long a manager waits.

No machine here has so many. So libvirt's place is taken by hypervisor.c: QEMU's driver with as many running domains of two
vCPUs, a disk and a NIC each, which says at once all that libvirtd and the monitors would. /proc and /sys are a captured
server's, with as many QEMU processes beside it. Everything else is the daemon as it is, with snmpd and all its modules.
Its own memory and that of the libraries is told beside it: RssAnon of empty.c in the same place.
"""
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import edge
from figures import cpu_ns, report

DOMAINS = 10000
VCPUS = 2
POLL_S = 5
POLLS = 5
MEMORY_KIB_MOST = 64 * 1024
CYCLE_MS_MOST = 1000.0
LOOP_S = 5
BUSY_MOST = 1.5            # times the p99 while nothing is polled
TURN_US = 3000             # and a slice of the scheduler: snmpd, the manager and the lanes of the daemon on few CPUs
SPARE_MIN = 0.8            # CPUs that nobody uses while nothing is polled: a cycle takes the better part of one
CONFIG = """<snmp libvirt="yes"/><source name="pools" enabled="no"/>
<threshold name="busy" object="edgeDomainCpuUtil" subject="instance-000000*" rising="20000" falling="19000" hold="0"/>"""
# One column of each table, and how many instances of it each domain has.
FILLED = {"edgeDomainProcessId": 1, "edgeDomainMemUsable": 1, "edgeVcpuTime": VCPUS, "edgeBlockWriteTime": 1,
          "edgeNicTxDrops": 1}
VM_MIB = "1.3.6.1.2.1.236.1."
VIEWS = {"vmName": (VM_MIB + "4.1.2", 1), "vmCpuCoreTime": (VM_MIB + "5.1.2", VCPUS),
         "vmStorageWriteLatency": (VM_MIB + "7.1.18", 1), "vmNetworkPhysAddress": (VM_MIB + "8.1.5", 1),
         "libvirtGuestName": ("1.3.6.1.4.1.36957.1.1.1.2", 1)}
VM_AFFINITY = VM_MIB + "6.1.3"
STAT = ("1 (qemu-system-x86) S 1 1 1 0 -1 138412416 48213 0 12 0 1500 250 0 0 20 0 4 0 30000000 2415939584 12000 "
        "18446744073709551615 1 1 1 0 0 0 0 4096 16451 0 0 0 17 1 0 0 0 0 0 1 1 1 1 1 1 1 0\n")
SHARED = {"stat": STAT, "schedstat": "14000000000 100 10\n", "comm": "qemu-system-x86\n", "comm0": "CPU 0/KVM\n",
          "comm1": "CPU 1/KVM\n", "cpu.stat": "usage_usec 17500000\nuser_usec 15000000\nsystem_usec 2500000\n",
          "io": "rchar: 1\nwchar: 1\nsyscr: 1\nsyscw: 1\nread_bytes: 1048576\nwrite_bytes: 524288\n"
                "cancelled_write_bytes: 0\n"}
NET_DEV = "Inter-|   Receive                                                |  Transmit\n" \
          " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls\n"


# --- the host --------------------------------------------------------------------------------------------------------

def put(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def add_process(root, number):
    """The process of a domain as hypervisor.c has it, with the threads of its vCPUs; most files are the same for all."""
    pid = 1000000 + (VCPUS + 1) * number
    process = "%s/proc/%d" % (root, pid)
    group = "/machine.slice/machine-qemu\\x2d%d\\x2dinstance\\x2d%08x.scope" % (number + 1, number)
    for thread in range(VCPUS + 1):
        task = "%s/task/%d" % (process, pid + thread)
        os.makedirs(task)
        os.link(root + "/shared/stat", task + "/stat")
        os.link(root + "/shared/schedstat", task + "/schedstat")
        os.link(root + ("/shared/comm%d" % (thread - 1) if thread else "/shared/comm"), task + "/comm")
    os.link(root + "/shared/stat", process + "/stat")
    os.link(root + "/shared/io", process + "/io")
    put(process + "/cmdline", "qemu-system-x86_64\0-uuid\0%08x-0000-4000-8000-%012x\0" % (0xabc, number))
    put(process + "/cgroup", "0::%s/libvirt/emulator\n" % group)
    os.makedirs(root + "/sys/fs/cgroup" + group)
    os.link(root + "/shared/cpu.stat", root + "/sys/fs/cgroup" + group + "/cpu.stat")


def make_host(root):
    shutil.copytree(edge.SOURCE + "/tests/fixtures/server-intel", root, symlinks=True)
    os.mkdir(root + "/shared")
    for name, text in SHARED.items():
        put(root + "/shared/" + name, text)
    put(root + "/proc/uptime", "9000000.00 1000.0\n")
    os.makedirs(root + "/proc/net")
    put(root + "/proc/net/dev", NET_DEV + "".join(
        "vnet%d: 1500 16 1 2 0 0 0 0 1100 12 3 4 0 0 0 0\n" % (i + 1) for i in range(DOMAINS)))
    for number in range(DOMAINS):
        add_process(root, number)


# --- figures ---------------------------------------------------------------------------------------------------------

class Watcher(threading.Thread):
    """RssAnon of a process, read all the time: the greatest."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.most, self.done = pid, 0, threading.Event()
        self.start()

    def run(self):
        while not self.done.wait(0.02):
            self.most = max(self.most, edge.rss_anon_kib(self.pid))

    def end(self):
        self.done.set()
        self.join()
        return self.most


def preload():
    library = os.environ.get("HYPERVISOR", edge.Build.directory + "/tests/bench/.libs/libhypervisor.so")
    edge.expect(os.path.exists(library), "%s is not there" % library)
    return {"LD_PRELOAD": library, "HYPERVISOR_DOMAINS": str(DOMAINS)}


def started(name, root, poll_s):
    words = ["%s=%s" % item for item in preload().items()]
    node = edge.Node(name, uri="qemu:///system", root=root, poll_s=poll_s, prefix=["env"] + words, config=CONFIG)
    with open(node.config, encoding="utf-8") as conf:
        text = conf.read()
    with open(node.config, "w", encoding="utf-8") as conf:
        conf.write(text.replace(">4096<", ">256<"))  # the metrics disk takes as much memory as it is large
    node.start_snmpd()
    return node


def wait_filled(node):
    """Until each domain has its process laid over and its monitor has answered: what follows is every day's."""
    for name in ("edgeDomainProcessId", "edgeDomainMemUsable"):
        edge.wait_for(lambda of=name: len(node.manager.column(of)) == DOMAINS, 120, "%s of all domains" % name, pause=1)


def empty_kib(node):
    program = os.environ.get("EMPTY", edge.Build.directory + "/tests/bench/empty")
    empty = subprocess.Popen([program, node.uri, node.agentx], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, env=dict(os.environ, **preload()))
    try:
        empty.stdout.readline()
        return edge.rss_anon_kib(empty.pid)
    finally:
        empty.communicate()


def expect_filled(node):
    """All that a domain has is there; a walk over every table, so that whatever views keep is kept."""
    for name, each in FILLED.items():
        edge.expect_equal(len(node.manager.column(name)), each * DOMAINS, "instances of " + name)
    for name, (oid, each) in VIEWS.items():
        edge.expect_equal(len(node.manager.bulkwalk(oid)), each * DOMAINS, "instances of " + name)
    affinity = len(node.manager.bulkwalk(VM_AFFINITY))
    edge.expect(affinity > 0 and affinity % (VCPUS * DOMAINS) == 0, "%d instances of vmCpuAffinity" % affinity)


def measure_polls(root):
    with started("bench_scale", root, POLL_S) as node:
        node.start_daemon()
        watcher = Watcher(node.daemon.pid)
        wait_filled(node)
        expect_filled(node)
        polls = "edgeSourcePolls." + node.source_index("libvirt")
        first, begin = node.get(polls), cpu_ns(node.daemon.pid)
        edge.wait_for(lambda: node.get(polls) >= first + POLLS, 3 * POLLS * POLL_S, "%d polls" % POLLS, pause=0.5)
        cost = (cpu_ns(node.daemon.pid) - begin) / 1e6 / (node.get(polls) - first)
        idle = edge.rss_anon_kib(node.daemon.pid)
        report("scale: RssAnon of the empty program (baseline)", empty_kib(node), "KiB")
        report("scale: RssAnon of edgenoded, %d domains with all tables" % DOMAINS, idle, "KiB")
        report("scale: the greatest from its start on", watcher.end(), "KiB", MEMORY_KIB_MOST)
        report("scale: CPU of a cycle, all threads", cost, "ms", CYCLE_MS_MOST)


def loop(node, *words):
    status, out, err = edge.run([edge.Build.getloop, node.manager.address, str(LOOP_S)] + list(words),
                                timeout=LOOP_S + 30, env=node.manager.env)
    edge.expect(status == 0, "getloop: " + (err or out).strip())
    found = out.split()
    return dict(zip(found[::2], (int(w) for w in found[1::2])))


def unused_s():
    """Seconds of CPU that nobody used since the boot."""
    with open("/proc/stat", encoding="ascii") as stat:
        return int(stat.readline().split()[4]) / os.sysconf("SC_CLK_TCK")


def loops(node):
    """Figures of gets and of GETBULKs."""
    names = [edge.Mib.number(n) for n in ("edgeDomainCpuTime.5000", "edgeVcpuTime.5000.1", "edgeBlockReads.5000.1")]
    return {"get of 3 values": loop(node, *names), "GETBULK of 50": loop(node, "-b", names[0])}


def measure_waits(root):
    """One poll follows the other; then they are an hour apart, and nothing is polled while the manager asks."""
    with started("bench_scale", root, 1) as node:
        node.start_daemon()
        wait_filled(node)
        busy = loops(node)
        node.poll_s = 3600
        node.write_config()
        node.daemon.send(signal.SIGHUP)
        polls = "edgeSourcePolls." + node.source_index("libvirt")
        before = []
        edge.wait_for(lambda: before[-2:] == [before.append(node.get(polls)) or before[-1]] * 2, 60, pause=4)
        begin, unused = time.monotonic(), unused_s()
        idle = loops(node)
        spare = (unused_s() - unused) / (time.monotonic() - begin)
    report("scale: unused CPUs, nothing polled", spare, "")
    if spare < SPARE_MIN:
        print("scale: the machine has no CPU for a cycle beside the gets: no bound on how long they take")
    for what, figure in busy.items():
        for name in ("p50_us", "p99_us", "max_us"):
            bound = BUSY_MOST * idle[what][name] + TURN_US if name == "p99_us" and spare >= SPARE_MIN else None
            report("scale: %s, %s, nothing polled" % (what, name[:-3]), idle[what][name], "us")
            report("scale: %s, %s, cycle after cycle" % (what, name[:-3]), figure[name], "us", bound)


def bench_scale():
    root = tempfile.mkdtemp(prefix="edge-scale-", dir="/dev/shm")
    try:
        make_host(root + "/host")
        measure_polls(root + "/host")
        measure_waits(root + "/host")
    finally:
        shutil.rmtree(root)
