"""The health of disks: smartctl through the command process, to edgeDiskTable."""
import json
import os
import re

from cases import case
from edge import ABSENT, FAILED, OK, SOURCE, Mib, Node, expect, expect_equal, run, wait_for

FIXTURES = os.path.join(SOURCE, "tests", "fixtures", "smartctl")
PASSED, FAILING, UNKNOWN = 1, 2, 3
PERIOD_MS = 500

# Answers for /dev/NAME what answers/NAME holds, with the status in answers/NAME.status; hangs without such a file.
FAKE = """#!/bin/sh
for argument; do device=$argument; done
answer=%(dir)s/answers/${device#/dev/}
[ -e $answer ] || { echo $$ >%(dir)s/hangs; exec sleep 1000; }
cat $answer
exit $(cat $answer.status)
"""


class Disks:
    """A tree with disks, and a smartctl that knows them."""

    def __init__(self, node):
        self.dir = node.dir + "/disks"
        os.makedirs(self.dir + "/answers")
        os.makedirs(self.dir + "/tree/sys/block")
        self.smartctl = self.dir + "/smartctl"
        with open(self.smartctl, "w", encoding="ascii") as program:
            program.write(FAKE % {"dir": self.dir})
        os.chmod(self.smartctl, 0o755)

    def plug(self, name):
        os.makedirs("%s/tree/sys/block/%s" % (self.dir, name))
        os.makedirs(self.dir + "/tree/dev", exist_ok=True)
        with open("%s/tree/dev/%s" % (self.dir, name), "w", encoding="ascii"):
            pass

    def unplug(self, name):
        os.rmdir("%s/tree/sys/block/%s" % (self.dir, name))

    def answer(self, name, fixture):
        """The text of a fixture from now on, with the status that it says."""
        with open("%s/%s.json" % (FIXTURES, fixture), encoding="ascii") as file:
            text = file.read()
        status = re.search(r'"exit_status":(\d+)', text).group(1)
        for path, content in ((name + ".status", status), (name, text)):
            path = os.path.join(self.dir, "answers", path)
            with open(path + ".new", "w", encoding="ascii") as out:
                out.write(content)
            os.rename(path + ".new", path)

    def hang(self, name):
        os.unlink(os.path.join(self.dir, "answers", name))

    def hanging(self):
        """The process id of the one that hangs now; None."""
        try:
            with open(self.dir + "/hangs", encoding="ascii") as file:
                return int(file.read() or 0)
        except FileNotFoundError:
            return None


def disks_node(name):
    node = Node(name)
    disks = Disks(node)
    node.root = disks.dir + "/tree"
    node.config_extra = '<disks smartctl="%s"/><source name="disks" interval="%d"/>' % (disks.smartctl, PERIOD_MS)
    node.write_config()
    return node, disks


def rows(node):
    """{name: {column: value}} of edgeDiskTable; the instance is in "index"."""
    found = {}
    for oid, value in node.manager.bulkwalk("edgeDiskTable"):
        column, instance = Mib.split(oid)
        found.setdefault(instance, {"index": instance})[column.replace("edgeDisk", "")] = value[1]
    return {row["Name"].decode(): row for row in found.values()}


def expected(fixture):
    """The columns by smartctl's text, read in another way than the daemon does."""
    with open("%s/%s.json" % (FIXTURES, fixture), encoding="ascii") as file:
        told = json.load(file)
    attributes = {a["id"]: a for a in told.get("ata_smart_attributes", {}).get("table", [])}
    nvme = told.get("nvme_smart_health_information_log", {})
    row = {
        "Model": told.get("model_name", told.get("scsi_model_name")).encode(), "Serial": told["serial_number"].encode(),
        "Health": PASSED if told["smart_status"]["passed"] else FAILING,
        "Temperature": told["temperature"]["current"] * 1000, "PowerOnHours": told["power_on_time"]["hours"],
    }
    if 5 in attributes:
        row["Reallocated"] = int(attributes[5]["raw"]["string"].split()[0])
    if 197 in attributes:
        row["Pending"] = attributes[197]["raw"]["value"]
    if 177 in attributes:
        row["Wear"] = 100 - attributes[177]["value"]
    if "scsi_grown_defect_list" in told:
        row["Reallocated"] = told["scsi_grown_defect_list"]
    if nvme:
        row["Wear"], row["MediaErrors"] = nvme["percentage_used"], nvme["media_errors"]
    return row


def wait_row(node, name, fixture):
    """Until the row is that of the fixture: the row."""
    wanted = expected(fixture)

    def same():
        row = rows(node).get(name, {})
        return row if {k: v for k, v in row.items() if k not in ("index", "Name", "Age")} == wanted else None
    return wait_for(same, 10, "%s as in %s (%s)" % (name, fixture, rows(node).get(name)))


def wait_polls(node, n):
    polls = "edgeSourcePolls." + node.source_index("disks")
    polled = node.get(polls)
    wait_for(lambda: node.get(polls) >= polled + n, 10, "%d polls" % n)


