#!/usr/bin/env python3
"""gpu_readers.py PERFLOOP SAMPLES [--nsys-mb 1000] [--ncu-mb 200] [--runs 1]

A grown nsys export beside the same SQL in Python's sqlite3, and a grown .ncu-rep beside a plain
decoder of it in Python, which adds up the samples of each instruction and knows no source lines.
Processor time and peak memory of the whole process, and how much of that is its own, beside mapped
files. perfloop's time and memory for a tenth of the export show what grows with the rows; its
export as a timeline is compared with its reading. The files lie under /tmp and are removed.
"""
import argparse
import collections
import os
import pathlib
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import typing

import grow_gpu


def plain_nsys(path):
    db = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
    found = collections.defaultdict(lambda: [0, 0])
    stacks = {(tid >> 24 & 0xffffff, correlation): chain for tid, correlation, chain in db.execute(
        "select globalTid, correlationId, callchainId from CUPTI_ACTIVITY_KIND_RUNTIME")}
    names = dict(db.execute("select id, value from StringIds"))
    for start, end, pid, correlation, name in db.execute(
            "select start, end, globalPid, correlationId, shortName from "
            "CUPTI_ACTIVITY_KIND_KERNEL"):
        cell = found[names[name], stacks.get((pid >> 24 & 0xffffff, correlation))]
        cell[0] += end - start
        cell[1] += 1
    return sum(cell[0] for cell in found.values())


def fields(data):
    """(number, value) of a protobuf message; bytes for what has a length."""
    at, size = 0, len(data)

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
    while at < size:
        key = varint()
        wire = key & 7
        if wire == 0:
            yield key >> 3, varint()
        elif wire == 2:
            length = varint()
            yield key >> 3, data[at:at + length]
            at += length
        else:
            length = 8 if wire == 1 else 4
            yield key >> 3, data[at:at + length]
            at += length


def plain_ncu(path):
    data = memoryview(path.read_bytes())
    at = 8 + struct.unpack_from("<I", data, 4)[0]
    strings, results = [], []
    while at < len(data):
        size, = struct.unpack_from("<I", data, at)
        header = dict(fields(data[at + 4:at + 4 + size]))
        strings += [bytes(text).decode() for number, text in fields(header.get(4, b""))
                    if number == 1]
        at += 4 + size
        end = at + header.get(5, 0)
        for kind in [0] * header.get(1, 0) + [1] * header.get(2, 0):
            size, = struct.unpack_from("<I", data, at)
            if kind:
                results.append(data[at + 4:at + 4 + size])
            at += 4 + size
        at = end
    wanted = {i for i, name in enumerate(strings) if name == "smsp__pcsamp_sample_count"}
    found = collections.Counter()
    for result in results:
        for number, metric in fields(result):
            if number != 13:
                continue
            parts = list(fields(metric))
            if dict(parts)[1] not in wanted:
                continue
            for part, element in parts:
                if part == 3:
                    pair = dict(fields(element))
                    address, value = dict(fields(pair[1])), dict(fields(pair[2]))
                    found[next(iter(address.values()))] += next(iter(value.values()))
    return sum(found.values())


def own_memory(pid):
    """Anonymous memory of a process now, in MB."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in status.splitlines()
               if line.startswith("RssAnon")) / 1024


class Used(typing.NamedTuple):
    seconds: float
    memory: float  # MB at its peak
    own: float     # anonymous
    said: str


def run(argv):
    """What one run used, and the beginning of what it wrote."""
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(argv, stdout=out)
        own = 0.0
        while True:
            done, status, usage = os.wait4(child.pid, os.WNOHANG)
            if done:
                break
            own = max(own, own_memory(child.pid))
            time.sleep(0.01)
        if status:
            sys.exit(f"{argv}: failed with {status}")
        out.seek(0)
        return Used(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, own,
                    out.read(4096).decode())


def total(perfloop, path, metric):
    """Of the profile that perfloop made."""
    text = subprocess.run([perfloop, "hot", "--json", "--top", "1", "--metric", metric, path],
                          check=True, capture_output=True, text=True).stdout
    return int(text.split('"total":')[1].split(",")[0])


def compare(args, kind, path, folder, metric):
    ours = [args.perfloop, "convert", path, folder / "out.plp"]
    plain = [sys.executable, __file__, args.perfloop, args.samples, "--plain", kind, path]
    best = [min(run(argv) for _ in range(args.runs)) for argv in (ours, plain)]
    size = path.stat().st_size / 1e6
    print(f"{kind}: {size:.0f} MB; perfloop {best[0].seconds:.2f} s, {best[0].memory:.0f} MB "
          f"({best[0].own:.0f} its own); Python {best[1].seconds:.2f} s, {best[1].memory:.0f} MB; "
          f"perfloop takes {best[0].seconds / best[1].seconds:.2f} times as long and "
          f"{best[0].memory / best[1].memory:.2f} times the memory", flush=True)
    if args.check:
        got, wanted = total(args.perfloop, path, metric), int(best[1].said)
        print(f"  {metric}: {got}, Python {wanted}")
        if got != wanted:
            sys.exit("they differ")
    return best[0]


def measure_nsys(args, folder):
    path, small = folder / "grown.sqlite", folder / "tenth.sqlite"
    sample = args.samples / "nsys/power_iteration.sqlite"
    grow_gpu.grow_nsys(sample, small, args.nsys_mb * 10**5)
    tenth = run([args.perfloop, "convert", small, folder / "out.plp"])
    small.unlink()
    grow_gpu.grow_nsys(sample, path, args.nsys_mb * 10**6)
    ours = compare(args, "nsys", path, folder, "gpu_time")
    print(f"  ten times the rows: {ours.seconds / tenth.seconds:.1f} times the time, "
          f"{ours.memory / tenth.memory:.2f} times the memory ({tenth.memory:.0f} MB before)")
    idle = run([args.perfloop, "dump", "timeline", path])
    print(f"  dump timeline: {idle.seconds:.2f} s, {idle.memory:.0f} MB")
    trace = run([args.perfloop, "export", "--here", path])
    print(f"  export as Chrome's trace: {trace.seconds:.2f} s, {trace.memory:.0f} MB; "
          f"{trace.seconds / ours.seconds:.2f} times as long as reading it", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("perfloop")
    parser.add_argument("samples", type=pathlib.Path)
    parser.add_argument("--nsys-mb", type=int, default=1000)
    parser.add_argument("--ncu-mb", type=int, default=200)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--check", action="store_true", help="and compare the sums")
    parser.add_argument("--plain", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.plain:
        reader = {"nsys": plain_nsys, "ncu": plain_ncu}[args.plain[0]]
        print(reader(pathlib.Path(args.plain[1])))
        return
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = pathlib.Path(name)
        if args.ncu_mb:
            path = folder / "grown.ncu-rep"
            grow_gpu.grow_ncu(args.samples / "ncu/branch.ncu-rep", path, args.ncu_mb * 10**6)
            compare(args, "ncu", path, folder, "gpu_samples")
            path.unlink()
        if args.nsys_mb:
            measure_nsys(args, folder)


main()
