"""The event log and the notifications, whatever happens to the daemon, the sink, the disk or the subject meanwhile."""
import os
import random
import socket
import threading
import time

from cases import case
from cases_bad_input import fill
from cases_libvirtd import GetLoop
from cases_sensor import QUICK, Chip, alarms, node_with_chip, thermal
from edge import Mib, Node, Process, Skipped, expect, expect_equal, run, tool, wait_for

HOT, COLD, CRITICAL = 85000, 60000, 97000
NOT_STORED = b" [not stored]"
LONG = bool(os.environ.get("EDGENODE_LONG"))
KILLS = 100 if LONG else 10
# What happens by itself on a node whose clock nobody keeps.
NO_CLOCK = '<source name="clock" enabled="no"/><source name="ntp" enabled="no"/>'
STALL_MS = 1000  # the least that a stalled snmpd takes
SUBJECT_BURST, SUBJECT_S, SUMMARY_S = 20, 3, 10  # of the limit of notifications


def rows_of(node):
    """{serial: {column: (type, value)}} of edgeEventTable."""
    rows = {}
    for oid, value in node.manager.bulkwalk("edgeEventTable"):
        name, serial = Mib.split(oid)
        rows.setdefault(int(serial), {})[name] = value
    most = max(map(len, rows.values()), default=0)
    # One that came during the walk is not whole.
    return {serial: row for serial, row in rows.items() if len(row) == most}


def informs(node):
    """Our notifications, in the order of arrival."""
    return [n for n in node.notifications() if n.serial is not None]


def check_complete(node, rows, first=1):
    """No serial is lacking."""
    last = node.get("edgeEventLast.0")
    expect_equal(sorted(rows), list(range(first, last + 1)), "the serials of edgeEventTable")
    return last


def check_equal_rows(node, rows):
    """What was notified is what the table says; how many different events were."""
    for n in informs(node):
        row = rows[n.serial]
        expect_equal(Mib.name[row["edgeEventKind"][1]], n.kind, "edgeEventKind of %d" % n.serial)
        for oid, value in n.items():
            name, instance = Mib.split(oid)
            if name in row and instance == str(n.serial):
                expect_equal(value, row[name], "%s of the notification %d" % (name, n.serial))
    return {n.serial for n in informs(node)}


def quiet_node(name, config=""):
    """A node with a chip, and no event but what the case makes."""
    node, chip = node_with_chip(name, hold_s=0)
    node.config_extra += NO_CLOCK + config
    node.write_config()
    return node, chip


class Flapping:
    """A thread that heats and cools the chip; an event each time, where the daemon looks as often."""

    def __init__(self, chip, period_s):
        self.chip, self.period_s, self.over = chip, period_s, threading.Event()
        self.thread = threading.Thread(target=self._flap)

    def _flap(self):
        hot = False
        while not self.over.wait(self.period_s):
            hot = not hot
            self.chip.heat(HOT if hot else COLD)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


# --- killed ----------------------------------------------------------------------------------------------------------

@case(seconds=45)
def events_kill_while_they_happen():
    """kill -9 at random moments while a sensor flaps: the log has every serial once, each was sent as its row is."""
    node, chip = node_with_chip("events_kill_while_they_happen", hold_s=0)
    with node:
        node.config_extra += '<events rows="10000"/>'
        node.write_config()
        seed = random.randrange(1 << 32)
        moments = random.Random(seed)
        node.start()
        log_id = node.get("edgeEventLogId.0")
        with Flapping(chip, 0.15):
            for _ in range(KILLS):
                time.sleep(moments.uniform(0.0, 1.5))
                node.daemon.kill()
                node.start_daemon(wait=False)
            node.wait_served()
        wait_for(lambda: node.get("edgeEventUnsent.0") == 0, 15, "the master's word")
        node.daemon.kill()
        node.start_daemon()
        expect_equal(node.get("edgeEventLogId.0"), log_id, "edgeEventLogId (seed %d)" % seed)

        def all_sent():
            rows = rows_of(node)
            return {n.serial for n in informs(node)} >= set(rows) and rows
        rows = wait_for(all_sent, 20, "a notification of every event (seed %d)" % seed)
        last = check_complete(node, rows)
        check_equal_rows(node, rows)
        expect(len([r for r in rows.values() if Mib.name[r["edgeEventKind"][1]].startswith("edgeThermal")]) >= KILLS,
               "only %d events in all (seed %d)" % (last, seed))
        return "%d kills, %d events, %d informs" % (KILLS + 1, last, len(informs(node)))


