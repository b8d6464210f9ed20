#!/usr/bin/env bash
# From a bare Debian machine to the main job: installs dependencies, builds the release, and walks
# the loop on a real example, printing at each step what an editor shows.
set -eu
cd "$(dirname "$0")/.."
. tools/deps.sh
here=$PWD

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() {
    printf '\033[2m$ %s\033[0m\n' "$*"
    "$@"
}
fail() {
    echo "try.sh: $*" >&2
    exit 1
}

say "1. Dependencies and release build"
need_packages "${BUILD_PACKAGES[@]}" python3 python3-venv
need_npm
need_venv build/venv tests/requirements.txt
cmake --preset release >/dev/null
cmake --build --preset release --target perfloop >build/release.log 2>&1 || {
    tail -30 build/release.log
    fail "the build failed"
}
PATH=$here/build/venv/bin:$here/build/release:$PATH
scratch=$here/build/try
rm -rf "$scratch"
mkdir -p "$scratch"
# Nothing of this walk touches the user's own trust list or cache.
export XDG_STATE_HOME=$scratch/state XDG_CACHE_HOME=$scratch/cache
repo=$scratch/tokenizer
tests/programs/tokenize/make_repo.sh "$repo"
cd "$repo"
editor() { run python3 "$here/tools/editor_view.py" "$@"; }
changes=$here/tests/programs/tokenize/changes

say "2. The workload: what is optimized, and how one knows it got better"
cat perfloop.toml
say "   perfloop runs a command of a workspace only after you agreed to exactly that command"
run perfloop trust --yes

say "3. Baseline: no optimization without a number"
run perfloop baseline

say "4. Profile: don't guess"
run perfloop profile --with py-spy
run perfloop hot --top 5
editor tokenizer.py

say "5. One change: count lines while going, not from the start for each token"
run git apply "$changes/good.patch"
git --no-pager diff --stat
status=0
run perfloop measure --budget 300 || status=$?
[ $status = 0 ] || fail "expected the verdict faster (0), got exit status $status"
editor tokenizer.py

say "6. Keep it: tests, then a checkpoint that carries the numbers"
run perfloop keep --yes
run git --no-pager log -1 --format='%h %s%n%n%b'

say "7. A change that looks harmless"
run git apply "$changes/bad.patch"
status=0
run perfloop measure --budget 300 || status=$?
[ $status = 3 ] || fail "expected the verdict slower (3), got exit status $status"
editor tokenizer.py

say "8. Take it back: exactly this change, nothing else"
run perfloop revert --yes
git diff --quiet || fail "the work tree still differs from the checkpoint"
run perfloop log
run perfloop status

say "Done. To look around:"
cat <<END
  the scratch repository    $repo   (git log, git notes --ref=perfloop show)
  bring the change back     cd $repo && perfloop restore
  in Neovim                 nvim -u $here/editors/nvim/perfloop.lua $repo/tokenizer.py
  in Emacs                  emacs -l $here/editors/emacs/perfloop.el -f perfloop-setup $repo/tokenizer.py
  in VS Code                the extension in $here/editors/vscode
  the program               $here/build/release/perfloop
END
