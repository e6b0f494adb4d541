"""The harness of the integration tests: a private node of snmpd, snmptrapd and edgenoded.

Every process is started by a case, has its state in the case's own directory, talks on 127.0.0.1 only, dies with the
runner, and is ended by its pid. Values are read as a manager reads them: by the net-snmp tools over SNMPv3.
"""
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROOT = os.environ.get("EDGENODE_ROOT_OID", "1.3.6.1.4.1.8072.9999.9999.7666")
USER = "edge"
ENGINE = "0x8000000001020304"  # of the notification receiver


class Failed(Exception):
    """What a case expects does not hold."""


class Skipped(Exception):
    """What a case needs cannot be had here."""


class Build:
    """Where the programs are; set by run.py."""

    directory = None
    edgenoded = None
    dump = None
    getloop = None
    logs = None

    @classmethod
    def locate(cls, directory):
        image = os.path.join(directory, "root")
        cls.directory = directory
        cls.edgenoded = os.environ.get("EDGENODED", image + "/usr/sbin/edgenoded")
        cls.dump = os.environ.get("VM_DUMP_METRICS", image + "/usr/bin/vm-dump-metrics")
        cls.getloop = os.environ.get("GETLOOP", directory + "/tests/bench/getloop")
        cls.logs = os.path.join(directory, "log", "integration")


def expect(condition, text):
    if not condition:
        raise Failed(text)


def expect_equal(got, wanted, what):
    if got != wanted:
        raise Failed("%s is %r, expected %r" % (what, got, wanted))


def complains(output, *words):
    """A line of the log is an error or a warning that holds all the words."""
    return any(("error" in line or "warning" in line) and all(word in line for word in words)
               for line in output.splitlines())


def wait_for(condition, timeout=10.0, what=None, pause=0.1):
    """Until condition() is true: its value. Time is measured, nothing is slept through."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed("not within %g s: %s" % (timeout, what or condition.__name__))
        time.sleep(pause)


# --- processes -------------------------------------------------------------------------------------------------------

_started = {}
_started_lock = threading.Lock()
AT_END = []  # functions for the end of the run


class Process:
    """One child in the foreground; its output in a file."""

    def __init__(self, name, command, log, env=None, cwd=None, prefix=()):
        self.name, self.command, self.log = name, command, log
        with open(log, "ab") as out:
            self.child = subprocess.Popen(["setpriv", "--pdeathsig", "KILL"] + list(prefix) + command, stdout=out,
                                          stderr=out, stdin=subprocess.DEVNULL, env=env, cwd=cwd)
        with _started_lock:
            _started[self.child.pid] = self

    @property
    def pid(self):
        return self.child.pid

    def running(self):
        return self.child.poll() is None

    def send(self, number):
        if self.running():
            self.child.send_signal(number)

    def wait(self, timeout):
        try:
            return self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failed("%s did not end within %g s" % (self.name, timeout)) from None

    def kill(self):
        self.end(signal.SIGKILL)

    def end(self, number=signal.SIGTERM, timeout=5.0):
        """Ends it, in any case; the seconds that took."""
        begin = time.monotonic()
        if self.running():
            self.child.send_signal(signal.SIGCONT)
            self.child.send_signal(number)
            try:
                self.child.wait(timeout)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        with _started_lock:
            _started.pop(self.pid, None)
        return time.monotonic() - begin

    def output(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()


def end_all():
    with _started_lock:
        left = list(_started.values())
    for process in reversed(left):
        process.end(signal.SIGKILL)
    while AT_END:
        AT_END.pop()()


def run(command, timeout=30, **options):
    """A command to its end: (status, stdout, stderr)."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                              timeout=timeout, check=False, **options)
    except subprocess.TimeoutExpired:
        raise Failed("%s: no end within %g s" % (os.path.basename(command[0]), timeout)) from None
    return done.returncode, done.stdout, done.stderr


def rss_anon_kib(pid):
    with open("/proc/%d/status" % pid, encoding="ascii", errors="replace") as status:
        for line in status:
            if line.startswith("RssAnon:"):
                return int(line.split()[1])
    raise Failed("no RssAnon of %d" % pid)


def open_files(pid):
    """Without those of other processes' figures, which follow what else runs on the machine."""
    def is_own(descriptor):
        try:
            return not os.readlink("/proc/%d/fd/%s" % (pid, descriptor)).startswith("/proc/")
        except FileNotFoundError:
            return False  # closed meanwhile
    return sum(map(is_own, os.listdir("/proc/%d/fd" % pid)))


