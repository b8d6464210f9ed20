#!/usr/bin/env bash
# ctest-labels: slow alone
# The loop where it is not straight: a first measure without a baseline, unsaved texts, a regression
# that is taken back by itself, a cancel, two at once, a folder without git, a linked work tree.
set -eu
. "$(dirname "$0")/loop_lib.sh"
make_repo
quick=(--budget 30)

# 1. Changed first, measured then: the baseline is the last commit's.
fast
perfloop trust --yes >/dev/null
expect 0 'first measure' perfloop measure "${quick[@]}"
grep -q '^no baseline yet: recording one of the last commit' "$scratch/err" || fail "not of the commit"
grep -q '^faster: ' "$scratch/out" || fail "$(cat "$scratch/out")"
expect 0 'revert' perfloop revert
git diff --quiet || fail "not what was committed"

# 2. The editor's unsaved text is what is measured; keep wants it saved; revert leaves it to the editor.
slow
python3 - >"$scratch/overlay.json" <<END
import json
path = "$PWD/work.py"
print(json.dumps({"documents": [{"path": path, "version": 3, "dirty": True, "text": open(path).read()}]}))
END
git checkout -q work.py
expect 3 'unsaved and slower' perfloop measure "${quick[@]}" --overlay "$scratch/overlay.json"
grep -q 'with the unsaved text of work.py' "$scratch/err"
expect 0 'revert in the editor' perfloop revert --events --overlay "$scratch/overlay.json"
python3 - "$scratch/out" <<END
import json, sys
result = [json.loads(line) for line in open(sys.argv[1])][-1]
assert result["event"] == "result" and result["paths"] == ["work.py"], result
(edit,) = result["edits"]
assert edit["path"] == "$PWD/work.py" and edit["text"] == open("work.py").read(), edit
END
git diff --quiet || fail "a file that is open in the editor was written"
fast
expect 0 'saved and faster' perfloop measure "${quick[@]}"
expect 1 'keep of an unsaved file' perfloop keep --overlay "$scratch/overlay.json"
grep -q 'save work.py first' "$scratch/err"
git checkout -q work.py

# 3. on_regression = "revert" takes it back; the change stays restorable.
write_workload 'on_regression = "revert"'
git commit -qam "take regressions back"
perfloop trust --yes >/dev/null
slow
expect 3 'slower, taken back' perfloop measure "${quick[@]}"
grep -q 'reverted: work.py as before it' "$scratch/out" || fail "$(cat "$scratch/out")"
git diff --quiet -- work.py || fail "not taken back"
expect 0 'and again' perfloop restore
grep -q 'range(16)' work.py || fail "not restored"
git checkout -q work.py

# 4. A cancel leaves nothing behind, and two at once are refused.
fast
"$PERFLOOP" measure --budget 60 --events >"$scratch/events" 2>/dev/null &
pid=$!
for _ in $(seq 200); do
    grep -q preflight "$scratch/events" && break
    sleep 0.1
done
expect 1 'two at once' perfloop baseline
grep -q 'another perfloop is measuring here' "$scratch/err" || fail "$(cat "$scratch/err")"
kill -TERM $pid
got=0
wait $pid || got=$?
[ $got = 130 ] || fail "a cancelled measure ends with $got"
test -z "$(ls .git/perfloop/trees)" || fail "frozen trees were left behind"
git checkout -q work.py

# 5. A linked work tree has a loop of its own.
git worktree add -q "$scratch/side" -b side
(
    cd "$scratch/side"
    perfloop status | grep -qx 'nothing was measured here yet; next: perfloop baseline'
    perfloop trust --yes >/dev/null
    fast
    expect 0 'measure in a linked work tree' perfloop measure "${quick[@]}"
    expect 0 'keep in a linked work tree' perfloop keep
    test "$(git rev-list --count main..side)" = 1 || fail "no commit on side"
)
test -z "$(git status --porcelain)" || fail "the main work tree was touched"

# 6. Without git: baseline and measure work, the rest says why not.
mkdir "$scratch/plain"
cp work.py check.py perfloop.toml "$scratch/plain"
cd "$scratch/plain"
perfloop trust --yes >/dev/null
expect 0 'baseline without git' perfloop baseline --budget 1
fast
expect 0 'measure without git' perfloop measure "${quick[@]}"
expect 1 'keep without git' perfloop keep
grep -q 'not a git repository: keep, revert and restore are off' "$scratch/err"
expect 1 'revert without git' perfloop revert
grep -q 'not a git repository' "$scratch/err"
echo "edges: ok"
