"""The AgentX session with masters that lie, stay silent, refuse or go away, played by agentx_peer.Master."""
import concurrent.futures
import os
import random
import struct
import time

import agentx_peer as ax
from agentx_peer import Master, pack_oid, pack_pdu, pack_range
from cases import case
from edge import Mib, Node, ROOT, expect, expect_equal, ids, wait_for

LONG = bool(os.environ.get("EDGENODE_LONG"))
NAME = "edgeNodeName.0"
PING_S = 2
VIEWS = 5  # of the modules that are served unless they are switched off


def own_range(begin=ROOT, end=()):
    return pack_range(ids(begin), end)


def random_pdus(count):
    """Whole PDUs of every kind but Close, with a length that is true and a payload that is not."""
    return b"".join(pack_pdu(kind % 20, os.urandom(kind * 7 % 64), session=1, transaction=kind, packet=1 << 20 | kind)
                    for kind in range(count) if kind % 20 != ax.CLOSE)


def damaged_pdus(count):
    """Requests with some octets of their payload changed."""
    whole = (
        (ax.GET, own_range() * 3), (ax.GETNEXT, own_range(ROOT + ".1.1.1", ids(ROOT) + (2,)) * 3),
        (ax.GETBULK, struct.pack("!HH", 1, 20) + own_range() * 3),
        (ax.TESTSET, ax.pack_varbind(ax.INTEGER, ids(ROOT) + (1, 1, 1, 0), 7) +
         ax.pack_varbind(ax.OCTETS, ids(ROOT) + (1, 1, 2, 0), b"value")),
        (ax.RESPONSE, ax.pack_response(ax.pack_varbind(ax.INTEGER, ids(ROOT), 7))),
        (ax.COMMITSET, b""), (ax.CLEANUPSET, b""))
    found = []
    for number in range(count):
        kind, payload = whole[number % len(whole)]
        payload = bytearray(payload)
        for _ in range(random.randrange(4) if payload else 0):
            payload[random.randrange(len(payload))] = random.choice((0, 1, 4, 127, 128, 255, random.randrange(256)))
        flags = random.choice((ax.NETWORK_ORDER, ax.NETWORK_ORDER, ax.NETWORK_ORDER | ax.CONTEXT))
        found.append(pack_pdu(kind, bytes(payload), session=1, transaction=number // 9, packet=1 << 20 | number,
                              flags=flags))
    return b"".join(found)


