"""Bad input: an error that names file, line or path; no crash; no half-written disk."""
import os
import signal

from cases import case
from cases_sensor import node_with_chip, wait_thermal
from edge import Build, Node, Skipped, complains, expect, expect_equal, run, wait_for


GOOD = [
    "<edgenode>",
    "<globals>",
    "<disk><name>host-metrics-disk</name><path>/tmp/never</path><size unit=\"k\">256</size></disk>",
    "<update_period>5</update_period>",
    "<path>/usr/bin</path>",
    "<transport>vbd</transport>",
    "</globals>",
    "</edgenode>",
]


def changed(line, new):
    """The good file with another text in one line (from 1)."""
    return "\n".join(GOOD[:line - 1] + [new] + GOOD[line:] + [""]).encode()


def size(text, unit="k"):
    return changed(3, GOOD[2].replace("256", text).replace("\"k\"", "\"%s\"" % unit))


def after(new):
    """An element of our own after <globals>."""
    return changed(7, GOOD[6] + "\n" + new)


def threshold(watched, rising, falling):
    return after("<threshold object=\"%s\" subject=\"*\" rising=\"%d\" falling=\"%d\"/>" % (watched, rising, falling))


BAD_FILES = {  # name -> (content, line that is wrong; None: any line of the file)
    "empty": (b"", None),
    "not_xml": (b"poll = 5\n", 1),
    "cut": ("\n".join(GOOD[:3] + ["<update_period>5</upd"]).encode(), 4),
    "unclosed": (b"<edgenode>\n<globals>\n</edgenode>\n", 3),
    "wrong_root": (b"<node>\n</node>\n", 1),
    "unknown_element": (changed(5, "<path>/usr/bin</path><nonsense>1</nonsense>"), 5),
    "unknown_element_of_ours": (after("<nonsense/>"), 8),
    "unknown_attribute": (after("<poll nonsense=\"1\"/>"), 8),
    "twice": (after("<poll/>\n<poll/>"), 9),
    "wrong_type": (changed(4, "<update_period>often</update_period>"), 4),
    "no_value": (changed(4, "<update_period></update_period>"), 4),
    "negative_period": (changed(4, "<update_period>-5</update_period>"), 4),
    "zero_period": (changed(4, "<update_period>0</update_period>"), 4),
    "huge_period": (changed(4, "<update_period>99999999999999999999</update_period>"), 4),
    "negative_size": (size("-256"), 3),
    "zero_size": (size("0"), 3),
    "huge_size": (size("4294967296"), 3),
    "bad_unit": (size("256", "furlong"), 3),
    "relative_path": (changed(3, GOOD[2].replace("/tmp/never", "never")), 3),
    "unknown_transport": (changed(6, "<transport>pigeon</transport>"), 6),
    "unknown_source": (after("<source name=\"moon\"/>"), 8),
    "bad_bool": (after("<source name=\"stat\" enabled=\"perhaps\"/>"), 8),
    "rising_below_falling": (threshold("edgeSensorValue", 1, 2), 8),
    "threshold_on_nothing": (threshold("edgeNoSuchThing", 2, 1), 8),
    "binary": (b"\x00\x01\x02\xff\xfe" * 100, None),
    "bad_utf8": (b"<edgenode>\n<globals>\n<path>\xc3\x28</path>\n</globals></edgenode>", 3),
    "entity_bomb": (b"<!DOCTYPE edgenode [\n<!ENTITY a \"aaaaaaaaaa\">\n" + b"".join(
        b"<!ENTITY %c \"%s\">\n" % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9)) +
        b"]>\n" + changed(5, "<path>&j;</path>"), None),
    "entity_file": (b"<!DOCTYPE edgenode [\n<!ENTITY a SYSTEM \"file:///etc/passwd\">\n]>\n" +
                    changed(5, "<path>&a;</path>"), None),
    "deep": (b"<edgenode>" + b"<globals>" * 100000, None),
    "huge": (b"<edgenode>\n<!-- " + b"x" * (8 << 20) + b" -->\n</edgenode>\n", None),
}


def check_file(path, line):
    status, out, err = run([Build.edgenoded, "-t", "-f", path])
    expect_equal(status, 1, "the exit status (%s)" % (err or out).strip())
    where = path + (":%d:" % line if line else ":")
    expect(where in err, "the error does not begin with %s: %s" % (where, err.strip()))
    expect("root:" not in out + err, "the error shows a file's content")


