"""Managers of other makes before a node that has something of nearly everything: each walks every module that is
served, with and without the modules' texts, and finds in strict order what the texts say may be there."""
import http.client
import json
import os
import re
import shutil
import socket

from cases import case
from cases_clock import client_of, clock_node, server_of
from cases_disks import Disks, FIXTURES
from cases_sensor import node_with_chip
from cases_sinks import SecondManager
from cases_snmp import check_order
from cases_values import INTEL
from edge import (SOURCE, USER, Build, Failed, Mib, Process, Skipped, expect, expect_equal, run, tool, wait_for)
from modules import MODULES, TEXTS, Objects, mib_directories, module_files
from rig import shared_rig

HERE = os.path.dirname(os.path.abspath(__file__))
ROOTS = [oid for _, oid in MODULES.values()]
COMMUNITY = "public"
BATCH = 100
CONFIG = """<snmp libvirt="yes"/><clock chronyd="127.0.0.1:%d" ntpd="" ptp4l=""/><source name="ntp" interval="250"/>
<disks smartctl="%s"/><source name="disks" interval="1000"/>
<threshold name="all" object="edgeDomainMemCurrent" subject="*" rising="1" falling="0" hold="0"/>"""
METRICS = """<metric type='uint64' context='host'><name>Answer</name><action>echo 42</action></metric>
<metric type='real64' context='vm'><name>Half</name><action>echo -0.5</action></metric>"""
COMES = {"edgeEventTable", "edgeAlarmTable"}  # rows may come between two walks
MOVES = re.compile("(Age|Duration|Util|Overhead)$")  # may be the same again, and something else between
FILLED = ("edgeAlarmSubject", "edgeMetricMilli", "edgeDiskHealth", "edgeClockUpdateAge", "edgeThresholdValue",
          "edgeHostDiskUtil", "edgePowerNow", "edgeVcpuUtil", "edgeDomainCpuUtil", "edgeBlockReads")


def managed_node(name):
    """Domains of the rig, a server's hardware, disks, a clock with a server, rules that hold, metrics."""
    rig = shared_rig()
    node = clock_node(name)
    node.uri, node.poll_s = rig.uri, 2  # below, a late reading is too near to the next for edgeDomainOverhead
    disks, node.root = Disks(node), node.dir + "/tree"
    shutil.copytree(INTEL, node.root, symlinks=True)
    for disk in os.listdir(node.root + "/sys/block"):
        with open("%s/dev/%s" % (node.root, disk), "w", encoding="ascii"):
            pass
    with open(disks.smartctl, "w", encoding="ascii") as program:
        program.write("#!/bin/sh\nexec cat '%s/nvme.json'\n" % FIXTURES)
    port, _ = server_of(node)
    client = client_of(node, "server 127.0.0.1 port %d iburst" % port)
    node.write_config(CONFIG % (client.port, disks.smartctl), METRICS)
    with open(node.dir + "/snmpd.conf", "a", encoding="ascii") as conf:
        conf.write("rocommunity %s 127.0.0.1\n" % COMMUNITY)
    node.clock = client
    return node


def start(node):
    """Until everything that is to be read has been read."""
    node.start_snmpd()
    node.start_daemon(wait=False)
    wait_for(node.manager.answers, 15, "the tables of edgenoded")
    wait_for(node.clock.settled, 20, "the first burst of the clock")
    lacking = []

    def filled():
        lacking[:] = sorted(set(FILLED) - {Mib.split(oid)[0] for oid, _ in node.manager.bulkwalk()})
        return not lacking and node.manager.walk(MODULES["NTPv4-MIB"][1] + ".1.3")
    try:
        wait_for(filled, 30, "a value of everything", pause=0.5)
    except Failed:
        raise Failed("without a value: %s" % ", ".join(lacking)) from None


def bulkwalks(node, repetitions=50):
    return [value for root in ROOTS for value in node.manager.bulkwalk(root, repetitions=repetitions)]


