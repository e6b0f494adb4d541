"""What makes walks fast: the subagent on a CPU of choice, and its answers to every range a master can ask for."""
import os
import random
import signal

import agentx_peer as ax
from agentx_peer import Master, pack_range
from cases import case
from edge import Mib, Node, ROOT, complains, expect, expect_equal, ids, test_node, wait_for

ABSENT_CPU = 8191
CPUS = sorted(os.sched_getaffinity(0))
RANGES = 400
TOGETHER = 40  # ranges of one PDU


def allowed(pid, name):
    """The CPUs that the thread of this name may use."""
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/status" % (pid, task), encoding="ascii", errors="replace") as status:
            fields = dict(line.rstrip("\n").split(":\t", 1) for line in status)
        if fields["Name"] == name:
            return fields["Cpus_allowed_list"]
    return None


def config(cpu):
    return '<snmp cpu="%d"/>' % cpu


@case(seconds=5)
def speed_cpu():
    """<snmp cpu="N"/>: the subagent's thread is on that CPU, no other one is; a reload says that it stays there."""
    with Node("speed_cpu", config=config(CPUS[-1])) as node:
        node.start()
        expect_equal(allowed(node.daemon.pid, "agentx"), str(CPUS[-1]), "the CPUs of the agentx thread")
        everywhere = allowed(os.getpid(), "python3")
        for name in ("cycle", "libvirt", "persist"):
            expect_equal(allowed(node.daemon.pid, name), everywhere, "the CPUs of " + name)
        node.write_config(config(CPUS[0] if len(CPUS) > 1 else -1))
        node.daemon.send(signal.SIGHUP)
        wait_for(lambda: complains(node.daemon.output(), "the CPU of the subagent", "next start"), 5, "a warning")
        expect_equal(allowed(node.daemon.pid, "agentx"), str(CPUS[-1]), "the CPUs after the reload")
        node.daemon.end()
        node.write_config("")
        node.start_daemon()
        expect_equal(allowed(node.daemon.pid, "agentx"), everywhere, "the CPUs of the agentx thread by default")


@case(seconds=3)
def speed_cpu_absent():
    """A CPU that does not exist is named in the log, and everything is served."""
    with Node("speed_cpu_absent", config=config(ABSENT_CPU)) as node:
        node.start()
        expect(complains(node.daemon.output(), "CPU %d" % ABSENT_CPU), "the log does not name the CPU")
        expect_equal(allowed(node.daemon.pid, "agentx"), allowed(node.daemon.pid, "cycle"), "the agentx thread")


# --- every range -----------------------------------------------------------------------------------------------------

def walk(master, begin, end):
    """[(OID, type, value)] of what is between them, by one GetNext after the other."""
    found = []
    while True:
        (oid, kind, value), = master.ask(ax.GETNEXT, pack_range(begin, end)).response()[2]
        if kind == ax.END_OF_VIEW:
            expect_equal(oid, begin, "the name of what is not there")
            return found
        expect(begin < oid < end, "%s is not between %s and %s" % (oid, begin, end))
        found.append((oid, kind, value))
        begin = oid


def near(oid):
    """An OID that is, or nearly is, an instance's."""
    oid = list(oid)
    change = random.randrange(5)
    if change == 1:
        oid = oid[:random.randrange(1, len(oid))]
    elif change == 2:
        oid.append(random.randrange(3))
    elif change == 3:
        oid[-1] = max(0, oid[-1] + random.choice((-1, 1)))
    elif change == 4:
        oid[random.randrange(len(oid))] = random.choice((0, 1, 2, 3, 127, 4294967295))
    return tuple(oid)


def first(walked, begin, end, include):
    """What RFC 2741, 7.2.3.2 wants."""
    return next(((oid, kind) for oid, kind, _ in walked
                 if (oid >= begin if include else oid > begin) and (not end or oid < end)), (begin, ax.END_OF_VIEW))


@case(seconds=8)
def speed_ranges():
    """A GetNext of any range, alone or with others, included or not, gives the first instance in it; a Get of what a
    walk gave gives the same."""
    with Node("speed_ranges") as node:
        node.uri = test_node(node.dir + "/node.xml", 5)
        with Master(node.dir + "/agentx") as master:
            node.start_daemon(wait=False)
            master.wait_session()
            wait_for(lambda: master.get(Mib.number("edgeDomainName.5"))[0] == ax.OCTETS, 15, "the first reading")
            begin, end = ids(Mib.oid["edgeDomainTable"]), ids(Mib.oid["edgeVcpuTable"])
            walked = walk(master, begin, end)
            expect(len(walked) > 5 * 10, "only %d instances" % len(walked))
            got = master.ask(ax.GET, b"".join(pack_range(oid, ()) for oid, _, _ in walked)).response()
            expect_equal([v[:2] for v in got[2]], [v[:2] for v in walked], "a Get of all that was walked")
            asked = [(max(begin, near(random.choice(walked)[0])),
                      random.choice(((), near(random.choice(walked)[0]))), random.random() < 0.5)
                     for _ in range(RANGES)]
            for i in range(0, RANGES, TOGETHER):
                some = asked[i:i + TOGETHER]
                answer = master.ask(ax.GETNEXT, b"".join(pack_range(b, min(e or end, end), n) for b, e, n in some))
                for (b, e, n), (oid, kind, _) in zip(some, answer.response()[2]):
                    expect_equal((oid, kind), first(walked, b, min(e or end, end), n), "of %s to %s, %s" % (b, e, n))
            expect_equal(master.ask(ax.GETNEXT, pack_range(ids(ROOT)[:-1], ())).response()[2][0][1] != ax.END_OF_VIEW,
                         True, "something without an end")
