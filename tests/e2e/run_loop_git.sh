#!/usr/bin/env bash
# ctest-labels: slow alone
# Keep and revert in repositories that do more than store files: LFS, signing, hooks, a submodule, a
# file too large to keep, sparse checkout, a damaged ledger.
set -eu
. "$(dirname "$0")/loop_lib.sh"
for tool in git-lfs ssh-keygen; do
    command -v $tool >/dev/null || {
        echo "skipped: no $tool (tools/check.sh installs it)"
        exit 77
    }
done
make_repo
perfloop trust --yes >/dev/null

# LFS, signing with an ssh key, and hooks, all in one commit. The data decides how much work it is.
git lfs install --local >/dev/null
git lfs track '*.dat' >/dev/null
ssh-keygen -q -t ed25519 -N '' -f "$scratch/key"
git config gpg.format ssh
git config user.signingkey "$scratch/key.pub"
git config commit.gpgsign true
echo "tester@example.invalid $(cat "$scratch/key.pub")" >"$scratch/signers"
git config gpg.ssh.allowedSignersFile "$scratch/signers"
cat >.git/hooks/commit-msg <<'END'
#!/bin/sh
echo 'Reviewed-By: a hook' >>"$1"
END
chmod +x .git/hooks/commit-msg
cat >work.py <<'END'
def work(count):
    return int(open("size.dat").read()) * 0 + 8


if __name__ == "__main__":
    total = 0
    for i in range(int(open("size.dat").read())):
        total += i % 7
    print("done")
END
echo 4000000 >size.dat
git add . && git commit -qm "size in LFS"
git show HEAD:size.dat | grep -q '^version https://git-lfs' || fail "the test's repository has no LFS"
expect 0 'baseline' perfloop baseline --budget 2
echo 400000 >size.dat
expect 0 'faster with LFS data' perfloop measure --budget 40
expect 0 'kept' perfloop keep
git show HEAD:size.dat | grep -q '^version https://git-lfs' || fail "the raw content was committed"
grep -q "$(git show HEAD:size.dat | sed -n 's/oid sha256://p' | cut -c1-8)" <(ls -R .git/lfs/objects) ||
    fail "the LFS object is missing"
git verify-commit HEAD 2>/dev/null || fail "not signed"
git log -1 --format=%B | grep -q '^Reviewed-By: a hook' || fail "the hook did not run"
grep -q 'differs from what was measured' "$scratch/out" && fail "said the commit differs: $(cat "$scratch/out")"
test -z "$(git status --porcelain)" || fail "the work tree is not clean: $(git status --porcelain)"
expect 0 'revert of a kept iteration' perfloop revert "$(perfloop log --json | python3 -c '
import json, sys
print(json.load(sys.stdin)["workloads"][0]["iterations"][0]["id"])')"
grep -qx 4000000 size.dat || fail "the LFS file has not its old content"
expect 0 'restore of a kept iteration' perfloop restore
git diff --quiet || fail "restore is not what was committed"

# A large untracked file takes part and is never copied into the repository.
truncate -s 70M large.bin
expect 0 'measure beside a large file' perfloop measure --budget 40
grep -q '^same: ' "$scratch/out" || fail "$(cat "$scratch/out")"
test "$(du -sk .git | cut -f1)" -lt 30000 || fail "the large file went into .git"
expect 0 'revert leaves it alone' perfloop revert
grep -q 'too large to have been kept, left as it is: large.bin' "$scratch/out"
test -s large.bin || fail "the large file is gone"
rm large.bin

# A change in a submodule is measured, and committed there.
git init -q -b main "$scratch/lib"
git -C "$scratch/lib" config user.name Tester
git -C "$scratch/lib" config user.email tester@example.invalid
echo 3000000 >"$scratch/lib/n"
git -C "$scratch/lib" add n && git -C "$scratch/lib" commit -qm n
git -c protocol.file.allow=always submodule -q add "$scratch/lib" lib
sed -i 's/open("size.dat")/open("lib\/n")/' work.py
git add . && git commit -qm "the number is the library's"
expect 0 'baseline with a submodule' perfloop baseline --budget 2
echo 300000 >lib/n
expect 0 'faster in a submodule' perfloop measure --budget 40
expect 1 'keep in a submodule' perfloop keep
grep -q 'lib/n lies in a submodule: commit it there first' "$scratch/err" || fail "$(cat "$scratch/err")"
expect 0 'revert in a submodule' perfloop revert
grep -qx 3000000 lib/n

# What libgit2 cannot open is said, with git's word for it.
git config core.repositoryformatversion 1
git config extensions.partialClone origin
expect 1 'an extension we cannot read' perfloop measure
grep -q "unsupported extension" "$scratch/err" || fail "$(cat "$scratch/err")"
git config --unset extensions.partialClone
git config core.repositoryformatversion 0

# A ledger that is none is an error, not a new beginning.
head -c 5000 /dev/urandom >.git/perfloop/ledger.db
rm -f .git/perfloop/ledger.db-*
expect 1 'a damaged ledger' perfloop status
grep -q 'ledger: ' "$scratch/err" || fail "$(cat "$scratch/err")"
echo "git: ok"
