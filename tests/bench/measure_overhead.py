#!/usr/bin/env python3
"""
The cost of measuring, beside hyperfine's.

A small C program is measured in turns by `measure_trees` (the engine of `perfloop measure`, without a
repository around it) and by `hyperfine -N`, both reading its output through a pipe.

    between    time that passes from the end of one run to the start of the next, per run
    inside     what an empty program is reported to take: the tool's own share of a short run
    memory     peak memory reported for a small program, by us and by wait4 in a process that holds
               300 MB when it starts it (what a tool does that spawns from a large process)

    tests/bench/measure_overhead.py build/release/measure_trees [--work-ms 8] [--turns 8]
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

WORK = """
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
    volatile unsigned x = 1;
    for (long i = argc > 1 ? atol(argv[1]) : 0; i > 0; i--)
        x = x * 1664525u + 1013904223u;
    puts("done");
    return 0;
}
"""

# A small program again, after the process that starts it has touched 300 MB.
LARGE_PARENT = """
import os, sys
held = bytearray(300 << 20)
held[::4096] = b"x" * len(held[::4096])
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ,
                     file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
print(os.wait4(pid, 0)[2].ru_maxrss * 1024)
"""


def by_perfloop(driver, trees, command, metric):
    done = subprocess.run(
        [driver, "--metric", metric, "--design", "P", "--budget", "20", "--pairs", "40", *trees, "--",
         *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines = done.stdout.splitlines()
    if len(lines) < 2:
        raise SystemExit(f"{driver}: {done.stderr}")
    facts = json.loads(lines[1])
    facts["runs"] = 2 * facts["attempts"]  # a run here is a unit: `repeat` times the command
    return facts


def alone(driver, trees, command):
    """Wall time of a run, the median of units that hold many runs each; in seconds."""
    done = subprocess.run([driver, "--metric", "wall", "--single", "--budget", "1", *trees, "--",
                           *command], check=True, stdout=subprocess.PIPE, text=True)
    _, value, unit = done.stdout.split()[:3]
    return float(value) * {"ms": 1e-3, "µs": 1e-6}[unit]


def by_hyperfine(command, folder):
    report = folder / "hyperfine.json"
    runs = 60
    start = time.perf_counter()
    subprocess.run(["hyperfine", "-N", "--style", "none", "--warmup", "1", "--runs", str(runs),
                    "--output", "pipe", "--export-json", str(report), " ".join(command)],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall = time.perf_counter() - start
    result = json.loads(report.read_text())["results"][0]
    return {"between": (wall - sum(result["times"]) * (runs + 1) / runs) / (runs + 1),
            "mean": result["mean"]}


def rounds_for(program, seconds):
    """How many rounds take the program about so long."""
    start = time.perf_counter()
    subprocess.run([program, "20000000"], check=True, stdout=subprocess.DEVNULL)
    return str(int(20000000 * seconds / (time.perf_counter() - start)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("driver")
    parser.add_argument("--work-ms", type=float, default=8)
    parser.add_argument("--turns", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "work.c").write_text(WORK)
        program = str(folder / "work")
        subprocess.run(["cc", "-O2", "-o", program, str(folder / "work.c")], check=True)
        trees = [str(folder / "a-1"), str(folder / "b-1")]
        for tree in trees:
            os.mkdir(tree)
        work = [program, rounds_for(program, options.work_ms / 1000)]
        between = {"perfloop": [], "hyperfine": []}
        whole = {"perfloop": [], "hyperfine": []}
        inside = {"perfloop": [], "hyperfine": []}
        for _ in range(options.turns):
            facts = by_perfloop(options.driver, trees, work, "cpu_time")
            between["perfloop"].append((facts["spent_s"] - facts["run_s"]) / facts["runs"])
            other = by_hyperfine(work, folder)
            between["hyperfine"].append(other["between"])
            whole["perfloop"].append(facts["spent_s"] / facts["runs"])
            whole["hyperfine"].append(other["between"] + other["mean"])
            inside["hyperfine"].append(by_hyperfine([program], folder)["mean"])
            inside["perfloop"].append(alone(options.driver, trees, [program]))
        memory = by_perfloop(options.driver, trees, [program], "peak_rss")["after"]
        naive = int(subprocess.run(["python3", "-c", LARGE_PARENT, program], check=True,
                                   stdout=subprocess.PIPE).stdout)

    def line(what, values):
        ours, theirs = (statistics.median(values[tool]) * 1e3 for tool in ("perfloop", "hyperfine"))
        print(f"{what:34} perfloop {ours:6.2f} ms   hyperfine {theirs:6.2f} ms   ratio {ours / theirs:.2f}")

    line(f"between runs of {options.work_ms:g} ms, per run", between)
    line(f"a run of {options.work_ms:g} ms, all in", whole)
    line("inside an empty program's run", inside)
    print(f"{'peak memory of a small program':34} perfloop {memory / 1e6:6.2f} MB   "
          f"wait4 from a 300 MB parent {naive / 1e6:6.2f} MB")


if __name__ == "__main__":
    main()
