"""compare_trace.py TRACE: our functions beside a plain reading of the file with Python's json.

Complete events only, each thread's sorted by start and the longest first: a stack of what is still
open gives every event's parent, and a function's self time is its time less its children's.
"""
import collections
import json
import os
import re
import subprocess
import sys


def plain(path):
    threads, own, calls = collections.defaultdict(list), collections.Counter(), collections.Counter()
    for event in json.load(open(path))["traceEvents"]:
        if event["ph"] == "X":
            threads[event["pid"], event["tid"]].append(event)
    for events in threads.values():
        events.sort(key=lambda event: (event["ts"], -event["dur"]))
        stack = []
        for event in events:
            while stack and stack[-1]["ts"] + stack[-1]["dur"] <= event["ts"]:
                stack.pop()
            if stack:
                own[stack[-1]["name"]] -= event["dur"] * 1000
            own[event["name"]] += event["dur"] * 1000
            calls[event["name"]] += 1
            stack.append(event)
    return own, calls


def main():
    path = sys.argv[1]
    own, calls = plain(path)
    table = json.loads(subprocess.run([os.environ["PERFLOOP"], "hot", path, "--by", "function", "--top", "0", "--json"],
                                      check=True, capture_output=True, text=True).stdout)
    assert table["samples"] == sum(calls.values()), (table["samples"], sum(calls.values()))
    ours = collections.Counter()
    for row in table["rows"]:
        ours[row["function"], row["line"]] += row["self"]
    theirs, theirs_calls = collections.Counter(), collections.Counter()
    for name, time in own.items():
        found = re.fullmatch(r"(.*) \((.*):(\d+)\)", name)
        key = (found[1], int(found[3])) if found else (name, None)
        theirs[key] += time
        theirs_calls[key] += calls[name]
    places = {key if key[1] else (key[0], None) for key in ours}
    assert places == set(theirs), places ^ set(theirs)
    for key in theirs:
        mine = (key[0], key[1] or next(line for name, line in ours if name == key[0] and not line))
        assert abs(ours[mine] - theirs[key]) <= theirs_calls[key] * 2 + 1000, (key, ours[mine], theirs[key])
    print(f"{os.path.basename(path)}: {sum(calls.values())} calls of {len(theirs)} functions as Python reads them")


main()
