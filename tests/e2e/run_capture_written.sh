#!/usr/bin/env bash
# ctest-labels: slow
# perfloop profile of programs that write their profile themselves (the crates dhat and tracing-chrome),
# and of criterion's benchmarks under perf: planted lines first, and the work tree as it was.
set -eu
. tools/deps.sh
need_packages linux-perf
need_rust
here=$PWD
programs=tests/programs/written
. tests/e2e/capture_lib.sh
# The crates are built once for all runs of this test.
export CARGO_TARGET_DIR=$here/build/cargo-profiled

check() { # FILE PYTHON: `table` is hot's, planted(word) the line marked so
    python3 - "$scratch/hot.json" "$1" <<PY
import json, sys
table = json.load(open(sys.argv[1]))
lines = open(sys.argv[2]).read().splitlines()
def planted(word):
    return next(number for number, line in enumerate(lines, 1) if line.rstrip().endswith("PLANTED " + word))
rows = table["rows"]
$2
PY
}

echo "the dhat crate"
echo "mine, of last week" >dhat-heap.json
git add dhat-heap.json && git -c user.name=t -c user.email=t@t commit -qm "an older one"
profile heap --with dhat-crate
nothing_left
[ "$(cat dhat-heap.json)" = "mine, of last week" ] || fail "the user's own file is not back"
for metric in peak allocated allocations; do
    "$PERFLOOP" hot --workload heap --json --metric $metric >"$scratch/hot.json"
    check src/bin/planted_heap.rs "
first = rows[0]
print('dhat-crate $metric:', first['line'], first['in_callee'], 'of', table['total'], table['unit'])
assert (first['file'], first['line']) == ('src/bin/planted_heap.rs', planted('$metric')), first
assert first['in_callee'] > 0.7 * table['total'], first
"
done

echo "tracing-chrome"
echo '[]' >trace-1.json
git add -f trace-1.json && git -c user.name=t -c user.email=t@t commit -qm "an older trace"
profile spans --with tracing-chrome
nothing_left
"$PERFLOOP" hot --workload spans --json >"$scratch/hot.json"
check src/bin/planted_spans.rs "
hot, outer = rows[:2]
print('tracing-chrome:', [(row['function'], row['line'], row['self'], row['total']) for row in rows], table['unit'])
# A span has the line of its function: the one below the attribute.
assert (hot['function'], outer['function']) == ('index', 'parse'), rows
assert planted('hot') <= hot['line'] <= planted('hot') + 1, hot
assert planted('outer') <= outer['line'] <= planted('outer') + 1, outer
assert hot['samples'] == 30, rows
assert outer['total'] >= hot['total'] + outer['self'] and outer['total'] >= 0.99 * table['total'], rows
# Six and two milliseconds, less whatever else ran here meanwhile.
assert hot['self'] >= 30 * 6e6 and outer['self'] >= 30 * 2e6, rows
"

echo "what cannot be done is one sentence"
expect_error "the program wrote no trace-*.json" "$PERFLOOP" profile silent --with tracing-chrome
expect_error "the program wrote no dhat-heap.json" "$PERFLOOP" profile silent --with dhat-crate
expect_error "criterion is none of the dependencies in Cargo.toml: cargo add --dev criterion" \
    "$PERFLOOP" profile heap --with criterion
nothing_left
echo "a cancel leaves nothing"
cancel --with tracing-chrome

echo "criterion"
cp -r "$here/tests/programs/criterion" "$scratch/sums"
cd "$scratch/sums"
rm -rf target
git init -q . && git add -A && git -c user.name=t -c user.email=t@t commit -qm planted
"$PERFLOOP" trust --yes >/dev/null
profile sums --with criterion
nothing_left
"$PERFLOOP" hot --workload sums --json >"$scratch/hot.json"
check src/lib.rs "
cost = lambda row: row['self'] + row.get('in_callee', 0)
shares = {(row['file'][-20:], row['line']): round(cost(row) / table['total'], 2) for row in rows[:4]}
print('criterion:', table['profile']['tool'], table['total'], table['unit'], table['samples'], 'samples', shares)
assert rows[0]['file'] == 'src/lib.rs' and rows[0]['line'] == planted('hot'), rows[:4]
assert cost(rows[0]) > 0.4 * table['total'], rows[:4]
"
echo "all as planned"
