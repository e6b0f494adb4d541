"""A real libvirtd with QEMU domains that hangs, dies and comes back."""
import os
import signal
import time

from cases import case
from cases_sensor import KEY, node_with_chip, sensor_index, wait_thermal
from cases_values import check_all_domains, wait_all
from edge import Build, FAILED, Mib, Node, OK, STALE, Skipped, expect, expect_equal, wait_for
from rig import seconds_until, shared_rig

ASKED = ["edgeDomainName.1", "edgeDomainState.1", "edgeMemTotal.0"]
# Two runs of the same differ by so much on a busy machine.
FACTOR, ALLOWANCE_US = 1.5, 1500


class GetLoop:
    """getloop beside the case: as many gets as it can, in one session."""

    def __init__(self, node, seconds):
        if not os.access(Build.getloop, os.X_OK):
            raise Skipped("%s is not built" % Build.getloop)
        self.seconds, self.node = seconds, node
        self.process = node.helper("getloop", [Build.getloop, node.manager.address, str(seconds)] +
                                   [Mib.number(name) for name in ASKED])

    def figures(self):
        status = self.process.wait(self.seconds + 20)
        words = self.process.output().split()
        expect(status == 0 and len(words) >= 10, "getloop ended with %d: %s" % (status, " ".join(words)))
        return dict(zip(words[-10::2], (int(w) for w in words[-9::2])))


def measured(node, seconds):
    return GetLoop(node, seconds).figures()


def state_of_libvirt(node):
    return node.source_state("libvirt")


def wait_state(node, state, timeout):
    return seconds_until(lambda: node.daemon_alive() and state_of_libvirt(node) == state, timeout,
                         "state %d of the libvirt source" % state)


def domains(node):
    return {index: name.decode() for index, name in node.manager.column("edgeDomainName").items()}


@case(alone=True, long=True, seconds=60)
def libvirtd_stopped_20_s():
    """SIGSTOP for 20 s: gets as fast as before, stale then failed, sensors and notifications go on, recovery alone."""
    rig = shared_rig()
    node, chip = node_with_chip("libvirtd_stopped_20_s", uri=rig.uri)
    with node:
        node.start()
        served = domains(node)
        expect_equal(len(served), rig.domains, "the number of domains")
        before = measured(node, 5)
        rig.freeze()
        try:
            begin = time.monotonic()
            loop = GetLoop(node, 20)
            stale = wait_state(node, STALE, 18)
            chip.heat(85000)
            wait_thermal(node, ["edgeThermalWarning"])
            expect_equal(node.get("edgeSensorValue." + sensor_index(node, KEY)), 85000, "edgeSensorValue")
            failed = stale + wait_state(node, FAILED, 20)
            expect_equal(domains(node), served, "the domains while libvirtd is stopped")
            age = node.get("edgeDomainAge.1")
            expect(age >= 2000, "edgeDomainAge is %d ms" % age)
            stopped = loop.figures()
            wait_for(lambda: time.monotonic() - begin > 20, 25, "the end of the 20 s")
        finally:
            rig.thaw()
        recovered = wait_state(node, OK, 30)
        chip.heat(60000)
        wait_thermal(node, ["edgeThermalWarning", "edgeThermalNormal"])
        expect_equal(domains(node), served, "the domains afterwards")
        wait_for(lambda: node.get("edgeDomainAge.1") < 3000, 15, "a new reading of the domains")
        wait_for(lambda: node.notified("edgeSourceRecovered"), 10, "the notification of the recovery")
        expect_equal(len(node.notified("edgeSourceFailed")), 1, "the number of edgeSourceFailed")
        expect_equal(len(node.notified("edgeSourceRecovered")), 1, "the number of edgeSourceRecovered")
        after = measured(node, 5)
        note = "p99 running %d us, stopped %d us, running again %d us; stale after %.1f s, failed after %.1f s, back " \
            "%.1f s after" % (before["p99_us"], stopped["p99_us"], after["p99_us"], stale, failed, recovered)
        for figures in (before, stopped, after):
            expect_equal(figures["errors"], 0, "the number of gets without an answer")
        bound = max(before["p99_us"], after["p99_us"]) * FACTOR + ALLOWANCE_US
        expect(stopped["p99_us"] <= bound, note)
        return note


