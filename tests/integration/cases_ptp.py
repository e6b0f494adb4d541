"""PTP: a ptp4l that follows another one over a veth pair, and hardware clocks on a captured tree.

The machine's clock is left alone: every ptp4l runs without the right to set it (CAP_SYS_TIME), which each case proves.
"""
import os
import re
import shutil
import socket
import struct
import threading

from cases import case
from edge import ABSENT, OK, SOURCE, Node, Skipped, expect, expect_equal, run, text, tool, wait_for

CAP_SYS_TIME = 25
WITHOUT_TIME = ["--bounding-set", "-sys_time", "--inh-caps", "-sys_time"]
SYNCHRONIZED, UNSYNCHRONIZED = 1, 2
PTP = 4  # edgeClockSource
# The servo settles after two messages, and it never steps.
PTP4L_CONF = """[global]
time_stamping software
network_transport UDPv4
logSyncInterval 0
logAnnounceInterval -2
logMinDelayReqInterval -2
pi_proportional_const 0.7
pi_integral_const 0.3
first_step_threshold 0
step_threshold 0
uds_address %s
%s
"""
CLOCK = '<clock chronyd="" ntpd="" ptp4l="%s"/><source name="ptp" interval="200"/>'


class Pair:
    """Two network namespaces with a veth pair between them, and a ptp4l in each."""

    def __init__(self, node):
        self.node = node
        self.master, self.slave = self._namespace("master"), self._namespace("slave")
        self._enter(self.master, "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns",
                    str(self.slave.pid))
        for process, interface, address in ((self.master, "v0", "10.9.0.1/24"), (self.slave, "v1", "10.9.0.2/24")):
            self._enter(process, "ip", "address", "add", address, "dev", interface)
            self._enter(process, "ip", "link", "set", interface, "up")
        node.prefix = self._prefix(self.slave)

    def _namespace(self, name):
        process = self.node.helper(name + "-network", ["unshare", "-n", "sleep", "600"])
        ours = os.readlink("/proc/self/ns/net")

        def made():
            if not process.running():
                raise Skipped("a network namespace cannot be made here")
            return os.readlink("/proc/%d/ns/net" % process.pid) != ours
        wait_for(made, 5, "the network namespace", pause=0.02)
        return process

    @staticmethod
    def _prefix(process):
        return ["nsenter", "--net=/proc/%d/ns/net" % process.pid]

    def _enter(self, process, *command):
        status, _, err = run(self._prefix(process) + list(command))
        if status != 0:
            raise Skipped("%s: %s" % (" ".join(command), err.strip()))

    def path(self, role):
        return "%s/%s.ptp4l" % (self.node.dir, role)

    def start(self, role, namespace, interface, options):
        """A ptp4l that cannot set the clock."""
        config = self.path(role) + ".conf"
        with open(config, "w", encoding="ascii") as conf:
            conf.write(PTP4L_CONF % (self.path(role), options))
        process = self.node.helper("ptp4l-" + role, [tool("setpriv")] + WITHOUT_TIME + self._prefix(namespace) +
                                   [tool("ptp4l"), "-f", config, "-i", interface, "-m", "-q"])
        wait_for(lambda: not process.running() or os.path.exists(self.path(role)), 10, "the socket of ptp4l")
        expect(process.running(), "ptp4l ended: " + process.output().strip())
        expect_no_time(process.pid)
        return process

    def start_both(self):
        master = self.start("master", self.master, "v0", "priority1 10\nfree_running 1")
        return master, self.start("slave", self.slave, "v1", "slaveOnly 1")

    def pmc(self, role, request):
        """{name: value} of the answer."""
        _, out, err = run([tool("pmc"), "-u", "-b", "0", "-s", self.path(role), "-i",
                           "%s/pmc-%s" % (self.node.dir, role), request])
        values = dict(re.findall(r"^\t\t(\S+) +(\S+) *$", out, re.M))
        expect(values, "pmc %s: %s" % (request, (out + err).strip()))
        return values


