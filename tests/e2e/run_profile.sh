#!/usr/bin/env bash
# ctest-labels: slow
# perfloop profile with the real py-spy and cProfile, on a program whose hot lines were planted;
# then everything that can go wrong: nobody agreed, no profiler, a failing benchmark, a cancel, a kill.
set -eu
here=$PWD
. tools/deps.sh
need_venv build/venv tests/requirements.txt
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -r tests/programs/planted "$scratch/work tree"
cd "$scratch/work tree"
export XDG_STATE_HOME=$scratch/state XDG_CACHE_HOME=$scratch/cache PATH=$here/build/venv/bin:$PATH
export GIT_CONFIG_GLOBAL=/dev/null
git init -q . && git add -A && git -c user.name=t -c user.email=t@t commit -qm planted
planted=$(grep -n 'PLANTED' planted.py | cut -d: -f1)

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
# Nothing of a run is left: no file in the work tree, no capture in the cache, no process.
nothing_left() {
    [ -z "$(git status --porcelain --ignored)" ] || fail "left in the work tree: $(git status --short --ignored)"
    [ -z "$(ls "$XDG_CACHE_HOME/perfloop/captures" 2>/dev/null)" ] || fail "a capture folder is left"
    [ -z "$(processes)" ] || fail "processes are left: $(processes)"
}
# Processes that run below the scratch folder (this shell and its children aside).
processes() {
    local cwd pid
    for cwd in /proc/[0-9]*/cwd; do
        pid=${cwd#/proc/} pid=${pid%/cwd}
        [[ $(readlink "$cwd" 2>/dev/null) == "$scratch"* ]] || continue
        grep -aq 'planted\|py-spy' "/proc/$pid/cmdline" 2>/dev/null && echo "$pid"
    done
    true
}
pause() {
    read -rt 0.05 <> <(:) || true
}
# Until progress was told for a second and the benchmark is there; $pid is perfloop's.
wait_for_run() {
    until grep -qs '[0-9] s"' "$scratch/events" && [ -n "$(processes)" ]; do
        kill -0 $pid || fail "it ended by itself: $(cat "$scratch/events")"
        pause
    done
}
top_row() { # WORKLOAD OPTIONS...: file:line of the hottest row
    "$PERFLOOP" hot --workload "$1" --json --top 1 "${@:2}" |
        python3 -c 'import json, sys; row = json.load(sys.stdin)["rows"][0]; print("%(file)s:%(line)d" % row)'
}
expect_error() { # WORDS COMMAND...: fails with a sentence that has the words
    local words=$1 said
    shift
    if said=$("$@" 2>&1 >/dev/null); then fail "this worked: $*"; fi
    grep -qF -- "$words" <<<"$said" || fail "expected '$words' from: $* -- it said: $said"
}

echo "nobody agreed yet"
expect_error "pass --yes to agree" "$PERFLOOP" profile script </dev/null
"$PERFLOOP" trust --yes >/dev/null
nothing_left

echo "py-spy finds the planted line"
"$PERFLOOP" profile script --with py-spy 2>/dev/null
[ "$(top_row script)" = "planted.py:$planted" ] || fail "py-spy: hottest is $(top_row script)"
nothing_left
"$PERFLOOP" profile pytest --with py-spy 2>/dev/null
[ "$(top_row pytest)" = "planted.py:$planted" ] || fail "py-spy, pytest: hottest is $(top_row pytest)"
"$PERFLOOP" hot --workload pytest --json --top 0 >"$scratch/rows"
if grep -q '"function":"process ' "$scratch/rows"; then fail "a process is no function"; fi
unmeasured=$(grep -n 'UNMEASURED' bench_planted.py | cut -d: -f1)
if grep -q "\"bench_planted.py\",\"line\":$unmeasured" "$scratch/rows"; then fail "what is not measured is in the profile"; fi
nothing_left
"$PERFLOOP" profile shell --with py-spy 2>/dev/null
[ "$(top_row shell)" = "planted.py:$planted" ] || fail "py-spy, shell: hottest is $(top_row shell)"
nothing_left

echo "cProfile finds the planted function"
"$PERFLOOP" profile script --with cprofile 2>/dev/null
grind=planted.py:$(grep -n 'def grind' planted.py | cut -d: -f1)
[ "$(top_row script --by function)" = "$grind" ] || fail "cProfile: hottest is $(top_row script --by function)"
"$PERFLOOP" profile pytest --with cprofile 2>/dev/null
[ "$(top_row pytest --by function)" = "$grind" ] || fail "cProfile, pytest: hottest is $(top_row pytest --by function)"
nothing_left

echo "what cannot be done is one sentence"
expect_error "the benchmark failed with status 7 under py-spy: nothing to do" "$PERFLOOP" profile fails --with py-spy
expect_error "the benchmark failed with status 7 under cprofile: nothing to do" "$PERFLOOP" profile fails --with cprofile
expect_error "cProfile runs only what Python starts" "$PERFLOOP" profile shell --with cprofile
expect_error "perfloop cannot run 'gprof'; it runs py-spy, cprofile" "$PERFLOOP" profile script --with gprof
help=$("$PERFLOOP" profile --help)
tools=$("$PERFLOOP" profile script --with gprof 2>&1 || true)
for tool in ${tools##*it runs }; do
    grep -qw -- "${tool%,}" <<<"$help" || fail "profile --help does not name ${tool%,}"
done
expect_error "name one" "$PERFLOOP" profile
expect_error "no workload 'other'" "$PERFLOOP" profile other
nothing_left
# A Python without py-spy beside it.
mkdir "$scratch/bare" && ln -s "$(readlink -f build/venv/bin/python 2>/dev/null || command -v python3)" "$scratch/bare/python"
expect_error "py-spy is not installed: " env PATH="$scratch/bare:/usr/bin:/bin" "$PERFLOOP" profile script --with py-spy

echo "a change of the command asks again"
sed -i 's/planted.py 1.5/planted.py 1.4/' perfloop.toml
expect_error "pass --yes to agree" "$PERFLOOP" profile script </dev/null
git checkout -q perfloop.toml

for tool in py-spy cprofile; do
    echo "a cancel of $tool leaves nothing"
    "$PERFLOOP" profile long --with $tool --events >"$scratch/events" &
    pid=$!
    wait_for_run
    kill -TERM $pid
    status=0
    wait $pid || status=$?
    [ $status = 130 ] || fail "cancelled with status $status"
    grep -q '"event":"error","kind":"cancelled"' "$scratch/events" || fail "no word of the cancel"
    nothing_left
done

echo "a kill leaves no process, and the next run removes its folder"
"$PERFLOOP" profile long --with py-spy --events >"$scratch/events" &
pid=$!
wait_for_run
kill -KILL $pid
wait $pid || true
for _ in $(seq 200); do
    [ -n "$(processes)" ] || break
    pause
done
[ -z "$(processes)" ] || fail "processes outlived the kill: $(processes)"
"$PERFLOOP" profile script --with cprofile >/dev/null 2>&1
nothing_left

echo "what a newer version cannot map is read again from the recording"
before=$("$PERFLOOP" hot --workload script --json --top 1)
rm "$XDG_CACHE_HOME"/perfloop/profiles/*.plp
[ "$("$PERFLOOP" hot --workload script --json --top 1)" = "$before" ] || fail "the recording was not kept"

echo "doctor names what is here"
"$PERFLOOP" doctor --json 2>/dev/null | grep -q '"name":"py-spy","ready":true' || fail "$("$PERFLOOP" doctor)"
PATH=$scratch/bare:/usr/bin:/bin "$PERFLOOP" doctor -C / 2>/dev/null | grep -q 'mend: ' || fail "doctor names no mend"
echo "all as planned"
