"""A drop-in for vhostmd: its configurations, its names, what its actions would print, disks of single domains."""
import os
import pwd
import re
import shlex
import shutil
import signal
import statistics
import threading
import time
import xml.etree.ElementTree as ElementTree

from cases import case
from cases_guest import ask_at_once, of_guest, of_host, row_of, start_node, wait_channel
from cases_values import metrics
from edge import Build, Failed, Node, Process, SOURCE, Skipped, expect, expect_equal, run, tool, virsh, wait_for
from guest import PORT, Guest, guest_rig
from rig import Rig, shared_rig

SHIPPED = os.path.join(SOURCE, "conf/vhostmd/vhostmd.xml")
FIXTURES = os.path.join(SOURCE, "tests/fixtures/config")
SCRIPTS = os.path.join(SOURCE, "conf/vhostmd")
LONG = "EDGENODE_LONG" in os.environ
# Seconds and MiB by which figures move while they are read.
SLACK = {"real64": 3.0, "uint64": 64, "uint32": 0}
RATES = ("PageInRate", "PageFaultRate")


def read_file(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def of_vhostmd(path, disk, period_s=1):
    """A configuration of vhostmd as it is, but for the place of the disk, the period and the scripts' directory."""
    text = re.sub(r"/dev/shm/vhostmd\d", disk, read_file(path)).replace("/usr/share/vhostmd/scripts", SCRIPTS)
    return re.sub(r"<expiration_time>\d+<", "<expiration_time>15<",
                  re.sub(r"<update_period>\d+<", "<update_period>%d<" % period_s, text))


class Action:
    """A <metric> of a configuration, run by hand as vhostmd runs it."""

    def __init__(self, element, path):
        self.name, self.type, self.context = element.find("name").text, element.get("type"), element.get("context")
        self.action, self.path = element.find("action").text.strip(), path
        self.variables = [(v.get("name"), v.get("type")) for v in element.findall("variable")]

    def run(self, uri, name="", vmid="", uuid=""):
        text = self.action.replace("CONNECT", "--connect " + shlex.quote(uri))
        text = text.replace("UUID", uuid).replace("VMID", vmid).replace("NAME", shlex.quote(name))
        status, out, err = run(["sh", "-c", text], env=dict(os.environ, PATH=self.path, LC_ALL="C"))
        expect(status == 0, "the action of %s: %s" % (self.name, err.strip()))
        return out.strip()

    def values(self, uri, domain=()):
        """{name: (type, value)}."""
        out = self.run(uri, *domain)
        if self.type == "group":
            return {name: (kind, part) for (name, kind), part in zip(self.variables, out.split(","))}
        if self.type == "xml":
            return {}
        return {self.name: (self.type, out)}


def actions_of(text):
    root = ElementTree.fromstring(text)
    path = root.find("globals/path").text.strip()
    return [Action(element, path) for element in root.findall("metrics/metric")]


def by_hand(actions, uri, domains):
    """{(context, uuid, name): (type, value)} of what the actions print now."""
    found = {}
    for action in actions:
        if action.context == "host":
            for name, value in action.values(uri).items():
                found["host", "", name] = value
            continue
        for domain in domains:
            for name, value in action.values(uri, domain).items():
                found["vm", domain[2], name] = value
    return found


def running(uri):
    """(name, id, UUID) of each running domain."""
    names = [n for n in virsh(uri, "list", "--name").split("\n") if n]
    return [(n, virsh(uri, "domid", n).strip(), virsh(uri, "domuuid", n).strip()) for n in names]


def is_between(kind, value, before, after, slack):
    low, high = sorted((float(before), float(after)))
    return low - slack.get(kind, 0) <= float(value) <= high + slack.get(kind, 0)


def compare(found, before, after, besides=(), slack=None):
    """The document against what the actions printed before and after; how many metrics."""
    slack = dict(SLACK, **(slack or {}))
    for key, (kind, value) in before.items():
        if key[2] in besides:
            continue
        expect(key in found, "the disk has no %s, by hand %s; it has %s" % (key, value, sorted(found)))
        if kind == "string":
            expect_equal(found[key], value, key[2])
        elif key[2] in RATES:
            expect(float(found[key]) >= 0, "%s is %s" % (key[2], found[key]))
        else:
            expect(is_between(kind, found[key], value, after[key][1], slack),
                   "%s is %s on the disk, by hand %s, then %s" % (key, found[key], value, after[key][1]))
    return len(before)


def start_vhostmd(node, text):
    """The daemon with a configuration of vhostmd."""
    with open(node.config, "w", encoding="utf-8") as conf:
        conf.write(text)
    node.start_daemon(wait=False)
    return node


def read_fresh(node, wanted, period_s=1, timeout=30):
    """What is on the disk two periods from now, once it has what is wanted: nothing in it is from before."""
    begin = time.time() + 2 * period_s

    def fresh():
        node.daemon_alive()
        status, out, _ = node.dump()
        found = metrics(out) if status == 0 else {}
        return found if wanted <= set(found) and int(found.get(("host", "", "Time"), 0)) >= begin else None
    try:
        return wait_for(fresh, timeout)
    except Failed:
        out = node.dump()[1]
        lacking = sorted(wanted - set(metrics(out))) if out else "everything"
        raise Failed("the disk lacks %s; the log ends: %s" % (lacking, node.daemon.output()[-600:])) from None


def check_config(name, path, period_s):
    rig = shared_rig()
    with Node(name, uri=rig.uri) as node:
        text = of_vhostmd(path, node.disk, period_s)
        start_vhostmd(node, text)
        actions = actions_of(text)
        before = by_hand(actions, rig.uri, running(rig.uri))
        found = read_fresh(node, set(before), period_s)
        after = by_hand(actions, rig.uri, running(rig.uri))
        return compare(found, before, after)


@case(alone=True, seconds=25)
def vhostmd_shipped_configuration():
    """The configuration that came with vhostmd 1.2: each metric is what its action prints, with real domains."""
    return "%d metrics" % check_config("vhostmd_shipped_configuration", SHIPPED, 3)  # pagerate.pl needs a second


@case(alone=True, seconds=25)
def vhostmd_sap_configuration():
    """The same for the names of SAP's monitoring, in a file without <virtio>."""
    return "%d metrics" % check_config("vhostmd_sap_configuration", os.path.join(FIXTURES, "vhostmd-sap.conf"), 1)


@case(alone=True, seconds=30)
def vhostmd_old_configurations():
    """Files of 0.4, of before the units, and one that names xenstore: each runs unchanged."""
    rig = shared_rig()
    for name in ("vhostmd-old.conf", "vhostmd-new.conf", "vhostmd-virtio-short.conf"):
        with Node("vhostmd_old_configurations", uri=rig.uri) as node:
            text = of_vhostmd(os.path.join(FIXTURES, name), node.disk)
            start_vhostmd(node, text)
            wait_for(lambda: node.daemon_alive() and "configuration " + node.config in node.daemon.output(), 10,
                     "the start with " + name)
            if "<transport>vbd" in text:
                names = {name for _, _, name in read_fresh(node, {("host", "", "TotalCPUTime")})}
                expect(names >= {"HostName", "Time"}, "%s: the disk has %s" % (name, sorted(names)))
            else:
                expect(not os.path.exists(node.disk), name + ": a disk that nobody asked for")
            log = node.daemon.output()
            expect(": error: " not in log, "%s: %s" % (name, log))
            expect_equal(node.daemon.end(signal.SIGTERM) < 2 and node.daemon.child.returncode, 0, "the end of " + name)


@case(alone=True, seconds=15)
def vhostmd_domains_at_once():
    """The example of one action for all domains: each has the value that virsh prints of it alone, by SNMP, too."""
    rig = shared_rig()
    with Node("vhostmd_domains_at_once", uri=rig.uri) as node:
        start_vhostmd(node, of_vhostmd(os.path.join(SOURCE, "conf/domains-at-once.xml"), node.disk))

        def by_hand_s():
            return {uuid: float(re.search(r"^CPU time: +([0-9.]+)s", virsh(rig.uri, "dominfo", name), re.M).group(1))
                    for name, _, uuid in running(rig.uri)}
        before = by_hand_s()
        read_fresh(node, {("vm", uuid, "TotalCPUTime") for uuid in before})
        # With the unit that the action gives: the built-in one has none.
        told = wait_for(lambda: dict(re.findall(r"id='[0-9]+' uuid='([^']+)' unit='s'>\s*<name>TotalCPUTime</name>\s*"
                                                r"<value>([0-9.]+)<", node.dump()[1])), 15, "the action's values")
        after = by_hand_s()
        expect_equal(set(told), set(before), "the domains that are told of")
        for uuid, value in told.items():
            expect(before[uuid] - 1 <= float(value) <= after[uuid] + 1, "%s: %s on the disk, %s by hand" % (
                uuid, value, before[uuid]))
        expect(": error: " not in node.daemon.output(), node.daemon.output())
        return "%d domains" % len(told)


# Of the built-in metrics, those that no action gives the same: the vendor by the distribution, rates by a second of
# their own.
OTHERWISE = ("VirtualizationVendor",) + RATES


def memory_is_the_kernels(uri):
    """Where memory was added to a running machine, libvirt may not count all of it."""
    of_libvirt = int(re.search(r"^Memory size: +(\d+)", virsh(uri, "nodeinfo"), re.M).group(1))
    of_kernel = int(re.search(r"^MemTotal: +(\d+)", read_file("/proc/meminfo"), re.M).group(1))
    return abs(of_libvirt - of_kernel) < 1024


@case(alone=True, seconds=25)
def vhostmd_built_in_equals_actions():
    """Without any action the built-in metrics of both profiles are what the actions of the two files print."""
    rig, count = shared_rig(), 0
    for path, profile, besides in ((SHIPPED, "upstream", OTHERWISE),
                                   (os.path.join(FIXTURES, "vhostmd-sap.conf"), "sap", ())):
        with Node("vhostmd_built_in_" + profile, uri=rig.uri) as node:
            text = of_vhostmd(path, node.disk)
            empty = re.sub(r"<metrics>.*</metrics>", "<metrics/>", text, flags=re.S)
            start_vhostmd(node, empty.replace("</globals>", "<profile>%s</profile></globals>" % profile))
            actions = [a for a in actions_of(text) if a.name != "PageRates"]
            if not memory_is_the_kernels(rig.uri):
                besides += ("TotalPhyMem",)
            if not os.access("/sys/class/dmi/id/sys_vendor", os.R_OK):
                besides, actions = besides + ("HostSystemInfo",), [a for a in actions if a.name != "HostSystemInfo"]
            wanted = {("host", "", "HostName"), ("host", "", "TotalCPUTime")} | {
                ("vm", uuid, "TotalCPUTime") for _, _, uuid in running(rig.uri)}
            read_fresh(node, wanted)
            before = by_hand(actions, rig.uri, running(rig.uri))
            found = read_fresh(node, wanted)
            after = by_hand(actions, rig.uri, running(rig.uri))
            # The built-in TotalCPUTime of the host has interrupts, too, which the shipped action leaves out.
            share = 0.1 * float(found["host", "", "TotalCPUTime"])
            count += compare(found, before, after, besides, {"real64": max(SLACK["real64"], share)})
    return "%d metrics" % count


# --- the names of the program, its configuration and its service ------------------------------------------------------

def etc_of(node):
    """A copy of /etc with vhostmd's configuration; the commands that show it to what follows, and to nothing else."""
    etc = os.path.join(node.dir, "etc")
    status, _, err = run(["cp", "-a", "/etc", etc])
    expect(status == 0 or os.path.exists(etc + "/passwd"), "cp -a /etc: " + err)
    for name in ("edgenode", "vhostmd"):
        shutil.rmtree(os.path.join(etc, name), ignore_errors=True)
        os.mkdir(os.path.join(etc, name))
    status, _, err = run(["unshare", "--mount", "true"])
    if status != 0:
        raise Skipped("no mount namespace: " + err.strip())
    return etc, ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc && exec "$@"', etc]


def disk_path_of(prefix, *command):
    """(path of the disk in effect, what was logged) of a daemon that only checks its configuration."""
    status, out, err = run(prefix + list(command) + ["-t"])
    expect(status == 0, "%s: %s" % (command[0], err.strip()))
    return ElementTree.fromstring(out).find("globals/disk/path").text, err


@case(seconds=5)
def vhostmd_default_configuration():
    """/etc/vhostmd/vhostmd.conf is read where ours is not there, first under the name of vhostmd; the log says so."""
    with Node("vhostmd_default_configuration") as node:
        etc, prefix = etc_of(node)
        vhostmd = os.path.join(node.dir, "vhostmd")
        os.symlink(Build.edgenoded, vhostmd)
        expect_equal(disk_path_of(prefix, Build.edgenoded)[0], "/dev/shm/vhostmd0", "the default without any file")
        with open(etc + "/vhostmd/vhostmd.conf", "w", encoding="utf-8") as conf:
            conf.write(of_vhostmd(SHIPPED, "/dev/shm/of-vhostmd"))
        path, log = disk_path_of(prefix, Build.edgenoded)
        expect_equal(path, "/dev/shm/of-vhostmd", "the disk of edgenoded where only vhostmd has a configuration")
        expect("/etc/edgenode/edgenode.conf" in log and "reading /etc/vhostmd/vhostmd.conf" in log, "the log: " + log)
        path, log = disk_path_of(prefix, vhostmd)
        expect_equal((path, log), ("/dev/shm/of-vhostmd", ""), "the disk of vhostmd, and its log")
        with open(etc + "/edgenode/edgenode.conf", "w", encoding="utf-8") as conf:
            conf.write("<edgenode/>")
        expect_equal(disk_path_of(prefix, Build.edgenoded)[0], "/dev/shm/vhostmd0", "the disk of edgenoded with its file")
        expect_equal(disk_path_of(prefix, vhostmd)[0], "/dev/shm/of-vhostmd", "the disk of vhostmd beside ours")
        os.unlink(etc + "/vhostmd/vhostmd.conf")
        path, log = disk_path_of(prefix, vhostmd)
        expect_equal(path, "/dev/shm/vhostmd0", "the disk of vhostmd without its configuration")
        expect("reading /etc/edgenode/edgenode.conf" in log, "the log: " + log)
        status, _, err = run([vhostmd, "--nonsense"])
        expect_equal((status, err.split(":")[0]), (2, "vhostmd"), "status and name in an error of usage")


@case(seconds=10)
def vhostmd_service_script():
    """The SysV script starts the daemon as vhostmd, tells its state, reloads and stops it."""
    with Node("vhostmd_service_script") as node:
        etc, prefix = etc_of(node)
        os.symlink(Build.edgenoded, node.dir + "/vhostmd")
        script = node.dir + "/init"
        with open(script, "w", encoding="utf-8") as out:
            out.write(read_file(os.path.join(SCRIPTS, "vhostmd.init.in")).replace("@sbindir@", node.dir)
                      .replace("@runstatedir@", node.dir))
        os.makedirs(etc + "/default", exist_ok=True)
        with open(etc + "/default/vhostmd", "w", encoding="utf-8") as default:
            default.write("VHOSTMD_USER=''\nVHOSTMD_OPTIONS='-c %s -x tcp:127.0.0.1:1 -S %s'\n" % (node.uri, node.state))
        with open(etc + "/vhostmd/vhostmd.conf", "w", encoding="utf-8") as conf:
            conf.write(of_vhostmd(SHIPPED, node.disk))

        def act(what, wanted=0):
            status, out, err = run(prefix + ["sh", script, what], timeout=30)
            expect_equal(status, wanted, "%s (%s)" % (what, (out + err).strip()))
        try:
            act("status", 3)
            act("start")
            act("start")
            act("status")
            wait_for(lambda: node.dump()[0] == 0, 10, "the metrics disk")
            act("reload")
            act("status")
            before = read_file(node.dir + "/vhostmd.pid")
            act("restart")
            expect(read_file(node.dir + "/vhostmd.pid") != before, "a restart without an effect")
        finally:
            act("stop")
        act("status", 3)
        act("nonsense", 2)


# --- real guests ------------------------------------------------------------------------------------------------------

OWN_DISK = """<disk type='file' device='disk'><driver name='qemu' type='raw' cache='none'/><source file='{path}'>
<seclabel model='dac' relabel='no'/></source><target dev='vdc' bus='virtio'/><readonly/></disk>"""


class OwnGuest(Guest):
    """A guest with a UUID that is known beforehand, and a metrics disk of its own as vdc."""

    def __init__(self, rig, name, number):
        super().__init__(rig, name, number)
        self.own_uuid = "00000000-0000-4000-8000-%012x" % (0xed9e00 + number)
        self.own = os.path.join(rig.dir, "own-" + self.own_uuid)
        with open(self.own, "wb") as disk:  # libvirt starts no domain whose disk is not there
            disk.truncate(64 << 10)

    def xml(self):
        whole = super().xml().replace("<memory unit", "<uuid>%s</uuid><memory unit" % self.own_uuid, 1)
        return whole.replace("</devices>", OWN_DISK.format(path=self.own) + "</devices>")


def own_guests(*names):
    """Running guests with disks of their own, and a node that writes those."""
    rig = guest_rig()
    rig.prepare()
    guests = [OwnGuest(rig, name, 40 + i) for i, name in enumerate(names)]
    for guest in guests:
        guest.destroy()
        guest.start()
    for guest in guests:
        guest.ready()
    return guests


def write_own_config(node, more=""):
    """Adds a disk of each domain."""
    node.write_config()
    text = read_file(node.config).replace(
        "</globals>", '<per_domain_disks path="%s/own-%%u" size="64k" keep="1"/>%s</globals>' % (guest_rig().dir, more))
    with open(node.config, "w", encoding="utf-8") as conf:
        conf.write(text)


@case(alone=True, seconds=40)
def vhostmd_guests_own_disks():
    """Two real guests, each with a disk of its own: the host's metrics and its own only, equal to port and SNMP."""
    guests = own_guests("own-a", "own-b")
    try:
        node = guest_rig().node("vhostmd_guests_own_disks")
        write_own_config(node)
        with node:
            node.start()
            for guest in guests:
                wait_channel(node, guest)

            def own_rows():
                rows = {value.decode(): int(row) for row, value in node.manager.column("edgeVbdPath").items()}
                return [rows[guest.own] for guest in guests] if all(guest.own in rows for guest in guests) else None
            for guest, row in zip(guests, wait_for(own_rows, 10, "the rows of both disks")):
                expect_equal(node.get("edgeVbdDomain.%d" % row), int(row_of(node, guest)), "edgeVbdDomain")
                expect_equal(node.get("edgeVbdSize.%d" % row), 64 << 10, "edgeVbdSize")
                expect_equal(node.get("edgeVbdFailures.%d" % row), 0, "edgeVbdFailures")
                wait_for(lambda row=row: node.get("edgeVbdUpdates.%d" % row) >= 2, 10, "updates of the disk")
            documents = ask_at_once(guests, "vm-dump-metrics -b --path /dev/vdc")
            ports = ask_at_once(guests, "vm-dump-metrics -i")
            for guest in guests:
                found, port = metrics(documents[guest.name]), metrics(ports[guest.name])
                expect_equal({uuid for context, uuid, _ in found if context == "vm"}, {guest.own_uuid},
                             "the machines that %s is told of" % guest.name)
                expect_equal(set(found), set(port), "the metrics on the disk, beside those by the port")
                for name in ("HostName", "TotalPhyMem", "TotalPhyCPUs", "VirtualizationProductInfo"):
                    expect_equal(of_host(found)[name], of_host(port)[name], name)
                expect_equal(int(of_host(found)["TotalPhyMem"]), node.get("edgeMemTotal.0") // 1024, "TotalPhyMem")
                expect_equal(int(of_guest(found, guest)["UsedMemory"]),
                             node.get("edgeDomainMemCurrent." + row_of(node, guest)), "UsedMemory")
                age = time.time() - int(of_host(found)["Time"])
                expect(-1 <= age < 10, "the values on the disk are of %.1f s ago" % age)
            # A guest keeps its disk over a restart of the daemon, which neither cuts nor replaces it.
            before = os.stat(guests[0].own)
            node.daemon.end(signal.SIGKILL)
            node.start_daemon()
            after = os.stat(guests[0].own)
            expect_equal((after.st_ino, after.st_size), (before.st_ino, before.st_size), "inode, size after a restart")
            begin = int(time.time())
            wait_for(lambda: int(of_host(metrics(guests[0].run("vm-dump-metrics -b --path /dev/vdc")))["Time"]) > begin,
                     15, "a new reading on the disk")
            # The disk goes when its domain has gone for good.
            guests[1].destroy()
            wait_for(lambda: not os.path.exists(guests[1].own), 20, "the disk of the ended domain to go")
            expect(os.path.exists(guests[0].own), "the disk of the other guest is gone, too")
    finally:
        for guest in guests:
            guest.destroy()


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


@case(alone=True, long=True, seconds=60)
def vhostmd_flooding_guest():
    """Two guests ask once per second while a third floods its port with garbage: p99 of their answers."""
    readers, (hostile,) = guest_rig().booted("one", "two"), guest_rig().booted("three")
    count = 100 if LONG else 15
    with start_node("vhostmd_flooding_guest", *readers, hostile) as node:
        command = "port_latency %s %d 1000" % (PORT, count)
        flood = hostile.background("while :; do head -c 100000 /dev/urandom; sleep 0.1; done >" + PORT)
        try:
            wait_for(lambda: node.get("edgeChannelInvalid." + row_of(node, hostile)) >= 1, 15, "the flood to arrive")
            took = {}
            threads = [threading.Thread(target=lambda g=g: took.update({g.name: g.ask(command, 2 * count + 30)}))
                       for g in readers]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            hostile.ask("kill -9 -%d; true" % flood)
        times = []
        for guest in readers:
            status, out = took.get(guest.name, (None, "no answer"))
            expect_equal(status, 0, "port_latency in %s (%s)" % (guest.name, out.strip()))
            times += [int(line) / 1000 for line in out.split()]
        expect_equal(len(times), 2 * count, "the number of answers")
        p99 = percentile(times, 0.99)
        node.daemon_alive()
        for guest in readers:
            expect_equal(node.get("edgeChannelInvalid." + row_of(node, guest)), 0, "edgeChannelInvalid")
        # Ten times what is promised where it is not measured for long: against hanging, on a busy machine.
        expect(p99 < (50 if LONG else 500), "p99 is %.1f ms" % p99)
        return "%d answers, median %.1f ms, p99 %.1f ms, longest %.1f ms" % (
            len(times), statistics.median(times), p99, max(times))


# --- libvirt gives disks away -----------------------------------------------------------------------------------------

RELABEL = """<domain type='qemu'><name>{name}</name><uuid>{uuid}</uuid><memory unit='MiB'>8</memory>
<os><type arch='x86_64' machine='q35'>hvm</type></os><devices><emulator>{qemu}</emulator>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{disk}'>{label}</source>
<target dev='vda' bus='virtio'/><readonly/><shareable/></disk></devices></domain>"""
KEEP = "<seclabel model='dac' relabel='no'/>"


def owner(path):
    return pwd.getpwuid(os.stat(path).st_uid).pw_name


@case(alone=True, long=True, seconds=60)
def vhostmd_relabelled_disk():
    """libvirt gives the file of an attached disk to QEMU's user: with relabel='no' a daemon that is not root can go on
    after its restart; without, it says what is wrong, and a running one keeps on writing."""
    try:
        pwd.getpwnam("daemon"), pwd.getpwnam("nobody")
    except KeyError as error:
        raise Skipped(str(error)) from None
    with Rig(0) as rig:
        for directory, _, _ in os.walk(rig.dir):
            os.chmod(directory, 0o755)
        conf = rig.dir + "/etc/qemu.conf"
        text = read_file(conf).replace('user = "root"', 'user = "nobody"')
        text = text.replace('group = "root"', 'group = "nogroup"')
        with open(conf, "w", encoding="utf-8") as out:
            out.write(text.replace("dynamic_ownership = 0", "dynamic_ownership = 1"))
        rig.kill()
        rig.revive()
        with Node("vhostmd_relabelled_disk", uri=rig.uri) as node:
            os.chmod(node.dir, 0o755)
            disks = os.path.join(node.dir, "disks")
            os.mkdir(disks)
            for path in (disks, node.state):
                shutil.chown(path, "daemon")
            node.disk = disks + "/shared"
            node.write_config()
            node.start_trapd()
            node.start_snmpd()
            os.chmod(node.dir + "/agentx", 0o777)
            node.start_daemon("-u", "daemon")
            wait_for(lambda: node.dump()[0] == 0, 10, "the metrics disk")
            expect_equal(owner(node.disk), "daemon", "the owner of the disk")

            def attached(name, label):
                path = os.path.join(rig.dir, name + ".xml")
                with open(path, "w", encoding="utf-8") as xml:
                    xml.write(RELABEL.format(name=name, uuid="00000000-0000-4000-8000-00000000000" + name[-1],
                                             label=label, disk=node.disk, qemu=tool("qemu-system-x86_64")))
                rig.virsh("create", "--paused", path)

            def writes_on():
                updates = node.get("edgeVbdUpdates.1")
                wait_for(lambda: node.get("edgeVbdUpdates.1") > updates + 1, 10, "the disk to be written on")
            attached("keep-1", KEEP)
            expect_equal(owner(node.disk), "daemon", "the owner with relabel='no'")
            writes_on()
            node.daemon.end()
            node.start_daemon("-u", "daemon")
            writes_on()
            rig.virsh("destroy", "keep-1")

            attached("give-2", "")
            given = owner(node.disk)
            expect_equal(given, "nobody", "the owner without relabel='no'")
            writes_on()  # the file is open
            node.daemon.end()
            node.start_daemon("-u", "daemon")
            wait_for(lambda: node.get("edgeVbdFailures.1") >= 2, 10, "edgeVbdFailures of a disk that was given away")
            expect("%s: Permission denied" % node.disk in node.daemon.output(), "the log does not say what is wrong")
            expect_equal(node.dump()[0], 0, "vm-dump-metrics: the old content")
            rig.virsh("destroy", "give-2")
            return "given to %s" % given
