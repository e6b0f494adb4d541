"""A temperature over its limit, from the chip to the manager's inform."""
import os
import re
import time

from cases import case
from edge import Mib, Node, Skipped, expect, expect_equal, run, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
KEY = "edgetest-virtual-0/temp1"
MAX, MAX_HYST, CRITICAL = 80000, 75000, 95000  # of the fixture's chip
HOLD_S = 1
QUICK = '<source name="sensors" interval="100"/><sensors hold="%d"/>'
WARNING, CRITICAL_SEVERITY = 2, 3


class Chip:
    """The fixture's chip: a daemon started with this prefix reads it."""

    def __init__(self, directory):
        self.hwmon = directory + "/class/hwmon/hwmon0"
        self.prefix = [os.path.join(HERE, "sensors_fixture.sh"), directory]
        if run(self.prefix + ["true"])[0] != 0:
            raise Skipped("a mount namespace cannot be made here")

    def set(self, name, value):
        with open(os.path.join(self.hwmon, name), "w", encoding="ascii") as file:
            file.write("%d\n" % value)

    def heat(self, value):
        self.set("temp1_input", value)


def node_with_chip(name, hold_s=HOLD_S, **options):
    node = Node(name, config=QUICK % hold_s, **options)
    chip = Chip(node.dir + "/sensors")
    node.prefix = chip.prefix
    return node, chip


def sensor_index(node, key=KEY):
    for instance, value in node.manager.column("edgeSensorKey").items():
        if value == key.encode():
            return instance
    raise AssertionError("no sensor %s in %s" % (key, node.manager.column("edgeSensorKey")))


def heat_and_read(node, chip, index, value):
    """Sets the temperature and waits until it is served: then the daemon has read it at least once."""
    chip.heat(value)
    wait_for(lambda: node.get("edgeSensorValue." + index) == value, 5, "the value %d" % value, pause=0.02)


def thermal(node):
    return [n.kind for n in node.notifications() if n.kind.startswith("edgeThermal")]


def wait_thermal(node, kinds):
    wait_for(lambda: len(thermal(node)) >= len(kinds), 10, "a notification (%s so far)" % thermal(node))
    expect_equal(thermal(node), kinds, "the notifications")
    return [n for n in node.notifications() if n.kind.startswith("edgeThermal")][-1]


def check_notification(node, notification, index, value, threshold):
    """The inform says what the gets that follow say."""
    expect(re.match("INFORM, SNMP v3, user edge", notification.security), "it came as " + notification.security)
    ours = [oid for oid in notification if Mib.split(oid)[0]]
    names = [Mib.split(oid)[0] for oid in ours]
    expect_equal(names[:6], ["edgeEventTime", "edgeEventSeverity", "edgeEventText", "edgeSensorLabel",
                             "edgeSensorValue", "edgeEventThreshold"], "the varbinds")
    expect_equal(Mib.split(ours[names.index("edgeSensorValue")])[1], index, "the sensor's instance")
    for oid, value_now in node.manager.get_typed(*ours):
        expect_equal(value_now, notification[oid], "the get of %s.%s" % Mib.split(oid))
    expect_equal(notification.of("edgeSensorValue"), value, "edgeSensorValue")
    expect_equal(notification.of("edgeEventThreshold"), threshold, "edgeEventThreshold")


def check_event_row(node, notification, value, threshold, severity):
    row = {Mib.split(oid)[0]: v[1] for oid, v in node.manager.bulkwalk("edgeEventTable")
           if Mib.split(oid)[1] == str(notification.serial)}
    expect_equal(row["edgeEventKind"], Mib.oid[notification.kind], "edgeEventKind")
    expect_equal(row["edgeEventSubject"], KEY.encode(), "edgeEventSubject")
    expect_equal((row["edgeEventValue"], row["edgeEventThreshold"]), (value, threshold), "value and threshold")
    expect_equal(row["edgeEventSeverity"], severity, "edgeEventSeverity")
    expect_equal(row["edgeEventUnits"], b"milliCelsius", "edgeEventUnits")


def alarms(node):
    """Rows of edgeAlarmTable: (kind, subject, severity, event)."""
    rows = {}
    for oid, value in node.manager.bulkwalk("edgeAlarmTable"):
        name, instance = Mib.split(oid)
        rows.setdefault(instance, {})[name] = value[1]
    return [(Mib.name[r["edgeAlarmKind"]], r["edgeAlarmSubject"].decode(), r["edgeAlarmSeverity"], r["edgeAlarmEvent"])
            for r in rows.values()]


