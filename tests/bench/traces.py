#!/usr/bin/env python3
"""traces.py [--trace-mb 500] [--pprof-samples 300000] [--runs 3] [--program build/release/perfloop]

(1) A Chrome trace as viztracer writes it, complete events in the order in which they end: time, and
the memory that is not the mapped input (RssAnon, polled). (2) A pprof profile beside `go tool pprof
-top`. Tools run in turns; the best processor time counts.
"""
import argparse
import os
import pathlib
import random
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
SCRATCH = ROOT / "build" / "bench"

sys.path.insert(0, str(ROOT / "tests" / "lib"))
from proto_writer import field, varint  # noqa: E402


def run(argv):
    """Processor seconds, wall seconds and peak of anonymous memory in MB."""
    start, anonymous = time.monotonic(), 0
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        done, status, usage = os.wait4(child.pid, os.WNOHANG)
        if done:
            break
        try:
            for line in open(f"/proc/{child.pid}/status"):
                if line.startswith("RssAnon:"):
                    anonymous = max(anonymous, int(line.split()[1]) / 1024)
        except OSError:
            pass
        time.sleep(0.002)
    assert status == 0, argv
    return usage.ru_utime + usage.ru_stime, time.monotonic() - start, anonymous


def best(tools, runs):
    out = {}
    for _ in range(runs):
        for name, argv in tools:
            result = run(argv)
            out[name] = tuple(map(min, result[:2], out.get(name, result)[:2])) + (max(result[2], out.get(name, result)[2]),)
    return out


def make_trace(path, megabytes):
    rnd, stack, now, written = random.Random(1), [], 3270999380.0, 0
    names = [f"module{i % 40}.function_{i} (/home/user/project/src/package/module{i % 40}.py:{10 + i})" for i in range(800)]
    with open(path, "w") as out:
        out.write('{"traceEvents":[')
        while written < megabytes * 1000000:
            now += rnd.random() * 3
            if len(stack) < 3 or (len(stack) < 9 and rnd.random() < 0.5):
                stack.append((now, names[(len(stack) * 26 + rnd.randrange(4)) % 800]))
            else:
                start, name = stack.pop()
                written += out.write(f'{{"pid":27754,"tid":27754,"ts":{start:.3f},"ph":"X","dur":{now - start:.3f},'
                                     f'"name":"{name}","cat":"FEE"}},')
        while stack:
            start, name = stack.pop()
            out.write(f'{{"pid":27754,"tid":27754,"ts":{start:.3f},"ph":"X","dur":{now - start:.3f},'
                      f'"name":"{name}","cat":"FEE"}}' + ("," if stack else ""))
        out.write('],"viztracer_metadata":{"overflow":false}}')


def make_pprof(path, samples):
    rnd = random.Random(2)
    texts = ["", "samples", "count", "cpu", "nanoseconds"] + [f"main.function{i}" for i in range(3000)]
    texts += [f"/home/user/project/file{i}.go" for i in range(60)]
    with open(path, "wb") as out:
        out.write(field(1, field(1, 1) + field(2, 2)) + field(1, field(1, 3) + field(2, 4)))
        stacks = [[1]]
        for _ in range(samples):  # a stack before, cut somewhere, and some calls more
            old = stacks[rnd.randrange(len(stacks))]
            stack = old[: rnd.randrange(len(old) // 2, len(old)) + 1][:40] + [rnd.randrange(6000) + 1 for _ in range(rnd.randrange(1, 4))]
            if len(stacks) < 20000:
                stacks.append(stack)
            path_of = b"".join(varint(place) for place in reversed(stack))
            out.write(field(2, field(1, path_of) + field(2, varint(1) + varint(10000000))))
        for i in range(1, 6001):
            lines = b"".join(field(4, field(1, 1 + (i * 7 + k) % 3000) + field(2, 10 + i % 900)) for k in range(1 + i % 3))
            out.write(field(4, field(1, i) + field(3, 0x1000 + 16 * i) + lines))
        for i in range(3000):
            out.write(field(5, field(1, i + 1) + field(2, 5 + i) + field(3, 5 + i) + field(4, 3005 + i % 60)))
        for text in texts:
            out.write(field(6, text.encode()))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trace-mb", type=int, default=500)
    parser.add_argument("--pprof-samples", type=int, default=300000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--program", default=ROOT / "build/release/perfloop")
    args = parser.parse_args()
    SCRATCH.mkdir(parents=True, exist_ok=True)
    result, trace, pprof = SCRATCH / "out.plp", SCRATCH / "trace.json", SCRATCH / "profile.pb"
    make_trace(trace, args.trace_mb)
    ours = best([("perfloop", [args.program, "convert", trace, result])], args.runs)["perfloop"]
    print(f"(1) Chrome trace of {trace.stat().st_size / 1e6:.0f} MB: {ours[0]:.2f} s of processor time, {ours[1]:.2f} s, "
          f"{ours[2]:.0f} MB of memory, {result.stat().st_size / 1e6:.1f} MB of them the profile")
    trace.unlink()
    make_pprof(pprof, args.pprof_samples)
    both = best([("perfloop", [args.program, "convert", pprof, result]),
                 ("go tool pprof", ["go", "tool", "pprof", "-top", "-symbolize=none", pprof])], args.runs)
    print(f"(2) pprof, {args.pprof_samples} samples, {pprof.stat().st_size / 1e6:.1f} MB")
    for name, (cpu, wall, _) in both.items():  # pprof is a child of `go tool`: its memory was not seen
        print(f"  {name:<14} {cpu:.2f} s of processor time, {wall:.2f} s; perfloop takes "
              f"{both['perfloop'][0] / cpu:.2f} times as long")
    pprof.unlink()


main()
