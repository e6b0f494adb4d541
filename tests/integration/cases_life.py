"""The life of domains on a real libvirtd: each change is one notification with its state, and the tables follow."""
import os
import subprocess
import time

from cases import case
from cases_guest import row_of
from edge import FAILED, Mib, OK, expect, expect_equal, tool, wait_for
from guest import guest_rig

RUNNING, PAUSED, SHUTOFF, PANICKED = 2, 4, 6, 7
CRITICAL = 3
CHANGED, CRASHED, REMOVED, REBOOTED = ("edgeDomain" + kind for kind in (
    "StateChanged", "Crashed", "Removed", "Rebooted"))
BY_LIST = b", found at resynchronisation"
POLL_S = 2
TRANSIENT = 50

XML = """
<domain type='qemu'><name>{name}</name><uuid>{uuid}</uuid><memory unit='MiB'>8</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type></os><features><acpi/></features>
<devices><emulator>{qemu}</emulator><memballoon model='none'/></devices></domain>
"""


def write_domain(rig, name, number):
    """The file of a domain without an operating system: it starts in a moment."""
    path = os.path.join(rig.dir, name + ".xml")
    with open(path, "w", encoding="utf-8") as xml:
        xml.write(XML.format(name=name, uuid="00000000-0000-4000-8000-%012x" % number,
                             qemu=tool("qemu-system-x86_64")))
    return path


def told(node, name):
    """What was notified of the domain, in the order of the serials: kinds with the state."""
    found = [n for n in node.notifications() if n.of("edgeDomainName") == name.encode()]
    return [(n.kind, n.of("edgeDomainState")) for n in sorted(found, key=lambda n: n.serial)]


def states(node):
    """{domain: state} as the table has it."""
    names = node.manager.column("edgeDomainName")
    values = node.manager.column("edgeDomainState")
    return {name.decode(): values[index] for index, name in names.items() if index in values}


def check_log(node):
    """edgeEventTable has every notification and no other; serials have no gap; each was sent once."""
    first, last = node.get("edgeEventFirst.0", "edgeEventLast.0")
    kinds, texts = node.manager.column("edgeEventKind"), node.manager.column("edgeEventText")
    expect_equal(sorted(map(int, kinds)), list(range(first, last + 1)), "the serials of edgeEventTable")

    def ours():  # snmpd has its own
        return [n for n in node.notifications() if n.serial is not None]
    wait_for(lambda: max(n.serial for n in ours()) >= last, 10, "the last notification")
    sent = ours()
    expect_equal(sorted(n.serial for n in sent), list(range(first, last + 1)), "the serials of the notifications")
    for n in sent:
        expect_equal(Mib.name[kinds[str(n.serial)]], n.kind, "edgeEventKind of %d" % n.serial)
        expect_equal(texts[str(n.serial)], n.of("edgeEventText"), "edgeEventText of %d" % n.serial)
    return last


class Life:
    """One domain, and what must have been told of it so far."""

    def __init__(self, node, rig, name, number):
        self.node, self.rig, self.name = node, rig, name
        self.path = write_domain(rig, name, number)
        self.expected, self.slowest = [], 0.0

    def then(self, action, state, *kinds):
        """After the action each of these is told, and the row has the state, within a period; None: it is gone."""
        action()
        begin = time.monotonic()
        self.expected += kinds
        wait_for(lambda: states(self.node).get(self.name) == state, 2 * POLL_S, "the row of %s in state %s" % (
            self.name, state))
        self.slowest = max(self.slowest, time.monotonic() - begin)
        wait_for(lambda: len(told(self.node, self.name)) >= len(self.expected), 10, "%d notifications of %s, not %s" % (
            len(self.expected), self.name, told(self.node, self.name)))
        expect_equal(told(self.node, self.name), self.expected, "the notifications of " + self.name)

    def virsh(self, *arguments):
        return lambda: self.rig.virsh(*arguments)

    def kill(self):
        self.rig.kill_qemu(self.name)

    def end(self):
        """Nothing of it is left, whatever went wrong."""
        for command in ("destroy", "undefine"):
            subprocess.run(["virsh", "-q", "-c", self.rig.uri_rw, command, self.name], stdin=subprocess.DEVNULL,
                           capture_output=True, check=False)


