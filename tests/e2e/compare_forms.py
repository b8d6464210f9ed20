#!/usr/bin/env python3
"""compare_forms.py FOLDER: every form in which a format is written says the same.

A small profile in each format, and the same in its other versions, encodings and packings; what
`perfloop hot` prints of each must equal what it prints of the first.
"""
import gzip
import json
import marshal
import os
import pathlib
import pickle
import shutil
import subprocess
import sys
import types

PERFLOOP, folder = os.environ["PERFLOOP"], pathlib.Path(sys.argv[1])
ROOT = pathlib.Path(__file__).parent.parent
HAS_ZSTD = shutil.which("zstd") is not None


def rows_of(data, name):
    path = folder / name
    path.write_bytes(data)
    done = subprocess.run([PERFLOOP, "hot", path, "--top", "0", "--json", "--by", "function"],
                          capture_output=True, text=True)
    assert done.returncode == 0, (name, done.stderr)
    table = json.loads(done.stdout)
    rows = sorted((r["file"] or "", r["line"], r["function"], r["self"], r["total"]) for r in table["rows"])
    assert rows, (name, done.stdout)
    return table["unit"], rows


def compare(format_name, forms):
    (first, data), *others = forms.items()
    want = rows_of(data, f"{format_name}.{first}")
    for form, data in others:
        got = rows_of(data, f"{format_name}.{form}")
        assert got == want, f"{format_name}, {form}:\n{got}\n{first}:\n{want}"
    print(f"{format_name}: {', '.join(forms)}")


def packings(data):
    forms = {"gzip": gzip.compress(data), "gzip in two parts": gzip.compress(data[:20]) + gzip.compress(data[20:])}
    if HAS_ZSTD:
        forms["zstd"] = subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout
    return forms


def texts(text):
    """The encodings and line ends that tools and shells make of a text."""
    plain = text.encode()
    return {"plain": plain, "CRLF": text.replace("\n", "\r\n").encode(), "no last line end": plain.rstrip(b"\n"),
            "UTF-8 with mark": b"\xef\xbb\xbf" + plain, "UTF-16": b"\xff\xfe" + text.encode("utf-16-le"),
            "UTF-16, big": b"\xfe\xff" + text.encode("utf-16-be"), **packings(plain)}


# ---------------------------------------------------------------- texts

compare("folded", texts("main;run;hot 30\nmain;run 4\nmain;été 2\n"))
compare("py-spy raw", {**texts("main (a.py:1);hot (src/a.py:9) 30\nmain (a.py:2) 4\n"),
                       "comments and blank lines": b"# py-spy\n\nmain (a.py:1);hot (src/a.py:9) 30\n\nmain (a.py:2) 4\n"})
SCRIPT = """work 7/7  1.5:    1003009 cpu-clock:
\t    1212 hot+0x22 (/gone/work)
\t    1300 main+0x10 (/gone/work)

work 7/7  1.6:    1003009 cpu-clock:
\t    1214 cold+0x24 (/gone/work)
\t    1300 main+0x10 (/gone/work)

"""
compare("perf script", {**texts(SCRIPT), "without thread": SCRIPT.replace("7/7", "7").encode(),
                        "with cpu": SCRIPT.replace("7/7 ", "7/7 [001]").encode(),
                        "header": b"# ========\n# captured on: today\n# ========\n#\n" + SCRIPT.encode(),
                        "without offsets": SCRIPT.replace("+0x22", "").replace("+0x24", "").encode()})
CSV = ("allocator,num_allocations,size,tid,thread_name,stack_trace\n"
       "MALLOC,3,3000,1,,hot;a.py;9|main;a.py;20\nCALLOC,1,64,1,,main;a.py;20\n")
compare("memray csv", texts(CSV))

LONG = """# callgrind format
version: 1
creator: x
positions: line
events: Ir
fl=/src/a.c
fn=main
16 20
cfn=hot
calls=1 7
16 400
18 5
fn=hot
7 100
8 250
9 50
"""
SHORT = """version: 1
positions: line
events: Ir
fl=(1) /src/a.c
fn=(1) main
16 20
cfn=(2) hot
calls=1 -9
* 400
+2 5
fn=(2)
7 100
+1 250
+1 50
totals: 825
"""
compare("callgrind", {**texts(LONG), "compressed": SHORT.encode(), **{f"compressed, {k}": v for k, v in packings(SHORT.encode()).items()},
                      "instructions": LONG.replace("positions: line", "positions: instr line").replace("calls=1 7", "calls=1 0x40 7")
                      .replace("\n16 ", "\n0x10 16 ").replace("\n18 ", "\n+4 18 ").replace("\n7 ", "\n0x40 7 ")
                      .replace("\n8 ", "\n+4 8 ").replace("\n9 ", "\n+4 9 ").encode(),
                      "two parts": LONG.encode() + b"\npart: 2\nevents: Ir\n",
                      "jumps": LONG.replace("7 100\n", "jump=3 9\n7\njcnd=1/2 8\n7\n7 100\n").encode()})

# ---------------------------------------------------------------- JSON

frames = [{"name": "main", "file": "a.py", "line": 1}, {"name": "hot", "file": "a.py", "line": 9}]
sampled = {"type": "sampled", "name": "t", "unit": "milliseconds", "startValue": 0, "endValue": 40,
           "samples": [[0, 1], [0]], "weights": [30, 10]}
