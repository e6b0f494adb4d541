"""QEMUs that stop answering, libvirtd over TCP, storage pools: libvirt's source on a real libvirtd."""
import os
import signal
import time

from cases import case
from edge import FAILED, Node, OK, complains, expect, expect_equal, run, virsh, wait_for
from rig import Rig, shared_rig

# A healthy row is 5 s and a period old at most; one that is in a call with a QEMU that begins to hang waits for the end
# of that call's deadline (1.5 s, seen at a poll) once.
AGE_MS = 8000
HANG_S = 25
DOMAINS = 100 if os.environ.get("EDGENODE_LONG") else 12


def indexes(node):
    return {name.decode(): index for index, name in node.manager.column("edgeDomainName").items()}


def ages(node):
    """Ages of the rows, by index; as a manager sees them that waits for one second only."""
    return node.manager.column("edgeDomainAge", wait=1, retries=0)


def watch_ages(node, seconds, hung=()):
    """The greatest age of those that do not hang, and the least and greatest one of those that do."""
    end = time.monotonic() + seconds
    healthy, sick = 0, []
    while time.monotonic() < end:
        now = ages(node)
        wait_for(lambda: node.source_state("libvirt") == OK, 10, "the state of the libvirt source")
        healthy = max([healthy] + [age for index, age in now.items() if index not in hung])
        sick += [now[index] for index in hung]
        expect(healthy < AGE_MS, "a row beside the hung one is %d ms old" % healthy)
        time.sleep(0.4)
    return healthy, sick


def settle(node, count):
    wait_for(lambda: len(ages(node)) == count, 15, "%d domains" % count)
    wait_for(lambda: max(ages(node).values()) < AGE_MS, 15, "fresh rows")


def said(node, *words):
    return sum(all(word in line for word in words) for line in node.daemon.output().splitlines())


@case(seconds=70)
def hang_one_qemu_of_many():
    """SIGSTOP to one QEMU of many: its row grows old and no other, the source stays ok; SIGCONT makes it fresh again."""
    with Rig(DOMAINS) as rig, Node("hang_one_qemu_of_many", uri=rig.uri) as node:
        node.start()
        settle(node, DOMAINS)
        before, _ = watch_ages(node, 6)
        victim = indexes(node)["rig-7"]
        pid = rig.qemu("rig-7")
        os.kill(pid, signal.SIGSTOP)
        try:
            during, sick = watch_ages(node, HANG_S, [victim])
            expect(sick[-1] > (HANG_S - 10) * 1000, "the hung domain's row is %d ms old" % sick[-1])
            expect_equal(node.get("edgeDomainState." + victim), 4, "edgeDomainState of the hung domain")
        finally:
            os.kill(pid, signal.SIGCONT)
        wait_for(lambda: ages(node)[victim] < AGE_MS, 12, "a fresh row of the domain that goes on")
        after, _ = watch_ages(node, 6)
        expect_equal(said(node, "rig-7", "does not answer"), 1, "the number of warnings")
        expect_equal(said(node, "rig-7", "answers again"), 1, "the number of all-clears")
        expect_equal(node.notified("edgeSourceFailed"), [], "the notifications of a failed source")
        return "%d domains; greatest age before %d ms, beside the hung one %d ms, of it %d ms, after %d ms" % (
            DOMAINS, before, during, max(sick), after)


@case(alone=True, long=True, seconds=50)
def hang_several_and_killed():
    """Three QEMUs hang at once: no other row suffers; lists, states and the end of a hung domain are still seen."""
    with Rig(DOMAINS) as rig, Node("hang_several_and_killed", uri=rig.uri) as node:
        node.start()
        settle(node, DOMAINS)
        hung = {name: rig.qemu(name) for name in ("rig-2", "rig-3", "rig-9")}
        known = indexes(node)
        victims = [known[name] for name in hung]
        for pid in hung.values():
            os.kill(pid, signal.SIGSTOP)
        try:
            # One after the other costs a lane: the others of their calls wait up to three times.
            wait_for(lambda: min(ages(node)[v] for v in victims) > 12000, 30, "old rows of those that hang")
            _, sick = watch_ages(node, 6, victims)
            rig.act("domains", "150", "150")
            wait_for(lambda: "rig-150" in indexes(node), 10, "a new domain beside them")
            # Not virsh destroy: for a QEMU that is stopped it takes 10 s, during which libvirtd lists nothing.
            os.kill(hung["rig-3"], signal.SIGKILL)
            wait_for(lambda: "rig-3" not in indexes(node), 15, "the row of a killed domain to go")
            watch_ages(node, 3, [known["rig-2"], known["rig-9"]])
        finally:
            for name, pid in hung.items():
                if name != "rig-3":
                    os.kill(pid, signal.SIGCONT)
        wait_for(lambda: max(ages(node).values()) < AGE_MS, 15, "fresh rows of all")
        took = node.daemon.end(signal.SIGTERM)
        expect(took < 2.0, "SIGTERM took %.1f s" % took)
        return "%d hung, up to %d ms old" % (len(hung), max(sick))


@case(alone=True, seconds=15)
def hang_sigterm():
    """SIGTERM ends the daemon within 2 s while a QEMU hangs."""
    rig = shared_rig()
    with Node("hang_sigterm", uri=rig.uri) as node:
        node.start()
        pid = rig.qemu("rig-1")
        os.kill(pid, signal.SIGSTOP)
        try:
            wait_for(lambda: said(node, "rig-1", "does not answer"), 15, "the warning")
            took = node.daemon.end(signal.SIGTERM)
        finally:
            os.kill(pid, signal.SIGCONT)
        expect(took < 2.0, "SIGTERM took %.1f s" % took)
        return "%.2f s" % took


