# Sourced by the editor tests: a scratch project with a profile, and a recorded server.
#
#   begin NAME PART...     editors and python are there; WORK is a fresh folder with
#                            tokenizer/    the project as a git repository, profile imported
#                            good.py bad.py   tokenizer.py after a good change, and after a bad one on top
#                            server        the language server to start, recording into messages.jsonl
#   end STATUS             checks the messages and the repository; exits
#   close_work             exits, for tests that make no walk: failures is what counts
#
# Everything lives below WORK, HOME and the XDG folders included, so tests can run beside each other.
# WORK is removed when all went well and kept, with its path printed, when not.

set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
PERFLOOP=$(realpath "${PERFLOOP:-$top/build/dev/perfloop}")
EDITORS=${PERFLOOP_EDITORS:-$top/build/editors}
. "$top/tools/deps.sh"

# The line that costs most in tokenizer.py, as a person finds it.
HOT_TEXT='line = text.count('

# A profile as py-spy's raw format writes it, with the lines where they really are.
write_profile() {
    local repo=$1 count call call_unescape benchmark
    count=$(grep -n 'line = text.count(' "$repo/tokenizer.py" | cut -d: -f1)
    call=$(grep -n '  line, column = position(text, offset)' "$repo/tokenizer.py" | tail -1 | cut -d: -f1)
    call_unescape=$(grep -n 'word = unescape(word)' "$repo/tokenizer.py" | cut -d: -f1)
    benchmark=$(grep -n 'tokens = benchmark' "$repo/benchmarks/test_tokenize.py" | cut -d: -f1)
    local from="test_tokenize (benchmarks/test_tokenize.py:$benchmark);tokenize (tokenizer.py"
    cat <<END
$from:$call);position (tokenizer.py:$count) 700
$from:$call);position (tokenizer.py:$((count + 1))) 150
$from:$call) 90
$from:$call_unescape) 60
END
}

begin() {
    local name=$1
    shift
    "$top/tools/get_editors.sh" python "$@"
    mkdir -p "$top/build/e2e"
    (
        flock 9
        need_venv "$top/build/venv" "$top/tests/requirements.txt"
    ) 9>"$top/build/e2e/.venv.lock"
    WORK=$(mktemp -d "$top/build/e2e/$name.XXXXXX")
    trap 'echo "stopped; what it left: $WORK"' EXIT
    mkdir -p "$WORK"/{home,state,cache,config,data,run}
    export HOME=$WORK/home XDG_STATE_HOME=$WORK/state XDG_CACHE_HOME=$WORK/cache
    export XDG_CONFIG_HOME=$WORK/config XDG_DATA_HOME=$WORK/data XDG_RUNTIME_DIR=$WORK/run
    export PATH=$top/build/venv/bin:$(dirname "$PERFLOOP"):$PATH
    export GIT_CONFIG_NOSYSTEM=1 LANG=C.UTF-8
    # VS Code asks a login shell for the user's environment.
    echo "export PATH='$PATH'" >"$HOME/.profile"
    REPO=$WORK/tokenizer
    "$top/tests/programs/tokenize/make_repo.sh" "$REPO"
    local changes=$top/tests/programs/tokenize/changes
    for change in good bad; do
        (cd "$REPO" && git apply "$changes/$change.patch")
        cp "$REPO/tokenizer.py" "$WORK/$change.py"
    done
    git -C "$REPO" checkout -q tokenizer.py
    # So slow that a busy machine sees it, too.
    sed -i 's/in sorted(KEYWORDS + \(.*\)):/in sorted((KEYWORDS + \1) * 30):/' "$WORK/bad.py"
    write_profile "$REPO" >"$WORK/profile.txt"
    (cd "$REPO" && "$PERFLOOP" import "$WORK/profile.txt")
    printf '#!/bin/sh\nexec %s %s %s %s lsp "$@" 2>>%s\n' "$EDITORS/python/bin/python" \
        "$top/tests/e2e/proto/record.py" "$WORK/messages.jsonl" "$PERFLOOP" "$WORK/server.log" >"$WORK/server"
    chmod +x "$WORK/server"
    export WORK REPO HOT_TEXT SERVER=$WORK/server
}

# expect_that WHAT COMMAND...: counts a failure when the command fails.
failures=0
expect_that() {
    local what=$1
    shift
    if "$@"; then
        echo "ok   $what"
    else
        echo "FAIL $what"
        failures=$((failures + 1))
    fi
}

# What the repository holds after the walk that every editor makes.
check_repository() {
    local last
    last=$(git -C "$REPO" log -1 --format=%B)
    expect_that "the good change is the last commit" \
        cmp -s <(git -C "$REPO" show HEAD:tokenizer.py) "$WORK/good.py"
    for trailer in Metric Before After Delta Verdict; do
        expect_that "its message has Perfloop-$trailer" grep -q "^Perfloop-$trailer: ." <<<"$last"
    done
    expect_that "and the verdict faster" grep -qi '^Perfloop-Verdict: faster' <<<"$last"
    expect_that "the evidence is a note" \
        test -n "$(git -C "$REPO" notes --ref=refs/notes/perfloop show HEAD)"
    expect_that "the bad change is gone from the work tree" \
        cmp -s "$REPO/tokenizer.py" "$WORK/good.py"
    expect_that "nothing else was touched" test -z "$(git -C "$REPO" status --porcelain)"
}

# close_work: away with WORK when nothing failed, and the exit status.
close_work() {
    [ -z "${KEEP_LOG:-}" ] || cp "$WORK/messages.jsonl" "$KEEP_LOG"
    trap - EXIT
    if [ "$failures" = 0 ]; then
        rm -rf "$WORK"
        exit 0
    fi
    [ ! -s "$WORK/server.log" ] || tail -20 "$WORK/server.log"
    echo "$failures failed; what is left: $WORK"
    exit 1
}

end() {
    local status=$1
    [ "$status" = 0 ] || failures=$((failures + 1))
    check_repository
    expect_that "every message is right" "$EDITORS/python/bin/python" \
        "$top/tests/e2e/proto/check_log.py" "$WORK/messages.jsonl"
    close_work
}
