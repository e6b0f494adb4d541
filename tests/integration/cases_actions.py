"""The operator's own metrics: what their actions print is what guests and SNMP read, whatever domains are called and
whatever one action does to the others."""
import os
import time
from xml.sax.saxutils import escape

from cases import case
from cases_values import metrics
from edge import Mib, Node, expect, expect_equal, run, wait_for

OK, FAILED, TIMED_OUT, INVALID = 1, 2, 3, 4
PERIOD_S = 2
TRACE = "edgenode-ran"  # what a name that runs would leave in the working directory of actions
NAMES = ["plain", "two  words", "'", '"', "`touch %s`" % TRACE, "$(touch %s)" % TRACE, "; touch %s;" % TRACE,
         "a'b\"c`d", "\\", "\\n\\t", "$HOME", "${x}", "*", "?", "[a-z]", "~", "-n", "--", "&", "| touch %s |" % TRACE,
         ">%s" % TRACE, "#x", "!x", "grün €", "NAME", "CONNECT", "$(echo ')')", "'\"'\"'", "a=b", "(x)", "%s%n", "<&>",
         "]]>", "&amp;"]

# One for each place in which a shell may find the name; all print it in < and >.
QUOTES = {
    "Bare": "printf '<%s>' NAME",
    "Double": 'printf %s "<NAME>"',
    "Single": "printf %s '<NAME>'",
    "Substitution": "printf '<%s>' \"$(printf %s NAME)\"",
    "Backquotes": "printf '<%s>' \"`printf %s 'NAME'`\"",
    "Document": "cat <<END\n<NAME>\nEND",
    "Argument": "sh -c 'printf \"<%s>\" \"$1\"' sh NAME",
    "Pattern": "case NAME in NAME) printf '<%s>' NAME;; esac",
}


def metric(kind, context, name, action, variables="", unit=None):
    attribute = " unit='%s'" % escape(unit, {"'": "&apos;"}) if unit else ""
    return "<metric type='%s' context='%s'%s><name>%s</name><action>%s</action>%s</metric>\n" % (
        kind, context, attribute, name, escape(action), variables)


def node_file(path, names):
    with open(path, "w", encoding="utf-8") as node:
        node.write("<node>\n")
        for i, name in enumerate(names):
            node.write("<domain type='test'><name>%s</name><uuid>%s</uuid><memory unit='MiB'>64</memory>"
                       "<vcpu>1</vcpu><os><type>hvm</type></os></domain>\n" % (escape(name), uuid_of(i)))
        node.write("</node>\n")
    return "test://" + path


def uuid_of(i):
    return "00000abc-0000-4000-8000-%012x" % i


def rows(node):
    """{(domain's index, name): {column: value}} of edgeMetricTable."""
    found = {}
    for oid, value in node.manager.bulkwalk("edgeMetricTable"):
        column, instance = Mib.split(oid)
        found.setdefault(instance, {})[column[len("edgeMetric"):]] = value[1]
    return {(row["Domain"], row["Name"].decode()): row for row in found.values()}


def wait_row(node, name, status, domain=0, timeout=20):
    """The row, once it has the status."""
    def has():
        node.daemon_alive()
        row = rows(node).get((domain, name), {})
        return row if row.get("Status") == status else None
    return wait_for(has, timeout, "status %d of %s" % (status, name))


@case(seconds=15)
def action_names_are_exact():
    """Domains with hostile names: each name arrives exactly through every kind of quotes, and nothing runs."""
    with Node("action_names_are_exact", poll_s=PERIOD_S) as node:
        node.uri = node_file(node.dir + "/node.xml", NAMES)
        node.write_config(metrics="".join(metric("string", "vm", name, action) for name, action in QUOTES.items()))
        node.start()
        wanted = len(NAMES) * len(QUOTES)
        wait_for(lambda: sum(row.get("Status") == OK for row in rows(node).values()) == wanted, 60,
                 "the values of %d actions" % wanted)
        served = node.manager.column("edgeDomainName")
        expect_equal(sorted(name.decode() for name in served.values()), sorted(NAMES), "edgeDomainName")
        found = rows(node)
        expect_equal(len(found), wanted, "the rows of edgeMetricTable")
        for (domain, quotes), row in found.items():
            expect_equal(row["Value"].decode(), "<%s>" % served[str(domain)].decode(), "%s by SNMP" % quotes)
        # The disk is written once in a period.
        wait_for(lambda: len(of_quotes(node)) == wanted, 10, "the values on the disk")
        for (uuid, quotes), value in of_quotes(node).items():
            expect_equal(value, "<%s>" % NAMES[int(uuid[-12:], 16)], "%s on the disk" % quotes)
        expect(not os.path.exists("/" + TRACE), "a name ran a command")


