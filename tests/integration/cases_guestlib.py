"""The guest's library and tool: in real guests the same metrics by every form and channel, and by xenstore, which is a
directory here."""
import json
import os
import shlex
import signal
import xml.etree.ElementTree as ElementTree

from cases import case
from cases_guest import start_node, without_disk
from edge import Build, Node, Skipped, expect, expect_equal, run, wait_for
from guest import guest_rig

DISK, PORT = "vm-dump-metrics -b", "vm-dump-metrics -i"


def of_xml(text):
    """[(context, name, type, value)] in the document's order."""
    return [(m.get("context"), m.findtext("name").strip(), m.get("type"), (m.findtext("value") or "").strip())
            for m in ElementTree.fromstring(text)]


class Number(str):
    """As it is written."""


def of_json(text):
    """The same; numbers as they are written."""
    found = json.loads(text, parse_int=Number, parse_float=Number)["metrics"]
    for metric in found:
        expect_equal(isinstance(metric["value"], Number), metric["type"] != "string", "a number: %s" % metric)
        known = {"name", "context", "type", "value"} | ({"id", "uuid"} if metric["context"] == "vm" else set())
        expect(known <= set(metric) <= known | {"unit"}, "the members of %s" % metric)
    return [(m["context"], m["name"], m["type"], m["value"]) for m in found]


def of_program(text):
    """What metrics_all prints, without what follows the value."""
    return [tuple(line.split(" ")[:3]) + (line.split(" ", 3)[3],) for line in text.splitlines()]


def at_one_moment(guest, *commands):
    """What each command prints of one and the same document; "Time" in it says which."""
    line = " && ".join("%s >/tmp/form%d" % (command, i) for i, command in enumerate(commands))

    def read():
        guest.run("%s && %s >/tmp/after" % (line, commands[0]))
        texts = [guest.run("cat /tmp/form%d" % i) for i in range(len(commands))]
        return texts if texts[0] == guest.run("cat /tmp/after") else None
    # At the port the requests of an attempt are within the burst, which the pause gives back.
    return wait_for(read, 60, "one document for %s" % ", ".join(commands), pause=5)


def check_forms(guest, channel, all_metrics):
    xml, as_json, program = at_one_moment(guest, channel, channel + " --json", all_metrics)
    rows = of_xml(xml)
    expect(len(rows) >= 10, "only %d metrics by %s" % (len(rows), channel))
    expect_equal(of_json(as_json), rows, "the metrics as JSON by " + channel)
    told = of_program(program)
    expect_equal([row[:3] for row in told], [(c, n, t) for c, n, t, _ in rows], "the metrics by " + all_metrics)
    for (context, name, kind, value), row in zip(rows, told):
        shown = row[3].split(" ")[0] if kind != "string" else row[3]
        if kind.startswith("real"):
            expect_equal(float(shown), float(value), "%s %s by %s" % (context, name, all_metrics))
        else:
            expect_equal(shown, value, "%s %s by %s" % (context, name, all_metrics))
    return rows


@case(alone=True, seconds=60)
def guestlib_forms_agree():
    """XML, JSON, single metrics and a program of the new interface, over the disk and over virtio: the same metrics."""
    guest, = guest_rig().booted("one")
    # A period in which a slow guest gets all its commands done.
    with start_node("guestlib_forms_agree", guest, poll_s=5) as node:
        wait_for(lambda: "PageInRate" in guest.ask(DISK)[1], 40, "the metrics that need two readings")
        by_disk = check_forms(guest, DISK, "metrics_all")
        expect_equal(dict((n, v) for c, n, _, v in by_disk if c == "host")["HostName"],
                     node.get("edgeNodeName.0").decode(), "HostName")
        for name in ("HostName", "TotalPhyMem"):
            value = guest.run("vm-dump-metrics --metric %s --context host" % name).rstrip("\n")
            expect_equal(value, [v for c, n, _, v in by_disk if (c, n) == ("host", name)][0], "--metric " + name)
        own = float(guest.run("vm-dump-metrics -b --metric TotalCPUTime --context vm"))
        expect(own > 0, "this guest's TotalCPUTime is %g" % own)
        status, output = guest.ask("vm-dump-metrics --metric Nothing")
        expect_equal((status, output), (1, "vm-dump-metrics: Nothing: no such metric\n"), "an absent metric")
        with without_disk(guest):
            by_port = check_forms(guest, PORT, "metrics_all")
        expect_equal([row[:3] for row in by_port if row[0] == "host"], [row[:3] for row in by_disk if row[0] == "host"],
                     "the host's metrics by virtio and by the disk")
        return "%d metrics by the disk, %d by virtio" % (len(by_disk), len(by_port))


@case(alone=True, seconds=40)
def guestlib_own_on_shared_disk():
    """On the disk that two guests share, each finds itself by its UUID: tool, old and new interface."""
    guests = guest_rig().booted("one", "two")
    with start_node("guestlib_own_on_shared_disk", *guests):
        for guest in guests:
            def knows_both():
                found = ElementTree.fromstring(guest.run(DISK))
                return {m.get("uuid") for m in found if m.get("context") == "vm"} >= {g.uuid() for g in guests}
            wait_for(knows_both, 15, "both guests on the disk")
            expect_equal(guest.run("cat /sys/class/dmi/id/product_uuid").strip().lower(), guest.uuid(), "the UUID")

            def same():
                text = guest.run(DISK + " >/tmp/doc && vm-dump-metrics -b --metric TotalCPUTime --context vm && "
                                 "metrics_example | sed -n 's/^VmTotalCPUTime //p' && cat /tmp/doc")
                tool, program, document = text.split("\n", 2)
                mine = [m.findtext("value").strip() for m in ElementTree.fromstring(document)
                        if m.get("uuid") == guest.uuid() and m.findtext("name").strip() == "TotalCPUTime"]
                return [float(tool), float(program)] == [float(mine[0])] * 2
            wait_for(same, 20, "%s to read its own TotalCPUTime by tool and library" % guest.name)