@case(seconds=30)
def events_restart_loops():
    """The daemon and snmpd killed over and over while a sensor flaps: every serial once, and all taken in the end."""
    node, chip = node_with_chip("events_restart_loops", hold_s=0)
    with node:
        seed = random.randrange(1 << 32)
        moments = random.Random(seed)
        node.start()
        with Flapping(chip, 0.15):
            for turn in range(KILLS):
                time.sleep(moments.uniform(0.0, 1.2))
                if turn % 3 != 2:
                    node.daemon.kill()
                if turn % 3 != 0:
                    node.snmpd.kill()
                    node.start_snmpd()
                if turn % 3 != 2:
                    node.start_daemon(wait=False)
            node.wait_served()
        wait_for(lambda: node.get("edgeEventUnsent.0") == 0, 20, "the master's word (seed %d)" % seed)
        rows = rows_of(node)
        last = check_complete(node, rows)
        # What snmpd has taken and not passed on when it is killed, a manager finds in the table.
        told = check_equal_rows(node, rows)
        expect(len(told) > last / 2, "only %d of %d events were notified (seed %d)" % (len(told), last, seed))
        return "%d events, %d of them notified" % (last, len(told))


# --- no sink ---------------------------------------------------------------------------------------------------------

def gets_during_events(node, chip, arrived):
    """Ten events; how long the gets took beside them, in milliseconds."""
    loop = GetLoop(node, 5)
    begin = node.get("edgeEventLast.0")
    for i in range(10):
        chip.heat(COLD if i % 2 else HOT)
        wait_for(lambda: node.get("edgeEventLast.0") >= begin + i + 1, 10, "event %d" % (i + 1), pause=0.02)
    wait_for(lambda: node.get("edgeEventUnsent.0") == 0, 10, "the master's word")
    arrived()
    return {name: us / 1000 for name, us in loop.figures().items() if name.endswith("_us")}


@case(alone=True, seconds=25)
def events_sink_unreachable():
    """A sink that never answers, named with its engine: ten events hold up no get, and the master takes them all."""
    worst = {}
    for name in ("answers", "silent"):
        node, chip = quiet_node("events_sink_" + name)
        with node, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
            if name == "silent":
                sink.bind(("127.0.0.1", node.trap_port))
            else:
                node.start_trapd()
            node.start_snmpd()
            node.start_daemon()
            worst[name] = gets_during_events(node, chip, lambda: name == "silent" or wait_for(
                lambda: len(thermal(node)) == 10, 10, "ten notifications"))
            if name == "silent":
                sink.setblocking(False)
                expect(sink.recv(65536), "nothing was sent to the sink")
    silent, answers = worst["silent"], worst["answers"]
    # Without -e each notification holds up snmpd for seconds. What a busy machine adds, it adds to both.
    expect(silent["p99_us"] < max(100, 3 * answers["p99_us"]) and silent["max_us"] < STALL_MS,
           "gets took %s ms, and with a sink that answers %s" % (silent, answers))
    return "the longest get %.1f ms, with a sink that answers %.1f ms" % (silent["max_us"], answers["max_us"])


# --- a disk that cannot be written -----------------------------------------------------------------------------------

