#!/usr/bin/env python3
"""heaptrack.py PERFLOOP [--events 5000000] [--runs 3]

A recording of a C program of ours by heaptrack, its events repeated, beside heaptrack_print: both read all
of it and sum up by stack. Processor time, the best of the runs, taken in turns.
"""
import argparse
import os
import pathlib
import resource
import subprocess
import tempfile

PROGRAM = pathlib.Path(__file__).parent.parent / "programs/memory/heap.c"


def seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("perfloop")
    options.add_argument("--events", type=int, default=5000000)
    options.add_argument("--runs", type=int, default=3)
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(["gcc", "-g", "-O1", "-o", f"{work}/heap", PROGRAM], check=True)
        subprocess.run(["heaptrack", "-o", f"{work}/run", f"{work}/heap"], check=True, cwd=work,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        (packed,) = pathlib.Path(work).glob("run.*")
        unpack = ["zstd", "-dc"] if packed.suffix == ".zst" else ["gzip", "-dc"]
        text = subprocess.run(unpack + [packed], check=True, capture_output=True).stdout
        lines = [line for line in text.splitlines(True) if line[:2] in (b"+ ", b"- ")]
        large = f"{work}/heaptrack.large"  # not packed: what repeats so would pack beyond our limit
        with open(large, "wb") as out:
            out.write(text if text.endswith(b"\n") else text + b"\n")
            for _ in range(options.events // len(lines)):
                out.write(b"".join(lines))
        rows = [("perfloop", [options.perfloop, "convert", large, f"{work}/a.plp"]),
                ("heaptrack_print", ["heaptrack_print", "-f", large])]
        best = [min(times) for times in zip(*[[seconds(c) for _, c in rows] for _ in range(options.runs)])]
        print(f"{options.events} events, {os.path.getsize(large) >> 20} MB")
        for (name, _), took in zip(rows, best):
            print(f"{took:8.2f} s  {name}, {best[0] / took:.2f}")


main()
