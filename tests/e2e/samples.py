"""Every recording in samples/ (but the GPU's), read by perfloop, against the figures of its INDEX.md.

    samples.py PERFLOOP SAMPLES

A figure without a note is INDEX.md's; "naive" ones are computed here from the file by a few lines that
share nothing with our readers. A file that INDEX.md lists and no table here knows is a failure.
"""
import collections
import json
import pathlib
import re
import subprocess
import sys

PERFLOOP, SAMPLES = sys.argv[1], pathlib.Path(sys.argv[2])
ANY = -1  # figures beside the total are enough
GPU = ("ncu/", "nsys/", "nvidia-smi-dmon/")

# file: metric, total, rows of lines or functions: (place, what is asked of it, figure).
# A place is FILE:LINE, or the name of a function. Totals of None are checked naively below.
EXPECTED = {
    # perf report -n of linux-perf 6.1 where it can read them; those of perf 6.16 as tests/unit/test_perf_data.c
    "perf/sleep.data": [("cycles", 668601, [])],
    "perf/sleep.compressed.data": [("cycles", 2201546, [])],
    "perf/sleep.compressed2.data": [("cycles", 692634, [])],
    "perf/sleep.compressed.pipe.data": [("cycles", 2171147, [("[kernel]", "samples", 8)])],
    "perf/sleep.compressed2.pipe.data": [("cycles", 4949523, [])],
    "perf/true.v2.perf.data": [("cpu-clock", 250000, [("[ld-2.17.so]", "samples", 1)])],
    # 8 samples; perf report -n of linux-perf 6.1 says 7 in the kernel, 1 in the program
    "perf/rust_dwarf_5.15.perf.data": [("cycles", 40417512, [("[kernel*]", "samples", 7)])],
    "folded/perf-rust-Yamakaky-dcpu-collapsed-all.txt": [("samples", 6850637, [])],
    "folded/cpp-stacks-std-function-collapsed.txt": [("samples", None, [])],
    "folded/single-event-collapsed.txt": [("samples", None, [])],
    "heaptrack/here_c.folded": [("samples", 102, [("leak (work.c)", "self", 100)])],
    "perf-script/perf-rust-Yamakaky-dcpu.txt": [("cycles", 6850637, [("*PartialOrd*::lt", "self", 596862)])],
    "perf-script/perf-dd-stacks-01.txt": [("cpu-clock", None, [])],
    "perf-script/perf-java-stacks-02.txt": [("cycles", None, [])],
    "perf-script/perf-cycles-instructions-01.txt": [("cycles", None, []), ("instructions", None, [])],
    "perf-script/rust-mangled.linux-perf.txt": [("task-clock", None, [])],
    "perf-script/simple.linux-perf.txt": [("cpu-clock", None, [("beta", "samples", 1)])],
    "perf-script/simple-with-header.linux-perf.txt": [("cpu-clock", None, [])],
    "perf-script/simple-with-pid.linux-perf.txt": [("cpu-clock", None, [])],
    "perf-script/inferno_cpp-stacks-std-function.txt": [("cycles", 80567950, [])],  # inferno's own result
    "perf-script/inferno_go-stacks.txt": [("cpu-clock", None, [("runtime.growslice", "self", 500000)])],
    "perf-script/inferno_java-inline.txt": [("cpu-clock", None, [])],
    "perf-script/inferno_weird-stack-line.txt": [("cpu-clock", None, [])],
    "perf-script/inferno_single-event.txt": [("cpu-clock", 10101010, [])],  # inferno's own result
    "perf-script/inferno_versioned-vmlinux.txt": [("cycles", None, [])],
    "perf-script/here_rust_fp.script.txt": [("cpu-clock", None, [])],
    "perf-script/here_rust_dwarf.srcline.script.txt": [("cpu-clock", None, [
        ("main.rs:7", "samples", 28), ("main.rs:15", "present", 1), ("main.rs:34", "present", 1),
        ("main.rs:45", "present", 1)])],
    "perf-script/here_c_fp.srcline.script.txt": [("cpu-clock", None, [])],
    "heaptrack/heaptrack.david.18594.gz": [
        ("allocations", 2896, []), ("peak", 996970, []), ("leaked", 30463, [])],
    "heaptrack/heaptrack.embedded_lsan_suppressions.84207.zst": [
        ("allocations", 5, [("embedded_lsan_suppressions.c:60", "self", 1)])],
    "heaptrack/heaptrack.test_sysroot.expected": [
        ("allocations", 3, [("lib.cpp:23", "total", 1), ("test_lib.cpp:13", "present", 1)]),
        ("allocated", 73760, [])],
    "heaptrack/here_c.zst": [
        ("allocations", 102, [("work.c:17", "self", 100), ("work.c:28", "total", 100)]),
        ("allocated", 5248000, [("work.c:17", "self", 5171200)]), ("peak", 2735104, []),
        ("leaked", 2564096, [])],
    "heaptrack/here_rust.zst": [
        ("allocations", 145421, []), ("allocated", 4590748, []), ("peak", 105156, []), ("leaked", 544, [])],
    "dhat/here_valgrind_c.json": [
        ("allocated", 5175296, [("work.c:17", "self", 5171200)]), ("allocations", 101, [])],
    "dhat/here_valgrind_c_fullpath.json": [
        ("allocated", 5175296, [("work.c:17", "self", 5171200)]), ("allocations", 101, [])],
    "dhat/here_valgrind_rust.json": [
        ("allocated", 4518044, [("main.rs:24", "present", 1)]), ("allocations", 145420, [])],
    "dhat/here_dhat_rs.json": [("allocated", 95696, [("lib.rs:10", "present", 1)]), ("allocations", 520, [])],
    "dhat/yt-dhat-example.json": [("allocated", 1101, []), ("allocations", 3, [])],
    "dhat/rust-memory-playground.json": [("allocated", 1029, []), ("allocations", 2, [])],
    "callgrind/here.c.callgrind.out": [
        ("instructions", 705335012, [("hot", "self", 700001400), ("work.c:5", "self", 150000000)])],
    # INDEX.md has the line "summary:", 2 more than the costs of the file and its line "totals:"
    "callgrind/here.rust.callgrind.out": [("instructions", 678230837, [("work::hot", "self", None)])],
    # by hand: the sums of their few cost lines
    "callgrind/speedscope.cfn-reset.log": [("instructions", 40, [("alpha", "self", 10), ("alpha.c:1", "self", 30)])],
    "callgrind/speedscope.example.log": [("instructions", 820, [("file2.c:20", "self", 700)])],
    "callgrind/speedscope.multiple-event-types.log": [
        ("Time", 8200, [("file2.c:20", "self", 7000)]), ("Memory", 38000, [])],
    "callgrind/speedscope.name-compression.log": [("instructions", 820, [("file2.c:20", "self", 700)])],
    "callgrind/speedscope.subposition-compression.log": [("instructions", 820, [("file2.c:20", "self", 700)])],
    # pprof -callgrind wrote it; its own test has 1120 ms, of which line1000 1100 ms
    "callgrind/pprof.cpu.call_tree.callgrind": [("cpu", 1120000000, [("line1000", "self", 1100000000)])],
    "line_profiler/lp.py.lprof": [
        ("wall", None, [("lp.py:13", "self", 13942791), ("lp.py:12", "self", 8008396),
                        ("lp.py:20", "self", 24588373), ("lp.py:25", "self", 471527)]),
        ("hits", None, [("lp.py:13", "self", 39900), ("lp.py:25", "self", 465)])],
    "line_profiler/bwthur.lprof": [
        ("wall", None, [("main.py:22", "self", 55400)]), ("hits", None, [("main.py:22", "self", 28)])],
    "line_profiler/CollinIGreen.lprof": [
        ("wall", None, [("main.py:18", "self", 1900)]), ("hits", None, [("main.py:18", "self", 1)])],
    "memray/here-work.csv": [("peak", 6343296, [("work.py:29", "self", 3212896)])],
    # naive: sums of the events' costs, by the first function of their chains
    "memray/here-work.gprof2dot.json": [
        ("peak", 6343296, [("<listcomp>", "self", 3212896), ("iterencode", "self", 3086885)])],
    # its own total_bytes_allocated and total_num_allocations
    "memray/here-work.stats.json": [
        ("allocated", 12852908, [("encoder.py:258", "self", 8758085)]), ("allocations", 282, [])],
    "memray/vscode-flamegraph.example.csv": [("peak", 411072404, [("main.py:8", "self", 321937408)])],
    "py-spy/vscode-flamegraph.raw.txt": [
        ("samples", 129, [("main.py:9", "self", 55), ("main.py:10", "self", 31), ("main.py:8", "self", 20)])],
    "py-spy/cs336.speedscope.json": [("cpu", None, [])],
    "viztracer/here_1.1.1.json": [("wall", 16003902, [("<module>", "total", 16003902)])],
    "viztracer/tests_fib.json": [("wall", None, [])],
    "viztracer/tests_multithread.json": [("wall", None, [("run", "present", 1)])],
    "viztracer/tests_old.json": [("wall", None, [])],
    "viztracer/tests_vdb_basic.json": [("wall", None, [])],
    "tracing-chrome/here.json": [
        ("wall", None, [("load", "samples", 12), ("item", "samples", 10), ("parse", "samples", 5),
                        ("main.rs:10", "present", 1), ("main.rs:14", "present", 1), ("main.rs:5", "present", 1)])],
    # totals: "Total samples = 7.12s" and so on of go tool pprof -top
    "pprof/cppbench.cpu.legacy": [("samples", 712, []), ("cpu", 7120000000, [])],
    "pprof/go.crc32.cpu": [("samples", 211, []), ("cpu", 2110000000, [])],
    "pprof/sample.cpu.pb.gz": [("cpu", 1760000000, [])],
    "pprof/pyroscope_cpu.pb.gz": [("cpu", 470000000, [("runtime.kevent", "self", 250000000)])],
    "pprof/pyroscope_cpu-js.pb.gz": [("wall", 8849000000, [("index.js:22", "self", 7363000000)])],
    "pprof/simple.prof": [
        ("cpu", 1500000000, [("simple.go:11", "self", 480000000), ("simple.go:18", "self", 390000000)])],
    "pprof/rust_pprof-rs_brainfuckvm.pb": [("cpu", 4250000000, [("__umodti3", "self", 2890000000)])],
    "pprof/rust_risc0_fibonacci.pb": [("cycles", 3412, [("memcpy", "self", 392)])],
    "pprof/rust_pprof-rs_example.pb": [("cpu", 320, [("*is_prime_number1", "self", 183)])],
    "speedscope/0.0.1_simple.speedscope.json": [("weight", 14, [("b", "self", 5), ("c", "self", 5), ("d", "self", 4)])],
    "speedscope/0.1.2_simple-sampled.speedscope.json": [("time", None, [])],
    "speedscope/0.6.0_two-sampled.speedscope.json": [("time", None, [])],
    # by hand, from their few events
    "chrome-trace/speedscope_simple.json": [("wall", 14000, [("gamma", "self", 5000), ("epsilon", "self", 4000)])],
    "chrome-trace/speedscope_simple-partial.json": [("wall", 14000, [("gamma", "self", 5000)])],
    "chrome-trace/speedscope_simple-partial-trailing-comma.json": [("wall", 14000, [("gamma", "self", 5000)])],
    "chrome-trace/speedscope_simple-object.json": [("wall", 14000, [("beta", "self", 8000)])],
    "chrome-trace/speedscope_multiprocess.json": [("wall", None, [("alpha", "self", 1000)])],
    "chrome-trace/speedscope_matching-x.json": [("wall", None, [("alpha", "self", 8000)])],
    "chrome-trace/speedscope_x-events-matching-start.json": [("wall", None, [("alpha", "self", 12000)])],
    "chrome-trace/speedscope_zero-duration-events.json": [("wall", None, [("A", "self", 10000)])],
    "chrome-trace/speedscope_event-reordering-name-match.json": [("wall", None, [("gamma", "self", 1000)])],
    "chrome-trace/speedscope_too-many-end-events.json": [("wall", None, [("beta", "self", 12000)])],
    # what is not closed ends with the last event; what reaches over its parent's end is cut there; an
    # end that names an outer event closes what is inside it
    "chrome-trace/speedscope_not-enough-end-events.json": [("wall", 11000, [("A", "self", 11000)])],
    "chrome-trace/speedscope_only-begin-events.json": [("wall", 2000, [("A", "self", 1000), ("B", "self", 1000)])],
    "chrome-trace/speedscope_invalid-x-nesting.json": [("wall", 10000, [("alpha", "self", 5000)])],
    "chrome-trace/speedscope_unbalanced-name.json": [("wall", 9000, [("beta", "self", 8000)])],
    # 158 and 1 events of these names (naive)
    "chrome-trace/hta_simple_add.json.gz": [("wall", ANY, [("cudaLaunchKernel", "samples", 158)])],
    "chrome-trace/hta_triton_example.json.gz": [("wall", ANY, [("ProfilerStep#1", "samples", 1)])],
    "speedscope/invalid_incomplete-trace.json": [("weight", 100, [("A", "self", 100)])],
    "speedscope/invalid_out-of-order-events.json": [("weight", 3, [("A", "self", 3)])],
}
REFUSED = {  # with a sentence that has these words
    "perf/true.v1.perf.data": "perf.data of the first kind (PERFFILE)",
    "heaptrack/heaptrack.test_sysroot.raw": "a raw heaptrack file: run it through heaptrack_interpret first",
    "heaptrack/here_c.raw.zst": "a raw heaptrack file: run it through heaptrack_interpret first",
    "heaptrack/here_c.print.txt": "not a profile perfloop knows",
    "memray/here-work.parse.txt": "not a profile perfloop knows",
}
# `dump samples` FOLDER: benchmark, mean in nanoseconds (mean of estimates.json, naive)
CRITERION = ("criterion/here_0.3.6", "criterion/book")


