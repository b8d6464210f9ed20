"""compare_lprof.py PRINTED WALL.json HITS.json: what we read, beside what line_profiler prints.

PRINTED is `python -m line_profiler --unit 1e-9 FILE`, run where the sources are, so that it prints
every line. Functions that are listed several times are added up, as we do.
"""
import collections
import json
import re
import sys


def printed(path):
    times, hits, totals = (collections.Counter() for _ in range(3))
    file = function = None
    for line in open(path):
        if found := re.match(r"Total time: (\S+) s$", line):
            total = float(found[1])
        elif found := re.match(r"File: (.*)$", line):
            file = found[1]
        elif found := re.match(r"Function: (.*) at line \d+$", line):
            function = found[1]
            totals[file, function] += total
        elif found := re.match(r" *(\d+) +(\d+) +([\d.e+]+) +[\d.e+]+ +[\d.]+ ?", line):
            hits[file, int(found[1]), function] += int(found[2])
            times[file, int(found[1]), function] += float(found[3])
    return times, hits, totals


def rows_of(path):
    with open(path) as file:
        table = json.load(file)
    return {(row["file"], row["line"], row["function"]): row["self"] for row in table["rows"]}


def main():
    times, hits, totals = printed(sys.argv[1])
    wall, counts = rows_of(sys.argv[2]), rows_of(sys.argv[3])
    assert len(times) >= 10, times
    assert counts == hits, (counts, hits)
    assert wall.keys() == times.keys(), (wall, times)
    for key, ns in times.items():
        assert abs(wall[key] - ns) <= 0.1 + abs(ns) * 1e-4, (key, wall[key], ns)
    ours = collections.Counter()
    for (file, _, function), ns in wall.items():
        ours[file, function] += ns
    for key, seconds in totals.items():
        assert abs(ours[key] / 1e9 - seconds) <= 1e-9 + seconds * 1e-4, (key, ours[key], seconds)


main()
