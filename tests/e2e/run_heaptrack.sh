#!/usr/bin/env bash
# heaptrack: a recording made here and those of the samples, beside what heaptrack_print says.
set -eu
. tools/deps.sh
need_packages gcc libc6-dev heaptrack zstd
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache XDG_STATE_HOME=$work/state
cp tests/programs/memory/heap.c "$work"
checker=$PWD/tests/e2e/compare_heaptrack.py
cd "$work"
line_of() { grep -n "/\* $1 \*/" heap.c | cut -d: -f1; }

gcc -O1 -g -fno-inline -o heap heap.c
heaptrack -o run ./heap >/dev/null
file=$(ls run.zst run.gz 2>/dev/null | head -1)
python3 "$checker" "$PERFLOOP" "$file"
checked=1
if [ -n "${PERFLOOP_SHARED:-}" ]; then
    for sample in "$PERFLOOP_SHARED"/samples/heaptrack/{heaptrack.david.18594.gz,heaptrack.embedded_lsan_suppressions.84207.zst,heaptrack.test_sysroot.expected,here_c.zst,here_rust.zst}; do
        python3 "$checker" "$PERFLOOP" "$sample"
        checked=$((checked + 1))
    done
else
    echo "PERFLOOP_SHARED is unset: the samples were skipped"
fi

# ---- the planted lines come first, in units people read
first() { # METRIC LINE HEADER
    "$PERFLOOP" hot "$file" --metric "$1" --top 1 >hot.txt
    grep -q "heap.c:$2" hot.txt && grep -q "$3" hot.txt || { echo "$1: wanted line $2, '$3'"; cat hot.txt; exit 1; }
}
first peak "$(line_of LEAK)" "^heaptrack: 2.07 MB peak"
first leaked "$(line_of LEAK)" "^heaptrack: 1 MB leaked"
first allocated "$(line_of LEAK)" "^heaptrack: 2.59 MB allocated"
first allocations "$(line_of TEMP)" "^heaptrack: 5,102 allocations"
first temporary "$(line_of TEMP)" "^heaptrack: 5,000 temporary"

# ---- a raw file says what to do with it
if heaptrack --raw -o raw ./heap >/dev/null; then
    if "$PERFLOOP" hot raw.raw.* 2>err.txt; then echo "a raw file was accepted"; exit 1; fi
    grep -q "heaptrack_interpret" err.txt || { cat err.txt; exit 1; }
fi
echo "$checked files equal heaptrack_print in four costs; planted lines come first"
