"""Starts, stops and restarts, of the daemon and of the others around it."""
import os
import signal
import socket
import time

from cases import case
from edge import FAILED, Mib, Node, children_of, complains, expect, expect_equal, test_node, wait_for


@case
def restart_before_snmpd():
    """edgenoded started before snmpd: it says so, goes on, and serves once snmpd is there."""
    with Node("restart_before_snmpd") as node:
        node.start_daemon(wait=False)
        address = node.agentx.partition(":")[2]
        wait_for(lambda: node.daemon_alive() and complains(node.daemon.output(), address), 10,
                 "a complaint with the AgentX address")
        node.start_snmpd()
        begin = time.monotonic()
        wait_for(node.manager.answers, 10, "the tables")
        return "tables %.1f s after snmpd" % (time.monotonic() - begin)


@case
def restart_of_snmpd():
    """snmpd killed and started again, three times: the tables are back in seconds each time."""
    with Node("restart_of_snmpd") as node:
        node.start()
        pid, worst = node.daemon.pid, 0.0
        for _ in range(3):
            node.snmpd.kill()
            node.start_snmpd()
            begin = time.monotonic()
            wait_for(lambda: node.daemon_alive() and node.manager.answers(), 8, "the tables")
            worst = max(worst, time.monotonic() - begin)
        expect_equal(node.daemon.pid, pid, "the daemon's pid")
        return "back after %.1f s at most" % worst


@case
def restart_event_reaches_late_snmpd():
    """An event that occurred while snmpd was away is sent when it is back."""
    with Node("restart_event_reaches_late_snmpd") as node:
        node.start_trapd()
        node.start_daemon(wait=False)
        wait_for(lambda: node.daemon_alive() and os.path.exists(node.disk), 10, "the first reading")
        node.start_snmpd()
        started = wait_for(lambda: node.notified("edgeAgentStarted"), 15, "the notification")
        expect_equal(len(started), 1, "the number of notifications")


def domain_indexes(node):
    return {name: instance for instance, name in node.manager.column("edgeDomainName").items()}


def note_events(node, seen):
    """Every serial has one story only, whoever tells it, and whenever."""
    rows = {}
    for oid, value in node.manager.bulkwalk("edgeEventTable"):
        name, serial = Mib.split(oid)
        rows.setdefault(int(serial), {})[name] = value
    for serial, row in rows.items():
        story = (row["edgeEventTime"], row["edgeEventKind"], row["edgeEventText"])
        told = seen.setdefault(serial, story)
        expect(told == story, "event %d is told twice: %r and %r" % (serial, told, story))
    return rows


@case(seconds=60)
def restart_kill_20_times():
    """kill -9 twenty times, at different moments: indexes are kept, and no event serial is used twice."""
    with Node("restart_kill_20_times") as node:
        node.uri = test_node(node.dir + "/node.xml", 30)
        node.start()
        indexes, log_id, seen = domain_indexes(node), node.get("edgeEventLogId.0"), {}
        expect_equal(len(indexes), 30, "the number of domains")
        last = 0
        for turn in range(20):
            note_events(node, seen)
            node.daemon.kill()
            # Every second life is a short one: it ends somewhere between exec and the first snapshots.
            if turn % 2:
                node.start_daemon(wait=False)
                time.sleep(0.05 * turn)
                node.daemon.kill()
            node.start_daemon()
            expect_equal(domain_indexes(node), indexes, "the indexes after kill %d" % (turn + 1))
            expect_equal(node.get("edgeEventLogId.0"), log_id, "edgeEventLogId after kill %d" % (turn + 1))
            newest = node.get("edgeEventLast.0")
            expect(newest > last, "edgeEventLast went from %d to %d" % (last, newest))
            last = newest
        note_events(node, seen)
        stories = {}
        for notification in node.notifications():
            if notification.serial is None:
                continue
            story = (notification.kind, notification.of("edgeEventTime"), notification.of("edgeEventText"))
            expect(stories.setdefault(notification.serial, story) == story,
                   "serial %d was sent with two meanings" % notification.serial)
        expect(len(stories) >= 20, "only %d events were sent" % len(stories))
        return "%d events, %d sent" % (last, len(stories))


@case
def restart_keeps_events():
    """Events, their order and the boot counter survive an orderly restart; Stopping and Started are sent."""
    with Node("restart_keeps_events") as node:
        node.start()
        before = note_events(node, {})
        log_id = node.get("edgeEventLogId.0")
        took = node.daemon.end(signal.SIGTERM)
        expect(took < 2.0, "SIGTERM took %.1f s" % took)
        expect_equal(node.daemon.child.returncode, 0, "the exit status")
        node.start_daemon()
        after = note_events(node, {})
        for serial, row in before.items():
            expect_equal(after.get(serial), row, "event %d" % serial)
        expect_equal(node.get("edgeEventLogId.0"), log_id, "edgeEventLogId")
        wait_for(lambda: len(node.notified("edgeAgentStarted")) == 2 and len(node.notified("edgeAgentStopping")) == 1,
                 10, "Started, Stopping, Started")