def children_of(pid):
    """Process ids of the children, their children, ..."""
    found = []
    try:
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/children" % (pid, task), encoding="ascii") as children:
                for child in map(int, children.read().split()):
                    found += [child] + children_of(child)
    except (FileNotFoundError, ProcessLookupError):
        pass  # ended meanwhile
    return found


_ports = set()


def free_port():
    """A UDP port nobody has, and no other case of this run gets."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with _started_lock:
            if port not in _ports:
                _ports.add(port)
                return port


# --- names and values ------------------------------------------------------------------------------------------------

class Mib:
    """Names of EDGENODE-MIB from oids.golden."""

    oid, access, syntax, name = {}, {}, {}, {}

    @classmethod
    def load(cls):
        with open(os.path.join(SOURCE, "mibs", "oids.golden"), encoding="utf-8") as golden:
            for line in golden:
                name, relative, syntax, access = line.split()
                cls.oid[name], cls.syntax[name], cls.access[name] = ROOT + relative, syntax, access
                cls.name[ROOT + relative] = name

    @classmethod
    def number(cls, name):
        """edgeDomainName.1 -> 1.3.6...; numbers stay."""
        if name[0].isdigit():
            return name
        head, _, instance = name.partition(".")
        return cls.oid[head] + ("." + instance if instance else "")

    @classmethod
    def split(cls, oid):
        """(name, instance) of an instance's OID; (None, "") where it is not ours."""
        head = oid
        while head.startswith(ROOT + "."):
            if head in cls.name:
                return cls.name[head], oid[len(head) + 1:]
            head = head.rpartition(".")[0]
        return None, ""


class Columns:
    """tests/columns.tsv: by which case each column is filled; and which ones the case of this thread has seen filled."""

    of_case = {}
    _seen = threading.local()

    @classmethod
    def load(cls):
        with open(os.path.join(SOURCE, "tests", "columns.tsv"), encoding="utf-8") as listed:
            for line in listed:
                if not line.startswith("#"):
                    column, case = line.split()
                    cls.of_case.setdefault(case, set()).add(column)

    @classmethod
    def begin(cls):
        cls._seen.columns = set()

    @classmethod
    def saw(cls, values):
        """What a tool answered: (oid, value) of each instance, None where there is none."""
        if hasattr(cls._seen, "columns"):
            cls._seen.columns |= {Mib.split(oid)[0] for oid, value in values if value is not None}

    @classmethod
    def check(cls, case):
        lacking = sorted(cls.of_case.get(case, set()) - cls._seen.columns)
        expect(not lacking, "not seen with a value, as tests/columns.tsv promises: " + ", ".join(lacking))


def ids(oid):
    return tuple(int(part) for part in oid.split("."))


def text(value):
    return value.decode("utf-8")


_LINE = re.compile(r"^\.([0-9.]+) = (.*)$")
_ABSENT = ("No Such Instance", "No Such Object", "No more variables")


def parse_value(shown):
    """(type, value) of one value as the tools print it with OUTPUT; None where there is no instance."""
    if shown.startswith(_ABSENT):
        return None
    if shown == '""':
        return "STRING", b""
    kind, _, value = shown.partition(": ")
    if kind == "Hex-STRING":
        return "STRING", bytes.fromhex(value)
    if kind == "OID":
        return kind, value.lstrip(".")
    if kind == "Timeticks":  # (82) 0:00:00.82
        return kind, int(value[1:value.index(")")])
    return kind, int(value)


def parse_values(output):
    """Lines of the tools as an ordered list of (oid, (type, value)); hexadecimal strings go over several lines."""
    joined = []
    for line in output.splitlines():
        if line.startswith("."):
            joined.append(line)
        elif joined and line.strip():
            joined[-1] += " " + line.strip()
    values = []
    for line in joined:
        match = _LINE.match(line.strip())
        if match:
            values.append((match.group(1), parse_value(match.group(2).strip())))
    return values


# Numbers only: OIDs, enumerations, strings in hexadecimal.
OUTPUT = ["-m", "", "-OnexU"]


class SnmpError(Failed):
    """A tool ended with an error."""


