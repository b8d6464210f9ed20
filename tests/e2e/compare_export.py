"""Writes profiles as speedscope and folded, reads those again, and compares each stack's cost.

    compare_export.py PERFLOOP FILE...
"""
import collections
import pathlib
import re
import subprocess
import sys
import tempfile

import dumped

failed = 0


def plain(stack):
    """Folded stacks have no `;` in names, and neither notation says what was inlined."""
    return re.sub(r" \(inlined\)(?=;|$)", "", stack).replace(";", ":")


def sums(rows):
    out = collections.Counter()
    for stack, (cost, _) in rows.items():
        out[plain(stack)] += cost
    return {stack: cost for stack, cost in out.items() if cost}


def compare(perfloop, path, scratch):
    global failed
    wanted = {metric: sums(rows) for metric, rows in dumped.stacks(perfloop, path).items()}
    done = 0
    for metric, rows in wanted.items():
        for kind in ("speedscope", "folded"):
            out = scratch / f"out.{kind}"
            said = subprocess.run([perfloop, "export", "--format", kind, "--metric", metric, path,
                                   "-o", out], capture_output=True, text=True)
            if said.returncode:
                if "no stacks" in said.stderr:
                    print(f"ok   {path.name}: {said.stderr.strip()}")
                    return
                failed += 1
                print(f"FAIL {path.name} {kind}: {said.stderr.strip()}")
                continue
            if kind == "folded":
                rows = {stack or "[unknown]": cost for stack, cost in rows.items()}
            got = next(iter(map(sums, dumped.stacks(perfloop, out).values())), {})
            bad = [stack for stack in set(rows) | set(got) if rows.get(stack) != got.get(stack)]
            failed += bool(bad)
            for stack in sorted(bad)[:3]:
                print(f"FAIL {path.name} {metric} {kind}, {stack}: {got.get(stack)}, "
                      f"not {rows.get(stack)}")
            done += len(rows)
    print(f"ok   {path.name}: {len(wanted)} metrics, {done} stacks")


with tempfile.TemporaryDirectory() as name:
    for file in sys.argv[2:]:
        compare(sys.argv[1], pathlib.Path(file), pathlib.Path(name))
sys.exit(1 if failed else 0)
