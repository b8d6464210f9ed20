#!/usr/bin/env bash
# ctest-labels: slow alone
# The loop through the real commands on a real little program: baseline, slower, revert, restore,
# faster, red tests, keep, target, and what each leaves behind.
set -eu
. "$(dirname "$0")/loop_lib.sh"
make_repo

perfloop status | grep -x 'nothing was measured here yet; next: perfloop baseline'
expect 1 'a baseline needs agreement' perfloop baseline
grep -q 'pass --yes' "$scratch/err" || fail "the refusal names no way out: $(cat "$scratch/err")"
perfloop trust --yes >/dev/null
perfloop baseline --budget 2 | grep -E '^baseline of w: cpu_time .* ms \[.*\], [0-9]+ runs of the work tree; target not met yet' \
    || fail "no baseline sentence"
expect 0 'equal trees' perfloop measure
grep -x 'same: the work tree is what it is compared with, nothing was run' "$scratch/out"

slow
echo mine >notes.txt
git add notes.txt
expect 3 'slower' perfloop measure
grep -E '^slower: .* \+[0-9.]+ % \[' "$scratch/out" || fail "no sentence with numbers: $(cat "$scratch/out")"
expect 1 'slower is not kept' perfloop keep
before=$(git rev-parse HEAD)
perfloop status --json | python3 -c '
import json, sys
workload = json.load(sys.stdin)["workloads"][0]
assert workload["open"]["status"] == "slower", workload
assert workload["next"] == "perfloop revert", workload
'
# Both side trees are kept and nothing of the user moved.
git rev-parse -q --verify refs/perfloop/iterations/1/candidate >/dev/null
echo edited later >>notes.txt
expect 1 'new file edited since' perfloop revert
grep -q 'notes.txt would have to go, and was edited since' "$scratch/err"
git checkout -q notes.txt
perfloop revert | grep -x 'iteration 1 reverted: notes.txt and work.py as before it; perfloop restore 1 brings it again'
git diff --quiet HEAD -- work.py
perfloop restore >/dev/null
git diff --quiet HEAD -- work.py && fail "restore brought nothing"
perfloop revert >/dev/null
test "$(git diff --cached --name-only)" = notes.txt || fail "the index was touched"
git rm -q --cached notes.txt

fast
sed -i 's/assert work.work(3) == .*/assert False/' check.py
expect 0 'faster' perfloop measure
expect 1 'red tests' perfloop keep
grep -q 'the tests are red, so nothing was committed' "$scratch/err" || fail "$(cat "$scratch/err")"
test "$(git rev-parse HEAD)" = "$before" || fail "committed with red tests"
git checkout -q check.py
expect 1 'another tree than was measured' perfloop keep
grep -q 'check.py changed after it was measured' "$scratch/err"
expect 0 'faster' perfloop measure
echo staged >other.txt
git add other.txt
expect 0 'kept' perfloop keep
git log -1 --format=%B | grep -E '^Perfloop-Verdict: faster \(improvement, [0-9]+ pairs\)$'
for key in Metric Before After Delta; do
    git log -1 --format=%B | grep -qE "^Perfloop-$key: ." || fail "no trailer $key"
done
git notes --ref=refs/notes/perfloop show | python3 -c '
import json, sys
note = json.load(sys.stdin)
assert note["verdict"] == "improvement" and note["conditions"] and note["evidence"], note
'
test "$(git show --format= --name-only HEAD)" = work.py || fail "committed more than work.py"
test "$(git diff --cached --name-only)" = other.txt || fail "the index lost or got something"
perfloop status | grep -E 'next +nothing: target met'
perfloop log --json | python3 -c '
import json, sys
workload = json.load(sys.stdin)["workloads"][0]
assert len(workload["history"]) == 2 and workload["target_met"], workload
assert [i["state"] for i in workload["iterations"]][-1] == "reverted", workload
'
perfloop revert "$(perfloop log --json | python3 -c '
import json, sys
print(next(i["id"] for i in json.load(sys.stdin)["workloads"][0]["iterations"] if i["state"] == "kept"))
')" | grep -q 'stays, commit the reverse yourself'
git diff --quiet HEAD~1 -- work.py || fail "the kept change is not taken back"
echo "the loop: ok"
