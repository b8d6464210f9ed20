#!/usr/bin/env bash
# Harmful files: pickles that run a command, bombs of gzip and zstd, pipes and devices. The child that
# reads them may do nothing but read (runners/profiling/sandbox.h).
set -eu
. tools/deps.sh
need_packages zstd
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/files"
export XDG_CACHE_HOME=$work/cache XDG_STATE_HOME=$work/state
unset DEBUGINFOD_URLS
python3 tests/e2e/hostile.py "$work/files"

# An update may take the program's own file away while it runs: it still starts its children.
cp "$PERFLOOP" "$work/updated"
exec 5<"$work/updated"
rm "$work/updated"
/proc/self/fd/5 hot tests/profiles/speedscope/work.in >"$work/hot.txt" || { cat "$work/hot.txt"; exit 1; }
grep -q 'work.py:9 fib' "$work/hot.txt"