@case(alone=True, seconds=30)
def libvirtd_killed():
    """libvirtd killed and started again: the source fails and recovers, no row is lost, one notification each."""
    rig = shared_rig()
    with Node("libvirtd_killed", uri=rig.uri) as node:
        node.start()
        served = domains(node)
        rig.kill()
        try:
            failed = wait_state(node, FAILED, 20)
            expect_equal(domains(node), served, "the domains while libvirtd is away")
        finally:
            rig.revive()
        recovered = wait_state(node, OK, 40)
        expect_equal(domains(node), served, "the domains afterwards")
        for kind in ("edgeSourceFailed", "edgeSourceRecovered"):
            notified = wait_for(lambda kind=kind: node.notified(kind), 10, kind)
            expect_equal([n.of("edgeSourceName") for n in notified], [b"libvirt"], kind)
        expect_equal(node.notified("edgeDomainStateChanged"), [], "the notifications on domains")
        return "failed after %.1f s, back %.1f s after" % (failed, recovered)


@case(alone=True, seconds=20)
def libvirtd_started_late():
    """edgenoded started before libvirtd: the domains come by themselves."""
    rig = shared_rig()
    rig.kill()
    try:
        with Node("libvirtd_started_late", uri=rig.uri) as node:
            node.start_snmpd()
            node.start_daemon(wait=False)
            wait_for(lambda: node.daemon_alive() and node.manager.answers(), 10, "the tables")
            wait_state(node, FAILED, 15)
            expect_equal(domains(node), {}, "the domains")
            rig.revive()
            took = seconds_until(lambda: len(domains(node)) == rig.domains, 30, "the domains")
            wait_state(node, OK, 5)
            return "domains %.1f s after libvirtd" % took
    finally:
        rig.revive()


@case(alone=True, seconds=15)
def libvirtd_sigterm_while_stopped():
    """SIGTERM ends the daemon within 2 s while libvirtd hangs."""
    rig = shared_rig()
    with Node("libvirtd_sigterm_while_stopped", uri=rig.uri) as node:
        node.start()
        rig.freeze()
        try:
            wait_state(node, STALE, 18)
            took = node.daemon.end(signal.SIGTERM)
        finally:
            rig.thaw()
        expect(took < 2.0, "SIGTERM took %.1f s" % took)
        return "%.2f s" % took


@case(alone=True, seconds=20)
def libvirtd_domains_equal_virsh():
    """QEMU domains have virsh's state, CPU time, memory and vCPUs."""
    rig = shared_rig()
    with Node("libvirtd_domains_equal_virsh", uri=rig.uri) as node:
        node.start()
        names = check_all_domains(node, rig.uri)
        return "%d domains" % len(names)


@case(alone=True, seconds=20)
def libvirtd_state_changes():
    """resume, suspend and the end of a domain: each is notified with the row's values; the row goes at the end."""
    rig = shared_rig()
    with Node("libvirtd_state_changes", uri=rig.uri) as node:
        node.start_trapd()
        rig.act("domains", "90", "90")
        try:
            node.start_snmpd()
            node.start_daemon()
            index = {name: i for i, name in domains(node).items()}["rig-90"]

            def states():
                return [n.of("edgeDomainState") for n in node.notified("edgeDomainStateChanged")
                        if n.of("edgeDomainName") == b"rig-90"]
            rig.virsh("resume", "rig-90")
            wait_for(lambda: states() == [2], 10, "the notification of running")
            expect_equal(node.get("edgeDomainState." + index), 2, "edgeDomainState")
            rig.virsh("suspend", "rig-90")
            wait_for(lambda: states() == [2, 4], 10, "the notification of paused")
            expect_equal(node.get("edgeDomainState." + index), 4, "edgeDomainState")
            expect(node.get("edgeDomainLastChange." + index), "edgeDomainLastChange has no value")
        finally:
            rig.virsh("destroy", "rig-90")
        wait_for(lambda: "rig-90" not in domains(node).values(), 10, "the row to go")
        # The same name and UUID again: a transient domain keeps its index.
        known = domains(node)
        rig.act("domains", "91", "91")
        try:
            wait_for(lambda: "rig-91" in domains(node).values(), 10, "the new row")
            expect(all(domains(node)[i] == name for i, name in known.items()), "an index moved")
        finally:
            rig.virsh("destroy", "rig-91")
        return "states %s" % states()


@case(alone=True, seconds=20)
def libvirtd_every_object():
    """What the test driver has not, QEMU domains have."""
    rig = shared_rig()
    with Node("libvirtd_every_object", uri=rig.uri, poll_s=2) as node:  # the overhead needs intervals over 1 s
        node.start()
        rig.act("domains", "80", "80")
        try:
            wait_for(lambda: "rig-80" in domains(node).values(), 10, "the new domain")
            rig.virsh("resume", "rig-80")
            wait_all(node, "libvirtd_every_object")
        finally:
            rig.virsh("destroy", "rig-80")