def comes(objects, oid):
    """Whether the instance is of a table whose rows come by themselves."""
    entry = objects.of_name.get(objects.split(oid)[0].parent)
    return entry and entry.parent in COMES


def steady(objects, oids):
    return [oid for oid in oids if not comes(objects, oid)]


def check_walk(objects, values):
    """In order, nothing twice, and each is what its module says."""
    for root in ROOTS:
        mine = [value for value in values if value[0].startswith(root + ".")]
        expect(mine, "nothing of " + root)
        check_order(mine)
    for oid, (kind, value) in values:
        objects.check(oid, kind, value)


def equal_oids(objects, found, wanted, what):
    expect_equal(sorted(set(steady(objects, found)) ^ set(steady(objects, wanted))), [], "the difference of " + what)
    expect_equal(len(set(found)), len(found), "the instances of %s, each once" % what)


def check_agreement(objects, node, read):
    """A value that stands still between two walks of net-snmp's tools is what the other manager found between them; one
    that goes to and fro is not met so three times."""
    differ = still = None
    for _ in range(3):
        before, walked, after = dict(bulkwalks(node)), read(), dict(bulkwalks(node))
        equal_oids(objects, list(walked), list(after), "the other manager's walk")
        still = {oid for oid in after if before.get(oid) == after[oid] and not MOVES.search(objects.split(oid)[0].name)}
        differ = {oid for oid in still & walked.keys() if walked[oid] != after[oid]} & (
            still if differ is None else differ)
        if not differ:
            break
    expect(not differ, "what differs in each walk: %s" % sorted(map(objects.name, differ)))
    expect(len(still) > 700, "only %d values stood still" % len(still))
    return len(still)


# --- net-snmp's tools ------------------------------------------------------------------------------------------------

def check_get(objects, node, walked):
    """GET of every instance has the type of the walk; a row that went meanwhile is of those that come."""
    kinds = dict(walked)
    for i in range(0, len(walked), BATCH):
        for oid, value in node.manager.get_typed(*[oid for oid, _ in walked[i:i + BATCH]]):
            expect(value or comes(objects, oid), "GET has no %s" % objects.name(oid))
            expect(not value or value[0] == kinds[oid][0], "GET of %s is a %s" % (objects.name(oid), value))


def check_next(objects, oids, following):
    """What follows each instance of a walk is the next one of it; of the last one of a module it is outside."""
    for oid, found, after in zip(oids, following, oids[1:] + [""]):
        root = next(root + "." for root in ROOTS if oid.startswith(root + "."))
        if after.startswith(root):
            expect(found == after or comes(objects, after) or found.startswith(root) and comes(objects, found),
                   "GETNEXT of %s is %s" % (objects.name(oid), found))
        else:
            expect(not found.startswith(root), "GETNEXT after the end is " + found)


def getnext(node, oids):
    return [oid for i in range(0, len(oids), BATCH) for oid, _ in node.manager.tool("snmpgetnext", *oids[i:i + BATCH])]


def check_versions(objects, node, walked):
    """SNMPv2c has what SNMPv3 has, and SNMPv1 all but Counter64."""
    for version in ("1", "2c"):
        found = [value for root in ROOTS for value in
                 node.manager.walk(root, options=["-v", version, "-c", COMMUNITY, "-l", "noAuthNoPriv"])]
        wanted = [oid for oid, (kind, _) in walked if version != "1" or kind != "Counter64"]
        check_walk(objects, found)
        equal_oids(objects, [oid for oid, _ in found], wanted, "the walk of SNMPv" + version)


