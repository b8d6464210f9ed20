#!/usr/bin/env bash
# ctest-labels: editor slow alone
# The loop in Neovim 0.10: see editors/nvim_walk.lua.
. "$(dirname "$0")/editors/common.sh"
begin nvim_010 nvim_010
status=0
PLUGIN=$top/editors/nvim/perfloop.lua timeout 900 "$EDITORS/nvim_010/nvim" --headless -u NONE -i NONE -n \
    -c "luafile $top/tests/e2e/editors/nvim_walk.lua" </dev/null || status=$?
end $status
