#!/usr/bin/env bash
# ctest-labels: slow alone
# perfloop hot --against with real tools: a change makes one hot line cheap, and this line is named
# as fallen and no other line as risen. py-spy in the loop (baseline, profile, change, measure,
# profile), where lines are compared by the benchmark's time; perf, by share, where the same program
# twice shows nothing; callgrind, whose counts are exact.
set -eu
here=$PWD
. tools/deps.sh
need_packages valgrind gcc libc6-dev linux-perf
need_venv build/venv tests/requirements.txt
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -r tests/programs/against "$scratch/work"
cd "$scratch/work"
export XDG_STATE_HOME=$scratch/state XDG_CACHE_HOME=$scratch/cache PATH=$here/build/venv/bin:$PATH
export GIT_CONFIG_GLOBAL=/dev/null
git init -q . && git add -A && git -c user.name=t -c user.email=t@t commit -qm "a program"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
words() { # JSON-FILE: "fell work.py:21" for each row that rose or fell
    python3 - "$1" <<'END'
import json, sys
for row in json.load(open(sys.argv[1]))["rows"]:
    print(row["word"], "%s:%d" % (row["file"], row["line"]))
END
}
# The place fell most, and nothing rose. (While a sampled program waits for a processor its samples
# fall on one line, so on a busy machine another line may seem to have fallen, too.)
only_fell() { # JSON-FILE PLACE
    [ "$(words "$1" | sed -n 1p)" = "fell $2" ] || fail "not $2: $(words "$1")"
    if words "$1" | grep rose; then fail "something rose: $(words "$1")"; fi
}
field() { # JSON-FILE KEY
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$@"
}
line_of() { # FILE MARK
    grep -n "$2" "$1" | head -1 | cut -d: -f1
}
expect_error() { # WORDS COMMAND...
    local words=$1 said
    shift
    if said=$("$@" 2>&1 >/dev/null); then fail "this worked: $*"; fi
    grep -qF -- "$words" <<<"$said" || fail "expected '$words' from: $* -- it said: $said"
}

echo "py-spy: the loop"
"$PERFLOOP" trust --yes >/dev/null
expect_error "no profile yet: run \`perfloop profile\`" "$PERFLOOP" hot --against baseline
"$PERFLOOP" baseline 2>/dev/null
"$PERFLOOP" profile --rate 1000 2>/dev/null
expect_error "profile 1 is itself the baseline's" "$PERFLOOP" hot --against baseline
"$PERFLOOP" profile --rate 1000 2>/dev/null
"$PERFLOOP" hot --against previous --json >same.json
patch -sp1 <change.patch
"$PERFLOOP" measure 2>/dev/null
"$PERFLOOP" profile --rate 1000 2>/dev/null
"$PERFLOOP" hot --against baseline
"$PERFLOOP" hot --against baseline --json >line.json
"$PERFLOOP" hot --against baseline --by function --json >function.json
[ "$(field line.json per)" = benchmark ] || fail "not compared by the benchmark"
only_fell line.json "work.py:$(line_of work.py '# SLOW')"
only_fell function.json "work.py:$(line_of work.py 'def distinct')"

echo "several profiles are added up on both sides"
"$PERFLOOP" hot --profile 1 --profile 2 --json >merged.json
[ "$(field merged.json samples)" = $(($(field same.json then_samples) + $(field same.json samples))) ] ||
    fail "merged: $(field merged.json samples) samples"
expect_error "profile 1 and profile 3 saw two versions of work.py" "$PERFLOOP" hot --profile 1 --profile 3
"$PERFLOOP" hot --against 1 --against 2 --per share --json >both.json
only_fell both.json "work.py:$(line_of work.py '# SLOW')"

echo "perf: samples of the time on the processor"
sample() { # OUT
    gcc -g -O1 -fno-omit-frame-pointer -o "$scratch/work.bin" work.c
    perf record -q -e cpu-clock:u -F 2000 -g -o "$scratch/$1" "$scratch/work.bin" 300 >/dev/null 2>&1 ||
        fail "perf record does not work here"
    "$PERFLOOP" import "$scratch/$1" 2>/dev/null
}
sample one.data
sample two.data
"$PERFLOOP" hot --against previous --json >same.json
[ -z "$(words same.json)" ] || fail "the same program twice differs: $("$PERFLOOP" hot --against previous)"
cp work.c before.c
change_c() {
    sed -i -e '1i /* This comment moves every line. */' -e 's| / 7 % 1009 \* 17 / 3 % 1013||' work.c
}
change_c
sample three.data
"$PERFLOOP" hot --against previous
"$PERFLOOP" hot --against previous --json >line.json
"$PERFLOOP" hot --against previous --by function --json >function.json
# The compiler counts a part of the loop to another of its lines when its body is shorter.
[ "$(words line.json | sed -n 1p)" = "fell work.c:$(line_of work.c SLOW)" ] || fail "perf: $(words line.json)"
if words line.json | grep "rose work.c:$(line_of work.c STEADY)"; then fail "what stayed rose"; fi
only_fell function.json "work.c:$(line_of work.c 'unsigned slow')"
cp before.c work.c

echo "callgrind: exact counts"
count() { # OUT
    gcc -g -O1 -o "$scratch/work.bin" work.c
    valgrind --tool=callgrind --callgrind-out-file="$scratch/$1" "$scratch/work.bin" 1 >/dev/null 2>&1
    "$PERFLOOP" import "$scratch/$1" >/dev/null 2>&1
}
count one.out
count two.out
"$PERFLOOP" hot --against previous --sort self --top 0 --json >same.json
[ -z "$(words same.json | grep work.c)" ] || fail "the same program twice differs: $(words same.json)"
change_c
count three.out
"$PERFLOOP" hot --against previous --top 5
# Without what is called: printf has other digits to print.
"$PERFLOOP" hot --against previous --sort self --top 0 --json >line.json
[ "$(words line.json | sed -n 1p)" = "fell work.c:$(line_of work.c SLOW)" ] || fail "callgrind: $(words line.json | head -3)"
if words line.json | grep "rose work.c"; then fail "a line of the program rose"; fi
[ "$(field line.json error)" = counted ] || fail "callgrind counts"
grep -q '"place":"changed"' line.json || fail "the line was changed"
echo "all as planned"
