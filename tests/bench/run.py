#!/usr/bin/env python3
"""The figures of the project, measured on this machine.

usage: run.py [--build DIR] [cycle|memory|latency ...]

cycle    CPU of the daemon per cycle with 100 domains of libvirt's test driver (which runs inside the daemon)
memory   RssAnon above that of an empty program linked with the same libraries and connected to the same URI
latency  a get with libvirtd running and with libvirtd stopped (SIGSTOP), beside a get that snmpd answers itself;
         root and a libvirtd with QEMU domains of its own
qemu100  100 QEMU domains on a libvirtd of its own: CPU of one full refresh (daemon and libvirtd) beside that of one bulk
         call for the same groups (libvirtd alone); what a poll period of 1 s and of 5 s costs; root
vhostmd  100 QEMU domains on a libvirtd of its own, a period of 5 s, the metrics of the configuration that vhostmd 1.2
         came with: CPU per period as built-in metrics, as the actions of the file, with one action for all domains,
         and of vhostmd itself with the same file where it is installed (or $VHOSTMD names the program); each with its
         children, libvirtd beside it; root
walk     a bulk walk of seven columns of 100, 1,000 and 10,000 domains of the test driver, beside an empty handler and
         libvirt-snmp where it is installed (or $LIBVIRT_SNMP names the program), see walk.py
scale    10,000 domains with every table filled, on a made hypervisor: the daemon's memory, CPU of a cycle, and how long
         gets and GETBULKs take while cycles follow each other and while nothing is polled
Each line says what was measured, the bound, and "ok" or "OVER". Exit status 1 when one is over.
"""
import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
import edge  # noqa: E402
from cases_vhostmd import SCRIPTS, SHIPPED, of_vhostmd, start_vhostmd  # noqa: E402
from figures import OVER, cpu_ns, report  # noqa: E402
from rig import Rig  # noqa: E402
from scale import bench_scale  # noqa: E402
from walk import bench_walk  # noqa: E402

DOMAINS = 100
CYCLES = 15
CYCLE_MS_MOST = 10.0
MEMORY_KIB_MOST = 8 * 1024
LATENCY_S = 10
BULK_ROUNDS = 20
BULK_GROUPS = ["--state", "--cpu-total", "--balloon", "--vcpu", "--interface", "--block"]
REFRESH_PERIODS = 20
REFRESH_S = 5          # a period of the rotation: each group of each domain is read once
REFRESH_MORE_S = 0.010
SHARE_MOST = 1.0       # percent of one CPU at a period of 5 s
PERIOD_S = 5           # vhostmd's
PERIODS = 6
VHOSTMD_SEEN_S = 1.7   # of vhostmd and its children, where it is not installed
AT_ONCE = os.path.join(edge.SOURCE, "conf/domains-at-once.xml")  # one action for all domains
SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"


def started(name):
    node = edge.Node(name, poll_s=1)
    node.uri = edge.test_node(node.dir + "/node.xml", DOMAINS)
    return node


def bench_cycle():
    with started("bench_cycle") as node:
        node.start()
        libvirt = "edgeSourcePolls." + node.source_index("libvirt")
        polls, cpu, begin = node.get(libvirt), cpu_ns(node.daemon.pid), time.monotonic()
        edge.wait_for(lambda: node.get(libvirt) >= polls + CYCLES, CYCLES * 2.0, "%d cycles" % CYCLES, pause=1.0)
        cycles, used = node.get(libvirt) - polls, cpu_ns(node.daemon.pid) - cpu
        report("cycle: CPU per cycle of 1 s, %d test-driver domains, %d cycles" % (DOMAINS, cycles),
               used / 1e6 / cycles, "ms", CYCLE_MS_MOST)
        report("cycle: share of one CPU", 100 * used / 1e9 / (time.monotonic() - begin), "%")


def bench_memory():
    with started("bench_memory") as node:
        node.start()
        libvirt = "edgeSourcePolls." + node.source_index("libvirt")
        edge.wait_for(lambda: node.get(libvirt) >= CYCLES, CYCLES * 2.0, "%d cycles" % CYCLES, pause=0.5)
        node.manager.bulkwalk()
        program = os.environ.get("EMPTY", edge.Build.directory + "/tests/bench/empty")
        empty = subprocess.Popen([program, node.uri, node.agentx], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL)
        try:
            if empty.stdout.readline() != b"ready\n":
                raise edge.Failed("the empty program did not start")
            bare = edge.rss_anon_kib(empty.pid)
        finally:
            empty.stdin.close()
            empty.wait()
        whole = edge.rss_anon_kib(node.daemon.pid)
        report("memory: RssAnon of the empty program (baseline)", bare, "KiB")
        report("memory: RssAnon of edgenoded, %d test-driver domains" % DOMAINS, whole, "KiB")
        report("memory: above the baseline", whole - bare, "KiB", MEMORY_KIB_MOST)
        report("memory: RssAnon of its command process (keeper and worker)",
               sum(edge.rss_anon_kib(pid) for pid in edge.children_of(node.daemon.pid)), "KiB")


