"""Compares what we read of Nsight Systems exports with `nsys stats` and with the same SQL in Python.

    compare_nsys.py PERFLOOP SAMPLES

For every SAMPLES/NAME.sqlite: time and launches of each kernel, time of each CUDA call, copied
bytes, CPU samples; by plain SQL, and, where nsys' own tables NAME.*_sum.csv are there, by those.
The timeline that `perfloop export` writes has every event, and reads back to the same kernels.
"""
import collections
import csv
import json
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile

from dumped import innermost as ours

failed = 0


def check(what, got, wanted):
    global failed
    if got != wanted:
        failed += 1
        for key in sorted(set(got) | set(wanted)):
            if got.get(key) != wanted.get(key):
                print(f"FAIL {what} {key}: {got.get(key)}, not {wanted.get(key)}")
    else:
        print(f"ok   {what}: {len(wanted)} equal")


def plain(name):
    return re.sub(r"_v\d+$", "", name)


def compare(perfloop, path):
    name = path.stem
    got = ours(perfloop, path)
    db = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
    tables = {row[0] for row in db.execute("select name from sqlite_master where type='table'")}

    def rows(sql):
        return {row[0]: tuple(row[1:]) for row in db.execute(sql)}

    check(f"{name} kernels, SQL", got["gpu_time"], rows(
        "select value, sum(end - start), count(*) from CUPTI_ACTIVITY_KIND_KERNEL "
        "join StringIds on id = shortName group by value"))
    calls = collections.defaultdict(lambda: [0, 0])
    for call, ns, count in db.execute(
            "select value, sum(r.end - r.start), count(*) from CUPTI_ACTIVITY_KIND_RUNTIME r "
            "join StringIds on id = nameId where not exists (select 1 from "
            "CUPTI_ACTIVITY_KIND_RUNTIME o where o.eventClass = 67 and r.eventClass != 67 and "
            "o.correlationId = r.correlationId and o.globalTid = r.globalTid) group by value"):
        calls[plain(call)][0] += ns
        calls[plain(call)][1] += count
    check(f"{name} CUDA calls, SQL", got["cuda_api_time"],
          {call: tuple(cell) for call, cell in calls.items()})
    if "CUPTI_ACTIVITY_KIND_MEMCPY" in tables:
        total, = db.execute("select sum(bytes) from CUPTI_ACTIVITY_KIND_MEMCPY").fetchone()
        more = 0
        if "CUPTI_ACTIVITY_KIND_MEMSET" in tables:
            more, = db.execute("select sum(bytes) from CUPTI_ACTIVITY_KIND_MEMSET").fetchone()
        check(f"{name} bytes, SQL", {"all": sum(cell[0] for cell in got["copied"].values())},
              {"all": total + (more or 0)})
    if "SAMPLING_CALLCHAINS" in tables:
        count, = db.execute("select count(distinct c.id) from SAMPLING_CALLCHAINS c "
                            "join COMPOSITE_EVENTS e on e.id = c.id").fetchone()
        check(f"{name} CPU samples, SQL",
              {"all": sum(cell[0] for cell in got["cpu_samples"].values())}, {"all": count})

    page = path.with_name(f"{name}.cuda_gpu_kern_sum.csv")
    if page.exists():
        wanted = sorted((int(row["Total Time (ns)"]), int(row["Instances"]))
                        for row in csv.DictReader(page.open(newline="")))
        # nsys counts instances of a template apart; a kernel has one name here.
        check(f"{name} kernels, nsys stats",
              {"time": sum(cell[0] for cell in got["gpu_time"].values()),
               "launches": sum(cell[1] for cell in got["gpu_time"].values())},
              {"time": sum(row[0] for row in wanted), "launches": sum(row[1] for row in wanted)})
    page = path.with_name(f"{name}.cuda_api_sum.csv")
    if page.exists():
        wanted = collections.Counter()
        for row in csv.DictReader(page.open(newline="")):
            wanted[plain(row["Name"])] += int(row["Total Time (ns)"])
        check(f"{name} CUDA calls, nsys stats",
              {call: cell[0] for call, cell in got["cuda_api_time"].items()}, dict(wanted))


def compare_timeline(perfloop, path, scratch):
    """The export as JSON: events as the tables have them, arrows that begin and end."""
    out = scratch / "timeline.json"
    subprocess.run([perfloop, "export", "--format", "chrome-trace", path, "-o", out], check=True)
    events = json.loads(out.read_text())["traceEvents"]
    db = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
    tables = {row[0] for row in db.execute("select name from sqlite_master where type='table'")}
    wanted = {}
    for category, table in (("kernel", "KERNEL"), ("gpu_memcpy", "MEMCPY"),
                            ("cuda_sync", "SYNCHRONIZATION")):
        if f"CUPTI_ACTIVITY_KIND_{table}" in tables:
            wanted[category] = db.execute("select count(*), sum(end - start), min(start) from "
                                          f"CUPTI_ACTIVITY_KIND_{table}").fetchone()
    got = {}
    for category in wanted:
        rows = [event for event in events if event.get("cat") == category]
        got[category] = (len(rows), sum(round(event["dur"] * 1000) for event in rows),
                         min(round(event["ts"] * 1000) for event in rows))
    check(f"{path.stem} timeline, SQL", got, wanted)
    begun = {event["id"] for event in events if event["ph"] == "s"}
    ended = {event["id"] for event in events if event["ph"] == "f"}
    check(f"{path.stem} arrows", {"without a begin": len(ended - begun)}, {"without a begin": 0})
    check(f"{path.stem} timeline read back", ours(perfloop, out)["gpu_time"],
          ours(perfloop, path)["gpu_time"])


for sample in sorted(pathlib.Path(sys.argv[2]).glob("*.sqlite")):
    compare(sys.argv[1], sample)
    with tempfile.TemporaryDirectory() as folder:
        compare_timeline(sys.argv[1], sample, pathlib.Path(folder))
sys.exit(1 if failed else 0)