def check_named(objects, node, walked):
    """With the modules, and roots by their names: each value gets its name, and the tools find nothing wrong."""
    shown, texts = [], ["-M", ":".join(mib_directories()), "-m", ":".join(MODULES)]
    for module, (root, _) in MODULES.items():
        status, out, err = run(["snmpbulkwalk", *texts, "-Ob", "-Cr33", "-t", "5", node.manager.address,
                                "%s::%s" % (module, root)], env=node.manager.env)
        expect(status == 0 and not err, "snmpbulkwalk of %s: %s" % (module, err))
        expect("Wrong Type" not in out, "snmpbulkwalk of %s: %s" % (module, out[out.find("Wrong Type"):][:80]))
        shown += re.findall(r"^(\S+::\S+) = (.*)$", out, re.M)
    names = {objects.name(oid) for oid, _ in walked if not comes(objects, oid)}
    lacking = names - {name for name, _ in shown}
    expect(not lacking, "not shown by name: %s" % sorted(lacking))
    for name, value in shown:
        of = objects.of_name[name.partition("::")[2].partition(".")[0]]
        if of.base == "INTEGER":
            expect(re.fullmatch(r"INTEGER: [\w-]+\(\d+\)", value), "%s is shown as %s" % (name, value))
    first = "EDGENODE-MIB::edgeNodeName.0"
    _, out, _ = run(["snmpget", *texts, "-Ovq", node.manager.address, first], env=node.manager.env)
    expect_equal(out.strip(), node.get("edgeNodeName.0").decode(), first)


@case(alone=True, seconds=20)
def managers_net_snmp():
    """net-snmp's tools: GETNEXT, GETBULK in odd steps, GET and GETNEXT of each instance, SNMPv1 and v2c, by number and
    by name; every value and every index is of the type, range, size and enumeration of its module."""
    objects = Objects()
    with managed_node("managers_net_snmp") as node:
        start(node)
        walked = [value for root in ROOTS for value in node.manager.walk(root)]
        oids = [oid for oid, _ in walked]
        check_walk(objects, walked)
        for repetitions in (3, 7, 33):
            bulk = bulkwalks(node, repetitions)
            check_walk(objects, bulk)
            equal_oids(objects, [oid for oid, _ in bulk], oids, "GETBULK by %d" % repetitions)
        check_get(objects, node, walked)
        check_next(objects, oids, getnext(node, oids))
        check_versions(objects, node, walked)
        check_named(objects, node, walked)
        return "%d values of %d objects" % (len(walked), len({objects.split(oid)[0].name for oid, _ in walked}))


def walk_once(objects, name, uri, wanted):
    """A node of this machine's own tree: the names of the objects in its walk, once all that are wanted are there."""
    node, _ = node_with_chip(name, uri=uri)
    with node:
        node.start_snmpd()
        node.start_daemon()

        def whole():
            walked = [value for root in ROOTS[:-1] for value in node.manager.bulkwalk(root)]
            names = {objects.split(oid)[0].name for oid, _ in walked}
            return (walked, names) if names >= wanted else None
        walked, names = wait_for(whole, 20, "a value of %s" % ", ".join(sorted(wanted)), pause=0.5)
        for oid, (kind, value) in walked:
            objects.check(oid, kind, value)
        return names


@case(alone=True, seconds=10)
def managers_this_machine():
    """What a running kernel tells of QEMU's processes, libsensors of a chip, and libvirt's test driver of pools, is what
    the modules say."""
    objects = Objects()
    names = walk_once(objects, "managers_this_machine", shared_rig().uri,
                      {"edgeDomainProcessId", "edgeDomainUpTime", "edgeDomainStartTime", "edgeSensorAlarm", "vmUpTime"})
    names |= walk_once(objects, "managers_test_driver", "test:///default", {"edgePoolCapacity", "edgeVcpuTime"})
    return "%d objects" % len(names)


# --- pysnmp ----------------------------------------------------------------------------------------------------------

