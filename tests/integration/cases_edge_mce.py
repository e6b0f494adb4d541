"""Machine checks of the edge node: each record of the kernel is told once, whoever was away when it came.

The first case finds the daemon reading the kernel's log and gives it the tracing instance that edgenode-trace prepares;
the others go on with that.
"""
import os
import re
import statistics
import time

from cases import case
from edge import OK, SOURCE, expect, expect_equal, wait_for
from edge_node import edge_node

INSTANCE = "/sys/kernel/tracing/instances/edgenode"
CORRECTED = "mce 0 4 0x9c00000000010090 0 0x%x 0x8c"
# Uncorrected; the kernel may act on it or not. Both processors must be told, and the other one logs that as well.
OPTIONAL = "mce -b 0 9 0xbd000000000000c0 0x5 0x4000 0x8c"
INJECT = "/sys/kernel/debug/mce-inject"
LATENCY_S = 0.2 # median, on an idle machine
PATIENCE = 10   # times that is the bound
_address = [0x100000]  # so that no two records are equal


def prepare(node):
    with open(os.path.join(SOURCE, "conf", "edgenode-trace"), encoding="utf-8") as script:
        node.machine.write("/tmp/edgenode-trace", script.read())
    node.machine.run("sh /tmp/edgenode-trace 0")
    wait_for(lambda: INSTANCE in node.daemon.output(), 30, "the daemon at the tracing instance")


def records(node):
    """Lines of the trace that are machine checks, oldest first."""
    return [line for line in node.machine.run("cat %s/trace" % INSTANCE).splitlines() if ": mce_record: " in line]


def told(node):
    """Texts of the events of machine checks, by serial."""
    rows = node.rows("edgeEventTable").items()
    texts = {int(i): row["edgeEventText"].decode() for i, row in rows}
    return {serial: text for serial, text in texts.items() if "machine check" in text}


def counts(node):
    return node.get("edgeMceCorrected.0", "edgeMceUncorrected.0")


def correct(node):
    """Injects a corrected one; its address as an event says it."""
    _address[0] += 0x1000
    node.machine.monitor(CORRECTED % _address[0])
    return "address %x," % _address[0]


def about(node, kind, word):
    return [n for n in node.notified(kind) if word in n.of("edgeEventText").decode()]


def wait_told(node, kind, word):
    wait_for(lambda: about(node, kind, word), 20, "%s about %s" % (kind, word), pause=0.01)
    return about(node, kind, word)[0]


def kill(node):
    node.machine.run("kill -9 %d" % node.daemon.pid)
    wait_for(lambda: not node.daemon.running(), 10, "the end of the daemon")


def boot_clock(node):
    """What to add to the guest's clock since its boot for ours: the best of some tries."""
    tries = []
    for _ in range(5):
        before = time.monotonic()
        uptime = float(node.machine.run("cat /proc/uptime").split()[0])
        after = time.monotonic()
        tries.append((after - before, (before + after) / 2 - uptime))
    return min(tries)[1]


def latency(node):
    """Seconds from the kernel's record to the notification at the manager."""
    word = correct(node)
    wait_told(node, "edgeMceCorrectedError", word)
    arrived = time.monotonic()
    stamp = float(re.search(r" (\d+\.\d{6}): mce_record", records(node)[-1]).group(1))
    return arrived - boot_clock(node) - stamp


