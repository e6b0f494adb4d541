"""What the benches share: how a figure is reported and compared with its bound, and what a process uses."""
import os

OVER = []  # what missed its bound


def report(what, value, unit, bound=None):
    line = "%-62s %10.2f %s" % (what, value, unit)
    if bound is not None:
        if value > bound:
            OVER.append(what)
        line += "   (at most %g) %s" % (bound, "ok" if value <= bound else "OVER")
    print(line, flush=True)


def cpu_ns(pid):
    """CPU time of all threads, from the scheduler: /proc/PID/stat has only ticks of 10 ms."""
    total = 0
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, task), encoding="ascii") as stat:
            total += int(stat.read().split()[0])
    return total