class Manager:
    """One SNMPv3 user at one address."""

    def __init__(self, directory, address, user=USER, auth=None, priv=None, level="authPriv"):
        self.address = address
        os.makedirs(directory + "/mib_indexes", exist_ok=True)
        os.makedirs(directory + "/cert_indexes", exist_ok=True)
        lines = ["defVersion 3", "defSecurityName " + user, "defSecurityLevel " + level, "defAuthType SHA-256",
                 "defPrivType AES"]
        if auth:
            lines.append("defAuthPassphrase " + auth)
        if priv:
            lines.append("defPrivPassphrase " + priv)
        with open(directory + "/snmp.conf", "w", encoding="utf-8") as conf:
            conf.write("\n".join(lines) + "\n")
        os.chmod(directory + "/snmp.conf", 0o600)
        self.env = dict(os.environ, SNMPCONFPATH=directory, SNMP_PERSISTENT_DIR=directory, MIBS="")

    def tool(self, name, *arguments, timeout=60, wait=2, retries=2, options=()):
        command = [name] + OUTPUT + list(options) + ["-t", str(wait), "-r", str(retries), self.address]
        status, out, err = run(command + [Mib.number(a) if i_is_name(a) else a for a in arguments], timeout=timeout,
                               env=self.env)
        if status != 0:
            raise SnmpError("%s: %s" % (name, (err or out).strip().replace("\n", "; ")))
        values = parse_values(out)
        Columns.saw(values)
        return values

    def get(self, *names, **options):
        """One value, or a list where several are asked for; None: no instance."""
        values = [value for _, value in self.tool("snmpget", *names, **options)]
        values = [v[1] if v else None for v in values]
        return values[0] if len(names) == 1 else values

    def get_typed(self, *names, **options):
        return self.tool("snmpget", *names, **options)

    def next(self, name, **options):
        return self.tool("snmpgetnext", name, **options)[0]

    def walk(self, name=ROOT, **options):
        """Ordered list of (oid, (type, value))."""
        return [v for v in self.tool("snmpwalk", name, **options) if v[1] is not None]

    def bulkwalk(self, name=ROOT, repetitions=50, **options):
        found = self.tool("snmpbulkwalk", name, options=["-Cr%d" % repetitions], **options)
        return [v for v in found if v[1] is not None]

    def column(self, name, **options):
        """{instance: value} of a column."""
        prefix = Mib.number(name) + "."
        return {oid[len(prefix):]: value[1] for oid, value in self.bulkwalk(name, **options)}

    def answers(self, name="edgeNodeName.0"):
        try:
            return self.get(name, wait=1, retries=0) is not None
        except SnmpError:
            return False


def i_is_name(argument):
    return argument[:1].isalpha() and argument.partition(".")[0] in Mib.oid


# --- the node --------------------------------------------------------------------------------------------------------

