#!/usr/bin/env bash
# ctest-labels: slow alone
# The protocol: every client profile, pytest-lsp with lsprotocol, hostile clients. See proto/.
. "$(dirname "$0")/editors/common.sh"
begin proto
cd "$top/tests/e2e/proto"
export PERFLOOP PYTHONDONTWRITEBYTECODE=1
python=$EDITORS/python/bin/python
expect_that "the tests pass" timeout 1200 "$python" -m pytest "$@"
expect_that "every typed message is right" "$python" check_log.py "$WORK/logs/typed.jsonl"
close_work
