"""Events beside SNMP: the system's log, a program of the operator's, and a manager that is not net-snmp's."""
import datetime
import json
import os
import re
import socket
import threading

from cases import case
from cases_events import COLD, HOT, check_equal_rows, informs, quiet_node, rows_of
from cases_sensor import sensor_index
from edge import (ENGINE, ROOT, SOURCE, USER, Build, Mib, Process, Skipped, children_of, expect, expect_equal, free_port,
                  run, tool, wait_for)

HERE = os.path.dirname(os.path.abspath(__file__))
SYSTEM_PYTHON = "/usr/bin/python3"  # the one that has the distribution's packages
SEVERITIES = {1: ("info", 6), 2: ("warning", 4), 3: ("critical", 2)}  # name, and severity of syslog
DAEMON = 3  # facility of syslog

# Every name is a subject of the rule "all", and each is an event at the start.
HOSTILE = ["plain", "a b", 'qu"ote', "apos'trophe", "back\\slash", "clo]sed[", "semi;colon", "$(touch owned)",
           "`touch owned`", "& touch owned &", "| touch owned", "${HOME}", "%n%s", "ü€𝄞", "=eq=", "-rf"]
RULE = '<threshold name="all" object="edgeDomainMemCurrent" subject="*" rising="1" falling="0" hold="0"/>'


class Datagrams:
    """A socket that keeps what is sent to it."""

    def __init__(self, path):
        self.socket, self.got = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), []
        self.socket.bind(path)
        self.thread = threading.Thread(target=self._read)

    def _read(self):
        while True:
            record = self.socket.recv(1 << 16)
            if not record:
                return
            self.got.append(record)

    def received(self):
        return list(self.got)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()


def hostile_domains(path):
    """A node file of libvirt's test driver with domains of those names."""
    escape = {ord(c): "&#%d;" % ord(c) for c in "&<>'\""}
    with open(path, "w", encoding="utf-8") as node:
        node.write("<node>\n")
        for i, name in enumerate(HOSTILE):
            node.write("<domain type='test'><name>%s</name><uuid>00000000-0000-4000-8000-%012x</uuid>"
                       "<memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type>hvm</type></os></domain>\n"
                       % (name.translate(escape), i + 1))
        node.write("</node>\n")
    return "test://" + path


# --- RFC 5424 --------------------------------------------------------------------------------------------------------

_NAME = rb"[!#-<>-\\^-~]{1,32}"  # SD-NAME: PRINTUSASCII without '=', SP, ']', '"'
_VALUE = rb'(?:[^"\\\]]|\\["\\\]])*'
_PARAM = re.compile(rb' (%s)="(%s)"' % (_NAME, _VALUE))
_RECORD = re.compile(
    rb"<(0|[1-9][0-9]{0,2})>1 "
    rb"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})) "
    rb"([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) "
    rb"\[(%s)((?: %s=\"%s\")*)\] \xef\xbb\xbf(.*)" % (_NAME, _NAME, _VALUE), re.DOTALL)


def parse_rfc5424(record):
    """(header, parameters, message) of a record with one element of structured data and a message in UTF-8."""
    match = _RECORD.fullmatch(record)
    expect(match, "not RFC 5424: %r" % record)
    priority, when, host, program, pid, kind, element, params, message = match.groups()
    found = {}
    for name, value in _PARAM.findall(params):
        expect(name not in found, "%s is there twice: %r" % (name, record))
        found[name.decode("ascii")] = re.sub(rb'\\(["\\\]])', rb"\1", value).decode("utf-8")
    header = {"priority": int(priority), "time": when.decode(), "host": host.decode(), "program": program.decode(),
              "pid": int(pid), "kind": kind.decode(), "element": element.decode()}
    return header, found, message.decode("utf-8")


def parse_journal(record):
    """{field: value} of journald's native form with one line for each field."""
    expect(record.endswith(b"\n"), "a record without an end: %r" % record)
    found = {}
    for line in record[:-1].split(b"\n"):
        name, equals, value = line.partition(b"=")
        expect(equals and re.fullmatch(rb"[A-Z0-9][A-Z0-9_]{0,63}", name), "no field of the journal: %r" % line)
        expect(name not in found, "%s is there twice: %r" % (name, record))
        found[name.decode("ascii")] = value.decode("utf-8")
    return found