def expect_no_time(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as status:
        capabilities = dict(re.findall(r"^(Cap\w+):\s+([0-9a-f]+)$", status.read(), re.M))
    for kind in ("CapEff", "CapPrm", "CapBnd", "CapAmb"):
        expect(not int(capabilities[kind], 16) >> CAP_SYS_TIME & 1, "ptp4l may set the clock: %s" % kind)


def offset_ns(pair):
    return int(float(pair.pmc("slave", "GET CURRENT_DATA_SET")["offsetFromMaster"]))


def check_offsets(node, pair):
    """Each served offset is one that pmc shows at about that time; a new one comes each second."""
    shown, matched = [], set()

    def three():
        shown.append(offset_ns(pair))
        served = node.get("edgeClockOffsetNs.0")
        matched.update(served for value in shown if served is not None and abs(served - value) <= 1)
        return len(matched) >= 3
    wait_for(three, 20, "three offsets of pmc among those served (%s shown)" % shown)


def check_master(node, pair):
    parent = pair.pmc("slave", "GET PARENT_DATA_SET")
    expect_equal(text(node.get("edgeClockDaemon.0")), "ptp4l", "edgeClockDaemon")
    expect_equal(text(node.get("edgeClockReference.0")), parent["grandmasterIdentity"], "edgeClockReference")
    delay_us = float(pair.pmc("slave", "GET CURRENT_DATA_SET")["meanPathDelay"]) * 2 / 1000
    expect(abs(node.get("edgeClockRootDelay.0") - delay_us) < 100 + delay_us, "edgeClockRootDelay")
    expect(node.get("edgeClockUpdateAge.0") < 1000, "edgeClockUpdateAge, of one message a second")


def followed():
    """The port's state, and the clock's, of a slave that may not set the clock; since version 4 it never gets far."""
    version = run([tool("ptp4l"), "-v"])[1]
    return ("UNCALIBRATED", UNSYNCHRONIZED) if int(version.split(".")[0]) >= 4 else ("SLAVE", SYNCHRONIZED)


@case(seconds=20)
def clock_ptp():
    """A slave with time stamps in software: SNMP says of the clock what pmc says."""
    with Node("clock_ptp") as node:
        pair = Pair(node)
        master, slave = pair.start_both()
        node.config_extra = CLOCK % pair.path("slave")
        node.write_config()
        node.start_snmpd()
        node.start_daemon()
        port_state, clock_state = followed()
        wait_for(lambda: pair.pmc("slave", "GET PORT_DATA_SET")["portState"] == port_state, 20, "a slave's port")
        wait_for(lambda: node.source_state("ptp") == OK, 10, "the state of the source")
        wait_for(lambda: node.get("edgeClockSource.0", "edgeClockState.0") == [PTP, clock_state], 10, "its clock")
        check_offsets(node, pair)
        check_master(node, pair)
        # A master that says that its time is TAI while it is UTC lags by 37 s: this node is ahead.
        pair.pmc("master", "SET GRANDMASTER_SETTINGS_NP clockClass 248 clockAccuracy 0xfe "
                 "offsetScaledLogVariance 0xffff currentUtcOffset 37 leap61 0 leap59 0 currentUtcOffsetValid 1 "
                 "ptpTimescale 1 timeTraceable 1 frequencyTraceable 0 timeSource 0xa0")
        wait_for(lambda: node.get("edgeClockOffsetSeconds.0") in (36, 37), 10, "an offset of 37 s")
        wait_for(lambda: node.get("edgeClockTaiOffset.0") == 37, 10, "the offset of TAI")
        master.end()
        wait_for(lambda: node.get("edgeClockSource.0", "edgeClockState.0", "edgeClockReference.0") ==
                 [PTP, UNSYNCHRONIZED, None], 20, "a slave without a master")
        slave.end()
        wait_for(lambda: node.source_state("ptp") == ABSENT, 10, "a source without ptp4l")
        wait_for(lambda: node.get("edgeClockSource.0") != PTP, 10, "a clock without ptp4l")


# --- hardware clocks -------------------------------------------------------------------------------------------------

CLOCK_ID = bytes.fromhex("001122fffe334455")
HARDWARE, SLAVE, PTP_TIMESCALE_VALID, UTC_OFFSET_S = 1, 9, 0x0c, 37
DATA_SETS = {
    0x2000: bytes([3, 0, 0, 1, 128, 248, 0xfe, 0xff, 0xff, 128]) + CLOCK_ID + bytes(2),
    0x2001: struct.pack(">Hqq", 1, 250 << 16, 800 << 16),
    0x2002: bytes(24) + CLOCK_ID,
    0x2003: struct.pack(">hBB", UTC_OFFSET_S, PTP_TIMESCALE_VALID, 0x20),
    0xc004: CLOCK_ID + struct.pack(">HBBB", 1, SLAVE, HARDWARE, 4) + b"eth0\0",
    0xc009: CLOCK_ID + struct.pack(">HiBB", 1, 0, 0, 0),
}


class PlayedPtp4l(threading.Thread):
    """What a ptp4l on a card with a clock answers, as no machine of the tests has one."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.start()

    def run(self):
        while True:
            request, address = self.socket.recvfrom(1500)
            if len(request) != 54:
                return
            data_set = struct.unpack(">H", request[52:])[0]
            data = DATA_SETS.get(data_set)
            part = (struct.pack(">HHH", 1, 2 + len(data), data_set) + data if data else
                    struct.pack(">HHHHI", 2, 8, 2, data_set, 0))
            body = CLOCK_ID + struct.pack(">H", 1) + request[30:34] + request[20:30] + bytes([0, 0, 2, 0]) + part
            self.socket.sendto(request[:2] + struct.pack(">H", 20 + len(body)) + request[4:20] + body, address)

    def end(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.join(5)
        self.socket.close()


def add_clock(tree, number, driver, difference_ns):
    """A hardware clock of a captured tree: its name, and one sample of PTP_SYS_OFFSET_EXTENDED."""
    directory = "%s/sys/class/ptp/ptp%d" % (tree, number)
    os.makedirs(directory, exist_ok=True)
    with open(directory + "/clock_name", "w", encoding="ascii") as name:
        name.write(driver + "\n")
    system_s = 1_700_000_000
    clock_s, clock_ns = divmod(system_s * 10**9 + difference_ns, 10**9)
    sample = struct.pack("=" + "qII" * 3, system_s, 0, 0, clock_s, clock_ns, 0, system_s, 0, 0)
    with open("%s/dev/ptp%d" % (tree, number), "wb") as device:
        device.write((struct.pack("=IIII", 1, 0, 0, 0) + sample).ljust(16 + 25 * 48, b"\0"))


@case
def clock_ptp_hardware():
    """Hardware clocks of a captured tree: offsets where the timescale is known, and the state of ptp4l's port."""
    with Node("clock_ptp_hardware", config=CLOCK % "/ptp4l") as node:
        node.root = node.dir + "/tree"
        shutil.copytree(SOURCE + "/tests/fixtures/server-intel", node.root)
        add_clock(node.root, 0, "ice-0000:17:00.0-clk", UTC_OFFSET_S * 10**9 + 1_999_999_750)
        add_clock(node.root, 1, "KVM virtual PTP", -1_250_000_001)
        add_clock(node.root, 7, "mlx5_ptp", 5)
        ptp4l = PlayedPtp4l(node.root + "/ptp4l")
        try:
            node.start_snmpd()
            node.start_daemon()
            wait_for(lambda: len(node.manager.column("edgePtpName")) == 3, 10, "three clocks")
            rows = {name: node.manager.column("edgePtp" + name) for name in
                    ("Name", "Offset", "OffsetSeconds", "UtcOffset", "PortState")}
            source = node.get("edgeClockSource.0")
        finally:
            ptp4l.end()
    expect_equal(rows, {
        "Name": {"1": b"ptp0 ice-0000:17:00.0-clk", "2": b"ptp1 KVM virtual PTP", "8": b"ptp7 mlx5_ptp"},
        "Offset": {"1": 999_999_750, "2": -250_000_001},
        "OffsetSeconds": {"1": 1, "2": -1},
        "UtcOffset": {"1": UTC_OFFSET_S, "2": 0},
        "PortState": {"1": b"SLAVE"},
    }, "edgePtpTable")
    expect(source != PTP, "the system's clock is ptp4l's, although its time stamps are the hardware's")
