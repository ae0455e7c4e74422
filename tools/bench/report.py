#!/usr/bin/env python3
"""CPU time and peak memory of a whole `pgsieve report`, against `wc -l` of the same file in the same minutes.

    tools/bench/report.py [-n RUNS] [--pgsieve BINARY] LOG [OPTION ...]     e.g. -n 5 big.log --schema schema.sql

The two run in turn after one run each that is not counted, so that a change of the machine's speed meets both. The report goes
to a pipe that is drained. Printed are CPU seconds (user + system), megabytes per CPU second, the largest resident size of the
process, and the ratio to `wc -l` of each pair.
"""
import argparse
import os
import statistics
import sys


def once(command):
    """Runs the command, its output drained: (CPU seconds, peak in KiB, exit code)."""
    read_end, write_end = os.pipe()
    nothing = os.open(os.devnull, os.O_RDWR)
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=[
        (os.POSIX_SPAWN_DUP2, nothing, 0), (os.POSIX_SPAWN_DUP2, write_end, 1), (os.POSIX_SPAWN_DUP2, nothing, 2),
        (os.POSIX_SPAWN_CLOSE, read_end), (os.POSIX_SPAWN_CLOSE, write_end), (os.POSIX_SPAWN_CLOSE, nothing)])
    os.close(write_end)
    os.close(nothing)
    while os.read(read_end, 1 << 20):
        pass
    os.close(read_end)
    _, status, usage = os.wait4(pid, 0)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=5, help="counted runs of each (5)")
    parser.add_argument("--pgsieve", default="build/release/pgsieve")
    parser.add_argument("log")
    options, others = parser.parse_known_args()
    report = [options.pgsieve, "report", "-o", "json", options.log] + others
    lines = ["wc", "-l", options.log]
    once(report), once(lines)
    runs = [(once(report), once(lines)) for _ in range(options.n)]
    if any(run[2] != 0 for run, _ in runs):
        sys.exit("report.py: %s failed" % " ".join(report))
    cpu = statistics.median(run[0] for run, _ in runs)
    ratios = [run[0] / max(count[0], 1e-6) for run, count in runs]
    megabytes = os.path.getsize(options.log) / 1e6
    print("%.0f MB: report %.2f CPU s, %.0f MB per CPU s, peak %.0f MiB; wc -l %.2f CPU s; ratio %.1f (%.1f to %.1f)" % (
        megabytes, cpu, megabytes / cpu, max(run[1] for run, _ in runs) / 1024,
        statistics.median(count[0] for _, count in runs), statistics.median(ratios), min(ratios), max(ratios)))


if __name__ == "__main__":
    main()