# --- facts -----------------------------------------------------------------------------------------------------------

def date_and_time(octets):
    """SNMPv2-TC DateAndTime of 11 octets, to a tenth of a second."""
    year, month, day, hour, minute, second, tenth = (octets[0] << 8 | octets[1], *octets[2:8])
    zone = datetime.timedelta(hours=octets[9], minutes=octets[10]) * (1 if octets[8:9] == b"+" else -1)
    return datetime.datetime(year, month, day, hour, minute, second, tenth * 100000, datetime.timezone(zone))


def facts_of(node, serial, row):
    """What a record says of this row, but for the time."""
    row = {name: value[1] for name, value in row.items()}
    log_id = node.get("edgeEventLogId.0").hex()
    return {
        "serial": str(serial), "log": "-".join(log_id[i:j] for i, j in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))),
        "kind": Mib.name[row["edgeEventKind"]], "severity": SEVERITIES[row["edgeEventSeverity"]][0],
        "boot": str(row["edgeEventBoot"]), "uptime-ms": str(row["edgeEventUpTime"]),
        "clock-synced": "yes" if row["edgeEventClockSynced"] == 1 else "no",
        "subject": row["edgeEventSubject"].decode(), "domain": str(row["edgeEventDomain"]),
        "value": str(row["edgeEventValue"]), "threshold": str(row["edgeEventThreshold"]),
        "units": row["edgeEventUnits"].decode(), "stored": "yes",
    }


def check_time(shown, row):
    exact = datetime.datetime.fromisoformat(shown.replace("Z", "+00:00"))
    late = (exact - date_and_time(row["edgeEventTime"][1])).total_seconds()
    expect(0 <= late < 0.1, "the time %s is %g s after that of the row" % (shown, late))


def make_events(node, chip):
    """Over the limit and back, after one event for each of the domains; the rows."""
    wait_for(lambda: len(node.manager.column("edgeAlarmKind")) >= len(HOSTILE), 15, "the alarms of the domains")
    index = sensor_index(node)
    for value, kind in ((HOT, "edgeThermalWarning"), (COLD, "edgeThermalNormal")):
        chip.heat(value)
        wait_for(lambda: kind in {Mib.name[v] for v in node.manager.column("edgeEventKind").values()}, 10, kind)
        expect_equal(node.get("edgeSensorValue." + index), value, "edgeSensorValue")
    rows = rows_of(node)
    subjects = {row["edgeEventSubject"][1].decode() for row in rows.values()}
    expect(subjects >= {"all " + name for name in HOSTILE}, "the subjects are %s" % subjects)
    return rows


def node_with_sink(name, sink):
    node, chip = quiet_node(name)
    node.uri = hostile_domains(node.dir + "/domains.xml")
    node.config_extra += RULE + sink % {"dir": node.dir}
    node.write_config()
    return node, chip


# --- the system's log ------------------------------------------------------------------------------------------------

@case(seconds=8)
def events_syslog():
    """One RFC 5424 record for each event, to the letter of the grammar; its structured data are the row's columns."""
    node, chip = node_with_sink("events_syslog", '<syslog journal="" socket="%(dir)s/log"/>')
    with node, Datagrams(node.dir + "/log") as log:
        node.start_snmpd()
        node.start_daemon()
        rows = make_events(node, chip)
        wait_for(lambda: len(log.received()) >= len(rows), 10, "a record of each event")
        records = [parse_rfc5424(record) for record in log.received()]
        expect_equal([int(facts["serial"]) for _, facts, _ in records], sorted(rows), "the serials of the records")
        for header, facts, message in records:
            row = rows[int(facts["serial"])]
            check_time(header["time"], row)
            expect_equal(facts.pop("time"), header["time"], "the time in the structured data")
            expect_equal(facts, facts_of(node, int(facts["serial"]), row), "the structured data")
            expect_equal(message, row["edgeEventText"][1].decode(), "the message")
            expect_equal(header["priority"], DAEMON * 8 + SEVERITIES[row["edgeEventSeverity"][1]][1], "PRI")
            expect_equal((header["program"], header["pid"], header["kind"]),
                         ("edgenoded", node.daemon.pid, facts["kind"]), "APP-NAME, PROCID, MSGID")
            expect_equal(header["element"], "edgenode@" + Mib.oid["edgeNodeName"].split(".")[6], "SD-ID")
        return "%d records" % len(records)


