#!/usr/bin/env python3
"""readers.py [--folded-mb 500] [--json-mb 100] [--runs 3] [--program build/release/perfloop]

(a) folded stacks beside `wc -l` and inferno-flamegraph, (b) speedscope JSON beside a plain jansson
load and Python's json. Each tool runs RUNS times on the same generated file, in turns; the best
processor time (user + system, of the whole process) counts, because it is what a busy machine
changes least. Ours includes writing the profile file. inferno comes from the Rust registry:
cargo install inferno --root build/tools.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
SCRATCH = ROOT / "build" / "bench"


def run(argv, stdin=None):
    """Wall seconds, processor seconds and peak memory in MB of one run."""
    start = time.monotonic()
    with open(stdin or os.devnull, "rb") as source:
        child = subprocess.Popen(argv, stdin=source, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{argv[0]}: failed with {status}")
    wall = time.monotonic() - start
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def compare(title, path, tools, runs):
    size = path.stat().st_size / 1e6
    best = {}
    for _ in range(runs):
        for name, argv, stdin in tools:
            result = run(argv, stdin)
            best[name] = tuple(map(min, result, best.get(name, result)))
    print(f"{title}: {size:.0f} MB")
    ours = best["perfloop"][1]
    for name, (wall, cpu, memory) in best.items():
        print(f"  {name:<18} {size / cpu:7.0f} MB/s of processor time, {size / wall:6.0f} MB/s of wall "
              f"time, {memory:6.0f} MB of memory; perfloop takes {ours / cpu:.2f} times as long")


def folded(args, kind):
    path = SCRATCH / f"{kind}-{args.folded_mb}.folded"
    make(kind, args.folded_mb, path)
    want = subprocess.run(["awk", "{ sum += $NF } END { print sum }"], stdin=open(path),
                          capture_output=True, text=True, check=True).stdout.strip()
    got = subprocess.run([args.program, "hot", path, "--json", "--top", "1"], capture_output=True,
                         text=True, check=True).stdout
    if f'"total":{want},' not in got:
        sys.exit(f"the total is not {want}: {got[:300]}")
    tools = [("perfloop", [args.program, "convert", path, SCRATCH / "out.plp"], None),
             ("wc -l", ["wc", "-l", path], None)]
    inferno = ROOT / "build/tools/bin/inferno-flamegraph"
    if inferno.exists():
        tools.append(("inferno-flamegraph", [inferno], path))
    else:
        print("inferno is not there: cargo install inferno --root build/tools")
    compare(f"(a) folded stacks, {kind} lines" if kind == "shuffled" else "(a) folded stacks, sorted",
            path, tools, args.runs)
    path.unlink()


def speedscope(args):
    path = SCRATCH / f"speedscope-{args.json_mb}.json"
    make("speedscope", args.json_mb, path)
    loader = SCRATCH / "jansson_load"
    subprocess.run(["cc", "-O2", "-o", loader, HERE / "jansson_load.c", "-ljansson"], check=True)
    compare("(b) speedscope JSON", path,
            [("perfloop", [args.program, "convert", path, SCRATCH / "out.plp"], None),
             ("jansson load", [loader, path], None),
             ("python json", [sys.executable, "-c",
                              "import json, sys; json.load(open(sys.argv[1]))", path], None)],
            args.runs)
    path.unlink()


def make(kind, megabytes, path):
    subprocess.run([sys.executable, HERE / "make_profiles.py", kind, str(megabytes), path], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folded-mb", type=int, default=500)
    parser.add_argument("--json-mb", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--program", default=ROOT / "build/release/perfloop")
    args = parser.parse_args()
    SCRATCH.mkdir(parents=True, exist_ok=True)
    os.environ["XDG_CACHE_HOME"] = str(SCRATCH / "cache")
    folded(args, "folded")
    folded(args, "shuffled")
    speedscope(args)
    (SCRATCH / "out.plp").unlink()


main()
