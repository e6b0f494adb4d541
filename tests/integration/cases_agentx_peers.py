"""One snmpd, and others beside us: agents that want what we have, contexts, managers of every SNMP version and with
small messages."""
import concurrent.futures
import os
import time

import agentx_peer as ax
from agentx_peer import Subagent
from cases import case
from cases_agentx import LONG, NAME, VIEWS, refused_lines
from cases_snmp import check_order, check_types, settled
from edge import Failed, Manager, Mib, Node, ROOT, SnmpError, USER, expect, expect_equal, ids, test_node, wait_for

OURS = ROOT + ".1"
SUBTREES = [OURS, "1.3.6.1.2.1.47.1.1.1", "1.3.6.1.2.1.99.1.1", "1.3.6.1.2.1.236.1", "1.3.6.1.2.1.197.1"]
PEERS = 4711  # what the other one serves


def peer_of(node, *oids):
    return Subagent(node.dir + "/agentx", {oid + ".0": PEERS for oid in oids})


def own_name(node):
    return os.uname().nodename.encode() == node.get(NAME)


@case(seconds=30)
def agentx_second_before_us():
    """Another agent has every subtree of ours before we come: each is told once, and taken within 10 s when it dies;
    meanwhile the daemon goes on."""
    with Node("agentx_second_before_us") as node:
        node.start_trapd()
        node.start_snmpd()
        with peer_of(node, *SUBTREES) as peer:
            expect_equal([peer.register(oid) for oid in SUBTREES], [0] * len(SUBTREES), "what snmpd says")
            node.start_daemon(wait=False)
            wait_for(lambda: node.daemon_alive() and len(refused_lines(node)) == VIEWS, 10, "the refusals in the log")
            expect_equal(node.get(*[oid + ".0" for oid in SUBTREES]), [PEERS] * len(SUBTREES), "the other's values")
            expect_equal(node.get(NAME), None, NAME)
            wait_for(lambda: node.notified("edgeAgentStarted"), 10, "a notification of ours")
        begin = time.monotonic()
        wait_for(lambda: own_name(node), 10, "our tables in its place")
        took = time.monotonic() - begin
        wait_for(lambda: node.get("1.3.6.1.2.1.236.1.1.1.0"), 5, "VM-MIB")
        expect_equal(len(refused_lines(node)), VIEWS, "how often a refusal is in the log")
        for oid in SUBTREES:
            check_order(node.manager.walk(oid))
        return "back %.1f s after the other's end" % took


@case(seconds=15)
def agentx_second_after_us():
    """Another agent comes for what is ours: refused with our priority; with a better one, or for a part of it, it is
    served as long as it lives, and we are again when it is gone, with walks in order all the time."""
    with Node("agentx_second_after_us") as node:
        node.start()
        part = Mib.number("edgeDomainTable")
        # An event may come at any time.
        table = [oid for oid, _ in node.manager.walk(OURS) if not oid.startswith(Mib.oid["edgeEventTable"])]
        for oid, priority, error in ((OURS, ax.DEFAULT_PRIORITY, ax.DUPLICATE), (OURS, 50, 0), (part, 127, 0),
                                     (part + ".1.2", 127, 0), (ROOT, 127, 0), (OURS, 200, 0), (OURS + ".1", 1, 0)):
            with peer_of(node, oid) as peer:
                expect_equal(peer.register(oid, priority), error, "what snmpd says of %s, %d" % (oid, priority))
                mine = priority > ax.DEFAULT_PRIORITY or error
                expect_equal(node.get(oid + ".0"), None if mine else PEERS, "%s.0 at %d" % (oid, priority))
                expect(own_name(node) or oid in (OURS, OURS + ".1"), "edgeNodeName is not served")
                for walk in (node.manager.walk, node.manager.bulkwalk):
                    check_order(walk(ROOT))
            wait_for(lambda: own_name(node), 10, "our tables after it")
            again = [o for o, _ in node.manager.bulkwalk(OURS)]
            expect_equal([o for o in table if o not in again], [], "what is lacking after %s" % oid)
            node.daemon_alive()
        expect_equal(refused_lines(node), [], "refusals in the log")


# --- managers of every version --------------------------------------------------------------------------------------

