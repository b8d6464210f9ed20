#!/usr/bin/env bash
# Nsight Compute reports, line by line against NVIDIA's own pages of the same reports.
set -eu
cd "$(dirname "$0")/../.."
if [ -z "${PERFLOOP_SHARED:-}" ]; then
    echo "skipped: PERFLOOP_SHARED is unset"
    exit 77
fi
python3 tests/e2e/compare_ncu.py "${PERFLOOP:-build/dev/perfloop}" "$PERFLOOP_SHARED/samples/ncu"