def no_more(node, lives, last):
    """Two polls later nothing more has been told of any domain."""
    polls = "edgeSourcePolls." + node.source_index("libvirt")
    polled = node.get(polls)
    wait_for(lambda: node.get(polls) >= polled + 2, 15, "two polls")
    later = [int(serial) for serial, domain in node.manager.column("edgeEventDomain").items() if domain]
    expect(max(later, default=0) <= last, "an event %d after %d" % (max(later, default=0), last))
    for life in lives:
        expect_equal(told(node, life.name), life.expected, "the notifications of " + life.name)


@case(alone=True, seconds=25)
def life_every_change():
    """define, start, pause, resume, reset, destroy, crash, undefine: one notification each, with the state."""
    rig = guest_rig()
    with rig.node("life_every_change", poll_s=POLL_S) as node:
        node.start()
        lasting, passing = Life(node, rig, "lasting", 1), Life(node, rig, "passing", 2)
        try:
            do = lasting.virsh
            lasting.then(do("define", lasting.path), SHUTOFF, (CHANGED, SHUTOFF))
            lasting.then(do("start", "--paused", "lasting"), PAUSED, (CHANGED, PAUSED))
            lasting.then(do("resume", "lasting"), RUNNING, (CHANGED, RUNNING))
            lasting.then(do("suspend", "lasting"), PAUSED, (CHANGED, PAUSED))
            lasting.then(do("resume", "lasting"), RUNNING, (CHANGED, RUNNING))
            lasting.then(do("reset", "lasting"), RUNNING, (REBOOTED, RUNNING))
            lasting.then(do("destroy", "lasting"), SHUTOFF, (CHANGED, SHUTOFF))
            lasting.then(do("start", "lasting"), RUNNING, (CHANGED, RUNNING))
            lasting.then(lasting.kill, SHUTOFF, (CRASHED, SHUTOFF))
            lasting.then(do("undefine", "lasting"), None, (REMOVED, SHUTOFF))
            # Undefined while it runs, it is transient: gone with its end.
            lasting.then(do("define", lasting.path), SHUTOFF, (CHANGED, SHUTOFF))
            lasting.then(do("start", "lasting"), RUNNING, (CHANGED, RUNNING))
            lasting.then(do("undefine", "lasting"), RUNNING)
            lasting.then(do("destroy", "lasting"), None, (CHANGED, SHUTOFF), (REMOVED, SHUTOFF))
            do = passing.virsh
            passing.then(do("create", passing.path), RUNNING, (CHANGED, RUNNING))
            passing.then(do("destroy", "passing"), None, (CHANGED, SHUTOFF), (REMOVED, SHUTOFF))
            passing.then(do("create", "--paused", passing.path), PAUSED, (CHANGED, PAUSED))
            passing.then(passing.kill, None, (CRASHED, SHUTOFF), (REMOVED, SHUTOFF))
            last = check_log(node)
            no_more(node, (lasting, passing), last)
        finally:
            lasting.end()
            passing.end()
        return "%d changes, the table followed within %.1f s" % (
            len(lasting.expected) + len(passing.expected), max(lasting.slowest, passing.slowest))