@case(seconds=8)
def events_journal():
    """The journal's socket comes first: one record for each event in its native form, its fields the row's columns."""
    node, chip = node_with_sink("events_journal", '<syslog journal="%(dir)s/journal" socket="%(dir)s/log"/>')
    with node, Datagrams(node.dir + "/journal") as journal, Datagrams(node.dir + "/log") as log:
        node.start_snmpd()
        node.start_daemon()
        rows = make_events(node, chip)
        wait_for(lambda: len(journal.received()) >= len(rows), 10, "a record of each event")
        records = [parse_journal(record) for record in journal.received()]
        expect_equal([int(r["EDGENODE_SERIAL"]) for r in records], sorted(rows), "the serials of the records")
        for record in records:
            serial = int(record["EDGENODE_SERIAL"])
            row = rows[serial]
            check_time(record.pop("EDGENODE_TIME"), row)
            wanted = {"EDGENODE_" + name.upper().replace("-", "_"): value
                      for name, value in facts_of(node, serial, row).items()}
            wanted.update(MESSAGE=row["edgeEventText"][1].decode(), SYSLOG_IDENTIFIER="edgenoded",
                          SYSLOG_PID=str(node.daemon.pid), SYSLOG_FACILITY=str(DAEMON),
                          PRIORITY=str(SEVERITIES[row["edgeEventSeverity"][1]][1]))
            expect_equal(record, wanted, "the fields of event %d" % serial)
        expect_equal(log.received(), [], "what syslog got")
        return "%d records" % len(records)


# --- a program -------------------------------------------------------------------------------------------------------

# Writes what it was given, whole or not at all; hangs at the daemon's start, with a child.
PROGRAM = """#!/bin/sh
env -0 >"%(dir)s/told/.$EDGENODE_SERIAL"
mv "%(dir)s/told/.$EDGENODE_SERIAL" "%(dir)s/told/$EDGENODE_SERIAL"
[ "$EDGENODE_KIND" != edgeAgentStarted ] || { sleep 3600 & sleep 3600; }
"""


def told_program(node):
    """{serial: environment}"""
    found = {}
    for name in os.listdir(node.dir + "/told"):
        if not name.startswith("."):
            with open(os.path.join(node.dir, "told", name), "rb") as file:
                strings = file.read().decode("utf-8").split("\0")[:-1]
            found[int(name)] = dict(string.split("=", 1) for string in strings)
    return found


def sleepers(node):
    return [pid for pid in children_of(node.daemon.pid) if b"3600" in command_line(pid)]


def command_line(pid):
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return b""


@case(seconds=15)
def events_on_event():
    """The program has each event in its environment, hostile names to the letter; one that hangs holds up nothing."""
    node, chip = node_with_sink("events_on_event", '<on_event command="%(dir)s/tell" timeout="2"/>')
    with node:
        os.mkdir(node.dir + "/told")
        with open(node.dir + "/tell", "w", encoding="utf-8") as program:
            program.write(PROGRAM % {"dir": node.dir})
        os.chmod(node.dir + "/tell", 0o755)
        node.start_trapd()
        node.start_snmpd()
        node.start_daemon()
        # While it hangs the rest of the daemon goes on; the events of the domains are notified meanwhile.
        wait_for(lambda: sleepers(node), 10, "the program that hangs")
        rows = make_events(node, chip)
        wait_for(lambda: len(informs(node)) >= len(rows), 10, "the notifications")
        told = wait_for(lambda: len(told_program(node)) >= len(rows) and told_program(node), 30, "all runs")
        wait_for(lambda: not sleepers(node), 10, "the end of what hangs")
        expect_equal(sorted(told), sorted(rows), "the serials")
        for serial, environment in told.items():
            row = rows[serial]
            check_time(environment.pop("EDGENODE_TIME"), row)
            wanted = {"EDGENODE_" + name.upper().replace("-", "_"): value
                      for name, value in facts_of(node, serial, row).items()}
            wanted["EDGENODE_TEXT"] = row["edgeEventText"][1].decode()
            expect_equal({n: v for n, v in environment.items() if n.startswith("EDGENODE_")}, wanted, "the environment")
            expect(set(environment) - set(wanted) <= {"PATH", "PWD", "SHLVL", "_", "OLDPWD"},
                   "the environment is %s" % sorted(environment))
        for place in (node.dir, os.getcwd(), "/", os.path.expanduser("~")):
            expect(not os.path.exists(os.path.join(place, "owned")), "something was run in " + place)
        expect("on_event" in node.daemon.output(), "the log does not name the program that hung")
        check_equal_rows(node, rows)
        return "%d runs" % len(told)