def of_quotes(node):
    """{(uuid, name): value} of what this case has configured, on the disk."""
    status, out, err = node.dump()
    expect_equal(status, 0, "vm-dump-metrics (%s)" % err.strip())
    return {(uuid, name): value for (context, uuid, name), value in metrics(out).items()
            if context == "vm" and name in QUOTES}


HOSTILE = {
    "Hangs": ("sleep 1000", TIMED_OUT),
    "Ignores": ("trap '' TERM HUP; while :; do sleep 1000; done", TIMED_OUT),
    "Floods": ("yes", INVALID),
    "Forks": ("for i in $(seq 50); do sleep 1000 & done; wait", TIMED_OUT),
    "Closes": ("exec >&-; sleep 1000", TIMED_OUT),
    "Leaves": ("setsid sleep 1000 & echo left", OK),
    "Fails": ("echo 5; exit 3", FAILED),
    "Dies": ("kill -9 $$", FAILED),
    "Missing": ("/nowhere/program", FAILED),
    "Lies": ("echo five", INVALID),
    "Overflows": ("echo 2147483648", INVALID),
}


def kind_of(name):
    return "int32" if name in ("Lies", "Overflows") else "string"


@case(alone=True, seconds=25)
def action_others_run():
    """Actions that hang, fork, flood, fail and lie: the others keep their time, gets go on, nothing is left behind."""
    with Node("action_others_run", poll_s=PERIOD_S) as node:
        hostile = "".join(metric(kind_of(name), "host", name, action) for name, (action, _) in HOSTILE.items())
        node.write_config(metrics=hostile + metric("uint64", "host", "Good", "date +%s", unit="s"))
        node.start()
        for name, (_, status) in HOSTILE.items():
            wait_row(node, name, status)
        slowest, oldest, end = 0, 0, time.monotonic() + 4 * PERIOD_S
        while time.monotonic() < end:
            begin = time.monotonic()
            row = rows(node)[0, "Good"]
            slowest = max(slowest, time.monotonic() - begin)
            oldest = max(oldest, row["Age"])
            expect_equal(row["Status"], OK, "the status of an action that is well")
            expect(abs(row["Integer"] - time.time()) < 3 * PERIOD_S, "its value is %d" % row["Integer"])
        expect(oldest < 2.5 * PERIOD_S * 1000, "its value was %d ms old" % oldest)
        expect(slowest < 1, "a walk of edgeMetricTable took %.2f s" % slowest)
        expect("metric Hangs: no end within" in node.daemon.output(), "the log does not tell of the timeout")
        found = rows(node)
        for name in ("Lies", "Fails", "Floods"):
            expect("Value" not in found[0, name] and "Age" not in found[0, name], "%s has a value" % name)
        # What a manager cannot see of hostile ones, guests do not see either.
        told = {name for context, _, name in metrics(node.dump()[1]) if context == "host"}
        expect_equal(told & set(HOSTILE), {"Leaves"}, "the hostile metrics on the disk")
        node.write_config(metrics="")
        node.daemon.send(1)
        wait_for(lambda: not rows(node), 10, "the end of the rows after a reload without metrics")
        wait_for(lambda: sleepers() == 0, 10, "the end of what the actions had started")
        return "the oldest value %.1f s, the slowest walk %.2f s" % (oldest / 1000, slowest)


def sleepers():
    """How many processes of the actions above there are."""
    count = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as cmdline, open("/proc/%s/environ" % pid, "rb") as environ:
                count += cmdline.read() == b"sleep\x001000\x00" and b"VHOSTMD_URI=" in environ.read()
        except OSError:
            pass  # ended meanwhile, or not ours
    return count