# What a master can say that keeps the connection in step: what follows is a PDU again.
IN_STEP = {
    "PDUs of kinds that do not exist": b"".join(pack_pdu(kind, b"\0" * 8) for kind in (0, 19, 20, 127, 128, 255)),
    "random payloads": random_pdus(400),
    "damaged requests": damaged_pdus(400),
    "what only a subagent sends": b"".join(pack_pdu(kind, own_range()) for kind in (
        ax.OPEN, ax.REGISTER, ax.UNREGISTER, ax.NOTIFY, ax.PING, ax.INDEX_ALLOCATE, ax.INDEX_DEALLOCATE, ax.ADD_CAPS,
        ax.REMOVE_CAPS)),
    "a set that nobody began": b"".join(pack_pdu(kind, transaction=77) for kind in (
        ax.COMMITSET, ax.UNDOSET, ax.CLEANUPSET)),
    "a set": pack_pdu(ax.TESTSET, ax.pack_varbind(ax.INTEGER, ids(ROOT) + (1, 1, 1, 0), 7), transaction=78) +
             b"".join(pack_pdu(kind, transaction=78) for kind in (ax.COMMITSET, ax.UNDOSET, ax.CLEANUPSET,
                                                                   ax.CLEANUPSET)),
    "answers to nothing": b"".join(pack_pdu(ax.RESPONSE, ax.pack_response(error=error), packet=packet)
                                   for error in (0, 256, 65535) for packet in (0, 1, 0x7fffffff, 0xffffffff)),
    "an OID that is longer than the PDU": pack_pdu(ax.GET, struct.pack("!BBBB", 200, 0, 0, 0) + b"\0" * 8),
    "an OID of 255 numbers": pack_pdu(ax.GETNEXT, pack_range(ids(ROOT) + (1,) * 245, (4294967295,) * 255)),
    "a string that is longer than the PDU": pack_pdu(ax.TESTSET, struct.pack("!HH", ax.OCTETS, 0) +
                                                     pack_oid(ids(ROOT)) + struct.pack("!I", 0xfffffff0)),
    "a context that is longer than the PDU": pack_pdu(ax.GET, struct.pack("!I", 0xffffffff) + own_range(),
                                                      flags=ax.NETWORK_ORDER | ax.CONTEXT),
    "a context with an octet 0": pack_pdu(ax.GETNEXT, ax.pack_string(b"a\0" + b"b" * 500) + own_range(),
                                          flags=ax.NETWORK_ORDER | ax.CONTEXT),
    "a type that does not exist": pack_pdu(ax.TESTSET, struct.pack("!HH", 0xffff, 0) + pack_oid(ids(ROOT))),
    "requests without a word": b"".join(pack_pdu(kind) for kind in range(1, 19)),
    "the other order of octets": pack_pdu(ax.GET, own_range(), flags=0, length=len(own_range()) << 24),
    "another version": pack_pdu(ax.GET, own_range(), version=255),
    "an end before the beginning": pack_pdu(ax.GETNEXT, own_range(ROOT + ".1.9", ids(ROOT))),
    "everything at once": pack_pdu(ax.GETBULK, struct.pack("!HH", 0, 65535) + own_range() * 400),
    "non-repeaters that are not there": pack_pdu(ax.GETBULK, struct.pack("!HH", 65535, 65535) + own_range()),
    "nothing repeated": pack_pdu(ax.GETBULK, struct.pack("!HH", 0, 0) + own_range()),
}
# What leaves the connection at a place where nobody knows what comes next; then the master closes.
OUT_OF_STEP = {
    "octets without a meaning": os.urandom(4096),
    "a header that is cut": pack_pdu(ax.GET, own_range())[:11],
    "a PDU that is cut": pack_pdu(ax.GET, own_range())[:-3],
    "a length of 4 GiB": pack_pdu(ax.GET, own_range(), length=0xffffffff),
    "a length that is 0 with its header": pack_pdu(ax.GET, own_range(), length=0xffffffec),
    "a length that is 1 with its header": pack_pdu(ax.GET, own_range(), length=0xffffffed),
    "a length of 2 GiB": pack_pdu(ax.GET, own_range(), length=0x7fffffff) + b"\0" * 200000,
    "text": b"GET / HTTP/1.0\r\n\r\n",
    "nothing": b"",
}


def expect_as_ever(node, master, after):
    """The session is what it was."""
    node.daemon_alive()
    kind, value = master.get(Mib.number(NAME))
    expect_equal((kind, value.decode()), (ax.OCTETS, os.uname().nodename), "edgeNodeName after " + after)


def check_answers(master):
    """What is asked for outside of the MIB, at its edges, and too much at once."""
    for oid in ("1", "1.3.6.1.2.1.1.1.0", ROOT, ROOT + ".9.9.9", "2.100.3"):
        expect_equal(master.get(oid)[0], ax.NO_OBJECT, "a Get of " + oid)
    expect_equal(master.get(Mib.number("edgeNodeName.1"))[0], ax.NO_INSTANCE, "a Get of edgeNodeName.1")
    after = master.ask(ax.GETNEXT, own_range(ROOT + ".9", ids(ROOT) + (10,))).response()
    expect_equal([kind for _, kind, _ in after[2]], [ax.END_OF_VIEW], "a GetNext behind the MIB")
    many = master.ask(ax.GET, own_range(Mib.number(NAME)) * 300).response()
    expect_equal((many[0], len(many[2])), (0, 300), "a Get of 300 varbinds")
    expect_equal({value for _, _, value in many[2]}, {os.uname().nodename.encode()}, "its values")
    bulk = master.ask(ax.GETBULK, struct.pack("!HH", 0, 1000) + own_range(ROOT, ids(ROOT)[:-1] + (ids(ROOT)[-1] + 1,)))
    refused = master.ask(ax.GET, ax.pack_string(b"other") + own_range(Mib.number(NAME)),
                         flags=ax.NETWORK_ORDER | ax.CONTEXT).response()
    expect_equal(refused[0], ax.UNSUPPORTED_CONTEXT, "a Get in a context")
    oids = [oid for oid, kind, _ in bulk.response()[2] if kind != ax.END_OF_VIEW]
    expect(len(oids) > 50 and oids == sorted(set(oids)), "a GetBulk is out of order, or short: %d" % len(oids))


