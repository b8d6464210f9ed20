#!/usr/bin/env bash
# Code that has no file: the kernel's, and what was made at run time, whose names are in
# /tmp/perf-PID.map. In perf.data and in the text of perf script, function by function as perf says.
set -eu
. tools/deps.sh
need_packages gcc libc6-dev linux-perf
source=$PWD
work=$(mktemp -d)
maps=()
trap 'rm -rf "$work" "${maps[@]}"' EXIT
export XDG_CACHE_HOME=$work/cache
unset DEBUGINFOD_URLS
cp tests/programs/native/generated.c "$work"
cd "$work"
record() { perf --buildid-dir "$work/.debug" record -q -g -e cpu-clock -F 997 "$@"; }
record -o probe.data true
compare() { python3 "$source/tests/e2e/compare_leaves.py" "$@"; }

# ---- the kernel: the same functions as perf, or one frame where its addresses are hidden
record -o kernel.data dd if=/dev/zero of=/dev/null bs=1k count=1000000 2>/dev/null
compare kernel.data kernel.kallsyms
if [ "$(id -u)" = 0 ]; then # another start of the machine, by the recorded address: one frame
    python3 -c '
import sys
data = bytearray(open("kernel.data", "rb").read())
at = data.index(b"[kernel.kallsyms]_") - 8
data[at + 2] ^= 0x20
open("other.data", "wb").write(data)'
    "$PERFLOOP" dump profile other.data >other.txt
    grep -q "the kernel's functions are not known" other.txt
    grep -q ";\[kernel\]$" other.txt
    if grep -q "\[kernel\];\[kernel\]" other.txt; then echo "several frames of the kernel in a row"; exit 1; fi
fi

# ---- generated code, of Python and of Java by its name
cat >gen.py <<'P'
def cold():
    pass


def hot():
    return 1
P
gcc -g -O1 -fno-omit-frame-pointer -o generated generated.c
maps+=("$(record -o gen.data ./generated "$work/gen.py" | cut -d' ' -f1)")
compare gen.data /tmp/perf-
perf script -i gen.data --no-inline -F comm,pid,tid,time,event,period,ip,sym,symoff,dso >gen.txt 2>/dev/null
for file in gen.data gen.txt; do
    "$PERFLOOP" dump profile "$file" | grep -q "generated.c:[0-9]*);hot ($work/gen.py)$"
    "$PERFLOOP" dump profile "$file" | grep -q ";Outer::run;Inner::step (inlined)$"
    "$PERFLOOP" hot "$file" --by function --json | python3 -c '
import json, sys
row = json.load(sys.stdin)["rows"][0]
assert row["function"] == "hot" and row["file"].endswith("gen.py"), row
print(sys.argv[1], "first:", row["function"], row["file"].rsplit("/")[-1])' "$file"
done
# The text may have been written where the map was not: then the names come from it here.
sed 's/py::hot:[^ ]*/[unknown]/; s/Outer::run->Inner::step[^ ]*/[unknown]/' gen.txt >unnamed.txt
"$PERFLOOP" dump profile unnamed.txt | grep -q ";hot ($work/gen.py)$"
rm "${maps[0]}"
"$PERFLOOP" dump profile gen.data | grep -q ";\[anon\]$"

# ---- Python itself, where it is new enough; mostly built without frame pointers
python=
for name in python3.13 python3.12 python3; do
    "$name" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && python=$name && break
done
if [ -n "$python" ]; then
    cat >trampoline.py <<'P'
import os


def inner(n):
    return sum(i * i for i in range(n))


for _ in range(150):
    inner(20000)
print(os.getpid())
P
    maps+=("/tmp/perf-$(record --call-graph dwarf,16384 -o python.data "$python" -X perf trampoline.py | tail -1).map")
    perf script -i python.data --no-inline -F comm,pid,tid,time,event,period,ip,sym,symoff,dso >python.txt 2>/dev/null
    "$PERFLOOP" dump profile python.txt >python.dump
    grep -q "inner.<locals>.<genexpr> (.*trampoline.py)" python.dump
    echo "Python's own trampolines are functions of trampoline.py"
fi