@case(alone=True, seconds=30)
def life_many_transient():
    """50 transient domains come and go as fast as QEMU can: each is told to run, to be off, and to be gone."""
    rig = guest_rig()
    with rig.node("life_many_transient", poll_s=POLL_S) as node:
        node.start()
        before = states(node)
        names = ["brief-%d" % i for i in range(TRANSIENT)]
        paths = [write_domain(rig, name, 100 + i) for i, name in enumerate(names)]
        begin = time.monotonic()
        workers = []
        for part in range(4):
            commands = "; ".join("create %s; destroy %s" % (paths[i], names[i]) for i in range(part, TRANSIENT, 4))
            workers.append(subprocess.Popen(["virsh", "-q", "-c", rig.uri_rw, commands], stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True))
        for worker in workers:
            error = worker.communicate(timeout=120)[1]
            expect(worker.returncode == 0, "virsh: %s" % error.strip())
        took = time.monotonic() - begin
        wait_for(lambda: states(node) == before, 2 * POLL_S, "the rows to go")
        wait_for(lambda: len(node.notified(REMOVED)) >= TRANSIENT, 15, "the notifications of the ends")
        for name in names:
            expect_equal(told(node, name), [(CHANGED, RUNNING), (CHANGED, SHUTOFF), (REMOVED, SHUTOFF)],
                         "the notifications of " + name)
        no_more(node, (), check_log(node))
        return "in %.1f s" % took


@case(alone=True, seconds=30)
def life_libvirtd_restarted():
    """libvirtd killed and started in the middle: what changed meanwhile and right after is told once, the rest not."""
    rig = guest_rig()
    with rig.node("life_libvirtd_restarted", poll_s=1) as node:
        lives = [Life(node, rig, name, 10 + i) for i, name in enumerate(("stays", "dies", "wakes", "fleets"))]
        stays, dies, wakes, fleets = lives
        try:
            for life in (stays, dies, wakes):
                rig.virsh("define", life.path)
                rig.virsh("start", life.name)
            rig.virsh("suspend", "wakes")
            rig.virsh("create", fleets.path)
            node.start()
            for life in lives:
                row_of(node, life)
            rig.kill()
            try:
                wait_for(lambda: node.source_state("libvirt") == FAILED, 20, "the libvirt source to fail")
                dies.kill()
                fleets.kill()
            finally:
                rig.revive()
            rig.virsh("resume", "wakes")
            wait_for(lambda: node.source_state("libvirt") == OK, 40, "the libvirt source to recover")
            wait_for(lambda: node.notified(REMOVED) and told(node, "dies") and told(node, "wakes"), 15,
                     "what changed meanwhile")
            fleeting = told(node, "fleets")
            expect(fleeting[-1:] == [(REMOVED, fleeting[-1][1])] and len(fleeting) <= 2,
                   "the notifications of fleets are %s" % fleeting)
            expect(told(node, "dies") in ([(CRASHED, SHUTOFF)], [(CHANGED, SHUTOFF)]),
                   "the notifications of dies are %s" % told(node, "dies"))
            expect_equal(told(node, "wakes"), [(CHANGED, RUNNING)], "the notifications of wakes")
            for life in (dies, fleets):
                last = [n for n in node.notifications() if n.of("edgeDomainName") == life.name.encode()][-1]
                expect(last.of("edgeEventText").endswith(BY_LIST), "edgeEventText is %r" % last.of("edgeEventText"))
            for life in lives:
                life.expected = told(node, life.name)
            dies.then(dies.virsh("start", "dies"), RUNNING, (CHANGED, RUNNING))
            stays.then(stays.virsh("suspend", "stays"), PAUSED, (CHANGED, PAUSED))
            no_more(node, lives, check_log(node))
            return "dies: %s, fleets: %s" % (dies.expected[0][0], [kind for kind, _ in fleeting])
        finally:
            for life in lives:
                life.end()


