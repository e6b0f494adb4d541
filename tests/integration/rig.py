"""A private libvirtd with real QEMU domains, shared by the cases that need one (libvirtd_rig.sh does the work)."""
import os
import shutil
import tempfile
import time

from edge import AT_END, Failed, Skipped, children_of, expect, run, tool, wait_for

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libvirtd_rig.sh")


class Rig:
    """Domains rig-1 ... rig-N, paused. uri is for reading, uri_rw for changes, uri_tcp from the inside."""

    uri_tcp = "qemu+tcp://127.0.0.1/system"

    def __init__(self, domains):
        self.domains = domains
        self.dir = tempfile.mkdtemp(prefix="edge-rig-")
        status, out, err = self._run("start", str(domains))
        if status == 77:
            self.close()
            raise Skipped(err.strip())
        if status != 0:
            last = self.log_tail()
            self.close()
            raise Failed("libvirtd_rig.sh start: %s; the log ends: %s" % ((err or out).strip(), last))
        self.uri = out.strip().splitlines()[-1]
        self.uri_rw = self._run("uri")[1].strip()

    def _run(self, command, *arguments):
        return run([SCRIPT, command, self.dir, *arguments], timeout=120)

    def log_tail(self):
        try:
            with open(self.dir + "/log/rig", encoding="utf-8", errors="replace") as log:
                return "; ".join(log.read().splitlines()[-5:])
        except OSError:
            return "there is none"

    def act(self, command, *arguments):
        status, out, err = self._run(command, *arguments)
        expect(status == 0, "libvirtd_rig.sh %s: %s" % (command, (err or out).strip()))

    def freeze(self):
        self.act("freeze")

    def thaw(self):
        self.act("thaw")

    def kill(self):
        self.act("kill")

    def revive(self):
        self.act("revive")

    def virsh(self, *arguments):
        status, out, err = run(["virsh", "-q", "-c", self.uri_rw, *arguments], timeout=30)
        expect(status == 0, "virsh %s: %s" % (" ".join(arguments), err.strip()))
        return out

    def _pids(self):
        """Of everything in the rig."""
        with open(self.dir + "/pid", encoding="ascii") as outer:
            return children_of(int(outer.read()))

    def qemu(self, name):
        """The process id of a domain's QEMU."""
        for pid in self._pids():
            with open("/proc/%d/cmdline" % pid, "rb") as cmdline:
                if b"guest=%s," % name.encode() in cmdline.read():
                    return pid
        raise Failed("%s has no QEMU" % name)

    def libvirtd(self):
        """The process id of libvirtd."""
        for pid in self._pids():
            with open("/proc/%d/comm" % pid, encoding="ascii") as comm:
                if comm.read().strip() == "libvirtd":
                    return pid
        raise Failed("no libvirtd runs")

    def inside(self):
        """What runs a command in the rig's network, where uri_tcp leads to its libvirtd."""
        return [tool("nsenter"), "--net=/proc/%d/ns/net" % self.libvirtd()]

    def close(self):
        self._run("stop")
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


_shared = []   # the rig, or why there is none: it is tried once


def shared_rig(domains=5):
    """The one rig of this run; its cases run alone, one after the other, and leave it as they found it."""
    if not _shared:
        try:
            _shared.append(Rig(domains))
            AT_END.append(_shared[0].close)
        except (Failed, Skipped) as reason:
            _shared.append(reason)
    if isinstance(_shared[0], Exception):
        raise _shared[0]
    return _shared[0]


def seconds_until(condition, timeout, what):
    begin = time.monotonic()
    wait_for(condition, timeout, what)
    return time.monotonic() - begin
