"""The clock as a time daemon tells it: two real chronyds on loopback that never touch the clock, beside chronyc."""
import ctypes
import os
import signal
import time

from cases import case
from cases_sensor import alarms
from edge import (ABSENT, FAILED, OK, Failed, Mib, Node, Process, Skipped, expect, expect_equal, free_port, run, tool,
                  wait_for)

KERNEL, NTP = 2, 3  # edgeClockSource
SYNCHRONIZED, UNSYNCHRONIZED = 1, 2
LEAP_NONE, LEAP_ALARM = 1, 4
SERVER, UNREACHABLE = 1, 5
MODES = {"^": SERVER, "=": 2, "#": 3}
STATES = {"*": 1, "+": 2, "-": 3, "x": 4, "~": 6}
HOLD_S = 10  # for which a clock is unsynchronised before that is told
AHEAD_S = 0.2  # how much more the server is taken to say than the clock


class Chronyd:
    """A chronyd of the case's node: -x, so that it leaves the clock alone, and no file outside the directory."""

    def __init__(self, node, name, lines):
        self.node, self.name = node, name
        self.port = free_port()
        path = os.path.join(node.dir, name)
        with open(path + ".conf", "w", encoding="ascii") as conf:
            conf.write("\n".join(lines + ["cmdport %d" % self.port, "bindcmdaddress 127.0.0.1", "bindcmdaddress /",
                                          "pidfile %s.pid" % path]) + "\n")
        self.path, self.process = path, None
        self.restart()

    def restart(self):
        """It knows nothing of its life before."""
        if self.process:
            self.process.end()
        self.process = Process(self.name, [tool("chronyd"), "-x", "-d", "-u", "root", "-f", self.path + ".conf"],
                               self.path + ".log")
        self.node.helpers.append(self.process)
        wait_for(self.answers, 10, "the answer of " + self.name)

    def answers(self):
        if not self.process.running():
            raise Failed("%s ended: %s" % (self.name, self.process.output().strip()))
        return run([tool("chronyc"), "-h", "127.0.0.1", "-p", str(self.port), "-c", "tracking"])[0] == 0

    def ask(self, *words):
        """Rows of values, as "chronyc -c" prints them."""
        status, out, err = run([tool("chronyc"), "-n", "-h", "127.0.0.1", "-p", str(self.port), "-c"] + list(words))
        expect(status == 0, "chronyc %s: %s" % (words[0], err or out))
        return [line.split(",") for line in out.splitlines()]

    def settled(self):
        """Its first burst is over: from now on its figures stand still for a minute."""
        return self.ask("sources")[0][5] == "17"


def clock_node(name):
    for program in ("chronyd", "chronyc"):
        tool(program)
    if os.geteuid() != 0:
        raise Skipped("chronyd has to be started by root")
    return Node(name)


def use(node, chronyd):
    node.write_config('<clock chronyd="127.0.0.1:%d" ntpd="" ptp4l=""/><source name="ntp" interval="250"/>' %
                      chronyd.port)


def server_of(node, *more):
    port = free_port()
    return port, Chronyd(node, "server", ["local stratum 3", "port %d" % port, "bindaddress 127.0.0.1",
                                          "allow 127.0.0.1"] + list(more))


def client_of(node, *lines):
    return Chronyd(node, "client", ["port 0"] + list(lines))


def scalars(node, *names):
    return dict(zip(names, node.get(*["edgeClock%s.0" % name for name in names])))


def peers(node):
    """{name: {column: value}}"""
    rows = {}
    for oid, value in node.manager.bulkwalk("edgeClockPeerTable"):
        column, instance = Mib.split(oid)
        rows.setdefault(instance, {})[column[len("edgeClockPeer"):]] = value[1]
    return {row["Name"].decode(): row for row in rows.values()}


def near(got, wanted, tolerance, what):
    expect(got is not None and abs(got - wanted) <= tolerance, "%s is %s, chronyc says %s" % (what, got, wanted))


