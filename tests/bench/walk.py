"""Walks: what a varbind costs where a manager walks seven columns of 100, 1,000 and 10,000 domains.

snmpd and agent are on one CPU, the manager is on another: one SNMPv2c session to each, GETBULK of 50 on one column after
the other. Beside edgeDomainTable and our LIBVIRT-MIB, in the same run: an empty handler on the same library with the same
index (empty_handler.c), and libvirt-snmp. All sizes and agents are measured in turns, and the least disturbed round of
each counts, as others may use the machine, too.
"""
import os
import secrets
import shutil
import statistics
import subprocess

import edge
from figures import cpu_ns, report

SIZES = [100, 1000, 10000]
ROUNDS = 7
VARBINDS = 14000        # of a round, at least
GETS = 1000             # of a round
POLL_S = 60             # of edgenoded: a poll of 10,000 domains of the test driver takes a CPU for a third of a second
AGENT_CPU, MANAGER_CPU = 0, 1
EMPTY_MOST, PEER_MOST = 1.15, 0.9
SIZE_MOST, GET_MOST = 1.2, 1.5
# Each connection to the test driver reads all its domains on its own: one is enough.
CONFIG = '<snmp cpu="%d" libvirt="yes"/><source name="pools" enabled="no"/>' % AGENT_CPU
OURS = ["edgeDomainName", "edgeDomainState", "edgeDomainVcpus", "edgeDomainMemCurrent", "edgeDomainMemMax",
        "edgeDomainCpuTime", "edgeDomainId"]
LIBVIRT_ENTRY = "1.3.6.1.4.1.36957.1.1.1"
LIBVIRT = [LIBVIRT_ENTRY + ".%d" % arc for arc in (2, 3, 4, 5, 6, 7, 9)]
# As long as edgeDomainEntry.
EMPTY_ENTRY = edge.ROOT.rpartition(".")[0] + ".7667.1.3.1.1"


def columns_of_empty(entry):
    return [entry + ".%d" % arc for arc in range(2, 9)]