def units(value):
    """Our sums of nanoseconds are whole numbers."""
    return round(value)


def naive_folded(path, metric):
    lines = path.read_text().splitlines()
    return sum(int(line.rsplit(" ", 1)[1]) for line in lines if line.strip())


# comm pid/tid [cpu] time: period event:
SAMPLE = re.compile(r"^\S.*?\s+\d+(?:/\d+)?\s+(?:\[\d+\]\s+)?[\d.]+:\s+(?:(\d+)\s+)?([\w-]+)")


def naive_perf_script(path, metric):
    total = 0
    for line in path.read_text().splitlines():
        found = None if line[:1] in "#\t " else SAMPLE.match(line)
        if found and found[2] == metric:
            total += int(found[1] or 1)
    return total


def naive_speedscope(path, metric):
    scale = {"seconds": 1e9, "milliseconds": 1e6, "microseconds": 1e3}
    profiles = json.loads(path.read_text())["profiles"]
    return units(sum(sum(p["weights"]) * scale.get(p["unit"], 1) for p in profiles))


def naive_trace(path, metric):
    """Time in which anything was open, thread by thread."""
    data = json.loads(path.read_text())
    spans, open_at = collections.defaultdict(list), collections.defaultdict(list)
    for event in data if isinstance(data, list) else data["traceEvents"]:
        thread = (event.get("pid"), event.get("tid"))
        if event["ph"] == "X":
            spans[thread].append((event["ts"], event["ts"] + event.get("dur", event.get("tdur", 0))))
        elif event["ph"] == "B":
            open_at[thread].append(event["ts"])
        elif event["ph"] == "E" and open_at[thread]:
            spans[thread].append((open_at[thread].pop(), event["ts"]))
    total = 0
    for of_thread in spans.values():
        end = float("-inf")
        for low, high in sorted(of_thread):
            total += max(0, high - max(low, end))
            end = max(end, high)
    return total * 1000


