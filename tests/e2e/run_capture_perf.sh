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
    assert abs(shares[name] - share) < 9, (name, share, shares)
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
"$PERFLOOP" profile bench --with flamegraph >"$scratch/sentence" 2>"$scratch/notes" || fail "$(tail -1 "$scratch/notes")"
"$PERFLOOP" hot --workload bench --by function --json --top 0 | python3 -c '
import json, sys
table = json.load(sys.stdin)
names = [row["function"].split("::{{closure")[0] for row in table["rows"][:5]]
print("folded:", table["total"], table["unit"], names)
assert names[0].startswith("planted::cpu::grind") and len([name for name in names if name.startswith("planted::cpu::")]) == 5, names'
nothing_left
profile shell --with perf
planted_first shell
nothing_left

echo "copies of the stack, walked by perf and named by us"
all_callers() { # FILE or --workload NAME: the program's main is a caller of nearly everything
    "$PERFLOOP" hot "$@" --json --top 0 --sort total | python3 -c '
import json, sys
table = json.load(sys.stdin)
main = max(row["total"] for row in table["rows"] if row["function"] == "planted::main")
print(table["profile"]["format"] + ":", table["samples"], "samples, below main", main, "of", table["total"])
assert main > 0.9 * table["total"], main
assert not any("copy of the stack" in note for note in table["notes"]), table["notes"]'
}
profile built --with perf --call-graph dwarf --rate 600
planted_first built
all_callers --workload built
nothing_left
# The same of a recording that somebody made, of a program without frame pointers: imported, and read as a file.
cargo build -q --release --config 'profile.release.debug=1' --config 'profile.release.strip="none"' --target-dir "$scratch/plain"
perf record -q -N -F 997 --call-graph dwarf,8192 -o "$scratch/dwarf.data" "$scratch/plain/release/planted" cpu 700 >/dev/null
mkdir "$scratch/none"
PATH=$scratch/none "$PERFLOOP" import "$scratch/dwarf.data" --workload run >/dev/null 2>"$scratch/notes"
grep -q "which perf could not walk: perf is not installed: " "$scratch/notes" || fail "no note: $(cat "$scratch/notes")"
"$PERFLOOP" import "$scratch/dwarf.data" --workload run 2>/dev/null # now with perf: read again
all_callers --workload run
all_callers "$scratch/dwarf.data"
planted_first run
[ -z "$(ls "$XDG_CACHE_HOME/perfloop/profiles" | grep -v -e '\.plp$' -e '^recording-')" ] || fail "perf's text is left in the cache"
# Built anew since: its lines are not guessed.
cargo build -q --release --target-dir "$scratch/plain"
rm -r "$XDG_CACHE_HOME/perfloop/profiles"
"$PERFLOOP" hot "$scratch/dwarf.data" --json | grep -q "planted was built anew since the recording" || fail "no word of the new build"

echo "what cannot be done is one sentence"
expect_error "the benchmark failed with status 7 under perf: nothing to do" "$PERFLOOP" profile fails --with perf
expect_error "no bin target named" "$PERFLOOP" profile broken --with perf
expect_error "perf is not installed: " env PATH="$scratch/none" "$PERFLOOP" profile run --with perf
nothing_left

echo "a cancel leaves nothing"
cancel --with perf
echo "all as planned"
