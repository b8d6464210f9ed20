#!/usr/bin/env bash
# memray: recordings made here, each line beside what memray's own reader says; Python and native.
set -eu
. tools/deps.sh
need_venv build/venv tests/requirements.txt
export PATH=$PWD/build/venv/bin:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache XDG_STATE_HOME=$work/state
cp tests/programs/memory/alloc.py "$work"
checker=$PWD/tests/e2e/compare_memray.py source=$PWD/runners/profiling/capture
cd "$work"
peak=$(grep -n '# PEAK' alloc.py | cut -d: -f1)

memray run -f -q -o run.bin alloc.py >/dev/null
memray transform csv -f -o run.csv run.bin >/dev/null
"$PERFLOOP" hot run.csv --top 0 --json >peak.json
"$PERFLOOP" hot run.csv --top 0 --json --metric allocations >allocations.json
python "$checker" run.bin peak.json allocations.json
"$PERFLOOP" hot run.csv --top 1 >hot.txt
grep -q "^memray: .* MB peak" hot.txt && grep -q "8 MB .*alloc.py:$peak" hot.txt || { cat hot.txt; exit 1; }

# ---- memray stats: all that was allocated, of which the planted TEMP is the most
memray stats --json -f -o stats.json run.bin >/dev/null
"$PERFLOOP" hot stats.json --json --top 0 >stats.out.json
python - <<'PY'
import json
want, got = json.load(open("stats.json")), json.load(open("stats.out.json"))
assert got["total"] == want["total_bytes_allocated"] > 90_000_000, got["total"]
assert got["rows"][0]["self"] == want["top_allocations_by_size"][0]["size"]
PY
temp=$(grep -n '# TEMP' alloc.py | cut -d: -f1)
"$PERFLOOP" hot stats.json --metric allocated --top 1 | grep -q "MB .*alloc.py:$temp"

# ---- what perfloop profile makes of a recording: every metric's total is what memray's reader says
cat "$source"/memory_stacks.py "$source"/memray_read.py >read.py
cp run.bin recording.0
python read.py "$work/recording" ours.csv none.py
for metric in peak leaked temporary allocated allocations; do
    "$PERFLOOP" hot ours.csv --json --top 0 --metric $metric >ours.$metric.json
done
python - <<'PY'
import json
import memray
reader, stats = memray.FileReader("run.bin"), json.load(open("stats.json"))
got = {name: json.load(open(f"ours.{name}.json")) for name in ("peak", "leaked", "temporary", "allocated", "allocations")}
want = {
    "peak": sum(record.size for record in reader.get_high_watermark_allocation_records()),
    "leaked": sum(record.size for record in reader.get_leaked_allocation_records()),
    "temporary": sum(record.size for record in reader.get_temporary_allocation_records()),
    "allocated": stats["total_bytes_allocated"],
    "allocations": stats["total_num_allocations"],
}
assert {name: table["total"] for name, table in got.items()} == want, want
assert want["peak"] == reader.metadata.peak_memory
assert got["allocated"]["rows"][0]["self"] == stats["top_allocations_by_size"][0]["size"]
print("totals:", want)
PY

# ---- gprof2dot's JSON: functions, with the totals of the csv
memray transform gprof2dot -f -o run.json run.bin >/dev/null
"$PERFLOOP" hot run.json --json --top 0 --by function >gprof2dot.json
"$PERFLOOP" hot run.csv --json --top 0 --by function >csv.json
python - <<'PY'
import json
got, want = (json.load(open(name)) for name in ("gprof2dot.json", "csv.json"))
assert got["total"] == want["total"], (got["total"], want["total"])
# The csv tells comprehensions of one file apart by their lines; this one has none.
costs = [{}, {}]
for table, into in zip((got, want), costs):
    for row in table["rows"]:
        place = row["function"], row["file"]
        into[place] = into.get(place, 0) + row["self"]
assert costs[0] == costs[1], costs
print("gprof2dot:", len(costs[0]), "functions, total", got["total"])
PY

# ---- with native frames: one stack, and the planted line is still in it
memray run -f -q --native -o native.bin alloc.py >/dev/null
memray transform csv -f -o native.csv native.bin >/dev/null
"$PERFLOOP" hot native.csv --top 0 --sort total >hot.txt
grep -q "8 MB *[0-9.]* % *alloc.py:$peak\|[0-9.]* % *alloc.py:$peak" hot.txt || { cat hot.txt; exit 1; }

# ... first: the line of the interpreter that hands the memory out stands behind those that asked for it.
"$PERFLOOP" hot native.csv --json --top 0 >hot.json
python - "$peak" <<'PY'
import json, sys
rows = json.load(open("hot.json"))["rows"]
assert rows[0]["file"].endswith("alloc.py") and rows[0]["line"] == int(sys.argv[1]), rows[0]
assert any(row.get("library") for row in rows), "no line of the interpreter: nothing was proved"
PY

# ---- the recording itself is private to memray
if "$PERFLOOP" hot run.bin 2>err.txt; then echo "run.bin was accepted"; exit 1; fi
grep -q "memray transform csv" err.txt || { cat err.txt; exit 1; }
echo "every line equals memray's own reader; native frames keep the Python line"