def check_tracking(node, client):
    t = client.ask("tracking")[0]
    got = scalars(node, "Source", "Daemon", "State", "Leap", "Reference", "Stratum", "Offset", "OffsetSeconds",
                  "OffsetNs", "EstError", "MaxError", "Frequency", "Skew", "RootDelay", "RootDispersion", "UpdateAge")
    expect_equal([got[n] for n in ("Source", "Daemon", "State", "Leap")], [NTP, b"chronyd", SYNCHRONIZED, LEAP_NONE],
                 "source, daemon, state, leap")
    expect_equal((got["Reference"].decode(), got["Stratum"]), (t[1], int(t[2])), "reference and stratum")
    correction_us = float(t[4]) * 1e6  # positive: slow
    near(got["Offset"], -correction_us, 20, "edgeClockOffset")
    near(got["OffsetNs"], -correction_us * 1e3, 2e4, "edgeClockOffsetNs")
    near(got["EstError"], float(t[6]) * 1e6, 1, "edgeClockEstError")
    near(got["Frequency"], -float(t[7]) * 1e3, 1, "edgeClockFrequency")
    near(got["Skew"], float(t[9]) * 1e3, 1, "edgeClockSkew")
    near(got["RootDelay"], float(t[10]) * 1e6, 1, "edgeClockRootDelay")
    near(got["RootDispersion"], float(t[11]) * 1e6, 20, "edgeClockRootDispersion")
    near(got["MaxError"], (float(t[10]) / 2 + float(t[11])) * 1e6 + abs(correction_us), 40, "edgeClockMaxError")
    near(got["UpdateAge"], time.time() + float(t[4]) - float(t[3]), 2, "edgeClockUpdateAge")
    return got


def check_peers(node, client):
    rows, lines = peers(node), client.ask("sources")
    estimates = {line[0]: float(line[6]) for line in client.ask("sourcestats")}
    expect_equal(sorted(rows), sorted(line[2] for line in lines), "the names of the peers")
    for mode, state, name, stratum, _, reach, age, _, _, error in lines:
        row = rows[name]
        expect_equal((row["Mode"], row["Reach"]), (MODES[mode], int(reach, 8)), "mode and reach of " + name)
        if state == "?" and reach == "0":
            expect_equal(row["State"], UNREACHABLE, "the state of " + name)
            expect(not {"Age", "Offset", "Error", "Stratum"} & set(row), "%s has no sample, but %s" % (name, row))
            continue
        expect_equal((row["State"], row["Stratum"]), (STATES[state], int(stratum)), "state and stratum of " + name)
        near(row["Age"], int(age), 2, "the age of " + name)
        near(row["Offset"], estimates[name] * 1e6, 20, "the offset of " + name)
        near(row["Error"], float(error) * 1e6, 1, "the error of " + name)


@case(seconds=20)
def clock_chronyd():
    """A node that follows a server by NTP: clock and peers are what chronyc tracking, sources, sourcestats say."""
    with clock_node("clock_chronyd") as node:
        port, _ = server_of(node)
        # The server is taken to be ahead; as nobody corrects the clock it stays behind.
        client = client_of(node, "server 127.0.0.1 port %d iburst offset %g" % (port, AHEAD_S),
                           "server 127.0.0.2 port %d" % free_port())
        use(node, client)
        node.start()
        wait_for(client.settled, 20, "the first burst of the client")

        def agrees():
            nonlocal failure
            try:
                got = check_tracking(node, client)
                check_peers(node, client)
            except Failed as error:
                failure = error
                return None
            return got
        failure = None
        try:
            got = wait_for(agrees, 10)
        except Failed:
            raise failure from None
        near(got["Offset"], -AHEAD_S * 1e6, 5000, "edgeClockOffset of a clock that is behind")
        expect_equal(got["OffsetSeconds"], 0, "edgeClockOffsetSeconds")
        wait_for(lambda: node.source_state("ntp") == OK, 10, "the state of the source")


def kernel_is_synchronized():
    """STA_UNSYNC of adjtimex(2), which with modes 0 changes nothing."""
    buffer = ctypes.create_string_buffer(512)
    expect(ctypes.CDLL(None).adjtimex(buffer) >= 0, "adjtimex")
    status = ctypes.c_int.from_buffer(buffer, 5 * ctypes.sizeof(ctypes.c_long)).value
    return status & 0x40 == 0


def failed_with(node, client):
    index = node.source_index("ntp")
    text = node.get("edgeSourceLastError." + index) or b""
    return node.get("edgeSourceState." + index) == FAILED and b"chronyd at 127.0.0.1:%d" % client.port in text


