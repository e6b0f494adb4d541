"""What real guests read, by disk and by virtio port, while daemon, guests and neighbours come, go and misbehave."""
import contextlib
import os
import re
import signal
import threading
import time

from cases import case
from cases_values import metrics
from edge import expect, expect_equal, wait_for
from guest import PORT, guest_rig

CONNECTED = 1
# The reading of a raw port has no end of its own.
RAW = "(printf 'GET /metrics/XML\\n\\n' >%s; timeout 2 cat %s; true) 2>/dev/null" % (PORT, PORT)
POLL_S = 1.0
ROUNDING_S = 0.001


def row_of(node, guest):
    """The instance of the guest's row."""
    return wait_for(lambda: next((index for index, name in node.manager.column("edgeDomainName").items()
                                  if name.decode() == guest.name), None), 15, "the row of " + guest.name)


def wait_channel(node, guest, timeout=15):
    row = row_of(node, guest)
    wait_for(lambda: node.daemon_alive() and node.get("edgeChannelState." + row) == CONNECTED, timeout,
             "the channel of " + guest.name)
    return row


def start_node(name, *guests, **options):
    """A node under running guests whose channels are connected."""
    node = guest_rig().node(name, **options)
    node.start()
    for guest in guests:
        wait_channel(node, guest)
    return node


def of_guest(found, guest):
    """The guest's own metrics; the host's have no UUID."""
    return {name: value for (context, uuid, name), value in found.items()
            if (context, uuid) == ("vm", guest.uuid())}


def of_host(found):
    return {name: value for (context, _, name), value in found.items() if context == "host"}