# ---- other ways to a hypervisor ----

@case(alone=True, seconds=15)
def uri_tcp():
    """qemu+tcp://127.0.0.1 of this host: the domains are those of the socket, their NICs have the host's numbers."""
    rig = shared_rig()
    inside = rig.inside()
    with Node("uri_tcp", uri=rig.uri_tcp, prefix=inside) as node:
        node.start()
        wait_for(lambda: len(indexes(node)) == rig.domains, 15, "the domains")
        expect_equal(sorted(indexes(node)), sorted(rig.virsh("list", "--name").split()), "the domains")
        numbers = node.manager.column("edgeNicIfIndex")
        names = node.manager.column("edgeNicTarget")
        status, out, err = run(inside + ["ip", "-o", "link"])
        expect(status == 0, err)
        devices = dict(line.split(": ")[1::-1] for line in out.splitlines())
        expect_equal(len(names), rig.domains, "the number of NICs")
        for instance, name in names.items():
            expect_equal(numbers.get(instance), int(devices[name.decode()]), "edgeNicIfIndex of " + name.decode())
        return "%d NICs" % len(names)


def text_of(node, name):
    value = node.get(name)
    return value.decode() if value is not None else None


@case(seconds=10)
def uri_of_nobody():
    """Hypervisors that are not here: an error that names the URI and says why; all else goes on."""
    notes = []
    for name, uri in (("xen", "xen:///system"), ("tcp", "qemu+tcp://127.0.0.1:1/system")):
        with Node("uri_of_nobody_" + name, uri=uri) as node:
            node.start_snmpd()
            node.start_daemon(wait=False)
            wait_for(lambda n=node: n.daemon_alive() and n.manager.answers(), 10, "the tables")
            wait_for(lambda n=node: n.source_state("libvirt") == FAILED, 15, "the failure")
            expect(node.get("edgeMemTotal.0") > 0, "edgeMemTotal has no value")
            error = text_of(node, "edgeSourceLastError." + node.source_index("libvirt"))
            expect(uri in error, "edgeSourceLastError is %r" % error)
            expect(complains(node.daemon.output(), uri), "the log does not name %s" % uri)
            notes.append(error)
    return "; ".join(notes)


# ---- storage pools ----

POOL_STATES = {"inactive": 1, "building": 2, "running": 3, "degraded": 4, "inaccessible": 5}
POOL_XML = "<pool type='dir'><name>%s</name><target><path>%s</path></target></pool>"


def pool_of(node, name):
    """The row of a pool; None: there is none."""
    for index, value in node.manager.column("edgePoolName").items():
        if value == name.encode():
            return index
    return None


def check_pool(node, uri, name):
    """The row says what virsh says."""
    info = dict(line.split(":", 1) for line in virsh(uri, "pool-info", "--bytes", name).splitlines() if ":" in line)
    info = {key: value.strip() for key, value in info.items()}
    index = pool_of(node, name)
    state, *sizes = node.get(*[column + "." + index for column in (
        "edgePoolState", "edgePoolCapacity", "edgePoolAllocation", "edgePoolAvailable")])
    expect_equal(state, POOL_STATES[info["State"]], "edgePoolState of " + name)
    wanted = [int(info[key]) if key in info else None for key in ("Capacity", "Allocation", "Available")]
    for got, said_, what in zip(sizes, wanted, ("capacity", "allocation", "available")):
        # What is free on a file system moves while one looks.
        same = got == said_ or (got is not None and said_ and abs(got - said_) < 64 << 20 and what != "capacity")
        expect(same, "%s of pool %s is %r, virsh says %r" % (what, name, got, said_))
    return state


@case(alone=True, seconds=20)
def pools_equal_virsh():
    """Storage pools of a real libvirtd have virsh's state and sizes; one that is undefined goes, its number stays."""
    rig = shared_rig()
    names = ["pool one", "pool-off"]
    for name in names:
        path = "%s/%s" % (rig.dir, name.replace(" ", "-"))
        os.makedirs(path, exist_ok=True)
        with open(path + ".xml", "w", encoding="utf-8") as xml:
            xml.write(POOL_XML % (name, path))
        rig.virsh("pool-define", path + ".xml")
    try:
        rig.virsh("pool-start", names[0])
        with Node("pools_equal_virsh", uri=rig.uri, config="<source name='pools' interval='1000'/>") as node:
            node.start()
            wait_for(lambda: pool_of(node, names[0]) and pool_of(node, names[1]), 10, "the pools")
            expect_equal([check_pool(node, rig.uri, name) for name in names], [3, 1], "the states")
            numbers = [pool_of(node, name) for name in names]
            rig.virsh("pool-destroy", names[0])
            wait_for(lambda: node.get("edgePoolState." + numbers[0]) == 1, 10, "the state inactive")
            check_pool(node, rig.uri, names[0])
            rig.virsh("pool-undefine", names.pop(0))
            wait_for(lambda: pool_of(node, "pool one") is None, 10, "the row to go")
            expect_equal(pool_of(node, names[0]), numbers[1], "the number of the other pool")
    finally:
        rig.virsh("pool-destroy", names[0]) if len(names) == 2 else None
        for name in names:
            rig.virsh("pool-undefine", name)
    return "2 pools"