evented = {"type": "evented", "name": "t", "unit": "milliseconds", "startValue": 0, "endValue": 40, "events": [
    {"type": "O", "frame": 0, "at": 0}, {"type": "O", "frame": 1, "at": 0}, {"type": "C", "frame": 1, "at": 30},
    {"type": "C", "frame": 0, "at": 40}]}
SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def speedscope(profile, **keys):
    return json.dumps({"$schema": SCHEMA, **keys, "shared": {"frames": frames}, "profiles": [profile]}).encode()


compare("speedscope", {"sampled": speedscope(sampled, exporter="py-spy@0.4.2"), "evented": speedscope(evented),
                       "version 0.0.1": speedscope(sampled, version="0.0.1"), "version 0.6.0": speedscope(evented, version="0.6.0"),
                       "seconds": speedscope({**sampled, "unit": "seconds", "weights": [0.03, 0.01]}),
                       "indented": json.dumps(json.loads(speedscope(sampled)), indent=2).encode(),
                       "mark": b"\xef\xbb\xbf" + speedscope(sampled), **packings(speedscope(sampled))})

place = {"args": {"filename": "a.py", "line": 9}}
main_place = {"args": {"filename": "a.py", "line": 1}}
common = {"pid": 1, "tid": 1, "cat": "py-spy"}
begin_end = [{**common, "ph": "B", "name": "main", "ts": 0, **main_place}, {**common, "ph": "B", "name": "hot", "ts": 0, **place},
             {**common, "ph": "E", "name": "hot", "ts": 30000, **place}, {**common, "ph": "E", "name": "main", "ts": 40000, **main_place}]
complete = [{**common, "ph": "X", "name": "hot", "ts": 0, "dur": 30000, **place},
            {**common, "ph": "X", "name": "main", "ts": 0, "dur": 40000, **main_place}]
array = json.dumps(begin_end).encode()
compare("Chrome trace", {"array": array, "object": json.dumps({"traceEvents": begin_end, "displayTimeUnit": "ns"}).encode(),
                         "complete": json.dumps(complete).encode(), "truncated": array[:-1], "comma": array[:-1] + b",",
                         "comma and end": array[:-1] + b",\n]", "line by line": b"[\n" + b",\n".join(json.dumps(e).encode() for e in begin_end),
                         "last event cut": array[:-1] + b', {"ph": "B", "na', "nameless ends": array.replace(b'"ph": "E", "name": "hot"', b'"ph": "E"'),
                         "reversed": json.dumps(complete[::-1]).encode(), "mark": b"\xef\xbb\xbf" + array,
                         **packings(array)})

# ---------------------------------------------------------------- Python's


def module_class(path, name, state):
    """An object whose pickle names this class: PATH.NAME with this state."""
    parts = path.split(".")
    for i in range(len(parts)):
        sys.modules.setdefault(".".join(parts[:i + 1]), types.ModuleType(parts[i]))
    made = type(name, (), {"__module__": path, "__qualname__": name})
    setattr(sys.modules[path], name, made)
    value = made()
    value.__dict__.update(state)
    return value


timings = {("a.py", 3, "hot"): [(4, 10, 3000000), (5, 9, 1000000)], ("a.py", 9, "main"): [(10, 1, 4100000)]}
lprof = {}
for path in ("line_profiler._line_profiler", "line_profiler.line_profiler"):
    value = module_class(path, "LineStats", {"timings": timings, "unit": 1e-9})
    for protocol in (2, 3, 4, 5):
        lprof[f"{path.split('.')[1]} protocol {protocol}"] = pickle.dumps(value, protocol)
micro = {key: [(line, hits, time // 1000) for line, hits, time in rows] for key, rows in timings.items()}
lprof["microseconds"] = pickle.dumps(module_class(path, "LineStats", {"timings": micro, "unit": 1e-6}), 4)
compare("line_profiler", lprof)

traced = [(0, 4096, (("a.py", 9), ("a.py", 20)), 2), (0, 64, (("a.py", 20),), 1)]
saved = {name: sys.modules.pop(name, None) for name in ("tracemalloc",)}
snaps = {}
for label, traces in (("3.9", traced), ("3.8", [trace[:3] for trace in traced])):
    for protocol in (2, 3, 4, 5):
        inner = module_class("tracemalloc", "_Traces", {"_traces": traces})
        snapshot = module_class("tracemalloc", "Snapshot", {"traces": inner, "traceback_limit": 25})
        snaps[f"of {label}, protocol {protocol}"] = pickle.dumps(snapshot, protocol)
compare("tracemalloc", snaps)

hot, main = ("a.py", 3, "hot"), ("a.py", 9, "main")
stats = {hot: (10, 10, 0.03, 0.03, {main: (10, 10, 0.03, 0.03)}), main: (1, 1, 0.01, 0.04, {})}
compare("cProfile", {f"marshal {version}": marshal.dumps(stats, version) for version in (4, 3, 2, 1, 0)})

# ---------------------------------------------------------------- others

packed = (ROOT / "profiles/heaptrack/here_c.zst").read_bytes()
if HAS_ZSTD:
    plain = subprocess.run(["zstd", "-dc"], input=packed, capture_output=True, check=True).stdout
    compare("heaptrack", {"zstd": packed, "plain": plain, "gzip": gzip.compress(plain)})
for name in ("dhat/crate.json", "perf_data/two_events.data"):
    data = (ROOT / "profiles" / name).read_bytes()
    compare(name.split("/")[0], {"plain": data, **packings(data)})
