#!/usr/bin/env bash
# ctest-labels: editor slow alone
# The loop in Emacs 28 with eglot: see editors/emacs_walk.el. The plugin compiles without a warning.
. "$(dirname "$0")/editors/common.sh"
begin emacs_28 emacs_28
emacs() { timeout 900 "$EDITORS/emacs_28/emacs" -q --batch "$@" </dev/null; }
cp "$top/editors/emacs/perfloop.el" "$WORK/perfloop.el"
expect_that "it compiles" emacs --eval '(setq native-comp-enable-subr-trampolines nil byte-compile-error-on-warn t)' \
    --eval "(unless (byte-compile-file \"$WORK/perfloop.el\") (kill-emacs 1))"
status=0
# -q, not -Q: Debian's eglot for Emacs 28 is a site package.
PLUGIN=$WORK/perfloop.elc emacs -l "$top/tests/e2e/editors/emacs_walk.el" || status=$?
end $status
