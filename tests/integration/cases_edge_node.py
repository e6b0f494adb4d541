"""The edge node: what is served equals what its kernel and its tools say, before and after the hardware changes.

One case starts early and boots it; the others come when it runs.
"""
import json
import re

from cases import case
from cases_edge_bond import check_bond_down
from edge import Mib, expect, expect_equal, wait_for
from edge_node import TRUE, different, edge_node, notified, settle, truth

OK, CRITICAL, FAULT = 1, 3, 4  # of edgeSensorStatus
ADM1032, ADT7475 = 0x4c, 0x2e
CHIPS = [b"acpitz-acpi-0", b"adm1032-i2c-0-4c", b"adt7475-i2c-0-2e", b"edgefake-isa-0000", b"thermal-edgefake"]
# By the beginning of a feature's name: edgeSensorType, edgeSensorUnits, and how many of them are one of sensors(1).
KINDS = {"temp": (1, 1, 1000), "fan": (2, 2, 1), "in": (3, 3, 1000), "curr": (4, 4, 1000), "power": (5, 5, 1000),
         "energy": (6, 6, 1), "humidity": (7, 7, 1000)}
INT32_MAX = 0x7fffffff
LIMITS = {"edgeSensorMin": "min", "edgeSensorMax": "max", "edgeSensorCritical": "crit"}


# --- sensors ----------------------------------------------------------------------------------------------------------

def sensor_row(label, subfeatures):
    """The columns of a feature as sensors -j has it: {subfeature: value}."""
    name = next(iter(subfeatures)).partition("_")[0]
    value = {key.partition("_")[2]: number for key, number in subfeatures.items()}
    kind, units, factor = KINDS[name.rstrip("0123456789")]
    alarms = [number for key, number in value.items() if key.endswith("alarm")]
    reading = value["input"] if "input" in value else value["average"]
    row = {"edgeSensorLabel": label.encode(), "edgeSensorType": kind, "edgeSensorUnits": units,
           "edgeSensorValue": None if value.get("fault") else min(round(reading * factor), INT32_MAX),
           "edgeSensorAlarm": truth(any(alarms)) if alarms else None}
    for column, key in LIMITS.items():
        # 0 is a limit that nobody has set, but for a temperature.
        if value.get(key) or (key, kind) == ("min", 1) and key in value:
            row[column] = round(value[key] * factor)
    return name, row


def sensors_differ(node):
    """Between sensors -j and the rows of its chips."""
    rows = {(r["edgeSensorChip"].decode(), r["edgeSensorFeature"].decode()): r
            for r in node.rows("edgeSensorTable").values()}
    found = []
    for chip, features in json.loads(node.machine.run("sensors -j 2>/dev/null")).items():
        for label, subfeatures in features.items():
            if isinstance(subfeatures, dict):
                name, wanted = sensor_row(label, subfeatures)
                row = rows.pop((chip, name), {})
                found += different("%s/%s" % (chip, name), row, wanted)
                if not chip.startswith("acpitz"):  # which has the limits of the zone
                    found += ["%s of %s/%s, which sensors(1) has not" % (column, chip, name) for column in LIMITS
                              if column in row and column not in wanted]
    return found + ["a row of %s/%s, which sensors(1) has not" % key for key in rows if not key[0].startswith("therm")]


def by_key(node, key):
    """(instance, row) of edgeSensorTable."""
    return next((i, r) for i, r in node.rows("edgeSensorTable").items() if r["edgeSensorKey"] == key.encode())


