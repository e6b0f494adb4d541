"""Real guests: Linux booted by the private libvirtd (rig.py) as emulated QEMU domains, obeying the cases' commands.

A guest has the metrics disk of the case's daemon (vda), a disk of its own to write to (vdb), a tap NIC, a balloon that
tells its memory, a watchdog, the channel org.github.vhostmd.1, and the port by which it takes commands. Every second
one has its NIC on a bridge, where there can be one. guest_image.sh makes what guests boot. They outlive a case: booting
takes seconds.
"""
import os
import signal
import socket
import threading
import time

from edge import AT_END, Build, Failed, Node, Skipped, children_of, expect, run, tool, wait_for
from rig import Rig

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guest_image.sh")
PORT = "/dev/virtio-ports/org.github.vhostmd.1"
SCRATCH_MIB = 64
DISK_KIB = 4096  # as Node.write_config has it
BOOT_S = 120

XML = """
<domain type='qemu'><name>{name}</name><memory unit='MiB'>{memory_mib}</memory><vcpu>{vcpus}</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type><kernel>{kernel}/vmlinuz</kernel><initrd>{initrd}</initrd>
<cmdline>console=ttyS0 quiet panic=1 random.trust_cpu=on</cmdline></os><features><acpi/></features>
<on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>
<devices><emulator>{qemu}</emulator>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{disk}'/>
<target dev='vda' bus='virtio'/><readonly/><shareable/></disk>
<disk type='file' device='disk'><driver name='qemu' type='raw' error_policy='stop'/><source file='{scratch}'/>
<target dev='vdb' bus='virtio'/></disk>
<interface type='{nic}'>{source}<mac address='{mac}'/><target dev='{tap}'/><model type='virtio'/><rom enabled='no'/>
</interface>
<channel type='unix'><source mode='bind'/><target type='virtio' name='org.github.vhostmd.1'/></channel>
<channel type='unix'><source mode='bind' path='{control}'/><target type='virtio' name='edge.control'/></channel>
<serial type='file'><source path='{console}'/></serial>
<watchdog model='i6300esb' action='none'/>
<panic model='isa'/>
<memballoon model='virtio'><stats period='1'/></memballoon></devices></domain>
"""


class Obedient:
    """A machine that obeys a port: "obey" in image_parts.sh. Commands go one at a time."""

    def __init__(self, name):
        self.name = name
        self.port = None
        self.lock = threading.Lock()

    def ask(self, command, timeout=30):
        """(status, output) of a shell command in the guest; both outputs in one."""
        expect("\n" not in command, "a command of several lines")
        with self.lock:
            expect(self.port, "%s obeys no more: %s" % (self.name, command))
            end = time.monotonic() + timeout
            try:
                self.port.settimeout(timeout)
                self.port.sendall(command.encode() + b"\n")
                answer = b""
                while True:
                    head, newline, rest = answer.partition(b"\n")
                    if newline and len(rest) >= int(head.split()[0]):
                        break
                    self.port.settimeout(max(end - time.monotonic(), 0.01))
                    part = self.port.recv(1 << 16)
                    expect(part, "%s is gone: %s" % (self.name, command))
                    answer += part
            except OSError as error:
                self.forget()  # it may obey no more
                raise Failed("%s: %s: %s" % (self.name, command, error)) from None
            return int(head.split()[1]), rest.decode(errors="replace")

    def run(self, command, timeout=30):
        """The output of a command that succeeds."""
        status, output = self.ask(command, timeout)
        expect(status == 0, "%s: %s: status %d: %s" % (self.name, command, status, output.strip()))
        return output

    def background(self, command):
        """Starts a command that goes on by itself, and may be long; its process id."""
        return int(self.run("setsid sh -c '%s' >/dev/null 2>&1 & echo $!" % command))

    def forget(self):
        if self.port:
            self.port.close()
        self.port = None


class Guest(Obedient):
    """A running domain."""

    def __init__(self, rig, name, number):
        super().__init__(name)
        self.rig, self.vcpus = rig, 1 + number % 2
        self.bridge = rig.bridge if number % 2 == 0 else None
        self.tap, self.mac = "tap-" + name, "52:54:00:ed:9e:%02x" % number
        self.nic = "bridge" if self.bridge else "ethernet"
        self.source = "<source bridge='%s'/>" % self.bridge if self.bridge else ""
        self.address = "10.77.0.%d" % number
        self.console = os.path.join(rig.dir, name + ".console")
        self.control = os.path.join(rig.dir, name + ".control")
        self.scratch = os.path.join(rig.scratch, name + ".img")

    def xml(self):
        return XML.format(kernel=self.rig.kernel, initrd=self.rig.initrd, disk=self.rig.disk, memory_mib=256,
                          qemu=tool("qemu-system-x86_64"), **vars(self))

    def start(self):
        """Has libvirt start it; ready() says when it obeys."""
        with open(self.console, "wb"):
            pass
        self.rig.inside("sh", "-c", "rm -f $0; truncate -s 16M $0", self.scratch)
        path = os.path.join(self.rig.dir, self.name + ".xml")
        with open(path, "w", encoding="utf-8") as xml:
            xml.write(self.xml())
        self.rig.virsh("create", path)

    def ready(self):
        """Waits until it has booted."""
        self.port = socket.socket(socket.AF_UNIX)
        self.port.connect(self.control)
        try:
            # The port keeps the command until the guest is there to read it.
            self.run("ip addr add %s/24 broadcast + dev eth0 && ip link set eth0 up" % self.address, timeout=BOOT_S)
        except Failed:
            with open(self.console, encoding="utf-8", errors="replace") as console:
                raise Failed("%s did not boot; its console: %s" % (
                    self.name, console.read()[-500:].strip() or "empty")) from None

    def qemu(self):
        """The process id of its QEMU."""
        return self.rig.qemu(self.name)

    def uuid(self):
        return self.rig.virsh("domuuid", self.name).strip()

    def alive(self):
        return self.port is not None and self.rig.qemu(self.name) is not None

    def destroy(self):
        self.forget()
        if self.rig.qemu(self.name):
            self.rig.virsh("destroy", self.name)


