"""snmpd stopped, killed and started again and again under managers that read all the time."""
import os
import re
import signal
import threading
import time

from cases import case
from cases_agentx import LONG
from cases_agentx_peers import V1, V2C, allow_communities
from cases_churn import SANITIZED_KIB, figures, is_sanitized
from cases_events import COLD, HOT, NO_CLOCK, check_complete, check_equal_rows, informs, rows_of
from cases_sensor import node_with_chip
from cases_snmp import check_order, check_types, settled
from edge import ROOT, SnmpError, expect, expect_equal, test_node, wait_for

SENSORS_MS = 100  # of node_with_chip()
EVENT_LINE = re.compile(r"event (\d+): ")
# Of these a value never changes here.
FIXED = ("edgeDomainName", "edgeDomainUuid", "edgeDomainVcpusMax", "edgeDomainMemMax")
DOMAINS = 60
RSS_SLACK_KB = 3000
BACK_S = 8


class Walkers:
    """Four managers that read all the time; what one of them finds wrong fails the case."""

    def __init__(self, node):
        self.node, self.over, self.lock = node, threading.Event(), threading.Lock()
        self.wrong, self.whole, self.cut, self.failed = [], 0, 0, 0
        manager = node.manager
        self.fixed = {name: manager.bulkwalk(name) for name in FIXED}
        self.names = [oid for oid, _ in self.fixed["edgeDomainName"]]
        readers = (lambda **o: manager.bulkwalk(**o),
                   lambda **o: manager.tool("snmpwalk", "edgeDomainTable", options=V2C, **o),
                   lambda **o: manager.tool("snmpwalk", "edgeDomainTable", options=V1, **o))
        self.threads = [threading.Thread(target=self._run, args=(self._walk, reader)) for reader in readers]
        self.threads.append(threading.Thread(target=self._run, args=(self._gets, None)))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def check(self):
        with self.lock:
            expect(not self.wrong, "; ".join(self.wrong[:3]))

    def _count(self, name):
        with self.lock:
            setattr(self, name, getattr(self, name) + 1)

    def _run(self, read, reader):
        while not self.over.is_set():
            try:
                self._count(read(reader))
            except SnmpError:  # a master that is stopped or gone
                self._count("failed")
            except Exception as error:  # of whatever kind, it is wrong
                with self.lock:
                    self.wrong.append("%s: %s" % (type(error).__name__, error))

    def _walk(self, reader):
        """A walk that ends where the tables do, or where the master lost them: in order, no hole, nothing wrong."""
        values = [value for value in reader(wait=1, retries=1) if value[1] is not None and
                  value[0].startswith(ROOT + ".")]
        check_order(values)
        check_types(values)
        found = dict(values)
        whole = True
        for name, fixed in self.fixed.items():
            here = [(oid, found[oid]) for oid, _ in fixed if oid in found]
            expect(here == fixed[:len(here)], "%s has a hole or a wrong value" % name)
            whole = whole and len(here) == len(fixed)
        return "whole" if whole else "cut"

    def _gets(self, _):
        values = self.node.manager.tool("snmpget", *self.names[:30], wait=1, retries=1)
        for value, fixed in zip(values, self.fixed["edgeDomainName"]):
            expect(value == fixed or value == (fixed[0], None), "a get gives %s for %s" % (value, fixed))
        return "whole" if values[0][1] else "cut"


def event_in_log(node, chip, hot):
    """One event more; waits for the daemon's log, as the master may be away."""
    before = len(EVENT_LINE.findall(node.daemon.output()))
    chip.heat(HOT if hot else COLD)
    wait_for(lambda: len(EVENT_LINE.findall(node.daemon.output())) > before, 5, "an event while the master is away")
    return int(EVENT_LINE.findall(node.daemon.output())[before])


def polls(node):
    return node.get("edgeSourcePolls." + node.source_index("sensors"))


def while_stopped(node, chip, hot):
    """What goes on without the master: an event, the metrics disk, polls. (serial, polls at least)"""
    begin = time.monotonic()
    disk = node.dump()[1]
    serial = event_in_log(node, chip, hot)
    wait_for(lambda: node.dump()[1] != disk, 5, "new values on the metrics disk")
    return serial, int((time.monotonic() - begin) * 1000 / SENSORS_MS / 3)