def by_hand(action, name, number):
    """What a shell prints where somebody types the domain's name and number."""
    status, out, err = run(["/bin/sh", "-c", action.replace("NAME", name).replace("VMID", number)])
    expect_equal(status, 0, "%s (%s)" % (action, err.strip()))
    return out.strip()


@case(seconds=12)
def action_values_are_the_commands():
    """Every type equals what the command prints by hand, in SNMP and on the disk; a group and elements are many
    metrics; a built-in name gives way; a reload replaces, and what is not valid is left out."""
    actions = {"Int": ("int32", "echo -5"), "Uint": ("uint32", "nproc"), "Long": ("uint64", "stat -c %i /"),
               "Real": ("real64", "echo VMID.25"), "String": ("string", "echo 'of NAME <&\"'"),
               "TotalCPUTime": ("real64", "echo 12.5")}
    elements = ("cat <<END\n"
                "<metric type='string' context='host' unit='u'><name>E1</name><value>a &lt; b</value></metric>\n"
                "<metric type='int32' context='vm' uuid='%s'><name>E2</name><value>7</value></metric>\n"
                "END" % uuid_of(0))
    text = "".join(metric(kind, "vm", name, action, unit="x'y") for name, (kind, action) in actions.items())
    text += metric("string", "host", "HostName", "echo mine") + metric("xml", "host", "Elements", elements)
    text += metric("group", "host", "Group", "echo '1, two words,3.5'", "".join(
        "<variable name='%s' type='%s'/>" % v for v in (("G1", "uint32"), ("G2", "string"), ("G3", "real64"))))
    refused = metric("string", "vm", "Refused", "sh -c 'echo NAME'")
    with Node("action_values_are_the_commands", poll_s=PERIOD_S) as node:
        node.uri = node_file(node.dir + "/node.xml", ["web-1"])
        node.write_config(metrics=text + refused)
        node.start()
        domain = int(next(iter(node.manager.column("edgeDomainName"))))
        number = str(node.get("edgeDomainId.%d" % domain))
        own = {name: by_hand(action, "web-1", number) for name, (_, action) in actions.items()}
        host = {"HostName": "mine", "G1": "1", "G2": "two words", "G3": "3.5", "E1": "a < b"}
        wanted = {(domain, name): value for name, value in own.items()}
        wanted.update({(0, name): value for name, value in host.items()})
        wanted[domain, "E2"] = "7"
        wait_for(lambda: {key: row.get("Value", b"").decode() for key, row in rows(node).items()} == wanted, 20,
                 "the values of edgeMetricTable")
        found = rows(node)
        for name, (kind, _) in actions.items():
            expect_equal(found[domain, name]["Type"].decode(), kind, "edgeMetricType of " + name)
            expect_equal(found[domain, name]["Unit"].decode(), "x'y", "edgeMetricUnit of " + name)
        expect_equal(found[domain, "Int"]["Milli"], -5000, "edgeMetricMilli")
        expect_equal(found[0, "G3"]["Milli"], 3500, "edgeMetricMilli")
        expect_equal(found[domain, "Long"]["Integer"], int(own["Long"]), "edgeMetricInteger")
        expect("Integer" not in found[domain, "Int"] and "Milli" not in found[domain, "String"], "numbers of no number")
        told = wait_for(lambda: on_disk(node, "E2"), 10, "the values on the disk")
        for name, value in own.items():
            expect_equal(told["vm", uuid_of(0), name], value, name + " on the disk")
        for name, value in host.items():
            expect_equal(told["host", "", name], value, name + " on the disk")
        expect_equal(told["vm", uuid_of(0), "E2"], "7", "an element of a domain")
        expect("edgenode.conf:" in node.daemon.output() and "this <metric> is left out" in node.daemon.output(),
               "the log does not name the line of the metric that is refused")
        indexes = sorted(node.manager.column("edgeMetricName").items())
        node.daemon.end()
        node.start_daemon()
        wait_for(lambda: sorted(node.manager.column("edgeMetricName").items()) == indexes, 15, "the indexes of before")


def on_disk(node, name):
    """The disk's metrics, once one of them has the name."""
    found = metrics(node.dump()[1])
    return found if any(told == name for _, _, told in found) else None
