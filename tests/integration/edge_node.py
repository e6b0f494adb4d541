"""The edge node: a guest with hardware to measure, in which snmpd and edgenoded run.

QEMU emulates a machine with Debian's kernel that has chips on an I2C bus and one beside it, an ACPI thermal zone and
one more, a memory controller with two modules, processors that can be made too hot, machine checks, and bonds:
edge_node/ makes these. The manager and snmptrapd are outside: SNMPv3 goes through the network of the guest.
edge_node_image.sh makes what is booted. One guest serves all cases of a run; its parts stay in the build directory.
"""
import base64
import contextlib
import os
import shutil
import socket
import threading

from edge import AT_END, Build, Failed, Manager, Mib, Node, Process, Skipped, expect, is_socket, run, tool, wait_for
from guest import Obedient

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "edge_node_image.sh")
BOOT_S = 240  # 5 where nothing else runs
HEAT_ADDRESS = 0x06000000  # of thermal.asl's temperature
# Intel's, with the features by which the kernel takes machine checks and counts slowed-down processors.
CPU = "qemu64,vendor=GenuineIntel,family=6,model=85,stepping=4,+tm,+acpi,x-force-features=on"
CONFIG = '<source name="sensors" interval="500"/><source name="thermal" interval="500"/><sensors hold="1"/>'


def image(*arguments):
    status, out, err = run([SCRIPT, *arguments], timeout=900)
    if status == 77:
        raise Skipped(err.strip())
    expect(status == 0, "edge_node_image.sh %s: %s" % (arguments[0], (err or out).strip()))


