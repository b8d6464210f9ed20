#!/usr/bin/env bash
# ctest-labels: editor slow
# perfloop as the add-on of another server, in Emacs 28 and 30: see editors/emacs_addon.el.
. "$(dirname "$0")/editors/common.sh"
begin emacs_addon emacs_28 emacs_30 multiplexer
export PATH=$EDITORS/multiplexer/bin:$PATH WALK=none PLUGIN=$top/editors/emacs/perfloop.el
for version in 28 30; do
    expect_that "in Emacs $version" timeout 120 "$EDITORS/emacs_$version/emacs" -q --batch \
        -l "$top/tests/e2e/editors/emacs_walk.el" -l "$top/tests/e2e/editors/emacs_addon.el" </dev/null
    expect_that "every message is right" "$EDITORS/python/bin/python" \
        "$top/tests/e2e/proto/check_log.py" --open-end "$WORK/messages.jsonl"
done
close_work
