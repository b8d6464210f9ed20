"""compare_tracemalloc.py SNAPSHOT LIVE.json BLOCKS.json: every line beside Snapshot.statistics.

Run by the Python that took the snapshot: Snapshot.load is the oracle. Its cumulative figures count
a line once for each frame it stands in (a comprehension, a recursion), ours once; where no stack
names a line twice they are equal, too.
"""
import json
import os
import sys
import tracemalloc


def rows_of(path):
    with open(path) as file:
        table = json.load(file)
    return {(row["file"], row["line"]): row for row in table["rows"]}, table["total"]


def main():
    snapshot = tracemalloc.Snapshot.load(sys.argv[1])
    live, total = rows_of(sys.argv[2])
    blocks, count = rows_of(sys.argv[3])
    assert total == sum(trace.size for trace in snapshot.traces), total
    assert count == len(snapshot.traces), count
    once = all(len(set(trace.traceback)) == len(trace.traceback) for trace in snapshot.traces)
    for cumulative in False, True:
        for stat in snapshot.statistics("lineno", cumulative):
            frame = stat.traceback[0]
            file = frame.filename
            key = (os.path.basename(file) if os.path.dirname(file) == os.getcwd() else file), frame.lineno
            if not cumulative or once:
                name = "total" if cumulative else "self"
                assert live[key][name] == stat.size, (key, live[key], stat)
                assert blocks[key][name] == stat.count, (key, blocks[key], stat)
    assert len(live) == len(snapshot.statistics("lineno", True))


main()