class OwnDisk:
    """A file system of its own for the state directory; it outlives the daemon."""

    def __init__(self, node, mount):
        self.node, self.chip = node, Chip(node.dir + "/sensors")
        self.holder = Process("disk", ["unshare", "-m", "sh", "-ec", mount + " && echo mounted && exec sleep 3600",
                                       node.dir + "/image", node.state], node.dir + "/disk.log")
        node.helpers.append(self.holder)
        wait_for(lambda: "mounted" in self.holder.output() or not self.holder.running(), 10, "the mount")
        if not self.holder.running():
            raise Skipped("no file system can be mounted here: " + self.holder.output().strip())
        node.prefix = [tool("nsenter"), "-m", "-r", "-t", str(self.holder.pid)] + self.chip.prefix

    def path(self, name=""):
        return "/proc/%d/root%s/%s" % (self.holder.pid, self.node.state, name)


class Switch:
    """Has one event happen at a time."""

    def __init__(self, node, chip):
        self.node, self.chip, self.hot = node, chip, False

    def event(self):
        """The notification of the event that now happens; whatever the chip has caused so far is told."""
        wait_for(lambda: bool(alarms(self.node)) == self.hot, 10, "the alarm as the sensor is")
        last = self.node.get("edgeEventLast.0")
        self.hot = not self.hot
        self.chip.heat(HOT if self.hot else COLD)
        kind = "edgeThermalWarning" if self.hot else "edgeThermalNormal"
        return wait_for(lambda: [n for n in self.node.notified(kind) if n.serial > last], 10, kind)[0]

    def unstored(self):
        """Whether the event went out as not stored."""
        return self.event().of("edgeEventText").endswith(NOT_STORED)


def live_twice(node):
    """Two lives later."""
    for _ in range(2):
        last = node.get("edgeEventLast.0")
        wait_for(lambda: node.get("edgeEventUnsent.0") == 0, 10, "the master's word")
        node.daemon.kill()
        node.start_daemon()
        expect(node.get("edgeEventLast.0") > last, "edgeEventLast went back from %d" % last)


def check_told_once(node, rows, lost=()):
    """The log has all but these, and every serial has one story, whoever tells it."""
    last = node.get("edgeEventLast.0")
    expect_equal(sorted(rows), [s for s in range(1, last + 1) if s not in lost], "the serials of edgeEventTable")
    stories = {}
    for n in informs(node):
        story = (n.kind, n.of("edgeEventTime"), n.of("edgeEventText"))
        expect_equal(stories.setdefault(n.serial, story), story, "what was sent as %d" % n.serial)
        if n.serial in rows:
            expect_equal(rows[n.serial]["edgeEventText"][1], n.of("edgeEventText"), "edgeEventText of %d" % n.serial)


def lose_and_recover(node, disk, switch, forbid, allow):
    """The state cannot be written for some events: they go out and are marked, and are in the log when it can be."""
    forbid(disk)
    # The last page of the log may have room for some events.
    wait_for(lambda: switch.unstored(), 40, "an event that is not stored")
    for _ in range(3):
        expect(switch.unstored(), "an event was stored")
    expect_equal(node.get("edgeEventDropped.0"), 4, "edgeEventDropped")
    newest = rows_of(node)[node.get("edgeEventLast.0")]
    expect(newest["edgeEventText"][1].endswith(NOT_STORED), "the row is %s" % newest)
    logged = node.get("edgeEventLogged.0")
    allow(disk)
    wait_for(lambda: node.get("edgeEventLogged.0") >= logged + 4, 15, "what the log was owed")
    live_twice(node)
    check_told_once(node, rows_of(node))


TMPFS = 'mount -t tmpfs -o size=256k none "$1"'
EXT4 = 'truncate -s 4M "$0"; mkfs.ext4 -q "$0"; mount -o loop "$0" "$1"'


def make_full(disk):
    fill(disk.path("filler"))


def make_room(disk):
    os.unlink(disk.path("filler"))


