#!/usr/bin/env bash
# Nsight Systems exports against nsys stats and against the same SQL in Python.
set -eu
cd "$(dirname "$0")/../.."
if [ -z "${PERFLOOP_SHARED:-}" ]; then
    echo "skipped: PERFLOOP_SHARED is unset"
    exit 77
fi
python3 tests/e2e/compare_nsys.py "${PERFLOOP:-build/dev/perfloop}" "$PERFLOOP_SHARED/samples/nsys"