class Node:
    """A case's private node. Use as a context; parts are started by name."""

    listen, receiver = "127.0.0.1", "127.0.0.1"  # addresses of snmpd and, as that sees it, of snmptrapd

    def __init__(self, name, uri="test:///default", poll_s=1, config="", root=None, prefix=(), transports=("vbd",)):
        self.name, self.uri, self.root, self.prefix, self.transports = name, uri, root, list(prefix), transports
        self.config_extra, self.poll_s = config, poll_s
        # Short: the address of a UNIX socket has 108 bytes.
        self.dir = tempfile.mkdtemp(prefix="edge-")
        self.auth, self.priv = secrets.token_hex(12), secrets.token_hex(12)
        self.port, self.trap_port = free_port(), free_port()
        self.agentx = "unix:%s/agentx" % self.dir
        self.state, self.disk = self.dir + "/state", self.dir + "/disk"
        self.config = self.dir + "/edgenode.conf"
        self.snmpd = self.trapd = self.daemon = None
        self.helpers = []
        os.mkdir(self.state)
        self.manager = Manager(self.dir + "/manager", "127.0.0.1:%d" % self.port, auth=self.auth, priv=self.priv)
        self.write_config()
        self._write_snmpd_conf()
        self._write_trapd_conf()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for process in self.helpers + [self.daemon, self.snmpd, self.trapd]:
            if process:
                process.end()
        report = self.sanitizer_report()
        kept = os.path.join(Build.logs, self.name)
        shutil.rmtree(kept, ignore_errors=True)
        if report or kind is not None and kind is not Skipped:
            shutil.copytree(self.dir, kept, ignore=lambda d, names: [n for n in names if is_socket(d, n)])
        shutil.rmtree(self.dir, ignore_errors=True)
        if report:
            raise Failed(report)

    def sanitizer_report(self):
        """What a daemon built with sanitizers said, if anything; its first line."""
        if not self.daemon or not os.path.exists(self.daemon.log):
            return None
        return next((line for line in self.daemon.output().splitlines() if _SANITIZER.search(line)), None)

    # configuration files

    def write_config(self, extra=None, metrics="", disk=None):
        disk = disk or self.disk
        with open(self.config + ".new", "w", encoding="utf-8") as conf:
            conf.write("""<edgenode>
  <globals>
    <disk><name>host-metrics-disk</name><path>%s</path><size unit="k">4096</size></disk>
    <update_period>%d</update_period>
    <path>/usr/sbin:/usr/bin:/sbin:/bin</path>
    %s
  </globals>
  <metrics>%s</metrics>
  %s
</edgenode>
""" % (disk, self.poll_s, "".join("<transport>%s</transport>" % t for t in self.transports), metrics,
       self.config_extra if extra is None else extra))
        os.replace(self.config + ".new", self.config)

    def _directory(self, name):
        path = os.path.join(self.dir, name)
        os.makedirs(path + "/mib_indexes", exist_ok=True)
        os.makedirs(path + "/cert_indexes", exist_ok=True)
        return path

    def _write_snmpd_conf(self):
        with open(self.dir + "/snmpd.conf", "w", encoding="utf-8") as conf:
            conf.write("\n".join([
                "agentAddress udp:%s:%d" % (self.listen, self.port),
                "master agentx",
                "agentXSocket " + self.agentx,
                "agentXPerms 0600 0700",
                "createUser %s SHA-256 %s AES %s" % (USER, self.auth, self.priv),
                "rouser %s priv" % USER,
                "dontLogTCPWrappersConnects yes",
                "trapsess -Ci -v 3 -e %s -u %s -l authPriv -a SHA-256 -A %s -x AES -X %s -t 1 -r 5 %s:%d" % (
                    ENGINE, USER, self.auth, self.priv, self.receiver, self.trap_port),
            ]) + "\n")

    def _write_trapd_conf(self):
        with open(self.dir + "/snmptrapd.conf", "w", encoding="utf-8") as conf:
            conf.write("\n".join([
                "snmpTrapdAddr udp:127.0.0.1:%d" % self.trap_port,
                "exactEngineID " + ENGINE,
                "createUser %s SHA-256 %s AES %s" % (USER, self.auth, self.priv),
                "authUser log %s priv" % USER,
                "doNotLogTraps no",
            ]) + "\n")

    # processes

    def start_snmpd(self):
        path = self._directory("snmpd")
        env = dict(os.environ, SNMPCONFPATH=path, SNMP_PERSISTENT_DIR=path, MIBS="")
        sock = self.dir + "/agentx"
        if os.path.exists(sock):
            os.unlink(sock)
        self.snmpd = Process("snmpd", [tool("snmpd"), "-f", "-C", "-c", self.dir + "/snmpd.conf", "-Lo"],
                             self.dir + "/snmpd.log", env=env)
        wait_for(lambda: os.path.exists(sock), 10, "the AgentX socket of snmpd")
        return self.snmpd

    def start_trapd(self):
        path = self._directory("trapd")
        env = dict(os.environ, SNMPCONFPATH=path, SNMP_PERSISTENT_DIR=path, MIBS="")
        self.trapd = Process("snmptrapd", [tool("snmptrapd"), "-f", "-C", "-c", self.dir + "/snmptrapd.conf", "-n",
                                           "-m", "", "-OnexU", "-Lo", "-F", "NOTE %P\t%v\n"],
                             self.dir + "/trapd.log", env=env)
        wait_for(lambda: "NET-SNMP version" in self.trapd.output(), 10, "snmptrapd")
        return self.trapd

    def command(self, *arguments, config=True, agentx=True, state=True):
        words = [Build.edgenoded, "-d"]
        words += ["-f", self.config] if config else []
        words += ["-x", self.agentx] if agentx else []
        words += ["-S", self.state] if state else []
        words += ["-c", self.uri] if self.uri is not None else []
        words += ["--root", self.root] if self.root else []
        return words + list(arguments)

    def start_daemon(self, *arguments, wait=True):
        expect(os.access(Build.edgenoded, os.X_OK), "%s is not there" % Build.edgenoded)
        self.daemon = Process("edgenoded", self.command(*arguments), self.dir + "/edgenoded.log", prefix=self.prefix)
        if wait:
            self.wait_served()
        return self.daemon

    def start(self):
        self.start_trapd()
        self.start_snmpd()
        self.start_daemon()
        return self

    def helper(self, name, command):
        """A tool beside the case, with the manager's user."""
        process = Process(name, command, os.path.join(self.dir, name + ".log"), env=self.manager.env)
        self.helpers.append(process)
        return process

    def daemon_alive(self):
        if self.daemon and not self.daemon.running():
            last = self.daemon.output().strip().splitlines()[-3:]
            raise Failed("edgenoded ended with %d: %s" % (self.daemon.child.returncode, "; ".join(last)))
        return True

    def wait_served(self, timeout=15):
        """The tables are there and libvirt has been read once."""
        def served():
            self.daemon_alive()
            return self.manager.answers() and self.source_state("libvirt") != STARTING
        wait_for(served, timeout, "the tables of edgenoded")

    # what is served

    def get(self, *names, **options):
        return self.manager.get(*names, **options)

    def source_index(self, name):
        for instance, value in self.manager.column("edgeSourceName").items():
            if value == name.encode():
                return instance
        raise Failed("no source %s" % name)

    def source_state(self, name):
        return self.get("edgeSourceState." + self.source_index(name))

    def dump(self, path=None):
        """The metrics disk as vm-dump-metrics prints it."""
        return run([Build.dump, "-b", "--path", path or self.disk])

    # notifications

    def notifications(self):
        """All received, in the order of arrival."""
        found = []
        if not self.trapd:
            return found
        for part in ("\n" + self.trapd.output()).split("\nNOTE ")[1:]:
            values = parse_notification(part)
            if values:
                found.append(values)
        return found

    def notified(self, kind):
        return [n for n in self.notifications() if n.kind == kind]