@case(seconds=11)
def edge_node_sensors():
    """Real drivers: edgeSensorTable is sensors -j, feature by feature, also after registers of the chips change."""
    with edge_node("edge_node_sensors") as node:
        served = node.manager.column("edgeSensorChip")
        expect_equal(sorted(set(served.values())), CHIPS, "the chips")
        settle(lambda: sensors_differ(node))
        chip = node.machine
        heated, lost = (by_key(node, key)[0] for key in ("adm1032-i2c-0-4c/temp1", "adt7475-i2c-0-2e/temp1"))
        expect_equal(node.get("edgeSensorValue." + heated, "edgeSensorStatus." + heated), [45000, OK], "the start")
        try:
            # 90 C, critical from 85 C on; the chip does not set its alarms by itself.
            chip.registers(ADM1032, (0x00, 90), (0x02, 0x41))
            # Another temperature, its alarm, a voltage, a fan, a temperature sensor that has gone.
            chip.registers(ADT7475, (0x26, 66), (0x41, 0x20), (0x22, 0xd0), (0x29, 0x09), (0x42, 0x40))
            wanted = {
                "adm1032-i2c-0-4c/temp1": {"edgeSensorValue": 90000, "edgeSensorAlarm": TRUE,
                                           "edgeSensorStatus": CRITICAL},
                "adt7475-i2c-0-2e/temp2": {"edgeSensorValue": 66000, "edgeSensorAlarm": TRUE},
                "adt7475-i2c-0-2e/temp1": {"edgeSensorValue": None, "edgeSensorStatus": FAULT},
                "adt7475-i2c-0-2e/fan1": {"edgeSensorValue": 2335},
            }
            settle(lambda: [d for key, row in wanted.items() for d in different(key, by_key(node, key)[1], row)])
            settle(lambda: sensors_differ(node))
            notified(node, "edgeThermalCritical", "edgeSensorValue", heated)
            notified(node, "edgeSensorFault", "edgeSensorStatus", lost)
        finally:
            chip.registers(ADM1032, (0x00, 45), (0x02, 0x00))
            chip.registers(ADT7475, (0x26, 41), (0x41, 0x00), (0x22, 0xc0), (0x29, 0x07), (0x42, 0x00))
        settle(lambda: different("temp1", by_key(node, "adt7475-i2c-0-2e/temp1")[1],
                                 {"edgeSensorValue": 55000, "edgeSensorStatus": OK}))
        settle(lambda: sensors_differ(node))
        notified(node, "edgeThermalNormal", "edgeSensorValue", heated)
        notified(node, "edgeSensorRestored", "edgeSensorStatus", lost)
        return "%d sensors" % len(served)


# --- thermal zones ----------------------------------------------------------------------------------------------------

KEYS = {"acpitz": "acpitz-acpi-0/temp1", "edgefake": "thermal-edgefake/temp1"}


def zones(node):
    """{type: {file: value}} of the thermal zones."""
    found = {}
    listed = node.machine.run("cd /sys/class/thermal && grep -H . thermal_zone*/type thermal_zone*/temp "
                              "thermal_zone*/trip_point_*_type thermal_zone*/trip_point_*_temp")
    for line in listed.splitlines():
        path, _, value = line.partition(":")
        zone, _, file = path.partition("/")
        found.setdefault(zone, {})[file] = value
    return {files["type"]: files for files in found.values()}


def lowest(files, *types):
    """Of the trip points of these types."""
    return min(int(files[name.replace("_type", "_temp")]) for name, kind in files.items()
               if name.startswith("trip_point_") and name.endswith("_type") and kind in types)


def zones_differ(node):
    found = []
    for kind, files in zones(node).items():
        wanted = {"edgeSensorValue": int(files["temp"]), "edgeSensorType": 1, "edgeSensorUnits": 1,
                  "edgeSensorMax": lowest(files, "passive", "hot"), "edgeSensorCritical": lowest(files, "critical")}
        found += different(kind, by_key(node, KEYS[kind])[1], wanted)
    return found


@case(seconds=10)
def edge_node_thermal():
    """An ACPI thermal zone and one without a chip: values and limits are the kernel's; over one is a warning."""
    with edge_node("edge_node_thermal") as node:
        expect_equal(sorted(zones(node)), sorted(KEYS), "the zones")
        settle(lambda: zones_differ(node))
        try:
            node.machine.heat_acpi(91500)
            node.machine.fake("temperature", 85001)
            settle(lambda: [d for kind, value in (("acpitz", 91500), ("edgefake", 85001)) for d in
                            different(kind, by_key(node, KEYS[kind])[1], {"edgeSensorValue": value})])
            settle(lambda: zones_differ(node))
            for key in KEYS.values():
                notified(node, "edgeThermalWarning", "edgeSensorValue", by_key(node, key)[0])
        finally:
            node.machine.heat_acpi(30000)
            node.machine.fake("temperature", 40000)
        for key in KEYS.values():
            notified(node, "edgeThermalNormal", "edgeSensorValue", by_key(node, key)[0])
        settle(lambda: zones_differ(node))