@case(alone=True, seconds=30)
def edge_node_mce():
    """A corrected and an action optional machine check: one notification each, equal to the gets; and how soon."""
    with edge_node("edge_node_mce") as node:
        wait_for(lambda: node.source_state("mce") == OK, 20, "the source")
        from_log = correct(node)
        wait_told(node, "edgeMceCorrectedError", from_log)
        prepare(node)
        corrected, uncorrected = counts(node)

        note = wait_told(node, "edgeMceCorrectedError", correct(node))
        expect_equal((note.of("edgeMceCorrected"), note.of("edgeMceUncorrected")), (corrected + 1, uncorrected), "it")
        expect_equal(counts(node), [corrected + 1, uncorrected], "the counters")
        expect_equal(node.get("edgeMceLastText.0"), note.of("edgeEventText"), "edgeMceLastText")
        expect_equal(node.get("edgeMceLastTime.0"), note.of("edgeEventTime"), "edgeMceLastTime")
        expect_equal(note.of("edgeEventSeverity"), 2, "the severity")

        optional = len(about(node, "edgeMceUncorrectedError", "action optional"))  # of another case
        node.machine.monitor(OPTIONAL)
        wait_for(lambda: len(about(node, "edgeMceUncorrectedError", "action optional")) > optional, 20, "its event")
        note = about(node, "edgeMceUncorrectedError", "action optional")[-1]
        expect_equal(note.of("edgeEventSeverity"), 3, "the severity")
        wait_for(lambda: counts(node) == [corrected + 1, uncorrected + 2], 20, "one more of each processor")

        took = [latency(node) for _ in range(10)]
        expect(statistics.median(took) <= PATIENCE * LATENCY_S, "it took %s" % took)
        expect_equal(len(about(node, "edgeMceUncorrectedError", "action optional")), optional + 1, "notifications of it")
        expect_equal(len(about(node, "edgeMceCorrectedError", from_log)), 1, "notifications of that from the log")
        return "median %.0f ms, at most %.0f ms" % (1000 * statistics.median(took), 1000 * max(took))


@case(alone=True, seconds=30)
def edge_node_mce_restarts():
    """Machine checks while the daemon is dead, killed again and again, and while snmpd is dead: each is told once."""
    with edge_node("edge_node_mce_restarts") as node:
        prepare(node)
        words = [correct(node)]
        wait_told(node, "edgeMceCorrectedError", words[0])
        corrected = counts(node)[0]
        kill(node)
        words.append(correct(node))
        known = len(records(node))
        wait_for(lambda: len(records(node)) > known, 10, "the kernel's record")
        for _ in range(4):
            node.start_daemon(wait=False)
            words.append(correct(node))
            time.sleep(1.2)  # the kernel looks for them each second
            kill(node)
        node.start_daemon()
        node.machine.run("kill -9 %d" % node.snmpd.pid)
        wait_for(lambda: not node.snmpd.running(), 10, "the end of snmpd")
        words.append(correct(node))
        wait_for(lambda: any(words[-1].split()[1].rstrip(",") in line for line in records(node)), 10, "the record")
        node.start_snmpd()
        for word in words:
            wait_told(node, "edgeMceCorrectedError", word)
        wait_for(lambda: counts(node)[0] == corrected + len(words) - 1, 10, "the count")
        texts = list(told(node).values())
        for word in words:
            expect_equal(sum(word in text for text in texts), 1, "events about " + word)


def flood(node, n):
    """That many records by the kernel's own injector, slowly enough for its list of records."""
    node.machine.run("test -d {0} || insmod /mod/mce-inject.ko; cd {0}; echo sw >flags; i=0; while [ $i -lt {1} ]; do "
                     "echo 0x9c00000000010091 >status; echo 3 >bank; i=$((i+1)); [ $((i%30)) -ne 0 ] || sleep 0.03; "
                     "done; sleep 0.5".format(INJECT, n), timeout=120)


@case(alone=True, long=True, seconds=60)
def edge_node_mce_overrun():
    """More records than the buffer holds, while the daemon is dead: records and losses account for all of them."""
    with edge_node("edge_node_mce_overrun") as node:
        prepare(node)
        corrected, uncorrected = counts(node)
        last = node.get("edgeEventLast.0")
        kill(node)
        flood(node, 500)
        node.machine.run("cd /sys/kernel/debug/edgefake; i=0; "
                         "while [ $i -lt 5000 ]; do echo 1 >corrected1; i=$((i+1)); done", timeout=120)
        node.start_daemon()
        wait_for(lambda: counts(node)[0] >= corrected + 500, 30, "the count")
        expect_equal(counts(node), [corrected + 500, uncorrected], "the counters")
        lost = {i: text for i, text in told(node).items() if i > last and "lost" in text}
        expect(lost, "nothing tells of a loss")
        for serial, text in lost.items():
            expect("reconciled from EDAC" in text, text)
            wait_for(lambda s=serial: any(n.serial == s for n in node.notified("edgeMceCorrectedError")), 20, text)
        return "; ".join(lost.values())
