#!/usr/bin/env python3
"""perf.data and the text of `perf script`, a million samples, beside perf and inferno.

usage: perf_readers.py PERFLOOP [--samples 1000000] [--runs 3] [--inferno inferno-collapse-perf]
                       [--srcline-samples 1000] [--limit 60]

Records a Rust (or, without rustc, a C) program of ours with frame pointers and repeats its samples,
in random order, with new times. Processor time, the best of the runs, taken in turns.

Where perf is to find lines it asks one addr2line after the other, so that is done once, with fewer
samples and a limit of seconds, and in time on the clock: what its children use is not counted.
"""
import argparse
import os
import pathlib
import random
import resource
import shutil
import struct
import subprocess
import tempfile
import time

PROGRAMS = pathlib.Path(__file__).parent.parent / "programs/native"
HEADER, SAMPLE, USER_RECORDS = 104, 9, 64


def grow(data, count):
    """The recording with this many samples: the records repeated, the tables behind them moved."""
    _, attrs, _, start, length = struct.unpack_from("<QQQQQ", data, 16)
    kind = struct.unpack_from("<Q", data, attrs + 24)[0]
    time_at = 8 + sum(8 for bit in (16, 0, 1) if kind >> bit & 1)
    out, samples, at = bytearray(), [], start
    while at < start + length:
        record_type, _, size = struct.unpack_from("<IHH", data, at)
        record = data[at:at + size]
        if record_type == SAMPLE:
            samples.append(record)
        elif record_type < USER_RECORDS:
            out += record
        at += size
    now = max(struct.unpack_from("<Q", record, time_at)[0] for record in samples)
    random.seed(1)
    for i in range(count):
        record = bytearray(random.choice(samples))
        struct.pack_into("<Q", record, time_at, now + i * 1000)
        out += record
    tables = bytearray(data[start + length:])
    for i in range(bin(int.from_bytes(data[72:HEADER], "little")).count("1")):
        offset, size = struct.unpack_from("<QQ", tables, 16 * i)
        struct.pack_into("<QQ", tables, 16 * i, offset + len(out) - length, size)
    head = bytearray(data[:start])
    struct.pack_into("<Q", head, 48, len(out))
    return bytes(head + out + tables)


def seconds(command, out=os.devnull):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(out, "w") as stdout:
        subprocess.run(command, stdout=stdout, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def clock(command, limit):
    start = time.monotonic()
    try:
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=limit)
    except subprocess.TimeoutExpired:
        pass
    return time.monotonic() - start


def srclines(options, work, recording):
    data = f"{work}/few.data"
    pathlib.Path(data).write_bytes(grow(recording, options.srcline_samples))
    print(f"{options.srcline_samples} samples, on the clock, at most {options.limit} s:")
    for name, command in (
            ("perfloop", [options.perfloop, "convert", data, f"{work}/c.plp"]),
            ("perf report --sort srcline", ["perf", "report", "-i", data, "--sort", "srcline", "--stdio"]),
            ("perf script -F +srcline", ["perf", "script", "-i", data, "-F", "+srcline"])):
        took = clock(command, options.limit)
        print(f"{took:8.2f} s  {name}{', stopped' if took >= options.limit else ''}", flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("perfloop")
    options.add_argument("--samples", type=int, default=1000000)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--inferno", default="build/tools/bin/inferno-collapse-perf")
    options.add_argument("--srcline-samples", type=int, default=1000)
    options.add_argument("--limit", type=float, default=60)
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as work:
        data, text, program = f"{work}/perf.data", f"{work}/perf.txt", f"{work}/work"
        if subprocess.run(["rustc", "-g", "-O", "-C", "force-frame-pointers=yes", "-o", program,
                           PROGRAMS / "work.rs"], capture_output=True).returncode:
            subprocess.run(["gcc", "-g", "-O1", "-fno-omit-frame-pointer", "-o", program,
                            PROGRAMS / "work.c"], check=True)
        subprocess.run(["perf", "record", "-q", "-N", "-e", "cpu-clock", "-F", "997", "-g", "-o", data,
                        program], check=True, stdout=subprocess.DEVNULL)
        recording = pathlib.Path(data).read_bytes()
        pathlib.Path(data).write_bytes(grow(recording, options.samples))
        script = ["perf", "script", "-i", data, "--no-inline"]
        rows = [("perf.data: perfloop, with lines and inlines",
                 [options.perfloop, "convert", data, f"{work}/a.plp"], os.devnull),
                ("plain perf script, no lines", script, text),
                ("text: perfloop, with lines and inlines",
                 [options.perfloop, "convert", text, f"{work}/b.plp"], os.devnull)]
        if shutil.which(options.inferno):
            rows.append(("inferno-collapse-perf", [options.inferno, "--nthreads", "1", text],
                         os.devnull))
        best = [min(times) for times in
                zip(*[[seconds(c, out) for _, c, out in rows] for _ in range(options.runs)])]
        print(f"{os.path.getsize(data) >> 20} MB perf.data, {os.path.getsize(text) >> 20} MB text")
        for (name, _, _), took in zip(rows, best):
            print(f"{took:8.2f} s  {name}", flush=True)
        if options.srcline_samples:
            srclines(options, work, recording)


main()