def bad_file_case(name, content, line):
    def function():
        with Node("bad_config_" + name) as node:
            path = node.dir + "/bad.conf"
            with open(path, "wb") as conf:
                conf.write(content)
            check_file(path, line)
    function.__name__ = "bad_config_" + name
    function.__doc__ = "-t and the configuration \"%s\": exit 1 and file:line." % name
    case(seconds=1)(function)


for bad_name, (bad_content, bad_line) in BAD_FILES.items():
    bad_file_case(bad_name, bad_content, bad_line)


@case(seconds=1)
def bad_config_missing():
    """A configuration file that is not there is named."""
    for path in ("/nonexistent/edgenode.conf", "/"):
        status, _, err = run([Build.edgenoded, "-t", "-f", path])
        expect_equal(status, 1, "the exit status for " + path)
        expect(path in err, "the error does not name %s: %s" % (path, err.strip()))


@case(seconds=1)
def bad_options():
    """Unknown options and missing arguments: exit status not 0, the option is named, nothing starts."""
    for words in (["--nonsense"], ["-f"], ["-S"], ["-c"], ["surplus"]):
        status, out, err = run([Build.edgenoded, "-d"] + words, timeout=5)
        expect(status not in (0, None) and status > 0, "%s was accepted" % words)
        expect(words[0].lstrip("-") in err, "the error does not name %s: %s%s" % (words[0], out, err.strip()))


@case(seconds=1)
def good_options():
    """-t prints a configuration that -t accepts and prints the same; -V and -h end with 0."""
    with Node("good_options") as node:
        status, first, err = run([Build.edgenoded, "-t", "-f", node.config])
        expect_equal(status, 0, "-t (%s)" % err.strip())
        again = node.dir + "/again.conf"
        with open(again, "w", encoding="utf-8") as conf:
            conf.write(first)
        status, second, err = run([Build.edgenoded, "-t", "-f", again])
        expect_equal(status, 0, "-t of what -t printed (%s)" % err.strip())
        expect_equal(second.replace(again, node.config), first, "what -t printed")
        expect("<edgenode" in first, "-t prints no configuration")
        for option, word in (("-V", "edgenode"), ("-h", "--config")):
            status, out, err = run([Build.edgenoded, option])
            expect_equal(status, 0, option)
            expect(word in out, "%s printed %r" % (option, out))


def start_refused(node, path, *arguments):
    """The daemon does not start, and says why by path."""
    node.start_daemon(*arguments, wait=False)
    status = node.daemon.wait(10)
    expect(status > 0, "it ended with %d" % status)
    expect(complains(node.daemon.output(), path), "the error does not name %s: %s" % (path, node.daemon.output().strip()))


@case(seconds=1)
def bad_state_dir():
    """A state directory that cannot be made or is a file: a clear end."""
    with Node("bad_state_dir") as node:
        node.state = "/proc/nonexistent/state"
        start_refused(node, node.state)
        node.state = node.dir + "/file"
        with open(node.state, "w", encoding="utf-8"):
            pass
        start_refused(node, node.state)


@case
def bad_held_lock():
    """A second daemon on the same state directory ends, names it, and the first one is not disturbed."""
    with Node("bad_held_lock") as node:
        node.start()
        first, last = node.daemon, node.get("edgeEventLast.0")
        status, out, err = run(node.command(), timeout=10)
        expect(status > 0, "the second one ended with %d" % status)
        expect(complains(out + err, node.state), "the error does not name %s: %s" % (node.state, (out + err).strip()))
        expect(first.running() and node.get("edgeEventLast.0") == last, "the first one is disturbed")
        first.kill()
        node.start_daemon()


@case
def bad_no_agentx():
    """No AgentX socket, a socket nobody listens at, a file in its place: the log names it, the disk is written."""
    with Node("bad_no_agentx") as node:
        address = node.agentx.partition(":")[2]
        for make in (lambda: None, lambda: open(address, "w", encoding="utf-8").close()):
            make()
            node.start_daemon(wait=False)
            wait_for(lambda: node.daemon_alive() and complains(node.daemon.output(), address), 10,
                     "a complaint with the address")
            wait_for(lambda: node.dump()[0] == 0, 10, "the metrics disk")
            took = node.daemon.end(signal.SIGTERM)
            expect(took < 2.0, "SIGTERM took %.1f s" % took)
            os.unlink(node.daemon.log)