# --- counters of errors and heat --------------------------------------------------------------------------------------

def edac_counts(node):
    """{(controller, label of the module or ""): (corrected, uncorrected)} of the kernel."""
    listed = node.machine.run("cd /sys/devices/system/edac/mc && for d in mc[0-9]* mc[0-9]*/dimm[0-9]*; do p=$d/; "
                              "[ ! -e $d/dimm_label ] || p=$d/dimm_; "
                              "echo ${d%%/*} $(cat ${p}ce_count ${p}ue_count $d/dimm_label 2>/dev/null); done")
    found = {}
    for line in listed.splitlines():
        controller, corrected, uncorrected, *label = line.split()
        found[controller, " ".join(label)] = int(corrected), int(uncorrected)
    return found


def edac_served(node):
    return {(r["edgeEdacController"].decode(), r["edgeEdacLabel"].decode()):
            (r["edgeEdacCorrected"], r["edgeEdacUncorrected"]) for r in node.rows("edgeEdacTable").values()}


@case(seconds=4)
def edge_node_edac():
    """Errors of two memory modules: each row of edgeEdacTable has the counts of the kernel's EDAC."""
    with edge_node("edge_node_edac") as node:
        before = edac_counts(node)
        expect_equal(sorted(before), [("mc0", ""), ("mc0", "DIMM_A1"), ("mc0", "DIMM_A2")], "the kernel's modules")
        wait_for(lambda: edac_served(node) == before, 10, "the counts %s" % before)
        node.machine.fake("corrected1", 3)
        node.machine.fake("uncorrected0", 2)
        after = {key: (before[key][0] + more[0], before[key][1] + more[1]) for key, more in {
            ("mc0", ""): (3, 2), ("mc0", "DIMM_A1"): (0, 2), ("mc0", "DIMM_A2"): (3, 0)}.items()}
        expect_equal(edac_counts(node), after, "the kernel's counts")
        wait_for(lambda: edac_served(node) == after, 10, "the counts %s" % after)
        for instance, row in node.rows("edgeEdacTable").items():
            if row["edgeEdacLabel"]:
                notified(node, "edgeEdacErrors", "edgeEdacCorrected", instance)


INTERRUPTS = {"MCE": "edgeMceExceptions", "MCP": "edgeMcePolls", "TRM": "edgeThermalInterrupts",
              "THR": "edgeThresholdInterrupts", "DFR": "edgeDeferredInterrupts"}


def interrupts(node):
    """{row: sum over the processors} of /proc/interrupts, of those that are served."""
    found = {}
    for line in node.machine.run("cat /proc/interrupts").splitlines():
        name, _, counts = line.partition(":")
        if name.strip() in INTERRUPTS:
            found[name.strip()] = sum(map(int, re.match(r"[\d\s]*", counts).group().split()))
    return found


def check_interrupts(node):
    """Polls for machine checks go on, so what is served lies between two readings; the latter."""
    polls = "edgeSourcePolls." + node.source_index("interrupts")
    low, polled = interrupts(node), node.get(polls)
    wait_for(lambda: node.get(polls) >= polled + 2, 10, "two polls")
    served, high = node.get(*[INTERRUPTS[row] + ".0" for row in low]), interrupts(node)
    expect_equal(sorted(low), sorted(INTERRUPTS), "the rows of /proc/interrupts")
    for row, value in zip(low, served):
        expect(value is not None and low[row] <= value <= high[row], "%s is %r, /proc/interrupts says %d to %d" % (
            INTERRUPTS[row], value, low[row], high[row]))
    return high


def throttles(node):
    """{row of edgeCpuTable: count} of the kernel."""
    listed = node.machine.run("cd /sys/devices/system/cpu && grep -H . cpu[0-9]*/thermal_throttle/core_throttle_count")
    return {str(int(cpu) + 1): int(count) for cpu, count in re.findall(r"^cpu(\d+)/\S*:(\d+)$", listed, re.M)}


