"""compare_pstats.py PROF WALL.json CALLS.json HOTSPOTS: what we read, beside what pstats says.

Run by the Python that wrote the profile: its own marshal and pstats are the oracle.
"""
import collections
import json
import pstats
import re
import sys


def rows_of(path):
    with open(path) as file:
        table = json.load(file)
    rows = {(row["file"], row["line"], row["function"]): row for row in table["rows"]}
    assert len(rows) == len(table["rows"])
    return table, rows


def main():
    prof, wall, calls, hotspots = sys.argv[1:]
    stats = pstats.Stats(prof)
    table, times = rows_of(wall)
    _, counts = rows_of(calls)
    assert len(times) == len(stats.stats), (len(times), len(stats.stats))
    total = 0
    for (file, line, name), (_, calls_of, self_s, total_s, _) in stats.stats.items():
        row = times[file, line, name]
        total += row["self"]
        assert abs(row["self"] - self_s * 1e9) <= 1, (name, row, self_s)
        assert abs(row["total"] - total_s * 1e9) <= 1, (name, row, total_s)
        assert row["samples"] == calls_of, (name, row, calls_of)
        assert counts[file, line, name]["self"] == calls_of
    assert table["total"] == total
    assert abs(total - stats.total_tt * 1e9) <= len(times)

    want = collections.Counter()
    for (_, _, callee), (_, _, _, _, callers) in stats.stats.items():
        for (_, _, caller), (calls_of, _, _, _) in callers.items():
            want[caller, callee] += calls_of
    got = collections.Counter()
    with open(hotspots) as file:
        edges = file.read().split("\ncalls ")[1]
    for count, caller, callee in re.findall(r"^\d+ x(\d+) (.*) -> (.*)$", edges, re.M):
        got[caller, callee] += int(count)
    assert got == want, (got - want, want - got)


main()