class Manager:
    """A session of walkloop, and what its walks and gets took in each round."""

    def __init__(self, peer, what, columns):
        self.peer, self.what = peer, what
        self.us, self.cpu_us, self.p50, self.p99 = [], [], [], []
        self.loop = subprocess.Popen(
            ["taskset", "-c", str(MANAGER_CPU), program("walkloop"), peer.node.manager.address, peer.community,
             str(peer.rows)] + columns, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=peer.node.manager.env)

    def ask(self, line):
        self.loop.stdin.write(line + "\n")
        self.loop.stdin.flush()
        words = self.loop.stdout.readline().split()
        edge.expect(len(words) in (4, 6), "walkloop of %s ended" % self.what)
        return dict(zip(words[::2], map(int, words[1::2])))

    def round(self):
        times = -(-VARBINDS // (7 * self.peer.rows))
        used = self.peer.cpu_ns()
        walked = self.ask("walk %d" % times)
        used = self.peer.cpu_ns() - used
        self.us.append(walked["ns"] / walked["varbinds"] / 1e3)
        self.cpu_us.append(used / walked["varbinds"] / 1e3)
        got = self.ask("get %d" % GETS)
        self.p50.append(got["p50_us"])
        self.p99.append(got["p99_us"])

    def end(self):
        self.loop.stdin.close()
        self.loop.wait()

    def report(self):
        print("walk: %-34s %6d %8.2f %8.2f %8.2f %6d %6d" % (
            self.what, self.peer.rows, min(self.us), statistics.median(self.us), min(self.cpu_us), min(self.p50),
            min(self.p99)), flush=True)


class Peer:
    """A snmpd of its own with one agent, both on one CPU."""

    def __init__(self, name, rows, config=""):
        self.rows, self.community = rows, secrets.token_hex(8)
        self.node = edge.Node("bench_walk_" + name, poll_s=POLL_S, config=config)
        self.node.uri = edge.test_node(self.node.dir + "/node.xml", rows)
        with open(self.node.dir + "/snmpd.conf", "a", encoding="utf-8") as conf:
            conf.write("rocommunity %s 127.0.0.1\n" % self.community)
        os.sched_setaffinity(self.node.start_snmpd().pid, {AGENT_CPU})
        self.agent = None

    def start(self, name, command, **environment):
        log = os.path.join(self.node.dir, name + ".log")
        self.agent = edge.Process(name, ["taskset", "-c", str(AGENT_CPU)] + command, log,
                                  env=dict(self.node.manager.env, **environment))
        self.node.helpers.append(self.agent)

    def start_edgenoded(self):
        self.agent = self.node.start_daemon(wait=False)
        self.wait_walkable(edge.Mib.number(OURS[0]))

    def cpu_ns(self):
        return cpu_ns(self.node.snmpd.pid) + cpu_ns(self.agent.pid)

    def wait_walkable(self, column):
        def walkable():
            edge.expect(self.agent.running(), "%s ended: %s" % (self.agent.name, self.agent.output()[-400:]))
            return len(self.node.manager.bulkwalk(column)) == self.rows
        edge.wait_for(walkable, 3 * POLL_S, "%d rows below %s" % (self.rows, column), pause=0.5)


def program(name):
    return os.environ.get(name.upper(), edge.Build.directory + "/tests/bench/" + name)


def libvirt_snmp():
    found = os.environ.get("LIBVIRT_SNMP") or shutil.which("libvirtMib_subagent")
    if not found:
        print("walk: libvirt-snmp is not installed ($LIBVIRT_SNMP names its program)")
    return found


class Run:
    """All agents at all sizes, and their managers."""

    def __init__(self):
        self.peers, self.managers = [], {}

    def peer(self, name, rows, **options):
        self.peers.append(Peer(name, rows, **options))
        return self.peers[-1]

    def manager(self, key, peer, what, columns):
        self.managers[key, peer.rows] = Manager(peer, what, columns)

    def start(self, rows):
        ours = self.peer("ours", rows, config=CONFIG)
        ours.start_edgenoded()
        self.manager("ours", ours, "edgenoded, edgeDomainTable", [edge.Mib.number(name) for name in OURS])
        self.manager("view", ours, "edgenoded, LIBVIRT-MIB", LIBVIRT)
        for key, entry, uuid in (("empty", EMPTY_ENTRY, []), ("empty_uuid", LIBVIRT_ENTRY, ["uuid"])):
            empty = self.peer(key, rows)
            empty.start(key, [program("empty_handler"), empty.node.agentx, entry, str(rows)] + uuid)
            empty.wait_walkable(columns_of_empty(entry)[0])
            self.manager(key, empty, "empty handler" + (", index of LIBVIRT-MIB" if uuid else ""),
                         columns_of_empty(entry))
        if libvirt_snmp():
            theirs = self.peer("libvirt_snmp", rows)
            theirs.start("libvirt_snmp", [libvirt_snmp(), "-f", "-L", "-x", theirs.node.agentx],
                         LIBVIRT_DEFAULT_URI=theirs.node.uri)
            theirs.wait_walkable(LIBVIRT[0])
            self.manager("libvirt_snmp", theirs, "libvirt-snmp", LIBVIRT)

    def end(self):
        for manager in self.managers.values():
            manager.end()
        for peer in self.peers:
            peer.node.__exit__(None, None, None)

    def measure(self):
        for manager in self.managers.values():
            manager.ask("walk 1")  # what is made once
        for _ in range(ROUNDS):
            for manager in self.managers.values():
                manager.round()

    def report(self):
        print("walk: us per varbind, and of a get of seven values; least of %d rounds; load average %.1f" % (
            ROUNDS, os.getloadavg()[0]))
        print("walk: %-34s %6s %8s %8s %8s %6s %6s" % ("agent", "rows", "wall", "(median)", "CPU", "p50", "p99"))
        for manager in self.managers.values():
            manager.report()
        for rows in SIZES:
            self.compare("ours", "empty", rows, EMPTY_MOST)
            self.compare("ours", "libvirt_snmp", rows, PEER_MOST)
            self.compare("view", "empty_uuid", rows, EMPTY_MOST)
            self.compare("view", "libvirt_snmp", rows, PEER_MOST)
        for key in ("ours", "view"):
            small, large = self.managers[key, SIZES[0]], self.managers[key, SIZES[-1]]
            report("walk: %s, a varbind at %d / at %d" % (small.what, large.peer.rows, small.peer.rows),
                   min(large.us) / min(small.us), "", SIZE_MOST)
            report("walk: %s, p99 of a get, the same" % small.what, min(large.p99) / min(small.p99), "", GET_MOST)

    def compare(self, key, other, rows, most):
        if (other, rows) not in self.managers:
            return
        a, b = self.managers[key, rows], self.managers[other, rows]
        report("walk: %s / %s, %d" % (a.what, b.what, rows), min(a.us) / min(b.us), "", most)
        report("walk: the same, CPU of snmpd and agent", min(a.cpu_us) / min(b.cpu_us), "")


def bench_walk():
    if len(os.sched_getaffinity(0)) < 2:
        raise edge.Skipped("needs two CPUs")
    run = Run()
    try:
        for rows in SIZES:
            run.start(rows)
        run.measure()
        run.report()
    finally:
        run.end()
