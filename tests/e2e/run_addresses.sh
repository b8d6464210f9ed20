#!/usr/bin/env bash
# Profiles of addresses only: pprof made here, and a recording of gperftools, of programs in C, C++
# and Rust. Functions, lines and inline chains are those of addr2line; planted lines come first.
set -eu
. tools/deps.sh
need_packages gcc g++ libc6-dev binutils libgoogle-perftools4
source=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
unset DEBUGINFOD_URLS
cp tests/programs/native/* "$work"
cd "$work"
compare() { python3 "$source/tests/e2e/compare_addresses.py" "$@"; }

record() { # program, source, planted lines
    CPUPROFILE_FREQUENCY=400 CPUPROFILE="$1.prof" LD_PRELOAD=libprofiler.so.0 "./$1" >/dev/null 2>&1
    compare places "$1" "$2"
    compare recording "$1.prof" "$1"
    "$PERFLOOP" hot "$1.prof" --json | python3 -c '
import json, sys
row, lines = json.load(sys.stdin)["rows"][0], [int(x) for x in sys.argv[2].split(",")]
assert row["file"].endswith(sys.argv[1]) and row["line"] in lines, row
print("first:", sys.argv[1], row["line"])' "$2" "$3"
}

gcc -g -O1 -fno-omit-frame-pointer -o workc work.c
record workc work.c 6,7,8,14,15
gcc -g -O1 -fno-omit-frame-pointer -no-pie -o fixedc work.c
record fixedc work.c 6,7,8,14,15
g++ -g -O2 -fno-omit-frame-pointer -o workcpp shapes.cpp
record workcpp shapes.cpp "$(grep -n PLANTED shapes.cpp | cut -d: -f1 | paste -sd,)"
if rustc --version >/dev/null 2>&1; then
    rustc -g -O -C force-frame-pointers=yes -o workrs work.rs
    record workrs work.rs 5,6,7,14,15
fi
# ---- the cache does not keep that a program was missing
REBUILT_FROM=generated.c compare cached fixedc workcpp
