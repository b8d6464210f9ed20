#!/usr/bin/env bash
# ctest-labels: slow
# Time in libraries is credited to the lines that call them: real recordings of py-spy, cProfile,
# memray and perf of programs that spend their time in json, re, sorted and inlined std.
set -eu
here=$PWD
. tools/deps.sh
need_venv build/venv tests/requirements.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache XDG_STATE_HOME=$work/state
unset DEBUGINFOD_URLS
mkdir "$work/tree"
cp tests/programs/callee/* "$work/tree"
cd "$work/tree"
git init -q .
compare() { python3 "$here/tests/e2e/compare_callee.py" "$@"; }
hot() { "$PERFLOOP" hot "$@"; }

"$here/build/venv/bin/py-spy" record -f speedscope -r 200 --full-filenames -o run.json -- \
    "$here/build/venv/bin/python" load.py 3 >/dev/null 2>&1
hot run.json --json --top 0 >lines.json
compare speedscope run.json lines.json load.py
compare planted lines.json load.py json 0.2 "stdlib json"
compare planted lines.json load.py callback 0.05 "stdlib json"
compare planted lines.json load.py re 0.02 "stdlib re"
# Native frames below Python's stay in the same stacks: still the line of Python.
"$here/build/venv/bin/py-spy" record --native -f speedscope -r 100 --full-filenames -o native.json -- \
    "$here/build/venv/bin/python" load.py 2 >/dev/null 2>&1
python3 -c 'import json; assert any(not (frame.get("file") or "").endswith(".py") for frame in json.load(open("native.json"))["shared"]["frames"])'
hot native.json --json --top 0 >native.lines.json
compare speedscope native.json native.lines.json load.py
compare planted native.lines.json load.py json 0.1 "stdlib json"

hot run.json --top 1 >hot.txt
grep -q "in callee" hot.txt && grep -q "load.py:[0-9]* [a-z<>.]* → [a-z]* (stdlib json)" hot.txt || { cat hot.txt; exit 1; }
# By self cost alone the first line is one of the library.
hot run.json --sort self --top 1 | grep -q "json/[a-z_]*.py:" || { hot run.json --sort self --top 3; exit 1; }

python3 -m cProfile -o run.prof load.py 1
hot run.prof --by function --json --top 0 >functions.json
python3 - functions.json <<'END'
import json, sys
table = json.load(open(sys.argv[1]))
row = next(row for row in table["rows"] if row["function"] == "decode")
assert table["rows"][0]["file"] == "load.py", table["rows"][0]
assert row["in_callee"] > 0.2 * table["total"] > row["self"], row
assert row["callees"][0]["function"] == "loads" and row["callees"][0]["library"] == "stdlib json", row
# What sorted() calls back is ours; it is counted there and not again in deep.
deep = next(row for row in table["rows"] if row["function"] == "deep")
assert deep["self"] + deep["in_callee"] < 0.5 * deep["total"], deep
own = sum(row["self"] + row.get("in_callee", 0) for row in table["rows"] if row["file"] == "load.py")
assert 0.9 * table["total"] < own <= 1.001 * table["total"], (own, table["total"])
print("cProfile: decode %d %% in callee loads, all of load.py %d %%" % (100 * row["in_callee"] / table["total"], 100 * own / table["total"]))
END

memray=$here/build/venv/bin/memray
"$memray" run -f -q --trace-python-allocators -o run.bin load.py 0.1 >/dev/null
"$memray" transform csv -f -o run.csv run.bin >/dev/null
hot run.csv --json --top 0 >peak.json
hot run.csv --json --top 0 --metric allocations >allocations.json
compare planted peak.json load.py json 0.02 "stdlib json"
compare planted allocations.json load.py json 0.02 "stdlib json"
hot run.csv --top 3 | grep -q "^memray: [0-9.]* [kM]B peak" || { hot run.csv --top 3; exit 1; }
if hot run.csv --metric wall 2>err.txt; then echo "metric wall was accepted"; exit 1; fi
grep -q "no metric 'wall'; this profile has peak, allocations" err.txt || { cat err.txt; exit 1; }

if ! { command -v perf && command -v rustc; } >/dev/null || ! perf record -q -e cpu-clock -o probe.data true 2>/dev/null; then
    echo "perf may not record here, or no rustc: the rest is left out"
    exit 0
fi
rustc -g -O -C force-frame-pointers=yes -o count count.rs
perf --buildid-dir "$work/.debug" record -q -e cpu-clock -F 997 -g -o run.data ./count >/dev/null
hot run.data --json --top 0 >rust.json
compare planted rust.json count.rs map 0.1 std "crate hashbrown"
compare planted rust.json count.rs sort 0.1 std
# Where rust-src is, lines of std are those files; where it is not, the command that brings it is said.
HOME=$work/none hot run.data >hot.txt
grep -q " library/core/src/.*(std)" hot.txt && grep -q "rustup component add rust-src" hot.txt || { cat hot.txt; exit 1; }
commit=$(rustc -vV | sed -n 's/^commit-hash: \(.........\).*/\1/p')
rustlib=$work/rustup/toolchains/here/lib/rustlib
mkdir -p "$rustlib/src/rust/library"
printf 'manifest-version = "2"\n[pkg.rustc]\nversion = "1.0.0 (%s 2026-01-01)"\n' "$commit" >"$rustlib/multirust-channel-manifest.toml"
RUSTUP_HOME=$work/rustup hot run.data >hot.txt
grep -q " $rustlib/src/rust/library/core/src/" hot.txt || { cat hot.txt; exit 1; }
if grep -q "rust-src" hot.txt; then cat hot.txt; exit 1; fi
python3 - rust.json <<'END'
import json, sys
table = json.load(open(sys.argv[1]))
assert table["rows"][0]["file"] == "count.rs", table["rows"][0]
std = [row for row in table["rows"] if row.get("library") == "std"]
assert std and all("count.rs" not in row["file"] for row in std), std[:1]
END

# callgrind knows no inline chain, but the function that the library's code is in, and who calls whom.
command -v valgrind >/dev/null || { echo "no valgrind: the rest is left out"; exit 0; }
valgrind --tool=callgrind --callgrind-out-file=callgrind.out ./count >/dev/null 2>&1
hot callgrind.out --by function --json --top 2 | python3 -c '
import json, sys
table = json.load(sys.stdin)
rows = {row["function"]: row for row in table["rows"]}
for name in ("count::shuffle", "count::count"):
    row = rows[name]
    assert row["file"] == "count.rs" and row["in_callee"] > 0.3 * table["total"], row
    assert row["self"] + row["in_callee"] <= row["total"] <= table["total"], row
    print("callgrind: %s %d %% in callees" % (name, 100 * row["in_callee"] / table["total"]))'