@case(seconds=30)
def events_full_disk():
    """A full state disk: events go out marked, the log has them when there is room; killed meanwhile: no serial twice."""
    with Node("events_full_disk", config=QUICK % 0 + NO_CLOCK) as node:
        disk = OwnDisk(node, TMPFS)
        switch = Switch(node, disk.chip)
        node.start()
        lose_and_recover(node, disk, switch, make_full, make_room)

        make_full(disk)
        wait_for(lambda: switch.unstored(), 40, "an event that is not stored")
        expect(switch.unstored(), "an event was stored")
        for _ in range(2):  # the second life begins on the full disk
            node.daemon.kill()
            node.start_daemon()
            expect(switch.unstored(), "an event was stored")
        lost = {n.serial for n in informs(node) if n.of("edgeEventText").endswith(NOT_STORED)} - set(rows_of(node))
        make_room(disk)
        wait_for(lambda: node.get("edgeEventLogged.0") == node.get("edgeEventDropped.0"), 15, "the log")
        live_twice(node)
        rows = rows_of(node)
        check_told_once(node, rows, lost)
        return "%d events, %d of them lost with the daemon" % (node.get("edgeEventLast.0"), len(lost))


def make_immutable(disk):
    names = [disk.path(name) for name in sorted(os.listdir(disk.path()))]
    status, _, err = run([tool("chattr"), "+i"] + [n for n in names if os.path.isfile(n)] + [disk.path()])
    expect(status == 0, "chattr: " + err.strip())


def make_mutable(disk):
    names = [disk.path(name) for name in sorted(os.listdir(disk.path()))]
    run([tool("chattr"), "-i", disk.path()] + [n for n in names if os.path.isfile(n)])


@case(seconds=20)
def events_read_only():
    """Nothing in the state directory can be written, open or not, as after an error of its disk: the same."""
    with Node("events_read_only", config=QUICK % 0 + NO_CLOCK) as node:
        disk = OwnDisk(node, EXT4)
        switch = Switch(node, disk.chip)
        node.start()
        try:
            lose_and_recover(node, disk, switch, make_immutable, make_mutable)
        finally:
            make_mutable(disk)


# --- too many --------------------------------------------------------------------------------------------------------

def thermal_rows(node):
    return {s: r for s, r in rows_of(node).items() if Mib.name[r["edgeEventKind"][1]].startswith("edgeThermal")}


@case(seconds=30)
def events_flood():
    """A subject that flaps: few notifications, one summary that counts the rest, all in the table, critical at once."""
    node, chip = quiet_node("events_flood")
    with node:
        node.start()
        begin = time.monotonic()
        with Flapping(chip, 0.15):
            wait_for(lambda: len(thermal_rows(node)) >= 2 * SUBJECT_BURST, 60, "a flood")
        before = thermal(node).count("edgeThermalCritical")
        chip.heat(CRITICAL)
        wait_for(lambda: thermal(node).count("edgeThermalCritical") > before, 5, "the critical event")
        expect(not node.notified("edgeEventsSummarised") or time.monotonic() - begin > SUMMARY_S,
               "the summary came before its time")
        summary = wait_for(lambda: node.notified("edgeEventsSummarised"), SUMMARY_S + 10, "the summary")[0]
        took = time.monotonic() - begin
        rows = rows_of(node)
        check_complete(node, rows)
        told = check_equal_rows(node, rows)
        kept = [s for s in rows if s not in told and s < summary.serial]
        expect_equal(summary.of("edgeEventValue"), len(kept), "edgeEventValue of the summary")
        expect(len(kept) >= SUBJECT_BURST / 2, "only %d events were kept back" % len(kept))
        expect(all(str(s).encode() in summary.of("edgeEventText") for s in (kept[0], kept[-1])),
               "edgeEventText is %s, not of %d to %d" % (summary.of("edgeEventText"), kept[0], kept[-1]))
        most = SUBJECT_BURST + int(took / SUBJECT_S) + 2
        expect(len(thermal(node)) <= most, "%d notifications, at most %d" % (len(thermal(node)), most))
        expect_equal(len(node.notified("edgeEventsSummarised")), 1, "the number of summaries")
        return "%d events, %d notified, %d summarised" % (len(thermal_rows(node)), len(thermal(node)), len(kept))
