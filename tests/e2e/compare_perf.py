#!/usr/bin/env python3
"""Compare our lines of a recording with perf's own: the innermost line of every sample.

usage: compare_perf.py PERF_DATA SOURCE     SOURCE: the name of the program's source file

perf looks each line up with addr2line; `perfloop dump hotspots` must give every line of the
source the same number of samples, and the text of `perf script` must lead to the same lines.
"""
import collections
import os
import re
import subprocess
import sys
import tempfile

data, source = sys.argv[1:]
perfloop = os.environ["PERFLOOP"]
FIELDS = "comm,pid,tid,time,event,period,ip,sym,symoff,dso"


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def perf_lines():
    """Samples by the place of their innermost frame."""
    lines, first = collections.Counter(), False
    for line in run("perf", "script", "-i", data, "--no-inline", "-F", FIELDS + ",srcline",
                    "--full-source-path").splitlines():
        if re.search(r" cpu-clock:", line):
            first = True
        elif first and (m := re.match(r"  (\S*):(\d+)", line)):
            first = False
            if os.path.basename(m[1]) == source and m[2] != "0":  # 0: code of no line
                lines[int(m[2])] += 1
        elif first and line.startswith("  ["):
            first = False
    return lines


def our_lines(path):
    lines = collections.Counter()
    for line in run(perfloop, "dump", "hotspots", path).split("\nfunctions ")[0].splitlines():
        m = re.match(r"(\d+) \d+ x(\d+) (\S+):(\d+) ", line)
        if m and int(m[1]) and os.path.basename(m[3]) == source:
            lines[int(m[4])] += round(int(m[1]) / 1003009)
    return lines


theirs, ours = perf_lines(), our_lines(data)
with tempfile.NamedTemporaryFile(suffix=".txt") as text:
    text.write(run("perf", "script", "-i", data, "--no-inline", "-F", FIELDS).encode())
    text.flush()
    by_text = our_lines(text.name)
print(f"{os.path.basename(data)}: {sum(theirs.values())} samples in {source}, lines {dict(theirs)}")
if not theirs or theirs != ours or theirs != by_text:
    sys.exit(f"perf {dict(theirs)}\nperf.data, ours {dict(ours)}\ntext, ours {dict(by_text)}")
