"""How soon the edge node tells of heat: from the change of the hardware to the notification at the manager."""
import contextlib
import os
import statistics
import time

from cases import case
from edge import expect, wait_for
from edge_node import CONFIG, edge_node

TIMES = 10 if "EDGENODE_LONG" in os.environ else 4
# Seconds, medians, on an idle machine: a zone, of which the kernel tells; a chip, which is read every second. The bounds
# are ten times that, for an emulated machine beside others.
TRIP_S, CHIP_S, PATIENCE = 0.3, 1.2, 10
# The zones are not polled while this is measured: the kernel's word alone makes them be read.
MEASURED = '<source name="sensors" interval="1000"/><source name="thermal" interval="60000"/><sensors hold="0"/>'
ADM1032, REMOTE = 0x4c, 0x01  # and its register, in degrees; the limit is 70


@contextlib.contextmanager
def configured(node, config):
    """A daemon with that configuration; the usual one afterwards."""
    def start(extra):
        node.machine.run("kill %d" % node.daemon.pid)
        wait_for(lambda: not node.daemon.running(), 20, "the end of the daemon")
        node.write_config(extra=extra)
        node.start_daemon()
    start(config)
    try:
        yield
    finally:
        start(CONFIG)


def seconds_until(node, kind, change):
    known = len(node.notified(kind))
    begin = time.monotonic()
    change()
    wait_for(lambda: len(node.notified(kind)) > known, 30, kind, pause=0.01)
    return time.monotonic() - begin


def measure(node, heat, cool):
    """Seconds to each of some warnings."""
    took = []
    for _ in range(TIMES):
        took.append(seconds_until(node, "edgeThermalWarning", heat))
        seconds_until(node, "edgeThermalNormal", cool)
    return took


@case(alone=True, long=True, seconds=60)
def edge_node_latency():
    """How soon a zone over its trip and a chip over its limit are told (goals: medians of 0.3 s and 1.2 s)."""
    with edge_node("edge_node_latency") as node, configured(node, MEASURED):
        machine = node.machine
        trips = measure(node, lambda: machine.fake("temperature", 86000), lambda: machine.fake("temperature", 40000))
        chips = measure(node, lambda: machine.registers(ADM1032, (REMOTE, 75)),
                        lambda: machine.registers(ADM1032, (REMOTE, 50)))
        expect(statistics.median(trips) <= PATIENCE * TRIP_S, "a trip took %s" % trips)
        expect(statistics.median(chips) <= PATIENCE * CHIP_S, "a chip took %s" % chips)
        return "trip: median %.0f ms, at most %.0f ms; chip: median %.0f ms, at most %.0f ms" % tuple(
            1000 * seconds for seconds in (statistics.median(trips), max(trips), statistics.median(chips), max(chips)))
