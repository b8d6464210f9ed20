#!/usr/bin/env bash
# Nsight Compute's CSV pages against the reports of the same name.
set -eu
cd "$(dirname "$0")/../.."
if [ -z "${PERFLOOP_SHARED:-}" ]; then
    echo "skipped: PERFLOOP_SHARED is unset"
    exit 77
fi
python3 tests/e2e/compare_ncu_csv.py "${PERFLOOP:-build/dev/perfloop}" "$PERFLOOP_SHARED/samples/ncu"