@case(seconds=12)
def disks_equal_smartctl():
    """edgeDiskTable is what smartctl says, for each kind of disk; sleeping, failing, absent and changed disks, too."""
    node, disks = disks_node("disks_equal_smartctl")
    with node:
        kinds = {"sda": "sata-ssd", "sdb": "sata-hdd-failing", "nvme0n1": "nvme", "sdc": "sas"}
        for name, fixture in kinds.items():
            disks.plug(name)
            disks.answer(name, fixture)
        for name in ("sdd", "loop0", "dm-0"):
            disks.plug(name)
        disks.answer("sdd", "denied")
        node.start()
        numbers = {name: wait_row(node, name, fixture)["index"] for name, fixture in kinds.items()}
        wait_for(lambda: all(rows(node)[name]["Age"] <= 2 for name in kinds), 10, "young rows")
        table = rows(node)
        expect_equal(sorted(table), sorted(list(kinds) + ["sdd"]), "the disks")
        expect_equal(table["sdd"], {"index": table["sdd"]["index"], "Name": b"sdd", "Serial": b"", "Health": UNKNOWN},
                     "a disk that was never read")
        wait_for(lambda: node.source_state("disks") == OK, 10, "the source to be well")

        # One sleeps, one cannot be opened any more: their values stay and age.
        disks.answer("sdb", "standby")
        disks.answer("sda", "absent")
        wait_for(lambda: min(rows(node)[name]["Age"] for name in ("sda", "sdb")) >= 2, 10, "two old rows")
        for name in ("sda", "sdb"):
            row = wait_row(node, name, kinds[name])
            expect_equal(row["index"], numbers[name], "the number of " + name)
        wait_for(lambda: rows(node)["sdc"]["Age"] <= 2, 10, "a disk that is read to be young")

        # They change their names; the numbers go with the serial numbers. A disk that is pulled takes its row along.
        disks.answer("sda", kinds["sdb"])
        disks.answer("sdb", kinds["sda"])
        disks.unplug("sdc")
        expect_equal(wait_row(node, "sda", kinds["sdb"])["index"], numbers["sdb"], "the number after the change")
        expect_equal(wait_row(node, "sdb", kinds["sda"])["index"], numbers["sda"], "the number after the change")
        wait_for(lambda: "sdc" not in rows(node), 5, "the end of the row")


@case(seconds=12)
def disks_cannot_be_read():
    """No smartctl is no failure; one that may not read any disk is, and the error names disk and reason."""
    node, disks = disks_node("disks_cannot_be_read")
    with node:
        disks.plug("sda")
        disks.answer("sda", "denied")
        node.start()
        wait_for(lambda: node.source_state("disks") == FAILED, 10, "the failure")
        error = node.get("edgeSourceLastError." + node.source_index("disks")).decode()
        expect(error.startswith("/dev/sda: ") and "Permission denied" in error, "the error: " + error)
        expect_equal(rows(node), {}, "the rows")
        node.daemon.end()
        os.unlink(disks.smartctl)
        node.start_daemon()
        wait_for(lambda: node.source_state("disks") == ABSENT, 10, "the state without the program")


@case(seconds=12)
def disks_hang():
    """A smartctl that hangs keeps nobody waiting: gets, other sources, the end of the daemon, which ends it, too."""
    node, disks = disks_node("disks_hang")
    with node:
        for name in ("sda", "sdb"):
            disks.plug(name)
            disks.answer(name, {"sda": "sata-ssd", "sdb": "sas"}[name])
        node.start()
        wait_row(node, "sdb", "sas")
        disks.hang("sda")
        pid = wait_for(disks.hanging, 10, "the program that hangs")
        polls = ["edgeSourcePolls." + node.source_index(name) for name in ("disks", "clock", "libvirt")]
        begun = node.get(*polls)
        wait_for(lambda: all(now > then + 2 for now, then in zip(node.get(*polls[1:]), begun[1:])), 15,
                 "polls of other sources")
        expect_equal(node.get(polls[0]), begun[0], "the polls of disks that ended")
        expect(os.path.exists("/proc/%d" % pid), "the program that hangs has ended")
        expect(rows(node)["sda"]["Age"] >= 2, "the row of the disk that hangs does not age")
        took = node.daemon.end()
        expect(took < 2.5, "the daemon took %.1f s to end" % took)
        wait_for(lambda: not os.path.exists("/proc/%d" % pid), 5, "the end of the program")
        expect("disks has failed" not in node.daemon.output(), "the end of the daemon is a failure of the disks")


@case
def disks_of_this_machine():
    """The real smartctl on the machine's own disks: rows and error text agree with what it says by itself."""
    with Node("disks_of_this_machine", config='<disks smartctl="/usr/sbin/smartctl"/>') as node:
        node.start()
        wait_for(lambda: node.source_state("disks") in (OK, FAILED, ABSENT), 60, "the first reading of the disks")
        state, table = node.source_state("disks"), rows(node)
        if state != OK:
            expect_equal(table, {}, "the rows")
            return "state %d: %s" % (state, "no disk or no smartctl" if state == ABSENT else node.get(
                "edgeSourceLastError." + node.source_index("disks")).decode())
        for name, row in table.items():
            _, out, _ = run(["/usr/sbin/smartctl", "--json=c", "-n", "standby", "-i", "/dev/" + name])
            serial = json.loads(out).get("serial_number")
            expect_equal(row.get("Serial", b"").decode(), serial or "", "the serial number of " + name)
        return ", ".join(sorted(table))
