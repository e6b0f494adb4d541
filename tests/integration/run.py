#!/usr/bin/env python3
"""Runs the integration cases: real snmpd, snmptrapd, libvirt and edgenoded.

usage: run.py [--build DIR] [--jobs N] [--rounds N] [--minutes N] [--list] [FILTER...]

A case is a function of a cases_*.py file with the decorator @case. Cases run side by side; those that say "alone" never
beside each other, for they share a rig.
One line per case: "ok NAME (1.2 s)", "FAIL NAME: reason (log)", "skip NAME: reason". The last line counts them.
Only a case whose name holds one of the FILTERs runs, else all but the long ones (EDGENODE_LONG: these, too); all of them
--rounds times, or again until --minutes are over. EDGENODED, VM_DUMP_METRICS and GETLOOP name programs other than those of
the build directory.
"""
import argparse
import concurrent.futures
import glob
import importlib
import os
import signal
import sys
import threading
import time
import traceback

import edge
from cases import CASES

_print_lock = threading.Lock()


def say(line):
    with _print_lock:
        print(line, flush=True)


def one(case):
    """Runs a case: "ok", "FAIL" or "skip"."""
    begin = time.monotonic()
    log = os.path.join(edge.Build.logs, case.name + ".log")
    if os.path.exists(log):
        os.unlink(log)
    try:
        edge.Columns.begin()
        note = case.function()
        edge.Columns.check(case.name)
    except edge.Skipped as reason:
        say("skip %s: %s" % (case.name, reason))
        return "skip"
    except (Exception, KeyboardInterrupt) as error:  # a broken case is a failed case
        with open(log, "w", encoding="utf-8") as out:
            out.write("%s\n" % (case.function.__doc__ or case.name))
            traceback.print_exc(file=out)
        kind = "" if isinstance(error, edge.Failed) else type(error).__name__ + ": "
        say("FAIL %s: %s%s (%s)" % (case.name, kind, error, log))
        return "FAIL"
    say("ok %s (%.1f s)%s" % (case.name, time.monotonic() - begin, ": " + note if note else ""))
    return "ok"


def run_all(cases, jobs):
    """The cases that share a rig one after the other in this thread, which their rigs belong to and end with; beside them
    those of the edge node's guest, which is one machine, and all others."""
    of_guest = [c for c in cases if c.name.startswith("edge_node")]
    alone = [c for c in cases if c.alone and c not in of_guest]
    together = sorted((c for c in cases if c not in alone + of_guest), key=lambda c: -c.seconds)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool, concurrent.futures.ThreadPoolExecutor(1) as guest:
        others, beside = pool.map(one, together), guest.map(one, of_guest)
        return [one(c) for c in alone] + [*others, *beside]


def chosen(case, words):
    """Whether the case runs: all do but the long ones, or those that are named."""
    if words:
        return any(word in case.name for word in words)
    return not case.long or "EDGENODE_LONG" in os.environ


def load_cases():
    here = os.path.dirname(os.path.abspath(__file__))
    for path in sorted(glob.glob(os.path.join(here, "cases_*.py"))):
        importlib.import_module(os.path.basename(path)[:-3])


def stopped(_number, _frame):
    edge.end_all()
    os._exit(130)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(edge.SOURCE, "build"))
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("filter", nargs="*")
    options = parser.parse_args()

    edge.Build.locate(os.path.abspath(options.build))
    os.makedirs(edge.Build.logs, exist_ok=True)
    edge.Mib.load()
    edge.Columns.load()
    load_cases()
    cases = [c for c in CASES if chosen(c, options.filter)]
    if options.list:
        for case in cases:
            print("%-36s %s" % (case.name, (case.function.__doc__ or "").strip().splitlines()[0]))
        return 0
    for program in (edge.Build.edgenoded, edge.Build.dump):
        if not os.access(program, os.X_OK):
            sys.exit("run.py: %s is not there; ./quickstart build makes it" % program)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stopped)
    results, rounds, end = [], 0, time.monotonic() + 60 * options.minutes
    try:
        while rounds < options.rounds or time.monotonic() < end:
            results += run_all(cases, options.jobs)
            rounds += 1
    finally:
        edge.end_all()
    print("%d passed, %d failed, %d skipped" % (results.count("ok"), results.count("FAIL"), results.count("skip")))
    return 1 if "FAIL" in results else 0


if __name__ == "__main__":
    sys.exit(main())