@case(alone=True, seconds=30)
def life_io_error_and_watchdog():
    """A guest's disk has no room, its watchdog expires: both are told, the pause with the error, resumed after it."""
    rig = guest_rig()
    guest, = rig.booted("two")
    with rig.node("life_io_error_and_watchdog") as node:
        node.start()
        row = row_of(node, guest)
        guest.background("watchdog -F -T 1 -t 60 /dev/watchdog")
        notified = wait_for(lambda: node.notified("edgeDomainWatchdog"), 20, "the notification of the watchdog")
        expect_equal(notified[0].of("edgeDomainName"), b"two", "edgeDomainName of the watchdog")
        guest.run("killall watchdog; until echo V >/dev/watchdog; do :; done 2>/dev/null")  # busy while it ends

        rig.scratch_room(6)
        try:
            guest.background("dd if=/dev/zero of=/dev/vdb bs=64k count=190 conv=fsync")
            wait_for(lambda: node.notified("edgeDomainIoError"), 20, "the notification of the I/O error")
            error, = node.notified("edgeDomainIoError")
            expect_equal(error.of("edgeDomainState"), PAUSED, "edgeDomainState of the I/O error")
            expect_equal(error.of("edgeBlockTarget"), b"vdb", "edgeBlockTarget of the I/O error")
            wait_for(lambda: node.get("edgeDomainState." + row) == PAUSED, 5, "the row to be paused")
            expect_equal(node.get("edgeAlarmCriticals.0"), 1, "edgeAlarmCriticals")
        finally:
            rig.scratch_room()
        rig.virsh("resume", guest.name)
        wait_for(lambda: node.notified("edgeDomainIoResumed"), 20, "the notification that it goes on")
        expect_equal(node.get("edgeDomainState." + row), RUNNING, "edgeDomainState")
        wait_for(lambda: node.get("edgeAlarmCriticals.0") == 0, 5, "the alarm to be over")
        guest.run("while pidof dd; do sleep 0.2; done")
        kinds = [kind for kind, _ in told(node, "two")]
        expect_equal([k for k in kinds if k != "edgeDomainWatchdog"], ["edgeDomainIoError", "edgeDomainIoResumed"],
                     "the notifications")
        check_log(node)


def panic(guest):
    """The kernel of the guest ends; there is no answer."""
    guest.background("sleep 1; echo c >/proc/sysrq-trigger")
    guest.forget()


def check_panic(node, guest, *kinds):
    """Told as crashed by a panic, once, and what libvirt does then; it pauses the guest for a moment before."""
    def of_panic():
        return [told_of for told_of in told(node, guest.name) if told_of != (CHANGED, PAUSED)]
    wait_for(lambda: len(of_panic()) >= len(kinds), 30, "%d notifications of %s" % (len(kinds), guest.name))
    expect_equal(of_panic(), list(kinds), "the notifications of " + guest.name)
    crashed, = [n for n in node.notified(CRASHED) if n.of("edgeDomainName") == guest.name.encode()]
    expect_equal(crashed.of("edgeDomainStateReason"), b"panicked", "edgeDomainStateReason")
    expect_equal(crashed.of("edgeEventSeverity"), CRITICAL, "edgeEventSeverity")
    expect(b"panicked" in crashed.of("edgeEventText"), "edgeEventText is %r" % crashed.of("edgeEventText"))


@case(alone=True, seconds=40)
def life_guest_panics():
    """The kernels of two guests panic: crashed (panicked), once, whether libvirt ends the guest or keeps it."""
    rig = guest_rig()
    kept, ended = rig.booted("one", "two")  # which end with it
    rig.virsh("set-lifecycle-action", kept.name, "crash", "preserve", "--live")
    with rig.node("life_guest_panics", poll_s=POLL_S) as node:
        node.start()
        for guest in (ended, kept):
            row_of(node, guest)
            panic(guest)
        check_panic(node, ended, (CRASHED, PANICKED), (CHANGED, SHUTOFF), (REMOVED, SHUTOFF))
        check_panic(node, kept, (CRASHED, PANICKED))
        expect_equal(states(node).get(kept.name), PANICKED, "edgeDomainState")
        no_more(node, (), check_log(node))
        kept.destroy()
        wait_for(lambda: told(node, kept.name)[-1][0] == REMOVED, 10, "the end of what is left")
        expect_equal(len(node.notified(CRASHED)), 2, "the number of crashes")
