#!/usr/bin/env python3
"""Write the server log that a workload file would leave behind, so that advisors which read logs can be measured with it.

usage: workload_log.py WORKLOAD.sql [--durations FILE.json] [--calls N] [--minutes 60] > postgresql.log

WORKLOAD.sql: blocks of "-- query: NAME [weight: CALLS]" followed by one statement ending in ';'.
FILE.json:    {"NAME": milliseconds}; queries without one, or all without the option, get a log of statements only.
--calls N     every query N times, whatever its weight (0: its weight).
The calls are spread evenly over the minutes, in an order that does not depend on the file's.
"""
import argparse
import json
import re
import sys

MARK = re.compile(r"^--\s*query:\s*(\S+)(?:\s+weight:\s*([0-9.eE+]+))?.*$", re.M)


def queries(text):
    marks = list(MARK.finditer(text))
    for i, mark in enumerate(marks):
        end = marks[i + 1].start() if i + 1 < len(marks) else len(text)
        sql = text[mark.end():end].strip().rstrip(";").strip()
        if sql:
            yield mark.group(1), float(mark.group(2) or 1), sql


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("workload")
    parser.add_argument("--durations")
    parser.add_argument("--calls", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=60)
    arguments = parser.parse_args()
    durations = json.load(open(arguments.durations, encoding="utf-8")) if arguments.durations else {}
    events = []
    for name, weight, sql in queries(open(arguments.workload, encoding="utf-8").read()):
        calls = arguments.calls or max(1, round(weight))
        text = " ".join(sql.split("\n")) if "--" not in sql else sql.replace("\n", "\n\t")
        events += [((i + 0.5) / calls, name, text) for i in range(calls)]
    events.sort(key=lambda each: each[:2])
    for position, name, text in events:
        milliseconds = int(position * arguments.minutes * 60_000)
        stamp = "2026-11-22 %02d:%02d:%02d.%03d UTC" % (8 + milliseconds // 3_600_000, milliseconds // 60_000 % 60,
                                                       milliseconds // 1000 % 60, milliseconds % 1000)
        duration = "duration: %.3f ms  " % durations[name] if name in durations else ""
        sys.stdout.write(f"{stamp} [4711] app@shop LOG:  {duration}statement: {text}\n")


main()