# --- a second manager ------------------------------------------------------------------------------------------------

# What a type of pysnmp is called by the net-snmp tools.
TYPES = {"Integer": "INTEGER", "Integer32": "INTEGER", "Gauge32": "Gauge32", "Unsigned32": "Gauge32",
         "Counter32": "Counter32", "Counter64": "Counter64", "TimeTicks": "Timeticks", "OctetString": "STRING",
         "ObjectIdentifier": "OID"}


UPTIME = "1.3.6.1.2.1.1.3.0"
SECOND_ENGINE, NAMING_ENGINE = "0x8000000001020305", "0x8000000001020306"


def mib_directories():
    return [os.path.join(Build.directory, "mibs"), os.path.join(SOURCE, "mibs", "base")]


def inform_too(node, port, engine):
    """One more receiver, of an engine of its own, since snmpd keeps one time for each engine."""
    with open(node.dir + "/snmpd.conf", "r+", encoding="utf-8") as conf:
        session = next(line for line in conf if line.startswith("trapsess"))
        conf.seek(0, os.SEEK_END)
        conf.write(session.replace(":%d\n" % node.trap_port, ":%d\n" % port).replace(ENGINE, engine))


class NamingTrapd:
    """An snmptrapd that knows the MIB; it prints "name = value" of each object, a tab between them."""

    def __init__(self, node):
        port, path = free_port(), node.dir + "/naming"
        os.makedirs(path + "/mib_indexes")
        os.makedirs(path + "/cert_indexes")
        with open(node.dir + "/snmptrapd.conf", encoding="utf-8") as conf:
            text = conf.read().replace(":%d\n" % node.trap_port, ":%d\n" % port).replace(ENGINE, NAMING_ENGINE)
        with open(path + "/snmptrapd.conf", "w", encoding="utf-8") as conf:
            conf.write(text)
        self.process = Process("snmptrapd", [
            tool("snmptrapd"), "-f", "-C", "-c", path + "/snmptrapd.conf", "-n", "-OQU", "-Lo", "-F", "NOTE\t%v\n"],
            path + "/log", env=dict(os.environ, SNMPCONFPATH=path, SNMP_PERSISTENT_DIR=path, MIBS="EDGENODE-MIB",
                                    MIBDIRS=":".join(mib_directories())))
        node.helpers.append(self.process)
        inform_too(node, port, NAMING_ENGINE)

    def received(self):
        lines = [line.split("\t")[1:] for line in self.process.output().splitlines() if line.startswith("NOTE\t")]
        return [line for line in lines if any("::edgeEventTime." in shown for shown in line)]