@case(alone=True, seconds=20)
def managers_pysnmp():
    """pysnmp walks and gets what net-snmp's tools do; by the modules as it compiles them each value has its name and
    its object's syntax."""
    objects = Objects()
    with managed_node("managers_pysnmp") as node:
        start(node)
        host, _, port = node.manager.address.partition(":")
        command = SecondManager.command("survey", host, port, ",".join(ROOTS), ",".join(MODULES), node.dir + "/mibs",
                                        *mib_directories())
        found = {}

        def read():
            status, out, err = run(command, timeout=60, env=dict(os.environ, EDGE_USER=USER, EDGE_AUTH=node.auth,
                                                                 EDGE_PRIV=node.priv))
            if status == 77:
                raise Skipped("python3-pysnmp4: " + err.strip())
            expect(status == 0, "pysnmp: " + err.strip())
            found.update(json.loads(out))
            values = SecondManager.values(found["walked"])
            expect_equal(len(values), len(found["walked"]), "pysnmp's instances, each once")
            check_walk(objects, list(values.items()))
            return values
        still = check_agreement(objects, node, read)
        check_gets(objects, found["walked"], found["got"], {"EndOfMibView", "NoSuchInstance", "NoSuchObject"})
        for (oid, *_), shown in zip(found["walked"], found["named"]):
            of = objects.split(oid)[0]
            expect(shown.startswith("%s::%s." % (of.module, of.name)) and " = " in shown,
                   "%s is by name: %s" % (objects.name(oid), shown))
        return "%d values, %d stood still" % (len(found["walked"]), still)


def check_gets(objects, walked, got, absent):
    """What a GET of each instance has: its type."""
    expect_equal([oid for oid, _ in got], [oid for oid, *_ in walked], "the instances of GET")
    for (oid, kind, *_), (_, got_kind) in zip(walked, got):
        expect(got_kind == kind or got_kind in absent and comes(objects, oid),
               "GET of %s is a %s, the walk had a %s" % (objects.name(oid), got_kind, kind))


# --- npm's net-snmp --------------------------------------------------------------------------------------------------

NPM_PACKAGE = "net-snmp@3"
NPM_TYPES = {"Integer": "INTEGER", "OctetString": "STRING", "OID": "OID", "Counter": "Counter32", "Gauge": "Gauge32",
             "TimeTicks": "Timeticks", "Counter64": "Counter64"}


def npm_modules():
    """Where npm's net-snmp is: in the build directory, where it is installed once."""
    path = os.path.join(Build.directory, "npm")
    modules = os.path.join(path, "node_modules")
    if not os.path.isdir(modules + "/net-snmp"):
        os.makedirs(path, exist_ok=True)
        status, out, err = run([tool("npm"), "install", "--prefix", path, "--cache", path + "/cache",
                                "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", NPM_PACKAGE],
                               timeout=120)
        if status != 0:
            raise Skipped("npm does not install %s: %s" % (NPM_PACKAGE, err.strip().partition("\n")[0]))
    return modules


def in_order_of_imports(files):
    """Paths of the modules, each after those that it imports from."""
    placed = []

    def place(module, above=()):
        if module in placed or module in above or module not in files:
            return
        with open(files[module], encoding="latin-1") as text:
            for imported in re.findall(r"\bFROM\s+([\w-]+)", text.read()):
                place(imported, above + (module,))
        placed.append(module)
    for module in MODULES:
        place(module)
    return [files[module] for module in placed if not module.startswith("SNMPv2-")]  # those it has itself


def npm_value(kind, value):
    kind = NPM_TYPES[kind]
    return kind, bytes.fromhex(value) if kind == "STRING" else int(value) if kind == "Counter64" else value


