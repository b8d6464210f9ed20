#!/usr/bin/env bash
# Profiles written as speedscope and folded stacks, and read again.
set -eu
cd "$(dirname "$0")/../.."
shopt -s nullglob
set -- "${PERFLOOP:-build/dev/perfloop}" tests/profiles/folded/*.in tests/profiles/speedscope/*.in \
    tests/profiles/pstats/*.prof
if [ -n "${PERFLOOP_SHARED:-}" ]; then
    samples=$PERFLOOP_SHARED/samples
    set -- "$@" "$samples"/nsys/*.sqlite "$samples"/py-spy/* "$samples"/folded/*.txt \
        "$samples"/perf-script/rust-mangled.linux-perf.txt "$samples"/memray/here-work.csv \
        "$samples"/viztracer/tests_multithread.json
fi
python3 tests/e2e/compare_export.py "$@"