COMMUNITY = "reading"
V1, V2C = ["-v", "1", "-c", COMMUNITY], ["-v", "2c", "-c", COMMUNITY]


def allow_communities(node, *lines):
    with open(node.dir + "/snmpd.conf", "a", encoding="utf-8") as conf:
        conf.write("\n".join(("rocommunity %s 127.0.0.1" % COMMUNITY,) + lines) + "\n")


def still(values):
    """The instances, without those of tables that grow."""
    return [(oid, kind) for oid, (kind, _) in values if not oid.startswith(Mib.oid["edgeEventTable"] + ".")]


@case(seconds=15)
def agentx_every_version():
    """SNMPv1, v2c and v3 managers at once: the same instances, in v1 all but Counter64; noSuchName at holes."""
    with Node("agentx_every_version") as node:
        node.uri = test_node(node.dir + "/node.xml", 20)
        allow_communities(node)
        node.start()
        wait_for(lambda: settled(node), 15, "a second reading of everything")
        manager = node.manager
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            walks = [pool.submit(manager.walk, options=o) for o in ([], V2C, V1)] + \
                    [pool.submit(manager.tool, "snmpbulkwalk", ROOT, options=["-Cr40"] + o) for o in ([], V2C)]
            v3, v2c, v1, bulk, bulk2c = [walk.result() for walk in walks]
        for values in (v3, v2c, v1):
            check_order(values)
            check_types(values)
        for name, values in (("v2c walk", v2c), ("v3 bulkwalk", bulk), ("v2c bulkwalk", bulk2c)):
            expect_equal(still(values), still(v3), "the instances of a " + name)
        without = [(oid, kind) for oid, kind in still(v3) if kind != "Counter64"]
        expect(len(without) < len(still(v3)), "there is no Counter64")
        expect_equal(still(v1), without, "the instances of a v1 walk")
        big = next(oid for oid, kind in still(v3) if kind == "Counter64")
        for oid in ("edgeNodeName.1", "edgeDomainName.99999", OURS, big):
            for names in ((oid,), (NAME, oid)):
                expect_v1_error(manager, names, "noSuchName")
        after = manager.tool("snmpgetnext", big.rpartition(".")[0], options=V1)[0]
        expect(after[1][0] != "Counter64" and ids(after[0]) > ids(big), "v1 GETNEXT gives %s" % (after,))
        return "%d instances, %d in v1" % (len(v3), len(v1))


def expect_v1_error(manager, names, error):
    try:
        got = manager.tool("snmpget", *names, options=V1 + ["-Cf"])
    except SnmpError as refusal:
        expect(error in str(refusal), "a v1 get of %s: %s" % (names, refusal))
    else:
        raise Failed("a v1 get of %s gives %s" % (names, got))


# --- contexts --------------------------------------------------------------------------------------------------------

UNKNOWN_CONTEXTS = "1.3.6.1.6.3.12.1.5.0"


@case(seconds=10)
def agentx_contexts():
    """A request in a context that nobody has is counted and not answered, one in a context of another agent is that
    one's, and the default one is ours, whatever is registered beside it."""
    with Node("agentx_contexts") as node:
        allow_communities(node, "view all included .1",
                          *["rouser -s usm %s priv -V all %s" % (USER, context) for context in ("other", "nobody")])
        node.start()
        manager = node.manager
        with peer_of(node, OURS) as peer:
            expect_equal(peer.register(OURS, context=b"other"), 0, "what snmpd says of a context")
            expect_equal(manager.get(OURS + ".0", options=["-n", "other"]), PEERS, "the other context")
            expect_equal(manager.get(OURS + ".0", NAME), [None, os.uname().nodename.encode()], "the default context")
            counted = manager.get(UNKNOWN_CONTEXTS)
            for context in ("nobody", "refused"):
                try:
                    got = manager.get(NAME, options=["-n", context], wait=1, retries=0)
                except SnmpError as error:
                    expect("Timeout" in str(error), "context %s: %s" % (context, error))
                else:
                    raise Failed("context %s has %s" % (context, got))
            expect_equal(manager.get(UNKNOWN_CONTEXTS), counted + 2, "snmpUnknownContexts")
        expect(own_name(node), "edgeNodeName after the other's end")
        expect_equal(refused_lines(node), [], "refusals in the log")


