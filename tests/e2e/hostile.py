#!/usr/bin/env python3
"""hostile.py FOLDER: files that want something of their reader. Each is refused in a sentence, in time and
memory, and leaves no trace; and the child that reads is in its sandbox."""
import gzip
import os
import pathlib
import pickle
import resource
import shutil
import subprocess
import sys
import time

PERFLOOP, folder = os.environ["PERFLOOP"], pathlib.Path(sys.argv[1])
MARKER = folder / "marker"


class Command:
    def __reduce__(self):
        return os.system, (f"touch {MARKER}",)


def refused(name, words, seconds=20, megabytes=700):
    before = set(folder.rglob("*"))
    start = time.monotonic()
    done = subprocess.run([PERFLOOP, "hot", folder / name], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    took = time.monotonic() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    message = done.stderr.strip()
    assert done.returncode != 0 and words in message and "\n" not in message, (name, done.returncode, message)
    assert took < seconds and peak < megabytes, (name, took, peak)
    assert not MARKER.exists() and set(folder.rglob("*")) == before, (name, set(folder.rglob("*")) - before)
    print(f"{name}: {message[:110]}  ({took:.2f} s, {peak:.0f} MB)")


def write(name, data):
    (folder / name).write_bytes(data)


def pickles():
    for protocol in range(0, 6):
        write(f"code{protocol}.pickle", pickle.dumps(Command(), protocol))
        refused(f"code{protocol}.pickle", "does not load pickles" if protocol else "")
    # What is read as a pickle of line_profiler and tracemalloc is not run either.
    body = pickle.dumps(Command(), 4)[2:]
    for kind, names in (("lprof", b"line_profiler._line_profiler\nLineStats\n"), ("snap", b"tracemalloc\nSnapshot\n")):
        write(f"code.{kind}", b"\x80\x04c" + names + body)
        refused(f"code.{kind}", "")


def bombs():
    zeros = bytes(1 << 20)
    with gzip.open(folder / "bomb.gz", "wb", 9) as out:
        for _ in range(600):
            out.write(zeros)
    refused("bomb.gz", "unpacks to more than")
    write("twice.gz", gzip.compress((folder / "bomb.gz").read_bytes()))
    refused("twice.gz", "")
    if shutil.which("zstd"):
        with open(folder / "bomb.zst", "wb") as out:
            zstd = subprocess.Popen(["zstd", "-q", "-c"], stdin=subprocess.PIPE, stdout=out)
            for _ in range(600):
                zstd.stdin.write(zeros)
            zstd.stdin.close()
            assert zstd.wait() == 0
        refused("bomb.zst", "unpacks to more than")


def not_files():
    os.mkfifo(folder / "pipe.prof")
    refused("pipe.prof", "not a regular file")
    os.symlink("/dev/zero", folder / "zero.prof")
    refused("zero.prof", "not a regular file")
    os.symlink("loop.prof", folder / "loop.prof")
    refused("loop.prof", "loop.prof")
    refused(".", "not a regular file")


def sandbox():
    """Seen from outside, while it reads: system calls filtered, no new rights, two files and the streams."""
    profile, result = folder / "large.folded", folder / "result.plp"
    with open(profile, "w") as out:
        for i in range(400000):
            out.write(f"main;f{i % 977};g{i % 7919};h{i} 1\n")
    child = subprocess.Popen([PERFLOOP, "convert", profile, result])
    seen = set()
    while child.poll() is None:
        try:
            status = pathlib.Path(f"/proc/{child.pid}/status").read_text()
            files = sorted(os.readlink(f"/proc/{child.pid}/fd/{n}") for n in os.listdir(f"/proc/{child.pid}/fd") if int(n) > 2)
        except OSError:
            continue
        if "Seccomp:\t2" in status and "NoNewPrivs:\t1" in status:
            seen.add(tuple(files))
    assert child.returncode == 0 and result.stat().st_size > 1000
    assert seen and all(set(files) <= {str(result)} for files in seen), seen
    print("the reading child: filtered system calls, no new rights, open:", *max(seen, key=len))


pickles()
bombs()
not_files()
if os.environ.get("SANITIZED", "") == "":
    sandbox()
