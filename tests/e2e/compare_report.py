#!/usr/bin/env python3
"""Compare our functions of a recording with `perf report`, those of the program itself.

usage: compare_report.py PERF_DATA PROGRAM

perf report knows functions as the linker has them, so what was inlined is counted to the function
around it. The event count, every function's own period and samples, and its share with children must
be the same. Rust's debug information has other names for some functions than the linker; these are
compared by their figures only, but never the three that stand first.
"""
import collections
import os
import re
import subprocess
import sys

data, program = sys.argv[1:]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def plain(name):
    return re.sub(r"::h[0-9a-f]{16}$", "", name)


def perf_rows():
    command = ["perf", "report", "-i", data, "--stdio", "--children", "--no-inline", "-g", "none", "--dsos", program,
               "--percentage", "absolute", "-F", "overhead_children,period,sample,sym", "-t", "|"]
    text = run(*command)
    total = int(re.search(r"Event count \(approx\.\): (\d+)", text)[1])
    rows = {}
    for line in text.splitlines():
        found = re.match(r" *([\d.]+)% *\| *(\d+) *\| *(\d+) *\|\[\.\] (.*?) *$", line)
        if found:
            rows[plain(found[4])] = (int(found[2]), int(found[3]), float(found[1]))
    assert rows, text
    return total, rows


def our_rows():
    text = run(os.environ["PERFLOOP"], "dump", "profile", data)
    own, samples, inside = collections.Counter(), collections.Counter(), collections.Counter()
    for line in text.splitlines():
        found = re.match(r"(\d+) x(\d+) (.*)$", line)
        if not found:
            continue
        frames = [frame for frame in re.split(r";(?! )", found[3]) if not frame.endswith(" (inlined)")]
        names = [plain(re.sub(r" \([^()]*\)$", "", frame)) for frame in frames]
        own[names[-1]] += int(found[1])
        samples[names[-1]] += int(found[2])
        for name in set(names):
            inside[name] += int(found[1])
    return int(re.search(r"total (\d+)", text)[1]), own, samples, inside


def main():
    total, theirs = perf_rows()
    our_total, own, samples, inside = our_rows()
    assert our_total == total, (our_total, total)
    others = 0
    for place, (name, (period, count, share)) in enumerate(theirs.items()):
        if name not in inside and place >= 3:
            others += 1
            assert any(own[n] == period and abs(inside[n] / total * 100 - share) <= 0.006
                       for n in inside), (name, period, share)
            continue
        assert own[name] == period and samples[name] == count, (name, period, count, own[name], samples[name])
        assert abs(inside[name] / total * 100 - share) <= 0.006, (name, share, inside[name] / total * 100)
    print(f"{data}: {len(theirs)} functions ({others} by figures only) and {total} in all as perf report says")


main()