@case(seconds=30)
def clock_loses_its_daemon():
    """The server goes: the peer is unreachable. chronyd hangs: the source fails, the values stay. It ends: gone."""
    with clock_node("clock_loses_its_daemon") as node:
        port, server = server_of(node)
        client = client_of(node, "server 127.0.0.1 port %d iburst minpoll -2 maxpoll -2" % port)
        use(node, client)
        node.start()
        wait_for(lambda: node.get("edgeClockState.0") == SYNCHRONIZED and node.get("edgeClockSource.0") == NTP, 15,
                 "a synchronised clock")
        (index, name), = node.manager.column("edgeClockPeerName").items()
        expect_equal(name, b"127.0.0.1", "the peer")

        server.process.end()
        wait_for(lambda: node.get("edgeClockPeerReach." + index) == 0, 15, "a peer that is not reached")
        wait_for(lambda: (node.get("edgeClockUpdateAge.0") or 0) >= 2, 10, "an older comparison")
        wait_for(lambda: node.source_state("ntp") == OK, 10, "the source's state without the server")

        client.process.send(signal.SIGSTOP)
        wait_for(lambda: failed_with(node, client), 20, "the failure of the source")
        expect_equal(node.get("edgeClockDaemon.0", "edgeClockPeerName." + index), [b"chronyd", b"127.0.0.1"],
                     "what was known")
        client.process.send(signal.SIGCONT)
        wait_for(lambda: node.source_state("ntp") == OK, 15, "the source's recovery")

        client.process.end()
        wait_for(lambda: node.source_state("ntp") == ABSENT, 15, "the absence of the source")
        got = scalars(node, "Source", "Daemon", "State", "Stratum", "Reference", "UpdateAge")
        expect_equal(got, {"Source": KERNEL, "Daemon": None, "Stratum": None, "Reference": None, "UpdateAge": None,
                           "State": SYNCHRONIZED if kernel_is_synchronized() else UNSYNCHRONIZED}, "the clock")
        expect_equal(node.manager.column("edgeClockPeerName"), {}, "the peers")


@case(seconds=15)
def clock_follows_nothing():
    """A chronyd without an answering server, and one that only claims a stratum: the clock is not synchronised."""
    with clock_node("clock_follows_nothing") as node:
        alone = client_of(node, "server 127.0.0.2 port %d" % free_port())
        use(node, alone)
        node.start()
        wait_for(lambda: node.get("edgeClockDaemon.0") == b"chronyd", 10, "what chronyd says")
        expect_equal(scalars(node, "Source", "State", "Leap", "Stratum", "Reference", "UpdateAge"),
                     {"Source": 1, "State": UNSYNCHRONIZED, "Leap": LEAP_ALARM, "Stratum": None, "Reference": None,
                      "UpdateAge": None}, "a clock without servers")
        _, local = server_of(node)
        use(node, local)
        node.daemon.end()
        node.start_daemon()
        wait_for(lambda: node.get("edgeClockStratum.0") == 3, 10, "what the other says")
        expect_equal(scalars(node, "Source", "State", "Leap", "Reference"),
                     {"Source": 1, "State": UNSYNCHRONIZED, "Leap": LEAP_NONE, "Reference": None},
                     "a clock that claims a stratum")
        expect_equal(node.manager.column("edgeClockPeerName"), {}, "the peers")


def clock_told(node):
    return [n for n in node.notifications() if n.kind.startswith("edgeClock")]


@case(seconds=40)
def clock_events():
    """chronyd starts anew without its server: unsynchronised after the hold, an alarm; with it: synchronised."""
    with clock_node("clock_events") as node:
        port, server = server_of(node)
        follow = "server 127.0.0.1 port %d iburst minpoll -2 maxpoll -2" % port
        client = client_of(node, follow)
        use(node, client)
        wait_for(lambda: client.ask("tracking")[0][0] == "7F000001", 20, "a client that follows")
        node.start()
        wait_for(lambda: scalars(node, "Source", "State") == {"Source": NTP, "State": SYNCHRONIZED}, 15,
                 "a synchronised clock")
        expect_equal(clock_told(node), [], "the notifications at the start")

        server.process.end()
        client.restart()
        wait_for(lambda: node.get("edgeClockState.0") == UNSYNCHRONIZED, 10, "an unsynchronised clock")
        begin = time.monotonic()
        raised, = wait_for(lambda: clock_told(node), HOLD_S + 15, "the notification")
        took = time.monotonic() - begin
        expect(took > HOLD_S - 2, "it was told after %.1f s, within the hold" % took)
        expect_equal((raised.kind, raised.of("edgeClockState")), ("edgeClockUnsynchronized", UNSYNCHRONIZED), "event")
        expect(("edgeClockUnsynchronized", "clock") in [a[:2] for a in alarms(node)], "there is no alarm")

        server.restart()
        wait_for(lambda: len(clock_told(node)) > 1, 30, "the notification that it follows again")
        cleared = clock_told(node)[1]
        expect_equal((cleared.kind, cleared.of("edgeClockState")), ("edgeClockSynchronized", SYNCHRONIZED), "the event")
        expect("edgeClockUnsynchronized" not in [a[0] for a in alarms(node)], "the alarm is not over")
        expect_equal(len(clock_told(node)), 2, "the number of notifications")
        return "told %.1f s after" % took