NAIVE = {
    "folded": naive_folded, "perf script": naive_perf_script, "speedscope": naive_speedscope,
    "Chrome trace": naive_trace,
}


def hot(file, metric, by):
    command = [PERFLOOP, "hot", str(SAMPLES / file), "--json", "--all", "--top", "0", "--by", by]
    run = subprocess.run(command + (["--metric", metric] if metric else []), capture_output=True, text=True)
    return run.returncode, json.loads(run.stdout) if run.stdout else {"message": run.stderr}


def is_there(row, place):
    if re.search(r":\d+$", place):
        file, line = place.rsplit(":", 1)
        return (row["file"] or "").split("/")[-1] == file and row["line"] == int(line)
    if "*" in place:
        return re.fullmatch(".*".join(map(re.escape, place.split("*"))), row["function"] or "") is not None
    return row["function"] == place


def check_place(file, metric, place, what, figure):
    by = "line" if re.search(r":\d+$", place) else "function"
    rows = [row for row in hot(file, metric, by)[1]["rows"] if is_there(row, place)]
    if not rows:
        return f"no {place}"
    got = 1 if what == "present" else sum(row[what] for row in rows)
    return None if figure is None or got == figure else f"{what} of {place} is {got}, not {figure}"


def check_file(file):
    for metric, total, places in EXPECTED[file]:
        status, answer = hot(file, metric, "function")
        if status or "total" not in answer:
            yield answer.get("message")
            continue
        naive = NAIVE.get(answer["profile"]["format"])
        if total is None and naive:
            total = naive(SAMPLES / file, metric)
            if abs(total - answer["total"]) > max(1, len(answer["rows"])):
                yield f"total of {metric} is {answer['total']}, naively {total}"
        elif total not in (None, ANY) and answer["total"] != total:
            yield f"total of {metric} is {answer['total']}, not {total}"
        for place in places:
            wrong = check_place(file, metric, *place)
            if wrong:
                yield wrong