@case(seconds=6)
def edge_node_throttle():
    """A processor that gets too hot, and a machine check: the counts of sysfs and the sums of /proc/interrupts."""
    with edge_node("edge_node_throttle") as node:
        before = throttles(node)
        expect_equal(sorted(before), ["1", "2"], "the processors")
        wait_for(lambda: node.manager.column("edgeCpuCoreThrottles") == before, 10, "the counts %s" % before)
        second = "cd /sys/kernel/debug/edgefake && taskset 2 sh -c 'echo %d >throttle'"
        for hot in (1, 0, 1, 0):
            node.machine.run(second % hot)
        expect_equal(throttles(node), {"1": before["1"], "2": before["2"] + 2}, "the kernel's counts")
        wait_for(lambda: node.manager.column("edgeCpuCoreThrottles") == throttles(node), 10, "the new counts")
        notified(node, "edgeThrottleStarted", "edgeCpuCoreThrottles", "2")
        expect_equal(node.manager.column("edgeCpuPackageThrottles"), {}, "edgeCpuPackageThrottles, without such files")

        exceptions = check_interrupts(node)["MCE"]
        # Recoverable, in memory that nobody uses; told to both processors.
        node.machine.monitor("mce -b 0 9 0xbd000000000000c0 0x5 0x4000 0x8c")
        wait_for(lambda: interrupts(node)["MCE"] > exceptions, 10, "the machine check")
        check_interrupts(node)


# --- what goes and comes back -----------------------------------------------------------------------------------------

def keys_of(node, chip):
    """{instance: key} of a chip's sensors."""
    return {i: key for i, key in node.manager.column("edgeSensorKey").items() if key.startswith(chip)}


def check_chip_returns(node):
    before = keys_of(node, b"adm1032")
    expect_equal(len(before), 2, "the sensors of the chip")
    try:
        node.machine.run("echo 0x4c >/sys/bus/i2c/devices/i2c-0/delete_device")
        wait_for(lambda: not keys_of(node, b"adm1032"), 20, "the end of the rows")
    finally:
        node.machine.run("echo adm1032 0x4c >/sys/bus/i2c/devices/i2c-0/new_device")
    wait_for(lambda: keys_of(node, b"adm1032") == before, 20, "the rows with the same numbers: %s" % before)
    settle(lambda: sensors_differ(node))


def check_processor_returns(node):
    """Its share of the sums is gone as long as it is offline."""
    before = node.get("edgeNodeDiscontinuityTime.0")
    try:
        node.machine.run("echo 0 >/sys/devices/system/cpu/cpu1/online")
        wait_for(lambda: node.manager.column("edgeCpuOnline") == {"1": TRUE}, 20, "one processor")
        wait_for(lambda: node.get("edgeNodeDiscontinuityTime.0") > before, 20, "a discontinuity")
        check_interrupts(node)
    finally:
        node.machine.run("echo 1 >/sys/devices/system/cpu/cpu1/online")
    wait_for(lambda: node.manager.column("edgeCpuCoreThrottles") == throttles(node), 20, "both processors")
    check_interrupts(node)


@case(alone=True, seconds=20)
def edge_node_changes():
    """A chip, a processor and a bond go and come back: rows keep their numbers, sums that fall are a discontinuity."""
    with edge_node("edge_node_changes") as node:
        check_chip_returns(node)
        check_processor_returns(node)
        check_bond_down(node)


# --- everything -------------------------------------------------------------------------------------------------------

HERE = ("edgeSensor", "edgeBond", "edgeBondPort", "edgeEdac")


@case(seconds=5)
def edge_node_columns():
    """A walk of everything: the hardware's tables have all their columns, in ascending order."""
    with edge_node("edge_node_columns") as node:
        wait_for(lambda: node.manager.column("edgeBondSpeed"), 20, "the speed of a bond")
        values = node.manager.bulkwalk()
        numbers = [tuple(map(int, oid.split("."))) for oid, _ in values]
        expect(numbers == sorted(set(numbers)), "the walk does not ascend")
        served = {Mib.split(oid)[0] for oid, _ in values}
        columns = {name for name, access in Mib.access.items() if access == "read-only" and name.startswith(HERE)}
        expect(columns, "no columns")
        expect_equal(sorted(columns - served), [], "columns without a value")
        return "%d values, %d of %d objects" % (
            len(values), len(served), sum(access == "read-only" for access in Mib.access.values()))