@case(seconds=15)
def agentx_hostile_master():
    """A master that sends garbage and absurd requests, PDU after PDU: the session goes on, and answers as before."""
    with Node("agentx_hostile_master") as node:
        with Master(node.dir + "/agentx") as master:
            node.start_daemon(wait=False)
            master.wait_session()
            wait_for(lambda: master.get(Mib.number(NAME))[0] == ax.OCTETS, 10, "the first reading")
            check_answers(master)
            for what, data in IN_STEP.items():
                expect(master.send(data), "the connection is closed before " + what)
                expect_as_ever(node, master, what)
            for turn in range(200 if LONG else 0):
                for data in (random_pdus(2000), damaged_pdus(2000)):
                    expect(master.send(data), "the connection is closed in turn %d" % turn)
                    expect_as_ever(node, master, "turn %d" % turn)
            expect_equal(master.sessions, 1, "the number of sessions")
            master.send(pack_pdu(ax.CLOSE, struct.pack("!BBBB", 5, 0, 0, 0), session=1))
            sessions_begun(node, master, 1, "a Close of the master")
        node.start_snmpd()
        node.wait_served()


def wait_next_session(node, master, begun, after, timeout=10):
    wait_for(lambda: node.daemon_alive() and master.sessions > begun, timeout, "a new session after " + after, 0.02)
    master.wait_session()
    expect_as_ever(node, master, after)


def out_of_step(name, pieces):
    """The number of sessions that they took."""
    with Node(name) as node:
        with Master(node.dir + "/agentx") as master:
            node.start_daemon(wait=False)
            master.wait_session()
            wait_for(lambda: master.get(Mib.number(NAME))[0] == ax.OCTETS, 10, "the first reading")
            for what, data in pieces:
                begun = master.sessions
                master.send(data)
                master.drop()
                wait_next_session(node, master, begun, what)
            sessions, lost = master.sessions, node.daemon.output().count("lost the master")
            expect(len(pieces) <= lost <= sessions, "%d lost sessions are in the log, of %d" % (lost, sessions))
        node.start_snmpd()
        node.wait_served()
        return sessions


@case(seconds=12)
def agentx_master_out_of_step():
    """A master that sends half a PDU, a length that cannot be, or anything else, and closes: a new session each."""
    pieces, parts = list(OUT_OF_STEP.items()), 3  # side by side: most of the time is the wait for the next attempt
    with concurrent.futures.ThreadPoolExecutor(parts) as pool:
        begun = [pool.submit(out_of_step, "agentx_master_out_of_step_%d" % i, pieces[i::parts]) for i in range(parts)]
        return "%d sessions" % sum(part.result() for part in begun)


REFUSED, SILENT = "the master refuses its registration", "the master is connected and does not answer"
OPEN_FAILED, NOT_OPEN = 256, 257


def sessions_begun(node, master, count, what, timeout=5):
    begun = master.sessions
    wait_for(lambda: node.daemon_alive() and master.sessions >= begun + count, timeout * count,
             "new sessions with " + what)


def refused_lines(node):
    return [line for line in node.daemon.output().splitlines() if REFUSED in line]


