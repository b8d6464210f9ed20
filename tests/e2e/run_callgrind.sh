#!/usr/bin/env bash
# A program of ours under valgrind's callgrind, with and without instructions and cache simulation:
# every function beside callgrind_annotate, and the planted lines first.
set -eu
. tools/deps.sh
need_packages valgrind gcc
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
checker=$PWD/tests/e2e/compare_callgrind.py
cp tests/programs/callgrind/* "$work"
cd "$work"
gcc -g -O2 -o work work.c
valgrind -q --tool=callgrind --callgrind-out-file=plain.out ./work >/dev/null 2>&1
valgrind -q --tool=callgrind --callgrind-out-file=rich.out --dump-instr=yes --collect-jumps=yes --cache-sim=yes \
    ./work >/dev/null 2>&1
valgrind -q --tool=callgrind --callgrind-out-file=long.out --compress-strings=no --compress-pos=no ./work \
    >/dev/null 2>&1
python3 "$checker" plain.out rich.out long.out
for file in plain.out rich.out long.out; do
    "$PERFLOOP" hot "$file" --json --top 0 >lines.json
    "$PERFLOOP" hot "$file" --by function --json --top 0 >functions.json
    python3 - <<'PY'
import json
number = lambda file, mark: next(i for i, l in enumerate(open(file), 1) if mark in l)
rows = json.load(open("lines.json"))["rows"]
at = {(row["file"].split("/")[-1], row["line"]): row for row in rows}
assert rows[0] is at["work.c", number("work.c", "/* hot */")], rows[0]
inlined = at["hot.h", number("hot.h", "inlined hot line")]
assert rows.index(inlined) < 5 and inlined["self"] > 300000, inlined
call = at["work.c", number("work.c", "/* the call */")]
assert call["total"] > inlined["self"] > call["self"], call
fib = next(row for row in json.load(open("functions.json"))["rows"] if row["function"].split("'")[0] == "fib")
assert fib["self"] <= fib["total"] < call["total"] + rows[0]["self"], fib
PY
done
if [ -z "${PERFLOOP_SHARED:-}" ]; then
    echo "PERFLOOP_SHARED is unset: the samples are skipped"
    exit 0
fi
python3 "$checker" "$PERFLOOP_SHARED"/samples/callgrind/here.*.out
