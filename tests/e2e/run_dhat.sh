#!/usr/bin/env bash
# DHAT: a recording made here by valgrind and those of the samples, beside Python's reading of them.
set -eu
. tools/deps.sh
need_packages gcc libc6-dev libc6-dbg valgrind
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache XDG_STATE_HOME=$work/state
cp tests/programs/memory/heap.c "$work"
checker=$PWD/tests/e2e/compare_dhat.py
samples=("$PWD"/tests/profiles/dhat/*.json)
[ -z "${PERFLOOP_SHARED:-}" ] || samples+=("$PERFLOOP_SHARED"/samples/dhat/{yt-dhat-example,rust-memory-playground}.json)
cd "$work"
line_of() { grep -n "/\* $1 \*/" heap.c | cut -d: -f1; }

gcc -O1 -g -fno-inline -o heap heap.c
valgrind -q --tool=dhat --dhat-out-file=short.json ./heap >/dev/null 2>&1
valgrind -q --tool=dhat --fullpath-after= --dhat-out-file=full.json ./heap >/dev/null 2>&1
# A workspace of its own, so that both sides name a file as the recording does.
mkdir elsewhere
cd elsewhere
for file in "$work"/short.json "${samples[@]}"; do
    python3 "$checker" "$PERFLOOP" "$file"
done
cd ..

# ---- the planted lines come first, in units people read
first() { # METRIC LINE HEADER
    "$PERFLOOP" hot full.json --metric "$1" --top 1 >hot.txt
    grep -q "heap.c:$2" hot.txt && grep -q "$3" hot.txt || { echo "$1: wanted line $2, '$3'"; cat hot.txt; exit 1; }
}
first peak "$(line_of LEAK)" "^DHAT: 2 MB peak"
first leaked "$(line_of LEAK)" "^DHAT: 1 MB leaked"
first allocated "$(line_of LEAK)" "^DHAT: 2.5[0-9]* MB allocated"
first allocations "$(line_of TEMP)" "^DHAT: 5,101 allocations"
"$PERFLOOP" hot short.json --top 1 | grep -q "fullpath-after"
echo "$((${#samples[@]} + 1)) files equal Python's reading in every metric; planted lines come first"