@case(seconds=20)
def agentx_master_closes():
    """A master that closes, or refuses, when it is asked to open, to register or to answer a ping: one attempt at a
    time, and a session that is whole when it takes us."""
    with Node("agentx_master_closes") as node:
        with Master(node.dir + "/agentx") as master:
            master.closes = {ax.OPEN}
            node.start_daemon(wait=False)
            wait_for(lambda: master.sessions >= 1, 10, "the first connection")
            begin, before = time.monotonic(), master.sessions
            sessions_begun(node, master, 10 if LONG else 3, "a master that closes at once")
            # The library alone would try twice as often after each failure.
            expect(master.sessions - before <= 2 + (time.monotonic() - begin) / PING_S, "connected too often")
            for master.closes, master.errors in (({ax.REGISTER}, {}), ({ax.PING}, {}), ((), {ax.PING: NOT_OPEN}),
                                                 ((), {ax.OPEN: OPEN_FAILED})):
                master.drop()
                sessions_begun(node, master, 3 if LONG else 1, "%s closed, %s refused" % (master.closes, master.errors))
            master.closes, master.errors = (), {}
            wait_for(lambda: master.count(ax.REGISTER) >= VIEWS, 10, "the registrations")
            expect_as_ever(node, master, "everything")
        node.start_snmpd()
        node.wait_served()


@case(seconds=15)
def agentx_master_refuses():
    """Registrations that are refused: told once each, the session goes on, and they are made when the master takes
    them."""
    with Node("agentx_master_refuses") as node:
        with Master(node.dir + "/agentx") as master:
            master.errors = {ax.REGISTER: ax.DUPLICATE}
            node.start_daemon(wait=False)
            wait_for(lambda: master.count(ax.REGISTER) >= 2 * VIEWS, 15, "a second attempt to register")
            expect_equal(len(refused_lines(node)), VIEWS, "how often a refusal is in the log")
            expect(master.count(ax.PING) >= 2, "a refused registration is the end of the session")
            master.errors = {}
            wait_for(lambda: master.count(ax.REGISTER) >= 3 * VIEWS, 12, "the registrations")
            expect_as_ever(node, master, "the refusals")
            expect_equal((master.sessions, master.count(ax.REGISTER)), (1, 3 * VIEWS), "sessions, and attempts")


@case(seconds=15)
def agentx_master_never_opens():
    """A master that takes the connection and does not answer: tried again, all else goes on, SIGTERM within 2 s."""
    with Node("agentx_master_never_opens") as node:
        with Master(node.dir + "/agentx") as master:
            master.silent = {ax.OPEN}
            node.start_daemon(wait=False)
            wait_for(lambda: master.sessions >= 1, 10, "the connection")
            dumps = {wait_for(lambda: node.dump()[1], 10, "the metrics disk")}
            wait_for(lambda: dumps.add(node.dump()[1]) or len(dumps) >= 3, 10, "new values on the metrics disk")
            sessions_begun(node, master, 1, "a master that does not answer an Open", 12)
            took = node.daemon.end()
            expect(took < 2.0, "SIGTERM took %.1f s" % took)
            return "SIGTERM %.2f s" % took


@case(seconds=18)
def agentx_master_silent():
    """A master that says nothing for a while is told of once, and finds the session as it was; SIGTERM within 2 s."""
    with Node("agentx_master_silent") as node:
        with Master(node.dir + "/agentx") as master:
            master.silent = {ax.PING}
            node.start_daemon(wait=False)
            wait_for(lambda: node.daemon_alive() and SILENT in node.daemon.output(), 20, "word of it in the log")
            expect_as_ever(node, master, "a long silence")
            expect_equal((master.sessions, node.daemon.output().count(SILENT)), (1, 1), "sessions, and lines")
            took = node.daemon.end()
            expect(took < 2.0, "SIGTERM took %.1f s" % took)
            return "SIGTERM %.2f s" % took
