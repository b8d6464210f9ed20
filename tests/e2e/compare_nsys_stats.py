"""Compares what we read of the tables of `nsys stats` with SQL on the export they were printed of.

    compare_nsys_stats.py PERFLOOP FOLDER [SAMPLES]

FOLDER/export.sql is an export of our own making; the other files are what `nsys stats` of 2022.4
and 2023.4 printed of it: by default, and every report of ours in CSV, some in the other notations.
Each is read whole, and each table of it alone. With SAMPLES also the tables that stand beside the exports there.
"""
import collections
import pathlib
import re
import sqlite3
import sys
import tempfile

import dumped

failed = 0
COPIES = {0: "memset", 1: "HtoD", 2: "DtoH", 8: "DtoD", 11: "Unified HtoD", 12: "Unified DtoH"}


def check(what, metric, got, wanted, slack=0):
    global failed
    bad = sorted(name for name in set(got) | set(wanted)
                 if abs(got.get(name, 0) - wanted.get(name, 0)) > slack)
    failed += bool(bad)
    for name in bad:
        print(f"FAIL {what}, {metric}, {name}: {got.get(name)}, not {wanted.get(name)}")
    if not bad:
        print(f"ok   {what}, {metric}: {len(wanted)} equal")


def plain(name):
    """Names of copies and of calls differ between versions and tables."""
    name = re.sub(r"_v\d+$", "", name).strip("[]").replace("CUDA ", "").replace("memcpy ", "")
    name = name.replace("Unified Memory", "Unified")
    return name.replace("Host-to-Device", "HtoD").replace("Device-to-Host", "DtoH")


def wanted_of(db):
    tables = {row[0] for row in db.execute("select name from sqlite_master where type='table'")}

    def sums(sql):
        return {plain(name): cost for name, cost in db.execute(sql)}
    out = {"gpu_time": sums("select value, sum(end - start) from CUPTI_ACTIVITY_KIND_KERNEL join "
                            "StringIds on id = shortName group by 1"),
           "cuda_api_time": sums("select value, sum(end - start) from CUPTI_ACTIVITY_KIND_RUNTIME "
                                 "join StringIds on id = nameId group by 1")}
    if "OSRT_API" in tables:
        out["os_call_time"] = sums("select value, sum(end - start) from OSRT_API join StringIds "
                                   "on id = nameId group by 1")
    if "NVTX_EVENTS" in tables:
        out["nvtx_range_time"] = sums(
            "select coalesce(text, value), sum(end - start) from NVTX_EVENTS left join StringIds "
            "on id = textId where eventType = 59 and end > 0 group by 1")
        out["nvtx_kernel_time"] = {
            f"{around};{kernel}": cost for around, kernel, cost in db.execute(
                "select coalesce(n.text, r.value), k.value, sum(g.end - g.start) from NVTX_EVENTS n "
                "left join StringIds r on r.id = n.textId join CUPTI_ACTIVITY_KIND_RUNTIME c on "
                "c.globalTid = n.globalTid and c.start >= n.start and c.end <= n.end join "
                "CUPTI_ACTIVITY_KIND_KERNEL g on g.correlationId = c.correlationId join StringIds "
                "k on k.id = g.shortName where n.eventType = 59 group by 1, 2")}
    copies, copied = collections.Counter(), collections.Counter()
    for table, kind in (("MEMCPY", "copyKind"), ("MEMSET", "0")):
        if f"CUPTI_ACTIVITY_KIND_{table}" in tables:
            for number, cost, size in db.execute(
                    f"select {kind}, sum(end - start), sum(bytes) from "
                    f"CUPTI_ACTIVITY_KIND_{table} group by 1"):
                copies[COPIES[number]] += cost
                copied[COPIES[number]] += size
    out["gpu_copy_time"], out["copied"] = dict(copies), dict(copied)
    return out


def compare(perfloop, path, what, wanted):
    for metric, rows in dumped.stacks(perfloop, path).items():
        got = collections.Counter()
        for stack, (cost, _) in rows.items():
            if metric.startswith("nvtx"):
                stack = re.sub(r"^\w+:(?=\w+::)", "", stack)  # a domain's name
            got[stack if metric == "nvtx_kernel_time" else plain(stack)] += cost
        slack = 0
        if metric == "copied":  # in thousandths of a megabyte: of all, or of each copy
            slack = 500 * (path.read_text().count("[CUDA ") if "GrdX" in path.read_text() else 1)
        want = wanted[metric]
        if metric == "nvtx_kernel_time":
            # kernels outside of all ranges have an empty one, which is no stack
            got = collections.Counter({s: c for s, c in got.items() if ";" in s})
        check(what, metric, got, want, slack)


def tables_of(text):
    """The tables of a text in CSV, each alone."""
    out = []
    for line in text.splitlines(keepends=True):
        if re.match(r"Time \(%\)|Total \(|Start \(|API Start|NVTX Range", line):
            out.append("")
        if out:
            out[-1] += line
    return out


def compare_folder(perfloop, folder, scratch):
    db = sqlite3.connect(scratch / "export.sqlite")
    db.executescript((folder / "export.sql").read_text())
    db.commit()
    wanted = wanted_of(db)
    for path in sorted(folder.iterdir()):
        if path.name == "export.sql":
            continue
        compare(perfloop, path, path.name, wanted)
        if path.suffix != ".csv":
            continue
        for number, text in enumerate(tables_of(path.read_text()), 1):
            one = scratch / "one.csv"
            one.write_text(text)
            compare(perfloop, one, f"{path.name}, table {number}", wanted)


def compare_samples(perfloop, samples):
    for path in sorted(samples.glob("*.sqlite")):
        db = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
        for table in sorted(samples.glob(f"{path.stem}.*.*")):
            if table.name != path.name:
                compare(perfloop, table, table.name, wanted_of(db))


with tempfile.TemporaryDirectory() as name:
    compare_folder(sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(name))
if len(sys.argv) > 3:
    compare_samples(sys.argv[1], pathlib.Path(sys.argv[3]))
sys.exit(1 if failed else 0)