class Expected:
    """What the manager is told, to be held against what the guest reads between begin and check."""

    def __init__(self, node, guest):
        self.node, self.guest, self.row = node, guest, row_of(node, guest)
        self.cpu_time_before = self.cpu_time()

    def cpu_time(self):
        return self.node.get("edgeDomainCpuTime." + self.row) / 1e9

    def busy_time(self):
        """Seconds that the host's CPUs were busy."""
        columns = [self.node.manager.column("edgeCpu%sTime" % c) for c in ("User", "Nice", "System", "Irq", "Softirq")]
        return sum(sum(column.values()) for column in columns) / 1e3

    def check(self, what, name, memory_mib, cpus, host_time_s, own_time_s):
        """The counters have moved on by a poll period at most, at the speed of all processors."""
        polls = "edgeNodeSnapshots.0"
        seen = self.node.get(polls)
        wait_for(lambda: self.node.get(polls) >= seen + 2, 15, "two polls")
        expect_equal(name, self.node.get("edgeNodeName.0").decode(), what + ": HostName")
        expect_equal(int(memory_mib), self.node.get("edgeMemTotal.0") // 1024, what + ": TotalPhyMem")
        expect_equal(int(cpus), len(self.node.manager.column("edgeCpuOnline")), what + ": TotalPhyCPUs")
        low = self.cpu_time_before - POLL_S * int(cpus) - ROUNDING_S
        high = self.cpu_time() + ROUNDING_S
        expect(low <= float(own_time_s) <= high, "%s: TotalCPUTime is %s, by SNMP it went from %g to %g s" % (
            what, own_time_s, self.cpu_time_before, high))
        busy = self.busy_time()
        expect(abs(float(host_time_s) - busy) < 10 * POLL_S * int(cpus), "%s: the host's TotalCPUTime is %s, by SNMP "
               "it is %g s" % (what, host_time_s, busy))

    def check_document(self, what, document):
        found = metrics(document)
        host, own = of_host(found), of_guest(found, self.guest)
        for name in ("HostName", "TotalPhyMem", "TotalPhyCPUs", "TotalCPUTime"):
            expect(name in host, "%s: no %s of the host: %s" % (what, name, sorted(host)))
        expect("TotalCPUTime" in own, "%s: no TotalCPUTime of the guest: %s" % (what, sorted(found)))
        self.check(what, host["HostName"], host["TotalPhyMem"], host["TotalPhyCPUs"], host["TotalCPUTime"],
                   own["TotalCPUTime"])


@case(alone=True, seconds=40)
def guest_reads_what_snmp_says():
    """A guest that ran before the daemon reads disk and port, with each tool and raw: all equal the gets."""
    guest, = guest_rig().booted("one")
    with start_node("guest_reads_what_snmp_says", guest) as node:
        for what, command in (("the disk", "vm-dump-metrics -b"), ("the port", "vm-dump-metrics -i"),
                              ("either", "vm-dump-metrics"), ("the raw port", RAW)):
            expected = Expected(node, guest)
            # A reply that comes before printf has closed the port is lost in the guest's kernel.
            document = wait_for(lambda command=command: guest.run(command), 15, "an answer by " + what)
            expected.check_document(what, document)
            if what == "the raw port":
                expect(document.endswith("</metrics>\n\n"), "the end of the reply is %r" % document[-30:])
                expect("\n\n" not in document[:-2], "an empty line in the middle of the reply")
        check_program(node, guest)
        with without_disk(guest):
            expected = Expected(node, guest)
            expected.check_document("the port where there is no disk", guest.run("vm-dump-metrics"))
            check_program(node, guest)
        row = row_of(node, guest)
        expect(node.get("edgeChannelRequests." + row) >= 3, "edgeChannelRequests does not count")
        expect_equal(node.get("edgeChannelInvalid." + row), 0, "edgeChannelInvalid")
        expect(node.get("edgeChannelBytes." + row) >= 2 * len(document), "edgeChannelBytes does not count")
        expect(node.manager.column("edgeVbdUpdates")["1"] > 0, "edgeVbdUpdates does not count")


def check_program(node, guest):
    """A program that uses libmetrics."""
    expected = Expected(node, guest)
    told = dict(line.split(" ", 1) for line in guest.run("metrics_example").splitlines())
    expected.check("libmetrics", told["HostName"], told["TotalPhyMem"], told["TotalPhyCPUs"],
                   told["HostTotalCPUTime"], told["VmTotalCPUTime"])


@contextlib.contextmanager
def without_disk(guest):
    """The guest without its metrics disk."""
    driver = "/sys/bus/virtio/drivers/virtio_blk/"
    device = os.path.basename(guest.run("readlink -f /sys/block/vda/device").strip())
    guest.run("echo %s >%sunbind" % (device, driver))
    try:
        yield
    finally:
        guest.run("echo %s >%sbind" % (device, driver))


@case(alone=True, seconds=20)
def guest_request_forms():
    """On the raw port: fragments, both line ends and several requests on one connection; what is invalid is said so."""
    guest, = guest_rig().booted("one")
    with start_node("guest_request_forms", guest) as node:
        row = row_of(node, guest)
        # The port is open once, for the request and for so many replies.
        talk = "exec 4<>%s; { %%s; } >&4; awk -v n=%%d '{ print } /^$/ && !--n { exit }' <&4" % PORT
        whole = guest.run(talk % ("printf 'GET /met'; sleep 0.3; printf 'rics/XML\\n'; sleep 0.3; printf '\\n'", 1))
        expect(whole.endswith("</metrics>\n\n"), "the reply to fragments is %r" % whole[-40:])
        two = guest.run(talk % ("printf 'GET /metrics/XML\\r\\n\\r\\nGET /metrics/XML\\n\\n'", 2))
        expect_equal(two.count("</metrics>\n\n"), 2, "the number of replies to two requests")
        for bad in ("GET /metrics/JSON\\n\\n", "\\377\\376 rubbish\\n\\n"):
            answer = guest.run(talk % ("printf '%s'" % bad, 1))
            expect_equal(answer, "INVALID REQUEST\n\n", "the answer to %s" % bad)
        wait_for(lambda: node.get("edgeChannelInvalid." + row) == 2, 5, "edgeChannelInvalid of 2")
        expect_equal(node.get("edgeChannelRequests." + row), 5, "edgeChannelRequests")
        node.manager.bulkwalk("edgeChannelTable")  # for tests/columns.tsv


def ask_at_once(guests, command):
    """{name: output} of the command in each guest at the same time."""
    found = {}
    threads = [threading.Thread(target=lambda g=g: found.update({g.name: g.ask(command)})) for g in guests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for guest in guests:
        status, output = found.get(guest.name, (None, "no answer"))
        expect_equal(status, 0, "%s in %s (%s)" % (command, guest.name, output.strip()))
    return {name: output for name, (_, output) in found.items()}


@case(alone=True, seconds=30)
def guest_two_see_their_own():
    """Two guests at once on the port: each gets the host's metrics and its own, never the other's."""
    guests = guest_rig().booted("one", "two")
    with start_node("guest_two_see_their_own", *guests) as node:
        for _ in range(4):
            documents = {name: metrics(text) for name, text in ask_at_once(guests, "vm-dump-metrics -i").items()}
            for guest in guests:
                found = documents[guest.name]
                expect_equal({uuid for context, uuid, _ in found if context == "vm"}, {guest.uuid()},
                             "the machines that %s is told of" % guest.name)
                expect("TotalCPUTime" in of_guest(found, guest), "%s has no TotalCPUTime" % guest.name)
            hosts = [of_host(documents[guest.name]) for guest in guests]
            for name in ("HostName", "TotalPhyMem", "TotalPhyCPUs", "VirtualizationVendor"):
                expect_equal(hosts[0][name], hosts[1][name], name)
        programs = ask_at_once(guests, "metrics_example")
        for guest in guests:
            own = float(re.search(r"^VmTotalCPUTime (\S+)$", programs[guest.name], re.M).group(1))
            served = node.get("edgeDomainCpuTime." + row_of(node, guest)) / 1e9
            expect(-0.1 <= served - own < 5, "%s: libmetrics says %g s, SNMP %g s" % (guest.name, own, served))
        rows = [row_of(node, guest) for guest in guests]
        expect_equal(sorted(node.manager.column("edgeChannelState").items()),
                     sorted((row, CONNECTED) for row in rows), "edgeChannelTable")


def reads(guest, command="vm-dump-metrics -i"):
    status, output = guest.ask(command)
    return status == 0 and of_guest(metrics(output), guest)


@case(alone=True, seconds=40)
def guest_outlives_daemon():
    """The daemon ended, killed and started again under running guests: they wait no longer than they say, and go on."""
    guests = guest_rig().booted("one", "two")
    one = guests[0]
    with start_node("guest_outlives_daemon", *guests) as node:
        took = []
        for number in (signal.SIGTERM, signal.SIGKILL):
            expect(all(reads(guest) for guest in guests), "a guest reads nothing before the end of the daemon")
            node.daemon.end(number)
            begin = time.monotonic()
            status, output = one.ask("vm-dump-metrics -i")
            waited = time.monotonic() - begin
            expect(status == 1 and "not connected" in output, "without a daemon vm-dump-metrics -i says %d: %s" % (
                status, output.strip()))
            expect(waited < 8, "vm-dump-metrics -i waited %.1f s without a daemon" % waited)
            if number == signal.SIGTERM:
                expect(reads(one, "vm-dump-metrics -b"), "the disk cannot be read without a daemon")
            begin = time.monotonic()
            node.start_daemon()
            for guest in guests:
                wait_for(lambda guest=guest: reads(guest), 15, "%s to read again" % guest.name)
            took.append(time.monotonic() - begin)
            expect(reads(one, "vm-dump-metrics -b"), "the disk cannot be read after a restart")
        return "read again %.1f s after SIGTERM and start, %.1f s after SIGKILL and start" % tuple(took)


def cpu_seconds(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


@case(alone=True, seconds=30)
def guest_hostile():
    """1 MB of garbage from a guest that never reads: daemon and other guest do not feel it; it is served later."""
    good, bad = guests = guest_rig().booted("one", "two")
    with start_node("guest_hostile", *guests) as node:
        row, bad_row = row_of(node, good), row_of(node, bad)
        begin, spent = time.monotonic(), cpu_seconds(node.daemon.pid)
        flood = bad.background("head -c 1000000 /dev/urandom >%s" % PORT)
        slowest = 0

        def read_beside():
            nonlocal slowest
            asked = time.monotonic()
            expect(reads(good), "the other guest reads nothing")
            slowest = max(slowest, time.monotonic() - asked)
            wait_for(lambda: time.monotonic() - asked > 1.1, 5, "the rate of one request per second")
        for _ in range(2):
            read_beside()
        wait_for(lambda: node.get("edgeChannelInvalid." + bad_row) >= 1, 5, "edgeChannelInvalid of the hostile guest")
        # What QEMU and the kernels hold of it has still to be read, slowly.
        bad.run("kill -9 -%d; true" % flood)
        waiting = bad.background("until vm-dump-metrics -i >/tmp/served; do :; done; touch /tmp/done")
        try:
            while bad.ask("rm /tmp/done")[0] != 0:
                read_beside()
                expect(time.monotonic() - begin < 60, "the hostile guest is not served any more")
        finally:
            bad.ask("kill -9 -%d" % waiting)
        took = time.monotonic() - begin
        spent = (cpu_seconds(node.daemon.pid) - spent) / took
        node.daemon_alive()
        expect(of_guest(metrics(bad.run("cat /tmp/served")), bad), "the hostile guest is served nothing of its own")
        expect_equal(node.get("edgeChannelInvalid." + row), 0, "edgeChannelInvalid of the other guest")
        expect(slowest < 10, "the slowest reading of the other guest took %.1f s" % slowest)
        expect(spent < 0.3, "the daemon used %.0f %% of a CPU" % (100 * spent))
        return "slowest reading beside it %.2f s, the daemon at %.1f %% of a CPU, the guest is served again after " \
            "%.0f s" % (slowest, 100 * spent, took)


@case(alone=True, seconds=40)
def guest_killed_in_mid_reply():
    """A guest that boots anew keeps its channel; one whose QEMU is killed while it asks is a crash, and no more."""
    rig = guest_rig()
    good, victim = guests = rig.booted("one", "two")
    with start_node("guest_killed_in_mid_reply", *guests) as node:
        row = row_of(node, victim)
        victim.background("sleep 0.3; reboot -f")
        wait_for(lambda: node.notified("edgeDomainRebooted"), 15, "the notification of the reboot")
        victim.forget()
        victim.ready()
        wait_for(lambda: reads(victim), 15, "the guest to read after its reboot")
        expect_equal([n.of("edgeDomainName") for n in node.notified("edgeDomainRebooted")], [b"two"], "the reboots")

        # Asks and does not read: the replies are on their way when it ends.
        victim.background("exec 4<>%s; while :; do printf \"GET /metrics/XML\\n\\n\" >&4; done" % PORT)
        asked = node.get("edgeChannelRequests." + row)
        wait_for(lambda: node.get("edgeChannelRequests." + row) > asked + 1, 15, "requests that wait for their reader")
        rig.kill_qemu(victim.name)
        victim.forget()
        expect(reads(good), "the other guest reads nothing")
        wait_for(lambda: row not in node.manager.column("edgeChannelState"), 10, "the channel's row to go")
        wait_for(lambda: node.notified("edgeDomainRemoved"), 10, "the notification of the end")
        node.daemon_alive()
        told = [n.kind for n in node.notifications() if n.of("edgeDomainName") == b"two"]
        expect_equal(told, ["edgeDomainRebooted", "edgeDomainCrashed", "edgeDomainRemoved"], "the notifications")
        expect(reads(good), "the other guest reads nothing later")
