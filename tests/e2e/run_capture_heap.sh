#!/usr/bin/env bash
# ctest-labels: slow
# perfloop profile with the real heaptrack, DHAT and callgrind, on a Rust program whose allocations were
# planted: for every metric the planted line comes first.
set -eu
. tools/deps.sh
need_packages heaptrack valgrind
need_rust
. tests/e2e/capture_lib.sh

# The planted lines come first, in this order, with what they cost in the library's callees.
planted_first() { # WORKLOAD METRIC=PLANT[,PLANT]...
    local workload=$1 pair
    shift
    for pair in "$@"; do
        "$PERFLOOP" hot --workload "$workload" --json --top 0 --metric "${pair%=*}" >"$scratch/hot.json"
        python3 - "$scratch/hot.json" "${pair#*=}" "$workload $pair" <<'PY'
import json, sys
table = json.load(open(sys.argv[1]))
lines = open("src/heap.rs").read().splitlines()
plants = sys.argv[2].split(",")
planted = [next(number for number, line in enumerate(lines, 1) if f"PLANTED {plant} " in line) for plant in plants]
rows = table["rows"][: len(planted)]
costs = [row["self"] + row.get("in_callee", 0) for row in rows]
print(sys.argv[3] + ":", table["unit"], "total", table["total"], "first", [row["line"] for row in rows], costs)
assert [(row["file"], row["line"]) for row in rows] == [("src/heap.rs", line) for line in planted], rows
assert sum(costs) > 0.75 * table["total"], costs
PY
    done
}

for workload in heap heapbench; do
    profile $workload --with heaptrack
    planted_first $workload peak=peak allocated=peak,allocations allocations=allocations,inlined leaked=leaked
    nothing_left
done
profile heap --with dhat
planted_first heap peak=peak allocated=peak,allocations allocations=allocations,inlined leaked=leaked
nothing_left
profile count --with callgrind
"$PERFLOOP" hot --workload count --json --top 0 | python3 -c '
import json, sys
rows = json.load(sys.stdin)["rows"]
planted = {number for number, line in enumerate(open("src/cpu.rs"), 1) if "PLANTED" in line}
assert {row["line"] for row in rows[:len(planted)]} == planted, rows[:8]
print("callgrind:", [(row["line"], row["self"]) for row in rows[:len(planted)]])'
nothing_left

echo "what cannot be done is one sentence"
for tool in heaptrack dhat; do
    expect_error "the benchmark failed with status 7 under $tool: nothing to do" "$PERFLOOP" profile fails --with $tool
done
expect_error "heaptrack follows one program" "$PERFLOOP" profile shell --with heaptrack
expect_error "valgrind is not installed: " env PATH="$scratch/none" "$PERFLOOP" profile heap --with dhat

echo "a cancel leaves nothing, nor in /tmp"
before=$(find /tmp -maxdepth 1 -name 'heaptrack_fifo*' | sort)
cancel --with heaptrack
[ "$before" = "$(find /tmp -maxdepth 1 -name 'heaptrack_fifo*' | sort)" ] || fail "heaptrack's pipe is left in /tmp"
cancel --with dhat
echo "all as planned"
