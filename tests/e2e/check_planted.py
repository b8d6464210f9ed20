"""check_planted.py SOURCE line|function POINTS TABLE: planted lines come first, with the shares planted.

TABLE is what `perfloop hot --json --top 0` prints. `# planted NAME WEIGHT` stands on the planted lines; rows
on lines with `# calls` only lead there. `function`: the tool knows functions, not lines, so a row stands
where the planted line's function begins; a comprehension was a function of its own before Python 3.12.
POINTS: how far a share may be off, in percent of what is on planted lines.
"""

import json
import re
import sys

source, by, points, table = sys.argv[1:]
lines = open(source).read().splitlines()
rows = [row for row in json.load(open(table))["rows"] if row["file"] == source]


def begin(number):
    while not lines[number - 1].lstrip().startswith("def "):
        number -= 1
    return number


planted = {}
for number, line in enumerate(lines, 1):
    found = re.search(r"# planted (\w+) (\d+)$", line)
    if found:
        name, weight = found[1], int(found[2])
        at = {number} if by == "line" else {begin(number)}
        if name == "COMPREHENSION":
            at.add(number)
        planted[name] = weight, at

first = [row for row in rows if not lines[row["line"] - 1].endswith("# calls")][: len(planted)]
got = {name: sum(row["self"] for row in first if row["line"] in at) for name, (_, at) in planted.items()}
weights = sum(weight for weight, _ in planted.values())
total = sum(got.values())
print("  ", {name: "%.1f %%, planted %.1f %%" % (100 * got[name] / max(1, total), 100 * planted[name][0] / weights) for name in planted})
assert all(got.values()), (got, first)
for name, (weight, _) in planted.items():
    assert abs(100 * got[name] / total - 100 * weight / weights) < float(points), name
assert max(got, key=got.get) == "SELF"
