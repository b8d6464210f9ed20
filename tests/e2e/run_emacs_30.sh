#!/usr/bin/env bash
# ctest-labels: editor slow alone
# The loop in Emacs 30 with eglot: see editors/emacs_walk.el.
. "$(dirname "$0")/editors/common.sh"
begin emacs_30 emacs_30
status=0
# -q, not -Q: Debian's eglot for Emacs 28 is a site package.
PLUGIN=$top/editors/emacs/perfloop.el timeout 900 "$EDITORS/emacs_30/emacs" -q --batch \
    -l "$top/tests/e2e/editors/emacs_walk.el" </dev/null || status=$?
end $status
