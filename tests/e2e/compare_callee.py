"""What is credited to a line, beside a count of our own over the tool's file.

    compare_callee.py speedscope FILE HOT.json SOURCE    every line of SOURCE, from the stacks
    compare_callee.py planted HOT.json SOURCE MARK SHARE LIBRARY...
                                  the line marked PLANTED MARK has SHARE or more in these libraries
"""

import json
import sys
from collections import Counter


def marked(source, mark):
    with open(source) as lines:
        return next(n for n, line in enumerate(lines, 1) if f"PLANTED {mark}" in line)


def rows_of(path, source):
    table = json.load(open(path))
    name = source.rsplit("/", 1)[-1]
    return table, {row["line"]: row for row in table["rows"] if (row["file"] or "").rsplit("/", 1)[-1] == name}


def speedscope(file, hot, source):
    data = json.load(open(file))
    frames = data["shared"]["frames"]
    own = {i for i, frame in enumerate(frames) if (frame.get("file") or "").endswith("/" + source.rsplit("/", 1)[-1])}
    own_self, callee = Counter(), Counter()
    for profile in data["profiles"]:
        for stack in profile["samples"]:
            last = next((i for i in range(len(stack) - 1, -1, -1) if stack[i] in own), None)
            if last is None:
                continue
            (own_self if last == len(stack) - 1 else callee)[frames[stack[last]]["line"]] += 1
    table, rows = rows_of(hot, source)
    each = table["total"] / table["samples"]  # of one sample
    for line in set(own_self) | set(callee) | set(rows):
        row = rows.get(line, {"self": 0})
        for what, want, got in (("self", own_self, row["self"]), ("in callee", callee, row.get("in_callee", 0))):
            assert round(got / each) == want[line], f"line {line} {what}: {got / each}, stacks say {want[line]}"
    print(f"{source}: {len(own_self | callee)} lines equal the stacks, {sum(callee.values())} samples in callees")


def planted(hot, source, mark, share, *libraries):
    table, rows = rows_of(hot, source)
    row = rows[marked(source, mark)]
    part, own = row.get("in_callee", 0) / table["total"], row["self"] / table["total"]
    assert part >= float(share), f"{mark}: {part:.0%} in callees, expected {share}: {row}"
    found = {callee.get("library") for callee in row["callees"]}
    assert found & set(libraries), f"{mark}: {found}, expected one of {libraries}"
    first = row["callees"][0]
    print(f"{mark}: line {row['line']} {own:.0%} self, {part:.0%} in callee {first['function']} ({first.get('library')})")


if __name__ == "__main__":
    {"speedscope": speedscope, "planted": planted}[sys.argv[1]](*sys.argv[2:])