@case(alone=True, seconds=30)
def guestlib_watch():
    """--watch prints each change of the disk once, whole, until it is ended."""
    guest, = guest_rig().booted("one")
    with start_node("guestlib_watch", guest):
        watcher = guest.background("vm-dump-metrics -b --watch --json -d /tmp/watched; true")
        try:
            seen = set()

            def changes():
                status, text = guest.ask("cat /tmp/watched")
                if status == 0:
                    found = dict((n, v) for c, n, _, v in of_json(text) if c == "host")
                    seen.add(found["Time"])
                return len(seen) >= 3
            wait_for(changes, 20, "three changes")
        finally:
            guest.ask("kill -TERM -%d" % watcher)
        one = guest.run("timeout 4 vm-dump-metrics -b --watch --metric Time; true").split()
        expect(len(one) >= 2 and len(set(one)) == len(one), "--watch --metric Time printed %s" % one)


class FakeStore:
    """A directory that stands in for xenstore, and how programs are started with it."""

    def __init__(self, directory):
        self.library = os.environ.get("FAKE_XENSTORE_LIBRARY",
                                      Build.directory + "/tests/integration/.libs/libfakexenstore.so")
        if not os.path.exists(self.library):
            raise Skipped("built without libxenstore")
        self.directory = directory + "/xenstore"

    def domain(self, number, uuid):
        home = "%s/local/domain/%d" % (self.directory, number)
        os.makedirs(home)
        with open(home + "/vm", "w", encoding="ascii") as node:
            node.write("/vm/" + uuid)
        return home + "/metrics"

    def prefix(self, domain=0):
        return ["env", "LD_PRELOAD=" + self.library, "XENSTORED_PATH=" + self.directory, "FAKE_XENSTORE=" + self.directory,
                "FAKE_XENSTORE_DOMAIN=%d" % domain]

    def hang(self):
        with open(self.directory + "/hang", "w", encoding="ascii"):
            pass


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def disk_updates(node):
    """How often the metrics disk was written, so far as is known."""
    return node.manager.column("edgeVbdUpdates").get("1", 0)


@case(seconds=25)
def guestlib_xenstore():
    """Each domain's document by xenstore, to tool and library; a store that hangs stops nothing else."""
    with Node("guestlib_xenstore", transports=("vbd", "xenstore")) as node:
        store = FakeStore(node.dir)
        node.prefix = store.prefix()
        status, uuid, err = run(["virsh", "-q", "-c", node.uri, "domuuid", "test"])
        expect(status == 0, "virsh: " + err)
        mine, other = store.domain(1, uuid.strip()), store.domain(2, "6be3fdb8-bef5-6fec-b1b7-e61bbceab708")
        node.start()
        document = wait_for(lambda: read(mine), 10, "the document of the domain 1")
        expect_equal({(c, n) for c, n, _, _ in of_xml(document)} >= {("host", "HostName"), ("vm", "TotalCPUTime")}, True,
                     "host and own metrics in xenstore")
        expect(not os.path.exists(other), "a domain that libvirt does not know is written to")

        def forms():
            before = read(mine)
            printed = run(store.prefix(1) + [Build.dump, "-x"])
            as_json = run(store.prefix(1) + [Build.dump, "-x", "--json"])
            return (printed, as_json) if read(mine) == before else None
        printed, as_json = wait_for(forms, 15, "one document for both")
        expect_equal(printed[0], 0, "vm-dump-metrics -x: " + printed[2])
        expect_equal(of_json(as_json[1]), of_xml(printed[1]), "JSON and XML of xenstore")
        expect_equal(run(store.prefix(7) + [Build.dump, "-x"])[::2],
                     (1, "vm-dump-metrics: xenstore: not there, or without metrics\n"), "a guest without metrics")
        store.hang()
        seen = node.get("edgeNodeSnapshots.0")
        updates = disk_updates(node)
        wait_for(lambda: node.get("edgeNodeSnapshots.0") >= seen + 4, 15, "snapshots beside a store that hangs")
        wait_for(lambda: disk_updates(node) > updates + 1, 15, "the disk beside it")
        status, _, err = run(store.prefix(1) + [Build.dump, "-x"])
        expect_equal((status, err), (1, "vm-dump-metrics: xenstore: no answer in time\n"), "the tool beside it")
        took = node.daemon.end(signal.SIGTERM)
        expect(took < 2.5, "the end beside a store that hangs took %.1f s" % took)
        return "ended %.1f s after SIGTERM beside a store that hangs" % took


@case(seconds=5)
def guestlib_xenstore_needs_xen():
    """A configuration that names xenstore runs on a host without Xen: a warning, and everything else."""
    with Node("guestlib_xenstore_needs_xen", transports=("vbd", "xenstore")) as node:
        node.start()
        lines = wait_for(lambda: [line for line in node.daemon.output().splitlines() if "xenstore" in line], 10,
                         "a line about xenstore")
        expect(all("warning" in line for line in lines), "it says %s" % shlex.join(lines))
        wait_for(lambda: disk_updates(node) > 1, 10, "the metrics disk")
