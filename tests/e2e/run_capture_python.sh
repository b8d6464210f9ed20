#!/usr/bin/env bash
# ctest-labels: slow
# perfloop profile with the real py-spy, cProfile, line_profiler, tracemalloc, memray and viztracer, on programs
# whose hot lines were planted: self, in a callee, recursive, in a comprehension, a closure and a generator;
# memory that is alive at the peak, kept, temporary, or only asked for. Then what can go wrong.
set -eu
. tools/deps.sh
need_venv build/venv tests/requirements.txt
programs=tests/programs/planted
. tests/e2e/capture_lib.sh
export PATH=$source_root/build/venv/bin:$PATH
check=$source_root/tests/e2e/check_planted.py

shapes() { # line|function POINTS WORKLOAD OPTIONS...: the planted lines come first
    local by=$1 points=$2 workload=$3
    shift 3
    echo "$workload $*"
    profile "$workload" "$@" >/dev/null
    "$PERFLOOP" hot --workload "$workload" --json --top 0 >"$scratch/hot.json"
    python "$check" shapes.py "$by" "$points" "$scratch/hot.json" || fail "$workload $*"
    nothing_left
}
line_of() { # FILE MARK
    grep -n "# $2\$" "$1" | cut -d: -f1
}
memory() { # WORKLOAD TOOL METRIC=MARK...: for each metric the planted line is the first
    local workload=$1 tool=$2 pair top
    shift 2
    echo "$workload --with $tool"
    for pair in "$@"; do
        "$PERFLOOP" hot --workload "$workload" --metric "${pair%=*}" --json --top 1 >"$scratch/hot.json"
        top=$(python -c 'import json, sys; t = json.load(sys.stdin); r = t["rows"][0]; print("%s:%d" % (r["file"], r["line"]), r["self"], t["unit"])' <"$scratch/hot.json")
        echo "   ${pair%=*}: $top"
        [ "${top%% *}" = "memory.py:$(line_of memory.py "${pair#*=}")" ] || fail "$tool ${pair%=*}: not the line ${pair#*=}"
    done
    nothing_left
}

# Points: what a busy machine does to 1.2 seconds by the clock; a sampler at 500 Hz has an error of 1 or 2 by itself.
shapes line 10 sampled --with py-spy --rate 500
shapes function 10 shapes --with cprofile
shapes line 10 shapes --with line_profiler
shapes function 10 shapes --with viztracer
for tool in line_profiler viztracer; do
    by=line
    [ $tool = line_profiler ] || by=function
    shapes $by 10 bench --with $tool
    shapes $by 10 tests --with $tool
done
grep -q pytest "$scratch/hot.json" || fail "tests: pytest itself is missing in the trace of a run without a harness"

for workload in memory memory_bench; do
    profile $workload --with memray >/dev/null
    memory $workload memray peak=PEAK leaked=LEAKED temporary=TEMPORARY allocated=ALLOCATED
    # Small objects are seen in a benchmark's one call, elsewhere when asked for.
    [ $workload = memory ] && memory $workload memray allocations=ALLOCATED || memory $workload memray allocations=BLOCKS
    profile $workload --with tracemalloc >/dev/null
    memory $workload tracemalloc peak=PEAK live=LEAKED blocks=BLOCKS
done
profile memory --with memray --python-allocators >/dev/null
memory memory memray allocations=BLOCKS

echo "native frames stand in one stack with the Python line that calls them"
one_stack() { # METRIC-OPTIONS...
    "$PERFLOOP" hot --workload native --json --top 0 "$@" >"$scratch/hot.json"
    python - "$(line_of native.py NATIVE)" "$scratch/hot.json" <<'PY'
import json, sys
table = json.load(open(sys.argv[2]))
line = next(row for row in table["rows"] if row["file"] == "native.py" and row["line"] == int(sys.argv[1]))
native = sum(row["self"] for row in table["rows"] + [{"self": table["unmapped"]}] if not row.get("file", "").endswith(".py"))
print("   %(file)s:%(line)d self %(self)d total %(total)d" % line, "of", table["total"], table["unit"], "in native code", native)
assert line["total"] > 0.8 * table["total"], line
assert line["self"] < 0.2 * line["total"], line
assert native > 0.7 * table["total"], native
PY
}
profile native --with py-spy --native --rate 200 >/dev/null
one_stack || fail "py-spy --native"
profile native --with memray --native >/dev/null
one_stack --metric allocated || fail "memray --native"
nothing_left

echo "what cannot be done is one sentence"
for tool in line_profiler tracemalloc memray viztracer; do
    expect_error "the benchmark failed with status 7 under $tool: nothing to do" "$PERFLOOP" profile fails --with $tool
    expect_error "$tool runs only what Python starts" "$PERFLOOP" profile shell --with $tool
done
for tool in line_profiler memray viztracer; do
    expect_error "$tool is not installed for /usr/bin/python3: " env PATH=/usr/bin:/bin "$PERFLOOP" profile bare --with $tool
done
for tool in line_profiler tracemalloc memray viztracer; do
    expect_error "the benchmark command ran no benchmark" "$PERFLOOP" profile no_benchmark --with $tool
done
expect_error "viztracer wrote no profile: the program replaced itself, or left Python" "$PERFLOOP" profile leaves --with viztracer
expect_error "viztracer sees no native frames" "$PERFLOOP" profile shapes --with viztracer --native
expect_error "py-spy cannot trace Python's allocators" "$PERFLOOP" profile shapes --with py-spy --python-allocators
nothing_left

echo "a cancel leaves nothing"
for tool in line_profiler tracemalloc memray viztracer; do
    cancel --with $tool
done
echo "all as planted"