class Machine(Obedient):
    """The emulated machine; its files are in a directory."""

    def __init__(self, directory, port):
        super().__init__("the edge node")
        self.parts, self.dir, self.udp_port = os.path.join(Build.directory, "edge-node"), directory, port
        self.initrd, self.console, self.control, self.monitor_path = (
            os.path.join(directory, name) for name in ("initrd", "console", "control", "monitor"))
        self.qemu = None

    def boot(self, *programs):
        command = self.command()
        image("parts", self.parts)
        image("initrd", self.parts, self.initrd, *programs)
        self.qemu = Process("qemu", command, self.dir + "/qemu.log")
        self.port = self.connect(self.control)
        self.port.settimeout(BOOT_S)
        try:
            while self.port.recv(1) != b"\n":  # of "READY"
                expect(self.qemu.running(), "it ended")
        except (OSError, Failed) as error:
            raise Failed("the edge node did not boot (%s): %s" % (error, self.last_words())) from None

    def command(self):
        return [tool("qemu-system-x86_64"), "-accel", "tcg", "-machine", "pc", "-cpu", CPU, "-smp", "2", "-m", "512",
                "-nodefaults", "-display", "none", "-no-reboot",
                "-kernel", self.parts + "/vmlinuz", "-initrd", self.initrd,
                "-append", "console=ttyS0 quiet panic=1 random.trust_cpu=on memmap=64K$0x%x" % HEAT_ADDRESS,
                "-acpitable", "file=%s/thermal.aml" % self.parts,
                "-nic", "user,model=e1000,hostfwd=udp:127.0.0.1:%d-:%d" % (self.udp_port, self.udp_port),
                "-serial", "file:" + self.console, "-serial", "unix:%s,server=on,wait=off" % self.control,
                "-monitor", "unix:%s,server=on,wait=off" % self.monitor_path]

    def connect(self, path):
        """A connection with one of QEMU's sockets."""
        connection = socket.socket(socket.AF_UNIX)

        def connected():
            expect(self.qemu.running(), "QEMU does not start: " + self.qemu.output().strip())
            return connection.connect_ex(path) == 0
        wait_for(connected, 10, "QEMU's socket " + path, pause=0.02)
        return connection

    def last_words(self):
        with open(self.console, encoding="utf-8", errors="replace") as console:
            return (self.qemu.output() + console.read())[-500:].strip() or "nothing on its console"

    def monitor(self, command):
        """What QEMU's monitor answers to a command, such as "mce ..."."""
        with self.connect(self.monitor_path) as connection:
            connection.settimeout(10)
            answer = b""
            for word in ("", command + "\n"):
                connection.sendall(word.encode())
                answer = b""
                while not answer.endswith(b"(qemu) "):
                    part = connection.recv(4096)
                    expect(part, "QEMU's monitor is gone")
                    answer += part
            return answer.decode(errors="replace")

    def write(self, path, content):
        """A file for the guest alone."""
        shown = base64.b64encode(content.encode()).decode()
        self.run("mkdir -p %s && umask 077 && echo %s | base64 -d >%s" % (os.path.dirname(path), shown, path))

    def registers(self, chip, *pairs):
        """Sets registers of a chip: (register, value)."""
        self.run("; ".join("i2cset -f -y 0 0x%x 0x%x 0x%x" % (chip, *pair) for pair in pairs))

    def heat_acpi(self, milli_celsius):
        octets = "".join("\\%o" % octet for octet in (2732 + milli_celsius // 100).to_bytes(4, "little"))
        self.run("printf '%s' | dd of=/dev/mem bs=4 seek=%d conv=notrunc 2>/dev/null" % (octets, HEAT_ADDRESS // 4))

    def fake(self, name, value):
        """Writes to a file of edgefake.c."""
        self.run("echo %d >/sys/kernel/debug/edgefake/%s" % (value, name))

    def close(self):
        self.forget()
        if self.qemu:
            self.qemu.end()


class GuestProcess:
    """A daemon in the guest: as much of edge.Process as a Node needs. Its log has the same path inside."""

    def __init__(self, machine, name, command, log):
        self.machine, self.name, self.log = machine, name, log
        self.pid = machine.background("exec %s >>%s 2>&1" % (command, log))

    def running(self):
        return self.machine.ask("kill -0 %d" % self.pid)[0] == 0

    def output(self):
        """What it has said; the log outside is as long then."""
        content = self.machine.run("cat " + self.log)
        with open(self.log, "w", encoding="utf-8") as log:
            log.write(content)
        return content


class PatientManager(Manager):
    """An emulated processor answers late when others have the real ones."""

    def tool(self, name, *arguments, wait=12, **options):
        return super().tool(name, *arguments, wait=wait, **options)


class EdgeNode(Node):
    """The node in the guest. Its directory has the same name inside."""

    listen, receiver = "0.0.0.0", "10.0.2.2"

    def __init__(self):
        super().__init__("edge_node", config=CONFIG)
        self.manager = PatientManager(self.dir + "/manager", self.manager.address, auth=self.auth, priv=self.priv)
        self.machine = Machine(self.dir, self.port)

    def __enter__(self):
        try:
            self.machine.boot(Build.edgenoded, tool("snmpd"))
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """The guest ends as it is, with what runs in it."""
        self.machine.close()
        self.daemon = self.snmpd = None
        super().__exit__(None, None, None)

    def keep_logs(self, name):
        """What is there to look at after a case failed."""
        kept = os.path.join(Build.logs, name)
        shutil.rmtree(kept, ignore_errors=True)
        for process in (self.daemon, self.snmpd):
            with contextlib.suppress(Failed):
                process.output()
        shutil.copytree(self.dir, kept, ignore=lambda d, names: [n for n in names if is_socket(d, n)])

    def start_snmpd(self):
        path = self.dir + "/snmpd"
        with open(self.dir + "/snmpd.conf", encoding="utf-8") as conf:
            # A daemon with sanitizers on an emulated processor is slow.
            self.machine.write(self.dir + "/snmpd.conf", conf.read() + "agentXTimeout 10\n")
        self.machine.run("mkdir -p %s/mib_indexes %s/cert_indexes" % (path, path))
        self.snmpd = GuestProcess(
            self.machine, "snmpd", "env SNMPCONFPATH=%s SNMP_PERSISTENT_DIR=%s MIBS= snmpd -f -C -c %s.conf -Lo" % (
                path, path, path), path + ".log")
        wait_for(lambda: self.machine.ask("test -S %s/agentx" % self.dir)[0] == 0, 30, "the AgentX socket of snmpd")
        return self.snmpd

    def start_daemon(self, *arguments, wait=True):
        with open(self.config, encoding="utf-8") as conf:
            self.machine.write(self.config, conf.read())
        self.machine.run("mkdir -p " + self.state)
        self.daemon = GuestProcess(self.machine, "edgenoded", " ".join(["edgenoded"] + self.command(*arguments)[1:]),
                                   self.dir + "/edgenoded.log")
        if wait:
            self.wait_served(60)
        return self.daemon

    def daemon_alive(self):
        expect(self.daemon is None or self.daemon.running(), "edgenoded ended: " + self.daemon.output()[-300:])
        return True

    def rows(self, table):
        """{instance: {column: value}} of a table."""
        found = {}
        for oid, value in self.manager.bulkwalk(table):
            name, instance = Mib.split(oid)
            found.setdefault(instance, {})[name] = value[1]
        return found


_shared = []  # the node, or why there is none: it is tried once
_shared_lock = threading.Lock()


def start_shared(done):
    """Processes die with the thread that starts them; this one goes on to the end of the run."""
    try:
        _shared.append(EdgeNode().__enter__())
        AT_END.append(_shared[0].close)
    except Exception as reason:  # each case says it
        _shared.append(reason)
    done.set()
    threading.Event().wait()


def shared_edge_node():
    """The one of this run; a new one where the guest has ended."""
    with _shared_lock:
        if _shared and isinstance(_shared[0], EdgeNode) and not _shared[0].machine.qemu.running():
            _shared.pop().close()
        if not _shared:
            done = threading.Event()
            threading.Thread(target=start_shared, args=(done,), daemon=True).start()
            done.wait()
        if isinstance(_shared[0], Exception):
            raise _shared[0]
        return _shared[0]


@contextlib.contextmanager
def edge_node(case):
    """The one of this run for a case, which may run beside others and leaves the hardware as it found it."""
    node = shared_edge_node()
    try:
        yield node
        node.daemon_alive()
        node.daemon.output()
        report = node.sanitizer_report()
        expect(not report, report)
    except Exception:
        node.keep_logs(case)
        raise


# --- what cases of it have in common ---------------------------------------------------------------------------------

TRUE, FALSE = 1, 2  # of TruthValue


def settle(differences, timeout=20):
    """Until there are none: what is read at one time is compared with what is read at another."""
    found = []

    def none():
        found.clear()
        found.extend(differences())
        return not found
    try:
        wait_for(none, timeout, pause=0.2)
    except Failed:
        if not found:  # it could not be read
            raise
        raise Failed("; ".join(found)) from None


def different(what, got, wanted):
    """Columns of a row that are not as wanted; None: there is no value."""
    return ["%s of %s is %r, expected %r" % (column, what, got.get(column), value) for column, value in wanted.items()
            if got.get(column) != value]


def truth(value):
    return TRUE if value else FALSE


def notified(node, kind, column, instance):
    """Waits for a notification of that kind about that row."""
    oid = "%s.%s" % (Mib.oid[column], instance)
    wait_for(lambda: any(oid in n for n in node.notified(kind)), 20, "%s about %s.%s" % (kind, column, instance))