class Notification(dict):
    """{oid: (type, value)} of a notification's varbinds."""

    kind = serial = None
    security = ""  # "INFORM, SNMP v3, user edge, context"

    def of(self, name):
        """The value of the varbind of this column; None where it is not there."""
        for oid, value in self.items():
            if Mib.split(oid)[0] == name:
                return value[1]
        return None


_TRAP_OID = "1.3.6.1.6.3.1.1.4.1.0"
_VARBIND = re.compile(r"\s\.((?:\d+\.)+\d+) = ")


def parse_notification(part):
    """One record of snmptrapd: the security, then varbinds after a tab each; hexadecimal strings go over lines."""
    found = Notification()
    found.security, _, varbinds = part.partition("\t")
    shown = " " + " ".join(varbinds.split())
    starts = list(_VARBIND.finditer(shown))
    for i, match in enumerate(starts):
        end = starts[i + 1].start() if i + 1 < len(starts) else len(shown)
        found[match.group(1)] = parse_value(shown[match.end():end].strip())
        name, instance = Mib.split(match.group(1))
        if name == "edgeEventTime":
            found.serial = int(instance)
    kind = found.get(_TRAP_OID)
    if kind is None:
        return None
    found.kind = Mib.name.get(kind[1], kind[1])
    return found


_SANITIZER = re.compile(r"(Address|Leak|Thread|Memory)Sanitizer:|: runtime error: ")
OK, STALE, FAILED, DISABLED, ABSENT, STARTING = range(1, 7)


def is_socket(directory, name):
    path = os.path.join(directory, name)
    return not (os.path.isfile(path) or os.path.isdir(path)) or os.path.getsize(path) > 4 << 20


def tool(name):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        raise Skipped("%s is not installed" % name)
    return found


def virsh(uri, *arguments, timeout=20):
    status, out, err = run([tool("virsh"), "-r", "-q", "-c", uri] + list(arguments), timeout=timeout)
    if status != 0:
        raise Failed("virsh %s: %s" % (" ".join(arguments), err.strip()))
    return out


def test_node(path, domains):
    """A node file of libvirt's test driver with that many domains."""
    with open(path, "w", encoding="utf-8") as node:
        node.write("<node>\n")
        for i in range(domains):
            node.write("<domain type='test'><name>vm-%05d</name><uuid>%08x-0000-4000-8000-%012x</uuid>"
                       "<memory unit='MiB'>512</memory><vcpu>2</vcpu><os><type>hvm</type></os></domain>\n"
                       % (i, 0xabc, i))
        node.write("</node>\n")
    return "test://" + path