def wait_back(node):
    begin = time.monotonic()
    wait_for(lambda: node.daemon_alive() and node.manager.answers(), BACK_S, "the tables")
    return time.monotonic() - begin


def stop_and_continue(node, chip, hot):
    before = polls(node)
    node.snmpd.send(signal.SIGSTOP)
    serial, most = while_stopped(node, chip, hot)
    node.snmpd.send(signal.SIGCONT)
    took = wait_back(node)
    expect(polls(node) >= before + most, "the sensors were polled %d times" % (polls(node) - before))
    return serial, took


def stop_and_kill(node, chip, hot):
    node.snmpd.send(signal.SIGSTOP)
    serial, _ = while_stopped(node, chip, hot)
    os.kill(node.snmpd.pid, signal.SIGKILL)
    node.snmpd.kill()
    node.start_snmpd()
    return serial, wait_back(node)


def kill_in_service(node, chip, hot):
    node.snmpd.kill()
    serial = event_in_log(node, chip, hot)
    node.start_snmpd()
    return serial, wait_back(node)


def kill_while_registering(node, chip, hot):
    """It is gone again as soon as the daemon has found it."""
    for _ in range(2 if LONG else 1):
        node.snmpd.kill()
        node.start_snmpd()
        connected = node.daemon.output().count("connected to")
        wait_for(lambda: node.daemon.output().count("connected to") > connected, BACK_S, "the connection", pause=0.001)
    return kill_in_service(node, chip, hot)


FAULTS = (stop_and_continue, stop_and_kill, kill_in_service, kill_while_registering)


def faults_under_load(name, rounds):
    node, chip = node_with_chip(name, hold_s=0, poll_s=1)
    with node:
        node.uri = test_node(node.dir + "/node.xml", DOMAINS)
        node.config_extra += NO_CLOCK + '<events rows="10000"/>'
        node.write_config()
        allow_communities(node)
        node.start()
        wait_for(lambda: settled(node), 15, "a second reading of everything")
        told, worst, warm = set(), 0.0, None
        with Walkers(node) as walkers:
            for turn in range(rounds):
                serial, took = FAULTS[turn % len(FAULTS)](node, chip, turn % 2 == 0)
                worst = max(worst, took)
                wait_for(lambda: serial in {n.serial for n in informs(node)}, 10, "the notification %d" % serial)
                told.add(serial)
                walkers.check()
                if turn == min(rounds // 2, 2 * len(FAULTS)) - 1:
                    warm = figures(node)
        walkers.check()
        after = figures(node)
        expect(after[1] <= warm[1], "%d descriptors are open, %d before" % (after[1], warm[1]))
        slack = SANITIZED_KIB if is_sanitized() else RSS_SLACK_KB
        expect(after[0] <= warm[0] + slack, "RssAnon is %d kB, %d before" % (after[0], warm[0]))
        expect_equal(len(told), rounds, "the number of events")
        wait_for(lambda: node.get("edgeEventUnsent.0") == 0, 10, "the master's word")
        rows = rows_of(node)
        last = check_complete(node, rows)
        check_equal_rows(node, rows)
        expect(walkers.whole >= rounds, "only %d walks were whole" % walkers.whole)
        node.snmpd.send(signal.SIGSTOP)
        chip.heat(HOT if rounds % 2 == 0 else COLD)
        took = node.daemon.end()
        expect(took < 2.0 and node.daemon.child.returncode == 0, "SIGTERM took %.1f s, %d" % (
            took, node.daemon.child.returncode))
        return "%d events; %d walks whole, %d cut, %d failed; back after %.1f s; RssAnon %+d kB; SIGTERM %.2f s" % (
            last, walkers.whole, walkers.cut, walkers.failed, worst, after[0] - warm[0], took)


@case(seconds=30)
def agentx_faults_under_load():
    """snmpd stopped, continued, killed, killed while we register, with four managers reading: nothing that is read is
    wrong, no event is lost, all else goes on, nothing grows."""
    return faults_under_load("agentx_faults_under_load", 4)


@case(alone=True, long=True, seconds=240)
def agentx_faults_for_minutes():
    """The same, sixty times."""
    return faults_under_load("agentx_faults_for_minutes", 60)