@case(seconds=20)
def sensor_crosses_jitters_returns():
    """Over the limit, jitter, back: one warning and one normal as SNMPv3 informs, with their rows."""
    node, chip = node_with_chip("sensor_crosses_jitters_returns")
    with node:
        node.start()
        index = sensor_index(node)
        wait_for(lambda: node.get("edgeSensorValue." + index) == 45000, 5, "the first value")
        expect_equal(node.get("edgeSensorLabel." + index, "edgeSensorMax." + index, "edgeSensorCritical." + index),
                     [b"Inlet", MAX, CRITICAL], "label and limits")
        # Short peaks, each under the hold time, are no warning.
        for _ in range(3):
            heat_and_read(node, chip, index, 85000)
            heat_and_read(node, chip, index, 70000)
        expect_equal(thermal(node), [], "the notifications after short peaks")

        heat_and_read(node, chip, index, 85000)
        warning = wait_thermal(node, ["edgeThermalWarning"])
        check_notification(node, warning, index, 85000, MAX)
        check_event_row(node, warning, 85000, MAX, WARNING)
        expect_equal(alarms(node), [("edgeThermalWarning", KEY, WARNING, warning.serial)], "the alarms")
        expect_equal(node.get("edgeAlarmWarnings.0", "edgeAlarmCriticals.0"), [1, 0], "the numbers of alarms")

        # Around the limit, and for moments below the falling one: nothing more is said.
        end = time.monotonic() + 3 * HOLD_S
        while time.monotonic() < end:
            for value in (79000, 81000, 76000, 80000, 74000, 82000):
                heat_and_read(node, chip, index, value)
        expect_equal(thermal(node), ["edgeThermalWarning"], "the notifications after the jitter")

        heat_and_read(node, chip, index, 60000)
        normal = wait_thermal(node, ["edgeThermalWarning", "edgeThermalNormal"])
        check_notification(node, normal, index, 60000, MAX_HYST if normal.of("edgeEventThreshold") == MAX_HYST else MAX)
        expect_equal(alarms(node), [], "the alarms")
        expect_equal(node.get("edgeAlarmWarnings.0", "edgeAlarmCriticals.0"), [0, 0], "the numbers of alarms")
        for value in (79000, 77000, 79500):
            heat_and_read(node, chip, index, value)
        expect_equal(thermal(node), ["edgeThermalWarning", "edgeThermalNormal"], "the notifications at the end")


@case(seconds=15)
def sensor_critical():
    """Straight to critical: one notification; down to warning and to normal: one each; one alarm row all the time."""
    node, chip = node_with_chip("sensor_critical")
    with node:
        node.start()
        index = sensor_index(node)
        heat_and_read(node, chip, index, 97000)
        critical = wait_thermal(node, ["edgeThermalCritical"])
        check_notification(node, critical, index, 97000, CRITICAL)
        check_event_row(node, critical, 97000, CRITICAL, CRITICAL_SEVERITY)
        expect_equal([a[1:3] for a in alarms(node)], [(KEY, CRITICAL_SEVERITY)], "the alarms")
        expect_equal(node.get("edgeAlarmWarnings.0", "edgeAlarmCriticals.0"), [0, 1], "the numbers of alarms")
        heat_and_read(node, chip, index, 85000)
        wait_thermal(node, ["edgeThermalCritical", "edgeThermalWarning"])
        expect_equal([a[1:3] for a in alarms(node)], [(KEY, WARNING)], "the alarms")
        heat_and_read(node, chip, index, 50000)
        wait_thermal(node, ["edgeThermalCritical", "edgeThermalWarning", "edgeThermalNormal"])
        expect_equal(alarms(node), [], "the alarms")


@case(seconds=15)
def sensor_alarm_survives_kill():
    """kill -9 while a sensor is over its limit: the alarm is kept, nothing is said twice, normal is sent."""
    node, chip = node_with_chip("sensor_alarm_survives_kill")
    with node:
        node.start()
        index = sensor_index(node)
        chip.heat(85000)
        wait_thermal(node, ["edgeThermalWarning"])
        before = alarms(node)
        wait_for(lambda: node.get("edgeEventUnsent.0") == 0, 5, "the master's word")
        node.daemon.kill()
        node.start_daemon()
        expect_equal(sensor_index(node), index, "the sensor's index")
        expect_equal(alarms(node), before, "the alarms after the restart")
        wait_for(lambda: len(node.notified("edgeAgentStarted")) == 2, 10, "the restart's notification")
        chip.heat(60000)
        wait_thermal(node, ["edgeThermalWarning", "edgeThermalNormal"])
        expect_equal(alarms(node), [], "the alarms")


@case
def sensor_kinds():
    """Each kind of sensor of the chip has its value in the MIB's unit, its label and its limits."""
    node, _ = node_with_chip("sensor_kinds")
    with node:
        node.start()
        wanted = {  # feature -> (type, value, units, label)
            "temp1": (1, 45000, 1, b"Inlet"),
            "fan1": (2, 2400, 2, b"Fan A"),
            "in0": (3, 1210, 3, b"Vcore"),
            "power1": (5, 85500, 5, b"PSU 1"),
        }
        for feature, (kind, value, units, label) in wanted.items():
            index = sensor_index(node, "edgetest-virtual-0/" + feature)
            got = node.get(*["edgeSensor%s.%s" % (c, index) for c in ("Type", "Value", "Units", "Label", "Status")])
            expect_equal(tuple(got), (kind, value, units, label, 1), feature)