@case
def restart_sighup():
    """SIGHUP with a good file is taken; with a broken one it is refused by file and line, and the old one stays."""
    with Node("restart_sighup") as node:
        node.start()
        expect_equal(node.get("edgeNodePollInterval.0"), 1000, "edgeNodePollInterval")
        node.poll_s = 3
        node.write_config()
        node.daemon.send(signal.SIGHUP)
        wait_for(lambda: node.get("edgeNodePollInterval.0") == 3000, 10, "the new poll interval")
        node.poll_s = 7
        node.write_config("<nonsense/>")
        with open(node.config, encoding="utf-8") as conf:
            line = 1 + [i for i, text in enumerate(conf) if "nonsense" in text][0]
        node.daemon.send(signal.SIGHUP)
        wait_for(lambda: complains(node.daemon.output(), "%s:%d" % (node.config, line)), 10, "file:line in the log")
        expect(node.daemon_alive() and node.get("edgeNodePollInterval.0") == 3000, "the old configuration is gone")
        pid = node.daemon.pid
        node.poll_s = 2
        node.write_config()
        node.daemon.send(signal.SIGHUP)
        wait_for(lambda: node.get("edgeNodePollInterval.0") == 2000, 10, "the repaired file")
        expect_equal(node.daemon.pid, pid, "the daemon's pid")


class SilentLibvirt:
    """A libvirt socket that takes connections and never says a word."""

    def __init__(self, path):
        self.uri = "qemu+unix:///system?socket=" + path
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(64)

    def close(self):
        self.listener.close()


@case(seconds=25)
def restart_silent_libvirt():
    """libvirt takes the connection and stays silent: all else is served, the source fails, SIGTERM ends within 2 s."""
    with Node("restart_silent_libvirt") as node:
        silent = SilentLibvirt(node.dir + "/libvirt")
        node.uri = silent.uri
        node.start_trapd()
        node.start_snmpd()
        node.start_daemon(wait=False)
        wait_for(lambda: node.daemon_alive() and node.manager.answers(), 10, "the tables")
        expect(node.get("edgeMemTotal.0"), "there is no memory")
        wait_for(lambda: node.source_state("libvirt") == FAILED, 40, "the libvirt source to fail", pause=0.5)
        expect(node.manager.column("edgeCpuOnline"), "there are no CPUs")
        took = node.daemon.end(signal.SIGTERM)
        silent.close()
        expect(took < 2.0, "SIGTERM took %.1f s" % took)
        return "SIGTERM %.2f s" % took


@case
def restart_before_libvirt():
    """libvirt not there at the start: no domain rows rather than wrong ones, a failed source, the rest is served."""
    with Node("restart_before_libvirt", uri="qemu+unix:///system?socket=/nonexistent/libvirt-sock") as node:
        node.start_snmpd()
        node.start_daemon(wait=False)
        wait_for(lambda: node.daemon_alive() and node.manager.answers(), 10, "the tables")
        wait_for(lambda: node.source_state("libvirt") == FAILED, 15, "the libvirt source to fail")
        expect_equal(node.manager.column("edgeDomainName"), {}, "the domains")
        error = node.get("edgeSourceLastError." + node.source_index("libvirt")).decode()
        expect("/nonexistent/libvirt-sock" in error, "the error names no socket: " + error)
        expect_equal(node.get("edgeNodeHealth.0"), 3, "edgeNodeHealth")


@case
def restart_sigterm_before_first_snapshot():
    """SIGTERM at once after the start ends it cleanly."""
    with Node("restart_sigterm_before_first_snapshot") as node:
        node.start_snmpd()
        for delay in (0.0, 0.02, 0.1, 0.3):
            node.start_daemon(wait=False)
            time.sleep(delay)
            took = node.daemon.end(signal.SIGTERM)
            expect(took < 2.0, "SIGTERM took %.1f s" % took)
            status = node.daemon.child.returncode
            expect(status in (0, -signal.SIGTERM), "it ended with %d" % status)


@case
def restart_nothing_left():
    """No process of the daemon stays behind: not its runner either, after SIGTERM and after SIGKILL."""
    with Node("restart_nothing_left") as node:
        node.start_snmpd()
        for number in (signal.SIGTERM, signal.SIGKILL):
            node.start_daemon()
            children = children_of(node.daemon.pid)
            expect(children, "there is no runner process")
            node.daemon.end(number)
            wait_for(lambda: not [c for c in children if os.path.exists("/proc/%d" % c)], 5, "the children to end")
