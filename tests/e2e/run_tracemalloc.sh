#!/usr/bin/env bash
# tracemalloc: snapshots of every Python at hand, each line beside that Python's own statistics.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache XDG_STATE_HOME=$work/state
cp tests/programs/memory/snap.py "$work"
checker=$PWD/tests/e2e/compare_tracemalloc.py
cd "$work"
leak=$(grep -n '# LEAK' snap.py | cut -d: -f1)

checked=0
for python in $(ls -d ~/.pyenv/versions/3.*/bin/python /usr/bin/python3 2>/dev/null; command -v python3); do
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' || continue
    "$python" snap.py run.snap >/dev/null
    "$PERFLOOP" hot run.snap --top 0 --json >live.json
    "$PERFLOOP" hot run.snap --top 0 --json --metric blocks >blocks.json
    "$python" "$checker" run.snap live.json blocks.json
    # The planted line comes first, in units people read.
    "$PERFLOOP" hot run.snap --top 1 >hot.txt
    grep -q "tracemalloc: 11. kB live" hot.txt && grep -q "10. kB .*snap.py:$leak" hot.txt || { cat hot.txt; exit 1; }
    checked=$((checked + 1))
done
[ $checked -gt 0 ]
echo "$checked Pythons agree with their own statistics"