def check_refusal(file):
    status, answer = hot(file, "", "line")
    if status == 0 or REFUSED[file] not in answer.get("message", ""):
        yield f"it should be refused with '{REFUSED[file]}': {answer}"


def check_criterion(folder):
    """The mean that we print is that of estimates.json, in its digits."""
    said = subprocess.run([PERFLOOP, "dump", "samples", str(SAMPLES / folder)], capture_output=True, text=True).stdout
    scale = {"ns": 1, "µs": 1e3, "ms": 1e6}
    found = 0
    for estimates in (SAMPLES / folder).rglob("new/estimates.json"):
        data = json.loads(estimates.read_text())
        mean = (data.get("mean") or data.get("Mean"))["point_estimate"]
        name = json.loads((estimates.parent / "benchmark.json").read_text())["full_id"]
        line = next((line for line in said.splitlines() if line.startswith(f"benchmark {name}:")), "")
        printed = re.search(r"mean ([\d.]+) (\S+),", line)
        found += 1
        if not printed or abs(float(printed[1]) * scale[printed[2]] / mean - 1) > 0.006:
            yield f"mean of {name} is {mean}, we say: {line}"
    if not found:
        yield "no results there"


def listed():
    """The files of INDEX.md that no GPU wrote."""
    for line in (SAMPLES / "INDEX.md").read_text().splitlines():
        found = re.match(r"\| ([\w.+-]+/[^ |]+)[ |]", line)
        if found and not found[1].startswith(GPU):
            yield found[1]


def main():
    wrong, checked = [], 0
    for file in listed():
        if file in EXPECTED:
            problems = check_file(file)
        elif file in REFUSED:
            problems = check_refusal(file)
        elif file.startswith("criterion/") or re.search(r"\.(py|rs|c)$", file):
            continue  # below; sources of the programs
        else:
            problems = ["no figures for it here"]
        wrong += [f"{file}: {problem}" for problem in problems]
        checked += 1
    for folder in CRITERION:
        wrong += [f"{folder}: {problem}" for problem in check_criterion(folder)]
        checked += 1
    print("\n".join(wrong + [f"{checked} recordings, {len(wrong)} differences"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