@case(alone=True, seconds=20)
def managers_npm():
    """net-snmp of npm walks and gets what net-snmp's tools do; each value is of the type and in the range that its own
    reading of the modules has."""
    objects = Objects()
    environment = dict(os.environ, NODE_PATH=npm_modules())
    with managed_node("managers_npm") as node:
        start(node)
        host, _, port = node.manager.address.partition(":")
        command = [tool("node"), os.path.join(HERE, "npm_manager.js"), host, port, ",".join(ROOTS),
                   *in_order_of_imports(module_files())]
        found = {}

        def read():
            status, out, err = run(command, timeout=60, env=dict(environment, EDGE_USER=USER, EDGE_AUTH=node.auth,
                                                                 EDGE_PRIV=node.priv))
            expect(status == 0, "npm's net-snmp: " + (err or out).strip())
            found.update(json.loads(out.splitlines()[-1]))
            values = {oid: npm_value(kind, value) for oid, kind, value in found["walked"]}
            expect_equal(len(values), len(found["walked"]), "npm's instances, each once")
            check_walk(objects, list(values.items()))
            return values
        still = check_agreement(objects, node, read)
        check_gets(objects, found["walked"], found["got"], {"NoSuchInstance", "NoSuchObject"})
        oids = [oid for oid, *_ in found["walked"]]
        check_next(objects, oids, found["next"])
        expect_equal(found["wrong"], [], "what is not as npm's net-snmp reads the modules")
        for oid, kind, _ in found["walked"]:
            of = objects.split(oid)[0]
            expect_equal(found["named"].get(of.oid), "%s::%s" % (of.module, of.name), "the name of " + oid)
            if of.base != "BITS":  # it takes their names for those of an INTEGER
                expect_equal(NPM_TYPES[found["typed"].get(of.oid, kind)], NPM_TYPES[kind], "the type of " + of.name)
        expect(len(found["typed"]) > 350, "only %d objects have a type there" % len(found["typed"]))
        return "%d values, %d stood still" % (len(oids), still)


# --- Prometheus' snmp_exporter ---------------------------------------------------------------------------------------

EXPORTED = {"edgenode": ["EDGENODE-MIB"], "vm": ["VM-MIB"], "entity_sensor": ["ENTITY-SENSOR-MIB"]}
NOT_WALKED = {"edgeEventCapacity", "edgeEventLogId"}
SAMPLE = re.compile(r'(\w+)(?:\{(.*)\})? (\S+)')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
NAMED = {"edgeDomainIndex": "edgeDomainName", "edgeSourceIndex": "edgeSourceName", "edgeSensorIndex": "edgeSensorKey",
         "edgeBlockIndex": "edgeBlockTarget", "edgeNicIndex": "edgeNicMac", "edgeHostDiskIndex": "edgeHostDiskName",
         "vmIndex": "vmName", "entPhysicalIndex": "entPhysicalName"}


