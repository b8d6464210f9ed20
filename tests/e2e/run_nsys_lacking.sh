#!/usr/bin/env bash
# Exports of Nsight Systems with a table or a column gone: each is read, and says what is missing.
set -eu
cd "$(dirname "$0")/../.."
set -- "${PERFLOOP:-build/dev/perfloop}" tests/profiles/nsys_stats/export.sql
if [ -n "${PERFLOOP_SHARED:-}" ]; then
    set -- "$@" "$PERFLOOP_SHARED"/samples/nsys/*.sqlite
fi
python3 tests/e2e/lacking_nsys.py "$@"