class SecondManager:
    """second_decoder.py with the node's user; it comes as one more receiver of informs, and walks."""

    def __init__(self, node):
        self.node, self.port = node, free_port()
        self.env = dict(os.environ, EDGE_USER=USER, EDGE_AUTH=node.auth, EDGE_PRIV=node.priv)
        self.listener = Process("second", self.command("listen", "127.0.0.1", str(self.port), SECOND_ENGINE[2:],
                                                       node.dir + "/mibs", *mib_directories()),
                                node.dir + "/second.log", env=self.env)
        node.helpers.append(self.listener)
        wait_for(lambda: "listening" in self.listener.output() or not self.listener.running(), 20, "the second manager")
        if not self.listener.running():
            raise Skipped("python3-pysnmp4: " + self.listener.output().strip())
        inform_too(node, self.port, SECOND_ENGINE)

    @staticmethod
    def command(*words):
        if not os.access(SYSTEM_PYTHON, os.X_OK):
            raise Skipped("no " + SYSTEM_PYTHON)
        return [SYSTEM_PYTHON, "-B", os.path.join(HERE, "second_decoder.py"), *words]

    @staticmethod
    def values(listed):
        """{oid: (type, value)}, as the harness has what net-snmp's tools say."""
        return {oid: (TYPES[kind], bytes.fromhex(value) if TYPES[kind] == "STRING" else value)
                for oid, kind, value, *_ in listed}

    def received(self):
        """Of each of our notifications what was printed of its objects."""
        lines = [json.loads(line) for line in self.listener.output().splitlines()[1:] if line.endswith("]]")]
        return [line for line in lines if any(oid.startswith(Mib.oid["edgeEventTime"] + ".") for oid, *_ in line)]

    def walk(self, root):
        host, _, port = self.node.manager.address.partition(":")
        status, out, err = run(self.command("walk", host, port, root), timeout=60, env=self.env)
        expect(status == 0, "the walk of the second manager: " + err.strip())
        return self.values(json.loads(out))


def unpadded(shown):
    """A UUID as net-snmp's tools print it: an octet of the display hint's "1x" below 16 has one digit there."""
    return re.sub(r"-([0-9a-f]{2})0([0-9a-f]-[0-9a-f]{12})$", r"-\1\2", shown)


def by_name(notifications):
    """What each notification says, beside the time of its sending."""
    return [[unpadded(shown) for shown in notification if "::sysUpTime" not in shown] for notification in notifications]


@case(seconds=15)
def events_second_decoder():
    """pysnmp, another implementation of SNMPv3 and of MIBs, has the informs and a walk as net-snmp's tools have them."""
    node, chip = quiet_node("events_second_decoder")
    with node:
        second, naming = SecondManager(node), NamingTrapd(node)
        node.start()
        chip.heat(HOT)
        wait_for(lambda: node.notified("edgeThermalWarning"), 10, "the warning")
        chip.heat(COLD)
        wait_for(lambda: node.notified("edgeThermalNormal"), 10, "the end of the warning")
        wait_for(lambda: len(second.received()) >= 3 and len(naming.received()) >= 3, 10, "the notifications at both")
        ours, theirs = [dict(n) for n in informs(node)], [second.values(line) for line in second.received()]
        expect(all(n.pop(UPTIME)[0] == "Timeticks" for n in ours + theirs), "a notification without sysUpTime")
        expect_equal(theirs, ours, "the notifications")
        named = by_name([shown for *_, shown in line] for line in second.received())
        expect_equal(named, by_name(naming.received()), "the notifications by name")
        warning = named[1]
        expect_equal([shown.partition(" = ")[0].partition("::")[2].partition(".")[0] for shown in warning],
                     ["snmpTrapOID", "edgeEventTime", "edgeEventSeverity", "edgeEventText", "edgeSensorLabel",
                      "edgeSensorValue", "edgeEventThreshold"], "the objects of the warning")
        expect(warning[0].endswith("= EDGENODE-MIB::edgeThermalWarning") and warning[2].endswith("= warning"),
               "the warning is %s" % warning)
        # A value that stands still between two walks of net-snmp's tools is what the other found between them; one that
        # goes to and fro is not met so three times.
        differ = None
        for _ in range(3):
            before, walked, after = dict(node.manager.bulkwalk()), second.walk(ROOT), dict(node.manager.bulkwalk())
            expect(before.keys() & after.keys() <= walked.keys() <= before.keys() | after.keys(),
                   "other instances: %s" % sorted(walked.keys() ^ after.keys()))
            still = {oid for oid in after
                     if before.get(oid) == after[oid] and not Mib.split(oid)[0].endswith(("Age", "Duration"))}
            differ = {oid for oid in still if walked[oid] != after[oid]} & (still if differ is None else differ)
        expect(not differ, "what differs in each walk: %s" % sorted({Mib.split(oid)[0] for oid in differ}))
        expect(len(still) > 100, "only %d values stood still" % len(still))
        return "%d notifications, %d values" % (len(theirs), len(still))
