"""compare_pprof.py FILE: what `perfloop hot` says, beside `go tool pprof -top`, metric by metric.

pprof joins functions of one name, so ours are joined before they are compared. Code without names
is one row of pprof's ("<unknown>", or the mapping); there only the sum is compared.
"""
import collections
import json
import os
import re
import subprocess
import sys

UNITS = {"ns": ("ns", 1), "bytes": ("B", 1)}


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


def number(text):
    return float(re.match(r"-?[0-9.]+(e[+-]?\d+)?", text).group(0))


def pprof_rows(path, index, unit):
    text = run("go", "tool", "pprof", "-top", "-symbolize=none", "-nodecount=100000000", "-nodefraction=0",
               "-edgefraction=0", f"-sample_index={index}", f"-unit={unit}", path)
    rows, joined, inside = {}, collections.Counter(), False
    for line in text.splitlines():
        if inside:
            flat, _, _, cum, _, name = line.split(None, 5)
            name = name.removesuffix(" (inline)").removesuffix(" (partial-inline)")
            name = re.sub(r"::h[0-9a-f]{16}$", "", name)  # Rust's hash, which we do not show
            own, whole = rows.get(name, (0, 0))
            rows[name] = (own + number(flat), whole + number(cum))
            joined[name] += 1
        inside = inside or line.split()[:2] == ["flat", "flat%"]
    assert rows, text
    return rows, joined


def sample_types(path):
    text = run("go", "tool", "pprof", "-raw", "-symbolize=none", path)
    after = text[text.index("Samples:") :].splitlines()[1]
    return [part.removesuffix("[dflt]").split("/") for part in after.split()]


def ours_of(path, metric):
    table = json.loads(run(os.environ["PERFLOOP"], "hot", path, "--by", "function", "--top", "0", "--json",
                           "--metric", metric))
    flat, cum, seen = collections.Counter(), {}, collections.Counter()
    for row in table["rows"]:
        flat[row["function"]] += row["self"]
        seen[row["function"]] += 1
        cum[row["function"]] = row["total"]
    return table, flat, cum, seen


def compare(path, index, name, unit):
    table, flat, cum, seen = ours_of(path, name)
    theirs, joined = pprof_rows(path, index, {"ns": "nanoseconds", "bytes": "bytes"}.get(table["unit"], unit))
    total = sum(row[0] for row in theirs.values())
    assert table["total"] == sum(flat.values()), path
    assert abs(total - table["total"]) <= len(theirs), (path, name, total, table["total"])
    named = 0
    for function, (own, whole) in theirs.items():
        if function not in flat:
            assert function.startswith(("<unknown>", "[", "0")), (path, name, function)
            continue
        named += 1
        assert abs(flat[function] - own) <= 1, (path, name, function, flat[function], own)
        if seen[function] == joined[function] == 1:
            assert abs(cum[function] - whole) <= 1, (path, name, function, cum[function], whole)
    print(f"{os.path.basename(path)} {name}: total {table['total']} {table['unit']} and {named} functions as in pprof")


def main():
    for path in sys.argv[1:]:
        for index, (name, unit) in enumerate(sample_types(path)):
            compare(path, index, name, unit)


main()