# --- small messages --------------------------------------------------------------------------------------------------

SIZES = (4000, 1472, 484)
GREEDY = 1000  # repetitions


def limit_manager(node, size):
    """A manager that says so of itself."""
    manager = Manager(node.dir + "/manager-%d" % size, node.manager.address, auth=node.auth, priv=node.priv)
    with open(node.dir + "/manager-%d/snmp.conf" % size, "a", encoding="utf-8") as conf:
        conf.write("sendMessageMaxSize %d\n" % size)
    return manager


def limit_snmpd(node, size):
    node.snmpd.end()
    with open(node.dir + "/snmpd.conf", "a", encoding="utf-8") as conf:
        conf.write("[snmp] sendMessageMaxSize %d\n" % size)
    node.start_snmpd()
    wait_for(node.manager.answers, 10, "the tables")


def walk_as_it_takes(manager):
    """As a manager does it: half the repetitions where the answer is an error. snmpd does not cut an SNMPv3 answer that
    is too long, not of its own tables either, but gives genErr. (repetitions, values)"""
    repetitions = GREEDY // 16
    while True:
        try:
            return repetitions, manager.bulkwalk(repetitions=repetitions)
        except SnmpError:
            expect(repetitions > 1, "not even one repetition is answered")
            repetitions //= 2


def check_small(manager, size, wanted):
    """The repetitions that a bulkwalk of SNMPv3 took."""
    repetitions, found = walk_as_it_takes(manager)
    greedy = manager.tool("snmpbulkwalk", ROOT, options=["-Cr%d" % GREEDY] + V2C)
    for values in (found, greedy, manager.walk(options=V1 if size == SIZES[0] else [])):
        check_order(values)
        kinds = still(values)
        expect_equal([w for w in still(wanted) if w not in kinds and (w[1] != "Counter64" or size != SIZES[0])], [],
                     "what lacks in messages of %d" % size)
    strings = [value for value in wanted if value[1][0] == "STRING"]
    longest = max(strings, key=lambda value: len(value[1][1]))[0]
    expect(manager.get(longest), "%s does not fit in %d" % (longest, size))
    return repetitions


def expect_too_big(manager, names):
    try:
        got = manager.get(*names)
    except SnmpError as error:
        expect("tooBig" in str(error), "a get of %d varbinds: %s" % (len(names), error))
    else:
        raise Failed("a get of %d varbinds fits: %s" % (len(names), got))


@case(seconds=20)
def agentx_message_sizes():
    """Managers, and an snmpd, with messages of 4,000, 1,472 and 484 octets: whole walks, the longest string fits, a get
    of too much is tooBig; a get of 120 varbinds, and a thousand repetitions, where there is room."""
    with Node("agentx_message_sizes") as node:
        node.uri = long_names(node, 16)
        allow_communities(node)
        node.start()
        wait_for(lambda: settled(node), 15, "a second reading of everything")
        wanted = node.manager.bulkwalk(repetitions=GREEDY)
        many = [oid for oid, _ in wanted[:120]]
        expect_equal([oid for oid, _ in node.manager.get_typed(*many)], many, "a get of %d varbinds" % len(many))
        took, names = [], ["edgeDomainName." + index for index in node.manager.column("edgeDomainName")]
        for size in SIZES:
            manager = limit_manager(node, size)
            took.append(check_small(manager, size, wanted))
            expect_too_big(manager, names[:size // 200])
        for size in SIZES if LONG else SIZES[-1:]:
            limit_snmpd(node, size)
            took.append(check_small(node.manager, size, wanted))
            expect_too_big(node.manager, names[:size // 200])
        return "%d instances, repetitions %s" % (len(wanted), took)


def long_names(node, domains):
    """The test driver with domains whose names are as long as edgeDomainName can be."""
    with open(node.dir + "/node.xml", "w", encoding="ascii") as machines:
        machines.write("<node>%s</node>" % "".join(
            "<domain type='test'><name>%s%d</name><memory>8192</memory><vcpu>2</vcpu><os><type>hvm</type></os></domain>"
            % ("n" * 254, i) for i in range(domains)))
    return "test://" + machines.name