def getloop(node, *names):
    """Figures of getloop by name."""
    status, out, err = edge.run([edge.Build.getloop, node.manager.address, str(LATENCY_S)] +
                                [edge.Mib.number(n) for n in names], timeout=LATENCY_S + 30, env=node.manager.env)
    words = out.split()
    if status != 0 or len(words) != 10:
        raise edge.Failed("getloop: " + (err or out).strip())
    return dict(zip(words[::2], (int(w) for w in words[1::2])))


def bench_latency():
    with Rig(domains=5) as rig, edge.Node("bench_latency", uri=rig.uri) as node:
        node.start()
        names = ["edgeDomainName.1", "edgeDomainState.1", "edgeMemTotal.0"]
        base = getloop(node, SYS_UP_TIME)
        before = getloop(node, *names)
        rig.freeze()
        stopped = getloop(node, *names)
        rig.thaw()
        again = getloop(node, *names)
        report("latency: p99 of a get that snmpd answers itself (baseline)", base["p99_us"], "us")
        for what, figures in (("running", before), ("stopped", stopped), ("running again", again)):
            report("latency: p50 of a get of 3 values, libvirtd " + what, figures["p50_us"], "us")
            report("latency: p99 of a get of 3 values, libvirtd " + what, figures["p99_us"], "us")
        # Equal within what two runs of the same differ by.
        reference = max(before["p99_us"], again["p99_us"])
        report("latency: p99 stopped / running", stopped["p99_us"] / reference, "", 1.25)


def bulk_cost(rig):
    """CPU seconds of libvirtd for one call over all domains with all groups; the shell and its connection stay."""
    libvirtd = rig.libvirtd()
    calls = ("domstats --nowait %s;" % " ".join(BULK_GROUPS)) * BULK_ROUNDS

    def virsh(commands):
        return edge.virsh(rig.uri, commands, timeout=120)
    shown = virsh(calls)  # and whatever is made once
    if shown.count("balloon.rss=") != BULK_ROUNDS * rig.domains:
        raise edge.Failed("virsh domstats did not tell all")
    before = cpu_ns(libvirtd)
    virsh("version")
    connection = cpu_ns(libvirtd) - before
    before = cpu_ns(libvirtd)
    virsh(calls)
    return (cpu_ns(libvirtd) - before - connection) / BULK_ROUNDS / 1e9


