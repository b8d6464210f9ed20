# Sourced by run_capture_*.sh: the planted program ($programs, the Rust one by default) in a repository of
# its own, with trust given, and what a run must not leave.

source_root=$PWD
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -r "${programs:-tests/programs/rust}" "$scratch/work tree"
cd "$scratch/work tree"
export XDG_STATE_HOME=$scratch/state XDG_CACHE_HOME=$scratch/cache
export GIT_CONFIG_GLOBAL=/dev/null
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS CARGO_TARGET_DIR DEBUGINFOD_URLS
git init -q . && git add -A && git -c user.name=t -c user.email=t@t commit -qm planted
"$PERFLOOP" trust --yes >/dev/null

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
pause() {
    read -rt 0.05 <> <(:) || true
}
# Processes that run below the scratch folder (this shell and its children aside).
processes() {
    local cwd pid
    for cwd in /proc/[0-9]*/cwd; do
        pid=${cwd#/proc/} pid=${pid%/cwd}
        [[ $(readlink "$cwd" 2>/dev/null) == "$scratch"* ]] || continue
        grep -aq 'planted\|profiled.py\|py-spy\|perf record\|heaptrack\|valgrind\|nvidia-smi' "/proc/$pid/cmdline" 2>/dev/null && echo "$pid"
    done
    true
}
nothing_left() {
    [ -z "$(git status --porcelain)" ] || fail "left in the work tree: $(git status --short)"
    [ -z "$(ls "$XDG_CACHE_HOME/perfloop/captures" 2>/dev/null)" ] || fail "a capture folder is left"
    [ -z "$(processes)" ] || fail "processes are left: $(processes)"
}
expect_error() { # WORDS COMMAND...: fails with a sentence that has the words
    local words=$1 said
    shift
    if said=$("$@" 2>&1 >/dev/null); then fail "this worked: $*"; fi
    grep -qF -- "$words" <<<"$said" || fail "expected '$words' from: $* -- it said: $said"
}
profile() { # WORKLOAD OPTIONS...: notes go to $scratch/notes
    "$PERFLOOP" profile "$@" 2>"$scratch/notes" || fail "profile $*: $(tail -1 "$scratch/notes")"
}
# Cancels a run of the workload `long` once it is under way.
cancel() { # OPTIONS...
    local status=0 pid
    "$PERFLOOP" profile long "$@" --events >"$scratch/events" &
    pid=$!
    until grep -qs '[0-9] s"' "$scratch/events" && [ -n "$(processes)" ]; do
        kill -0 $pid || fail "it ended by itself: $(cat "$scratch/events")"
        pause
    done
    kill -TERM $pid
    wait $pid || status=$?
    [ $status = 130 ] || fail "cancelled with status $status"
    grep -q '"event":"error","kind":"cancelled"' "$scratch/events" || fail "no word of the cancel"
    nothing_left
}
