#!/usr/bin/env bash
# The tables of nsys stats, in all its notations, against SQL on the export they were printed of.
set -eu
cd "$(dirname "$0")/../.."
set -- "${PERFLOOP:-build/dev/perfloop}" tests/profiles/nsys_stats
if [ -n "${PERFLOOP_SHARED:-}" ]; then
    set -- "$@" "$PERFLOOP_SHARED/samples/nsys"
fi
python3 tests/e2e/compare_nsys_stats.py "$@"