class Load:
    """A daemon on the rig at a poll period, measured over so many of them: CPU seconds of it and of libvirtd, polls."""

    def __init__(self, rig, poll_s, periods):
        libvirtd = rig.libvirtd()
        with edge.Node("bench_qemu100", uri=rig.uri, poll_s=poll_s) as node:
            node.start()
            edge.wait_for(lambda: len(node.manager.column("edgeDomainName")) == rig.domains, 30, "the domains")
            polls = "edgeSourcePolls." + node.source_index("libvirt")
            # The lanes look their domains up and the sources their files: not part of a refresh.
            first = node.get(polls)
            edge.wait_for(lambda: node.get(polls) >= first + max(3, 15 // poll_s), 60, "the first polls", pause=0.5)
            first = node.get(polls)
            begin, own, theirs = time.monotonic(), cpu_ns(node.daemon.pid), cpu_ns(libvirtd)
            edge.wait_for(lambda: time.monotonic() - begin >= periods * poll_s, periods * poll_s + 10, pause=0.05)
            self.seconds = time.monotonic() - begin
            self.own, self.theirs = (cpu_ns(node.daemon.pid) - own) / 1e9, (cpu_ns(libvirtd) - theirs) / 1e9
            self.polls, self.periods = node.get(polls) - first, periods
            self.age = max(node.manager.column("edgeDomainAge").values())


def bench_qemu100():
    with Rig(domains=DOMAINS) as rig:
        bulk = [bulk_cost(rig)]
        slow = Load(rig, REFRESH_S, REFRESH_PERIODS)
        bulk.append(bulk_cost(rig))
        fast = Load(rig, 1, 40)
        bulk.append(bulk_cost(rig))
        mean = sum(bulk) / len(bulk)
        for i, cost in enumerate(bulk):
            report("qemu100: CPU of libvirtd for a bulk call of all groups, run %d" % (i + 1), 1e3 * cost, "ms")
        report("qemu100: CPU of libvirtd for one refresh (%d polls)" % slow.polls, 1e3 * slow.theirs / slow.polls, "ms")
        report("qemu100: CPU of edgenoded for one refresh, all its work", 1e3 * slow.own / slow.polls, "ms")
        report("qemu100: CPU of both for one refresh (bound: bulk + %d ms)" % (1e3 * REFRESH_MORE_S),
               1e3 * (slow.own + slow.theirs) / slow.polls, "ms", round(1e3 * (mean + REFRESH_MORE_S), 2))
        report("qemu100: oldest row, period of %d s" % REFRESH_S, slow.age / 1000, "s")
        report("qemu100: share of edgenoded of one CPU, period of %d s" % REFRESH_S,
               100 * slow.own / slow.seconds, "%", SHARE_MOST)
        report("qemu100: CPU of edgenoded per second, period of 1 s", 1e3 * fast.own / fast.seconds, "ms")
        report("qemu100: CPU of libvirtd per second, period of 1 s", 1e3 * fast.theirs / fast.seconds, "ms")
        report("qemu100: polls missed of %d, period of 1 s" % int(fast.seconds),
               max(0, int(fast.seconds) - fast.polls), "", 0)
        report("qemu100: oldest row, period of 1 s", fast.age / 1000, "s", 7)


# --- beside vhostmd --------------------------------------------------------------------------------------------------

def reaped_ns(pid):
    """CPU time of the children that have ended, and of theirs."""
    with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as stat:
        words = stat.read().rpartition(")")[2].split()
    return (int(words[13]) + int(words[14])) * 1000000000 // os.sysconf("SC_CLK_TCK")


def cpu_tree_ns(pid):
    """CPU time of a process and of all that it started, those that have ended included."""
    total = 0
    for process in [pid] + edge.children_of(pid):
        try:
            total += cpu_ns(process) + reaped_ns(process)
        except (FileNotFoundError, ProcessLookupError):
            pass  # ended meanwhile: from now on in its parent's
    return total


def program_ns(pid):
    """CPU time of a process and of those it started that run the same program, or its command process."""
    program, total = os.readlink("/proc/%d/exe" % pid), 0
    own = program, os.path.join(os.path.dirname(program), "edgenode-run")
    for process in [pid] + edge.children_of(pid):
        try:
            if os.readlink("/proc/%d/exe" % process) in own:
                total += cpu_ns(process)
        except (FileNotFoundError, ProcessLookupError):
            pass  # ended meanwhile: one that was about to start another program
    return total


class Cost:
    """CPU milliseconds of a daemon and of libvirtd per period, from one update of the metrics disk to a later one."""

    def __init__(self, rig, process, disk, periods):
        self.process, self.disk = process, disk
        libvirtd = rig.libvirtd()
        self.next_update()
        begin, own, theirs = time.monotonic(), cpu_tree_ns(process.pid), cpu_ns(libvirtd)
        alone = program_ns(process.pid)
        for _ in range(periods):
            self.next_update()
        self.period_s = (time.monotonic() - begin) / periods
        self.own = (cpu_tree_ns(process.pid) - own) / 1e6 / periods
        self.alone = (program_ns(process.pid) - alone) / 1e6 / periods
        self.libvirtd = (cpu_ns(libvirtd) - theirs) / 1e6 / periods

    def changed_ns(self):
        if not self.process.running():
            raise edge.Failed("%s ended: %s" % (self.process.name, self.process.output()[-400:]))
        try:
            return os.stat(self.disk).st_mtime_ns
        except FileNotFoundError:
            return 0

    def next_update(self):
        """Waits for the disk to be written and left alone: an update is several writes."""
        before = self.changed_ns()
        edge.wait_for(lambda: before < self.changed_ns() < time.time_ns() - 300000000, 60, "an update of the disk")

    def report(self, what, most=None):
        report("vhostmd: %s, CPU per period of %.1f s" % (what, self.period_s), self.own, "ms", most)
        report("vhostmd: %s, without the commands that it ran" % what, self.alone, "ms")
        report("vhostmd: %s, CPU of libvirtd beside it" % what, self.libvirtd, "ms")


def stock(disk):
    """The configuration that vhostmd came with, for the disk alone."""
    return of_vhostmd(SHIPPED, disk, PERIOD_S).replace("<transport>virtio</transport>", "")


def without_actions(text):
    return re.sub(r"<metrics>.*</metrics>", "<metrics/>", text, flags=re.S)


def with_one_action(text):
    """The same metrics, where one action prints those of all domains: vhostmd has room for 2,047 bytes of it."""
    with open(AT_ONCE, encoding="utf-8") as file:
        at_once = re.search(r"<metric type=.*</metric>", file.read(), re.S).group(0)
    return re.sub(r'<metric type="real64" context="vm".*?</metric>', lambda _: at_once, text, flags=re.S)


def cost_of_edgenoded(rig, change, unit):
    with edge.Node("bench_vhostmd", uri=rig.uri) as node:
        start_vhostmd(node, change(stock(node.disk)))
        # With the actions' unit, which built-in metrics have not: it is their values that are there.
        wanted = re.compile("<metric type='real64' context='vm' id='[0-9]+' uuid='([^']+)'%s>" % unit)
        edge.wait_for(lambda: len(set(wanted.findall(node.dump()[1]))) == rig.domains, 60, "metrics of all domains",
                      pause=1)
        cost = Cost(rig, node.daemon, node.disk, PERIODS)
        edge.expect(" error: " not in node.daemon.output(), "the log: " + node.daemon.output()[-400:])
        return cost


def vhostmd_program():
    """vhostmd itself, not the name that edgenoded has for its sake; None where there is none."""
    found = os.environ.get("VHOSTMD") or shutil.which("vhostmd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    return None if found and os.path.basename(os.path.realpath(found)) == "edgenoded" else found


def cost_of_vhostmd(rig, program):
    directory = tempfile.mkdtemp(prefix="edge-vhostmd-")
    disk, conf = directory + "/disk", directory + "/vhostmd.conf"
    shutil.copy(SCRIPTS + "/vhostmd.dtd", directory)
    with open(conf, "w", encoding="utf-8") as out:
        out.write(stock(disk))
    process = edge.Process("vhostmd", [program, "-d", "-f", conf, "-p", directory + "/pid", "-c", rig.uri],
                           directory + "/log")
    try:
        return Cost(rig, process, disk, PERIODS)
    finally:
        process.end()
        shutil.rmtree(directory)


def bench_vhostmd():
    program = vhostmd_program()
    with Rig(domains=DOMAINS) as rig:
        theirs = cost_of_vhostmd(rig, program) if program else None
        built_in = cost_of_edgenoded(rig, without_actions, "")
        at_once = cost_of_edgenoded(rig, with_one_action, " unit='s'")
        actions = cost_of_edgenoded(rig, lambda text: text, " unit='s'")
    if theirs:
        theirs.report("vhostmd itself")
    else:
        print("vhostmd: not installed: compared with the %g s seen elsewhere" % VHOSTMD_SEEN_S)
    own = theirs.own if theirs else 1e3 * VHOSTMD_SEEN_S
    built_in.report("built-in metrics", round(own / 100, 1))
    at_once.report("as actions, one for all domains", round(own / 2, 1))
    actions.report("as actions, one per domain")


BENCHES = {"cycle": bench_cycle, "memory": bench_memory, "latency": bench_latency, "qemu100": bench_qemu100,
           "vhostmd": bench_vhostmd, "walk": bench_walk, "scale": bench_scale}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(edge.SOURCE, "build"))
    parser.add_argument("bench", nargs="*", choices=[[], *BENCHES])
    options = parser.parse_args()
    edge.Build.locate(os.path.abspath(options.build))
    os.makedirs(edge.Build.logs, exist_ok=True)
    edge.Mib.load()
    print("%s, %d CPUs, Linux %s" % (platform.machine(), os.cpu_count(), platform.release()))
    failed = 0
    try:
        for name in options.bench or BENCHES:
            try:
                BENCHES[name]()
            except edge.Skipped as reason:
                print("%s: skipped: %s" % (name, reason))
            except edge.Failed as reason:
                print("%s: failed: %s" % (name, reason))
                failed += 1
    finally:
        edge.end_all()
    return 1 if OVER or failed else 0


if __name__ == "__main__":
    sys.exit(main())