@case
def bad_disk_path():
    """A metrics disk that cannot be written: the log names it, SNMP is served; mended, it is written by itself."""
    with Node("bad_disk_path") as node:
        place = node.dir + "/later/deep"  # its last directory alone would be made
        node.disk = place + "/disk"
        node.write_config()
        node.start()
        wait_for(lambda: complains(node.daemon.output(), node.disk), 10, "a complaint with the path")
        expect(node.get("edgeNodeName.0"), "SNMP is not served")
        os.makedirs(place)
        wait_for(lambda: node.dump()[0] == 0, 10, "the metrics disk")


FULL = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size=%s none "$0" && exec "$@"']


def small_tmpfs(node, directory, size):
    """The daemon's view of a directory is a tmpfs of that size; the path by which the test sees it."""
    os.makedirs(directory, exist_ok=True)
    node.prefix = FULL[:-1] + [FULL[-1] % size, directory]
    status = run(node.prefix + ["true"])[0]
    if status != 0:
        raise Skipped("a tmpfs cannot be mounted here")


def in_namespace(node, path):
    return "/proc/%d/root%s" % (node.daemon.pid, path)


def fill(path):
    """Writes until the file system is full."""
    out = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        while True:
            os.write(out, b"x" * 512)
    except OSError:
        os.close(out)


@case
def bad_full_metrics_disk():
    """The metrics disk's file system is full: the log names the file, no reader takes a half-written disk."""
    with Node("bad_full_metrics_disk") as node:
        place = node.dir + "/small"
        small_tmpfs(node, place, "64k")
        node.disk = place + "/disk"
        node.write_config()
        node.start()
        wait_for(lambda: complains(node.daemon.output(), node.disk), 10, "a complaint with the path")
        expect(node.get("edgeNodeName.0"), "SNMP is not served")
        seen = in_namespace(node, node.disk)
        if os.path.exists(seen):
            status, out, _ = node.dump(seen)
            expect(status != 0 or "</metrics>" in out, "a half-written disk was read: " + out[-200:])


@case(seconds=12)
def bad_full_state_disk():
    """The state's file system is full: events go out all the same, the log names the place, room heals it."""
    node, chip = node_with_chip("bad_full_state_disk", hold_s=0)
    with node:
        small_tmpfs(node, node.state, "256k")
        node.prefix += chip.prefix
        node.start()
        filler = in_namespace(node, node.state) + "/filler"
        fill(filler)
        # The last page of the log has room for some events.
        wanted = []

        def event_log_full():
            chip.heat(60000 if len(wanted) % 2 else 85000)
            wanted.append("edgeThermalNormal" if len(wanted) % 2 else "edgeThermalWarning")
            wait_thermal(node, wanted)
            return complains(node.daemon.output(), "writing " + node.state + "/events: No space")
        wait_for(event_log_full, 30, "a complaint of the event log")
        os.unlink(filler)
        stored = node.get("edgeEventLogged.0")
        event_log_full()
        wait_for(lambda: node.get("edgeEventLogged.0") > stored, 5, "an event in the log")
        took = node.daemon.end(signal.SIGTERM)
        expect(took < 2.0, "SIGTERM took %.1f s" % took)
        expect_equal(node.daemon.child.returncode, 0, "the exit status")
        return "%d events" % len(wanted)


@case(seconds=1)
def bad_metrics_disk_for_reader():
    """vm-dump-metrics on what is no metrics disk: exit 1, the file is named."""
    with Node("bad_metrics_disk_for_reader") as node:
        for name, content in (("missing", None), ("empty", b""), ("short", b"mvbd"), ("noise", b"\xa5" * 4096),
                              ("length", b"mvbd" + bytes(8) + b"\xff\xff\xff\xff" + bytes(1024)),
                              ("checksum", b"mvbd" + bytes(4) + b"\0\0\0\1" + b"\0\0\0\4" + b"abcd" + bytes(2048))):
            path = node.dir + "/" + name
            if content is not None:
                with open(path, "wb") as disk:
                    disk.write(content)
            status, out, err = node.dump(path)
            expect_equal(status, 1, "the exit status for " + name)
            expect(path in err and not out, "the error does not name %s: %s" % (path, err.strip()))
