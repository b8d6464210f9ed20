#!/usr/bin/env bash
# Every recording in $PERFLOOP_SHARED/samples, GPU's aside: our totals and top lines are the figures of
# its INDEX.md, or those that a few independent lines find in the file.
set -eu
if [ -z "${PERFLOOP_SHARED:-}" ]; then
    echo "skipped: PERFLOOP_SHARED is unset"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work # nothing that an older build has read
python3 tests/e2e/samples.py "$PERFLOOP" "$PERFLOOP_SHARED/samples"