class GuestRig(Rig):
    """A libvirtd of its own for guests, with the metrics disk that they share."""

    def __init__(self):
        super().__init__(0)
        self.kernel, self.guests, self.lacking = os.path.join(Build.directory, "guest"), {}, None
        self.initrd, self.disk, self.scratch = (self.dir + name for name in ("/initrd", "/metrics", "/scratch"))
        try:
            with open(self.disk, "wb") as disk:
                disk.truncate(DISK_KIB << 10)
            os.mkdir(self.scratch)
            self.inside("mount", "-t", "tmpfs", "-o", "size=%dm" % SCRATCH_MIB, "tmpfs", self.scratch)
            self.bridge = "edge-br" if self.inside("ip", "link", "add", "edge-br", "up", "type", "bridge") else None
        except BaseException:
            self.close()
            raise

    def prepare(self):
        """What guests boot; what cannot be had is tried once."""
        if self.lacking:
            raise self.lacking
        if os.path.exists(self.initrd):
            return
        try:
            self._image("kernel", self.kernel)
            self._image("initrd", self.kernel, self.initrd, *self.programs())
        except Skipped as reason:
            self.lacking = reason
            raise

    @staticmethod
    def programs():
        """What the guests have: those that use libmetrics are libtool's, and so find it in the build directory."""
        example = os.environ.get("METRICS_EXAMPLE", Build.directory + "/tests/integration/.libs/metrics_example")
        latency = os.environ.get("PORT_LATENCY", Build.directory + "/tests/integration/port_latency")
        programs = [example, os.path.join(os.path.dirname(example), "metrics_all"), latency]
        for program in programs:
            expect(os.access(program, os.X_OK), "%s is not there; make check makes it" % program)
        return [Build.dump] + programs

    @staticmethod
    def _image(*arguments):
        libraries = Build.directory + "/.libs:" + os.environ.get("LD_LIBRARY_PATH", "")
        status, out, err = run([SCRIPT, *arguments], timeout=700, env=dict(os.environ, LD_LIBRARY_PATH=libraries))
        if status == 77:
            raise Skipped(err.strip())
        expect(status == 0, "guest_image.sh %s: %s" % (arguments[0], (err or out).strip()))

    def _init(self):
        """The process that holds the namespaces."""
        with open(self.dir + "/pid", encoding="ascii") as file:
            return children_of(int(file.read()))[0]

    def inside(self, *command):
        """The output of a command that has the files and the NICs of libvirtd; None where it fails."""
        status, out, _ = run(["nsenter", "--mount", "--net", "--root", "--target", str(self._init()), *command])
        return out.strip() or "done" if status == 0 else None

    def scratch_room(self, mib=SCRATCH_MIB):
        """How much all guests together may write to their own disks."""
        done = self.inside("mount", "-o", "remount,size=%dm" % mib, self.scratch)
        expect(done, "the file system of the guests' disks cannot be resized")

    def prefix(self):
        """Starts a command where libvirtd is: its files and devices at their usual places, but all processes."""
        return ["nsenter", "--mount", "--net", "--root", "--target", str(self._init()), "unshare", "--mount", "sh", "-c",
                'mount -t proc proc /proc && exec "$0" "$@"']

    def qemu(self, name):
        for pid in children_of(self._init()):
            try:
                with open("/proc/%d/cmdline" % pid, "rb") as file:
                    if b"\0guest=%s," % name.encode() in file.read():
                        return pid
            except (FileNotFoundError, ProcessLookupError):  # ended meanwhile
                pass
        return None

    def kill_qemu(self, name):
        pid = self.qemu(name)
        expect(pid, "no QEMU runs for " + name)
        os.kill(pid, signal.SIGKILL)

    def booted(self, *names):
        """The guests of these names, running; started where they are not, all at once."""
        self.prepare()
        new = []
        for name in names:
            if name not in self.guests:
                self.guests[name] = Guest(self, name, len(self.guests) + 1)
            if not self.guests[name].alive():
                self.guests[name].destroy()
                self.guests[name].start()
                new.append(self.guests[name])
        for guest in new:
            guest.ready()
        return [self.guests[name] for name in names]

    def node(self, name, **options):
        """A node that reads this libvirtd and serves its guests both ways."""
        node = Node(name, uri=self.uri, prefix=self.prefix(), transports=("vbd", "virtio"), **options)
        node.disk = self.disk
        node.write_config()
        return node

    def close(self):
        for guest in getattr(self, "guests", {}).values():
            guest.forget()
        super().close()


_shared = []


def guest_rig():
    """The one of this run. Its cases run alone, and leave its guests as they found them, or ended."""
    if not _shared:
        _shared.append(GuestRig())
        AT_END.append(close_shared)
    return _shared[0]


def close_shared():
    while _shared:
        _shared.pop().close()
