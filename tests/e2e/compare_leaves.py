#!/usr/bin/env python3
"""compare_leaves.py FILE MODULE: the samples per innermost function of one kind of module.

Ours, of a perf.data, beside the text of `perf script` of the same file: MODULE is a regular
expression for the object in brackets behind perf's frames.
"""
import collections
import json
import os
import re
import subprocess
import sys

path, module = sys.argv[1:]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


theirs = collections.Counter()
for sample in run("perf", "script", "-i", path, "--no-inline", "-F", "ip,sym,dso").split("\n\n"):
    frame = re.match(r"\s*[0-9a-f]+ (.*) \((.*)\)$", sample.strip("\n").split("\n")[0])
    if frame and re.search(module, frame[2]):
        name = re.sub(r"^py::(.*?):.*", r"\1", frame[1]).split("->")[-1]  # as we call it
        theirs[name] += 1
hidden = not any(name != "[unknown]" for name in theirs)
table = json.loads(run(os.environ["PERFLOOP"], "hot", path, "--by", "function", "--top", "0", "--json"))
ours = collections.Counter()
period = table["total"] / table["samples"]
for row in table["rows"]:
    ours[row["function"]] = round(row["self"] / period)
if hidden:
    assert ours["[kernel]"] == sum(theirs.values()), (ours, theirs)
    print(f"{sum(theirs.values())} samples in code that perf cannot name either")
else:
    wrong = {name: (count, ours[name]) for name, count in theirs.items() if name != "[unknown]" and ours[name] != count}
    print(f"{sum(theirs.values())} samples of {len(theirs)} functions in {module}: {len(wrong)} functions differ {wrong or ''}")
    sys.exit(len(wrong) > 0 or not theirs)
