#!/usr/bin/env bash
# Every form of every format: versions, encodings, packings, line ends.
set -eu
. tools/deps.sh
need_packages zstd
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
unset DEBUGINFOD_URLS
mkdir "$work/files"
python3 tests/e2e/compare_forms.py "$work/files"