class Exporter:
    """snmp_exporter with what its generator makes of doc/snmp_exporter/generator.yml."""

    def __init__(self, node):
        self.node, path = node, node.dir + "/exporter"
        os.mkdir(path)
        with open(os.path.join(SOURCE, "doc", "snmp_exporter", "generator.yml"), encoding="utf-8") as shipped:
            text = shipped.read()
        for placeholder, value in (("nms", USER), ("AUTHENTICATION-PASSWORD", node.auth),
                                   ("PRIVACY-PASSWORD", node.priv)):
            text = re.sub(r"(: )%s$" % placeholder, r"\g<1>" + value, text, flags=re.M)
        with open(path + "/generator.yml", "w", encoding="utf-8") as own:
            own.write(text)
        status, _, err = run([tool("prometheus-snmp-generator"), "--fail-on-parse-errors", "generate"], cwd=path,
                             env=dict(os.environ, MIBDIRS=":".join(mib_directories()), HOME=path))
        complaints = [line for line in err.splitlines() if "level=info" not in line]
        expect(status == 0 and not complaints, "the generator: %s" % complaints)
        with open(path + "/snmp.yml", encoding="utf-8") as generated:
            self.types = dict(re.findall(r"^  - name: (\w+)\n +oid: .*\n +type: (\w+)$", generated.read(), re.M))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = Process("exporter", [tool("prometheus-snmp-exporter"), "--config.file=%s/snmp.yml" % path,
                                            "--web.listen-address=127.0.0.1:%d" % self.port], path + "/log")
        node.helpers.append(self.process)
        wait_for(self.listens, 10, "the exporter")

    def listens(self):
        expect(self.process.running(), "the exporter: " + self.process.output())
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def scrape(self, module):
        """({metric: type}, [(metric, {label: value}, value)])"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", "/snmp?module=%s&target=%s" % (module, self.node.manager.address))
        answer = connection.getresponse()
        text = answer.read().decode("utf-8")
        connection.close()
        expect(answer.status == 200, "the scrape of %s: %d %s" % (module, answer.status, text[:200]))
        types = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M))
        samples = [SAMPLE.fullmatch(line).groups() for line in text.splitlines() if line and line[0] != "#"]
        return types, [(name, dict(LABEL.findall(labels or "")), float(value)) for name, labels, value in samples]


def wanted_type(of):
    """A counter is what counts, and CounterBasedGauge64 does not."""
    return "counter" if of.base in ("Counter32", "Counter64") and of.syntax != "CounterBasedGauge64" else "gauge"


def check_generated(objects, types):
    """Every object has a metric, but for events; what counts is a counter there, and nothing else is."""
    objects = {name: of for name, of in objects.of_name.items() if of.access.startswith("read-") and
               [of.module] in EXPORTED.values()}
    rows = {name for name, of in objects.items() if of.parent == "edgeEventEntry"}
    lacking = objects.keys() - types.keys() - rows - NOT_WALKED
    expect(not lacking, "the generator makes no metric of %s" % sorted(lacking))
    for name, of in objects.items():
        counts = wanted_type(of) == "counter"
        expect_equal(types.get(name, "counter" if counts else "") == "counter", counts, "whether %s counts" % name)


def instance_of(of, objects, labels):
    """The instance that the labels of the indexes name; enumerations are by name there."""
    entry = objects.of_name.get(of.parent)
    return ".".join(labels[name] for name in entry.refs) if entry and entry.refs else "0"


def equals(of, name, labels, value, walked):
    """Whether a sample is what the walk has: a number, a text or a state as a label."""
    if of.name not in labels or of.base not in ("OCTET-STRING", "INTEGER"):
        return value == float(walked)
    if of.base == "OCTET-STRING":
        return of.syntax not in TEXTS or labels[of.name] == walked.decode("utf-8")
    return labels[of.name] == of.labels.get(walked) or value == 0.0 and name == of.name


def check_scrape(objects, walked, types, samples):
    """Types by the modules, labels beside indexes, values as in the walk: how many of these there are."""
    compared, metrics = 0, set()
    for name, labels, value in samples:
        of = objects.of_name.get(name) or objects.of_name.get(re.sub("_info$", "", name))
        if not of:
            expect(name.startswith("snmp_scrape_"), "%s is no object" % name)
            continue
        metrics.add(of.name)
        expect_equal(types[name], wanted_type(of), "the type of " + name)
        for index, label in NAMED.items():
            expect(index not in labels or labels.get(label), "%s%s has no %s" % (name, labels, label))
        found = walked.get("%s.%s" % (of.oid, instance_of(of, objects, labels)))
        if found is not None and of.base != "BITS" and of.syntax != "DateAndTime":
            expect(equals(of, name, labels, value, found), "%s%s is %g, by SNMP %s" % (name, labels, value, found))
            compared += 1
    return compared, metrics


@case(alone=True, seconds=20)
def managers_snmp_exporter():
    """snmp_exporter, with modules that its generator makes of EDGENODE-MIB, VM-MIB and ENTITY-SENSOR-MIB: every value
    is SNMP's, no gauge is a counter, names stand beside the indexes."""
    objects, notes = Objects(), []
    with managed_node("managers_snmp_exporter") as node:
        exporter = Exporter(node)
        check_generated(objects, exporter.types)
        start(node)
        for module, (source,) in EXPORTED.items():
            def read():
                return {oid: value for oid, (kind, value) in node.manager.bulkwalk(MODULES[source][1]) if kind != "OID"}
            before, (types, samples), after = read(), exporter.scrape(module), read()
            still = {oid: value for oid, value in after.items() if before.get(oid) == value and
                     not MOVES.search(objects.split(oid)[0].name)}
            compared, metrics = check_scrape(objects, still, types, samples)
            numbers = {objects.split(oid)[0].name for oid in still if not comes(objects, oid)}
            expect(numbers - metrics <= NOT_WALKED, "not in the scrape: %s" % sorted(numbers - metrics))
            expect(compared > 10, "only %d values of %s stood still" % (compared, module))
            notes.append("%s: %d metrics, %d values compared" % (module, len(metrics), compared))
        return "; ".join(notes)
