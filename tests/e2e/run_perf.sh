#!/usr/bin/env bash
# Recordings of real perf of a C and a Rust program of ours: planted lines first, every line's
# samples as perf's own srcline, functions as perf report's, lines and inline chains of the whole program as addr2line's.
set -eu
. tools/deps.sh
need_packages linux-perf gcc binutils
need_rust
build=$(dirname "$PERFLOOP")
source=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
unset DEBUGINFOD_URLS
cp tests/programs/native/* "$work"
cd "$work"
record() { perf --buildid-dir "$work/.debug" record -q -e cpu-clock -F 997 "$@" >/dev/null; }
record -o probe.data true

check() { # program, source, planted lines
    python3 "$source/tests/e2e/compare_symbols.py" "$build/lookup_lines" "$1" "$2"
    record -g -o "$1.data" "./$1"
    record -g -z -o "$1.zstd.data" "./$1"
    record --call-graph dwarf,8192 -o "$1.dwarf.data" "./$1"
    perf script -i "$1.dwarf.data" --no-inline -F comm,pid,tid,time,event,period,ip,sym,symoff,dso >"$1.dwarf.txt" 2>/dev/null
    python3 "$source/tests/e2e/compare_perf.py" "$1.data" "$2"
    python3 "$source/tests/e2e/compare_perf.py" "$1.zstd.data" "$2"
    python3 "$source/tests/e2e/compare_report.py" "$1.data" "$1"
    python3 "$source/tests/e2e/compare_report.py" "$1.zstd.data" "$1"
    for file in "$1.data" "$1.zstd.data" "$1.dwarf.txt"; do
        "$PERFLOOP" hot "$file" --json --top 0 | python3 -c '
import json, sys
name, lines = sys.argv[1], [int(x) for x in sys.argv[2].split(",")]
rows = json.load(sys.stdin)["rows"]
assert rows[0]["file"].endswith(name) and rows[0]["line"] in lines, rows[0]
print(sys.argv[3], "first:", rows[0]["file"], rows[0]["line"])' "$2" "$3" "$file"
    done
}

gcc -g -O1 -fno-omit-frame-pointer -o workc work.c
check workc work.c 6,7,8,14,15
rustc -g -O -C force-frame-pointers=yes -o workrs work.rs
check workrs work.rs 5,6,7,14,15
# A program built anew is told apart, and perf's cache still has the old one.
gcc -g -O2 -fno-omit-frame-pointer -o workc work.c
HOME=$work/none "$PERFLOOP" dump profile workc.data | grep -q "workc was built anew since the recording"
HOME=$work "$PERFLOOP" dump profile workc.data | grep -q "mix (.*work.c:[678]) (inlined)"
rm workc
HOME=$work/none "$PERFLOOP" dump profile workc.data | grep -q "workc is not here"
# Lines in a file of their own, found by the link in the program and by build id.
gcc -g -O1 -fno-omit-frame-pointer -o plain work.c
objcopy --only-keep-debug plain plain.debug
objcopy --strip-debug --add-gnu-debuglink=plain.debug plain
record -g -o plain.data ./plain
"$PERFLOOP" dump profile plain.data | grep -q "mix (.*work.c:[678]) (inlined)"
rm plain.debug
"$PERFLOOP" dump profile plain.data | grep -q "plain has no debug information"
