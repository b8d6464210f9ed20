#!/usr/bin/env bash
# ctest-labels: slow
# perfloop profile with the real perf on a Rust program with planted hot lines, built by cargo in every way
# a benchmark may be, without a word about debug information in its Cargo.toml: planted lines first.
set -eu
. tools/deps.sh
need_packages linux-perf
need_rust
need_inferno build/cargo
export PATH=$PWD/build/cargo/bin:$PATH
. tests/e2e/capture_lib.sh

# The planted lines are the hottest rows, each with about the share its comment says.
planted_first() { # WORKLOAD OPTIONS...
    local workload=$1
    shift
    "$PERFLOOP" hot --workload "$workload" --json --top 0 "$@" >"$scratch/hot.json"
    python3 - "$scratch/hot.json" "$workload $*" <<'PY'
import json, re, sys
table = json.load(open(sys.argv[1]))
planted = {}
for number, line in enumerate(open("src/cpu.rs"), 1):
    if found := re.search(r"PLANTED (\w+) (\d+)", line):
        planted["src/cpu.rs", number] = found[1], int(found[2])
assert len(planted) == 6
rows = table["rows"][:len(planted)]
shares = {planted.get((row["file"], row["line"]), (row["file"], 0))[0]: 100 * row["self"] / table["total"] for row in rows}
print(sys.argv[2] + ":", table["total"], table["unit"], {name: round(share, 1) for name, share in shares.items()})
assert {(row["file"], row["line"]) for row in rows} == set(planted), rows
assert rows[0]["line"] == min(planted)[1], rows[0]
for name, share in planted.values():
    assert abs(shares[name] - share) < 8, (name, share, shares)
PY
}

for workload in built run bench; do
    profile $workload --with perf
    planted_first $workload
    nothing_left
done
if perf stat -e cycles true 2>&1 | grep -q 'not supported'; then
    grep -q "so perf samples by its clock (cpu-clock)" "$scratch/notes" || fail "no note of the clock: $(cat "$scratch/notes")"
fi
profile shell --with perf
planted_first shell
nothing_left

echo "what cannot be done is one sentence"
expect_error "the benchmark failed with status 7 under perf: nothing to do" "$PERFLOOP" profile fails --with perf
expect_error "no bin target named" "$PERFLOOP" profile broken --with perf
expect_error "perf is not installed: " env PATH="$scratch/none" "$PERFLOOP" profile run --with perf
nothing_left

echo "a cancel leaves nothing"
cancel --with perf
echo "all as planned"
