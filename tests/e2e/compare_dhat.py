"""compare_dhat.py PERFLOOP FILE: totals and lines of each metric beside the file read by Python.

The line that pays is the innermost one that does not only hand memory out.
"""
import collections
import json
import re
import subprocess
import sys

KEYS = {"peak": "gb", "allocated": "tb", "allocations": "tbk", "leaked": "eb", "read": "rb",
        "written": "wb"}
ALLOCATORS = re.compile(r"((c|m|re)alloc|__r\w+|operator new.*|<?alloc::alloc::.*)$")
FRAME = re.compile(r"(?:0x[0-9A-Fa-f]+: )?(.*?)(?: \((?:in (.*)|(.*?):(\d+)(?::\d+)?)\))?$")


def main():
    perfloop, file = sys.argv[1:]
    data = json.load(open(file))
    frames = [FRAME.match(text).groups() for text in data["ftbl"]]
    for metric, key in KEYS.items():
        if metric in ("read", "written") and not data["bkacc"]:
            continue
        want = collections.Counter()
        for point in data["pps"]:
            stack = [frames[at] for at in point["fs"]]
            while len(stack) > 1 and ALLOCATORS.match(stack[0][0]):
                stack.pop(0)
            _, _, path, line = stack[0]
            if path:
                want[path, int(line)] += point[key]
        command = [perfloop, "hot", file, "--top", "0", "--json", "--metric", metric]
        table = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        assert table["total"] == sum(point[key] for point in data["pps"]), (metric, table["total"])
        got = collections.Counter({(row["file"], row["line"]): row["self"] for row in table["rows"]})
        assert +got == +want, (file, metric, +got - +want, +want - +got)
        print(file.split("/")[-1], metric, table["total"])


main()
