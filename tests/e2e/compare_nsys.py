"""Compares what we read of Nsight Systems exports with `nsys stats` and with the same SQL in Python.

    compare_nsys.py PERFLOOP SAMPLES

For every SAMPLES/NAME.sqlite: time and launches of each kernel, time of each CUDA call, copied
bytes, CPU samples; by plain SQL, and, where nsys' own tables NAME.*_sum.csv are there, by those.
The timeline that `perfloop export` writes has every event, and reads back to the same kernels.
`dump timeline` is compared with intervals added up here, and all of it is read again with the rows
of each table in a random order.
"""
import collections
import csv
import json
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

from dumped import innermost as ours, stacks

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

    if "CUPTI_ACTIVITY_KIND_KERNEL" in tables:
        check(f"{name} kernels, SQL", got["gpu_time"], rows(
            "select value, sum(end - start), count(*) from CUPTI_ACTIVITY_KIND_KERNEL "
            "join StringIds on id = shortName group by value"))
    calls = collections.defaultdict(lambda: [0, 0])
    for call, ns, count in db.execute(
            "select value, sum(r.end - r.start), count(*) from CUPTI_ACTIVITY_KIND_RUNTIME r "
            "join StringIds on id = nameId where not exists (select 1 from "
            "CUPTI_ACTIVITY_KIND_RUNTIME o where o.eventClass = 67 and r.eventClass != 67 and "
            "o.correlationId = r.correlationId and o.globalTid = r.globalTid) group by value"
            if "CUPTI_ACTIVITY_KIND_RUNTIME" in tables else "select 1, 1, 1 where 0"):
        calls[plain(call)][0] += ns
        calls[plain(call)][1] += count
    check(f"{name} CUDA calls, SQL", got.get("cuda_api_time", {}),
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
    if page.exists() and "gpu_time" in got:
        wanted = sorted((int(row["Total Time (ns)"]), int(row["Instances"]))
                        for row in csv.DictReader(page.open(newline="")))
        # nsys counts instances of a template apart; a kernel has one name here.
        check(f"{name} kernels, nsys stats",
              {"time": sum(cell[0] for cell in got["gpu_time"].values()),
               "launches": sum(cell[1] for cell in got["gpu_time"].values())},
              {"time": sum(row[0] for row in wanted), "launches": sum(row[1] for row in wanted)})
    page = path.with_name(f"{name}.cuda_api_sum.csv")
    if page.exists() and "cuda_api_time" in got:
        wanted = collections.Counter()
        for row in csv.DictReader(page.open(newline="")):
            wanted[plain(row["Name"])] += int(row["Total Time (ns)"])
        check(f"{name} CUDA calls, nsys stats",
              {call: cell[0] for call, cell in got["cuda_api_time"].items()}, dict(wanted))


def compare_timeline(perfloop, path, scratch):
    """The export as JSON: events as the tables have them, arrows that begin and end."""
    db = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
    tables = {row[0] for row in db.execute("select name from sqlite_master where type='table'")}
    if "CUPTI_ACTIVITY_KIND_KERNEL" not in tables:
        return
    out = scratch / "timeline.json"
    subprocess.run([perfloop, "export", "--format", "chrome-trace", path, "-o", out], check=True)
    events = json.loads(out.read_text())["traceEvents"]
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


def compare_ranges(perfloop, path):
    """Without call chains, kernels stand below the ranges that were open where they were launched."""
    db = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
    tables = {row[0] for row in db.execute("select name from sqlite_master where type='table'")}
    if "NVTX_EVENTS" not in tables or "CUDA_CALLCHAINS" in tables:
        return
    ranges = db.execute(
        "select n.start, n.end, n.globalTid, coalesce(n.text, s.value) from NVTX_EVENTS n left "
        "join StringIds s on s.id = n.textId where n.eventType in (59, 60) and n.end is not null "
        "order by n.start, n.end desc").fetchall()
    wanted = collections.defaultdict(lambda: [0, 0])
    for at, tid, kernel, ns in db.execute(
            "select c.start, c.globalTid, s.value, k.end - k.start from CUPTI_ACTIVITY_KIND_KERNEL k "
            "join CUPTI_ACTIVITY_KIND_RUNTIME c on c.correlationId = k.correlationId "
            "join StringIds s on s.id = k.shortName"):
        around = [row[3] for row in ranges if row[2] == tid and row[0] <= at <= row[1]]
        cell = wanted[";".join(around + [kernel])]
        cell[0] += ns
        cell[1] += 1
    check(f"{path.stem} kernels below their ranges, SQL", stacks(perfloop, path)["gpu_time"],
          {stack: tuple(cell) for stack, cell in wanted.items()})


def union(intervals):
    """What they cover, as intervals that do not touch."""
    out = []
    for start, end in sorted(intervals):
        if out and start <= out[-1][1]:
            out[-1][1] = max(out[-1][1], end)
        else:
            out.append([start, end])
    return out


def length(intervals):
    return sum(end - start for start, end in intervals)


def common(left, right):
    """What both cover."""
    out, i, k = [], 0, 0
    while i < len(left) and k < len(right):
        start, end = max(left[i][0], right[k][0]), min(left[i][1], right[k][1])
        if start < end:
            out.append([start, end])
        if left[i][1] < right[k][1]:
            i += 1
        else:
            k += 1
    return out


def work_of(db, tables):
    """{(process, device, stream): {kind: [(start, end, correlation)]}}"""
    found = collections.defaultdict(lambda: collections.defaultdict(list))
    for kind, table in (("kernel", "KERNEL"), ("copy", "MEMCPY"), ("fill", "MEMSET")):
        if f"CUPTI_ACTIVITY_KIND_{table}" in tables:
            for pid, device, stream, start, end, correlation in db.execute(
                    "select globalPid, deviceId, streamId, start, end, correlationId from "
                    f"CUPTI_ACTIVITY_KIND_{table}"):
                found[pid >> 24 & 0xffffff, device, stream][kind].append((start, end, correlation))
    return found


def compare_idle(perfloop, path):
    """Each stream of `dump timeline --json`, as intervals have it."""
    db = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
    tables = {row[0] for row in db.execute("select name from sqlite_master where type='table'")}
    calls = collections.defaultdict(list)
    launched = {}
    for tid, start, end, correlation in db.execute(
            "select globalTid, start, end, correlationId from CUPTI_ACTIVITY_KIND_RUNTIME "
            "order by start desc"):
        calls[tid >> 24 & 0xffffff].append((start, end))
        launched[tid >> 24 & 0xffffff, correlation] = start
    work, wanted = work_of(db, tables), {}
    for (pid, device, stream), kinds in work.items():
        rows = sorted(row for kind in kinds.values() for row in kind)
        busy = union([row[:2] for row in rows])
        gaps = [[a[1], b[0]] for a, b in zip(busy, busy[1:])]
        first = {}
        for row in rows:
            first.setdefault(row[0], row[2])
        others = union([row[:2] for (_, other, number), kinds in work.items() for kind in
                        kinds.values() for row in kind if other == device and number != stream])
        late = [(gap, launched.get((pid, first[gap[1]]))) for gap in gaps]
        wanted[f"{pid} {device} {stream}"] = {
            "busy_ns": length(busy), "idle_ns": length(gaps), "gaps": len(gaps),
            "kernel_ns": length(union([row[:2] for row in kinds["kernel"]])),
            "copy_ns": length(union([row[:2] for row in kinds["copy"]])),
            "kernels": len(kinds["kernel"]), "copies": len(kinds["copy"]),
            "others_ns": length(common(others, gaps)),
            "no call": length(gaps) - length(common(union(calls[pid]), gaps)),
            "unqueued_ns": sum(at - gap[0] for gap, at in late if at and at > gap[0]),
            "queued_ns": sum(length([gap]) for gap, at in late if at and at <= gap[0]),
            "longest": sorted((length([gap]) for gap in gaps), reverse=True)[:5]}
    text = subprocess.run([perfloop, "dump", "timeline", "--json", path], check=True, text=True,
                          capture_output=True).stdout
    got = {}
    for row in json.loads(text)["streams"]:
        name = f"{row['pid']} {row['device']} {row['stream']}"
        row["no call"] = sum(call["ns"] for call in row["host"] if not call["call"])
        row["longest"] = [gap["end_ns"] - gap["start_ns"] for gap in row["longest"]]
        got[name] = {key: row[key] for key in wanted.get(name, {})}
    check(f"{path.stem} streams, intervals", got, wanted)


def shuffle(path, out):
    shutil.copyfile(path, out)
    out.chmod(0o600)
    db = sqlite3.connect(out)
    for view, in db.execute("select name from sqlite_master where type = 'view'").fetchall():
        db.execute(f'drop view "{view}"')
    tables = {row[0] for row in db.execute("select name from sqlite_master where type='table'")}
    for table in tables:
        if table.startswith("CUPTI_ACTIVITY") or table == "NVTX_EVENTS":
            rows = db.execute(f"select * from {table}").fetchall()
            random.Random(table).shuffle(rows)
            db.execute(f"delete from {table}")
            db.executemany(f"insert into {table} values ({','.join('?' * len(rows[0]))})", rows)
    db.commit()
    db.close()


def compare_shuffled(perfloop, path, scratch):
    out = scratch / "shuffled.sqlite"
    shuffle(path, out)
    got = stacks(perfloop, out)
    for metric, rows in stacks(perfloop, path).items():
        check(f"{path.stem} shuffled, {metric}", got.get(metric, {}), rows)
    compare_idle(perfloop, out)


for sample in sorted(pathlib.Path(sys.argv[2]).glob("*.sqlite")):
    compare(sys.argv[1], sample)
    with tempfile.TemporaryDirectory() as folder:
        compare_timeline(sys.argv[1], sample, pathlib.Path(folder))
        compare_ranges(sys.argv[1], sample)
        compare_idle(sys.argv[1], sample)
        compare_shuffled(sys.argv[1], sample, pathlib.Path(folder))
sys.exit(1 if failed else 0)
