#!/usr/bin/env bash
# Chrome traces by real tools: viztracer beside a plain reading of its file, whole and cut in the
# middle, and py-spy's chrometrace, whose lines have to be those of the program's own loops.
set -eu
. tools/deps.sh
need_venv build/venv tests/requirements.txt
export PATH=$PWD/build/venv/bin:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
cp tests/programs/profiled/work.py "$work"
checker=$PWD/tests/e2e/compare_trace.py
cd "$work"

first_line() { # FILE: the hottest line of work.py
    "$PERFLOOP" hot "$1" --sort self --json --top 0 | python3 -c '
import json, sys
rows = [row for row in json.load(sys.stdin)["rows"] if row["file"].endswith("work.py")]
print(open("work.py").read().splitlines()[rows[0]["line"] - 1].strip())'
}

viztracer -o trace.json --quiet work.py 7 >/dev/null
python3 "$checker" trace.json
[ "$(first_line trace.json)" = "def hot_loop(n):" ] || { "$PERFLOOP" hot trace.json; exit 1; }
gzip -k trace.json
"$PERFLOOP" hot trace.json.gz --top 0 | tail -n +2 >packed.txt
"$PERFLOOP" hot trace.json --top 0 | tail -n +2 | diff packed.txt -

# Killed while it wrote: what is there counts, and one note says that there is no more.
head -c $(($(stat -c %s trace.json) / 3)) trace.json >cut.json
"$PERFLOOP" hot cut.json >cut.txt
grep -q "note: the trace ends early: line " cut.txt

# A ring buffer that was too small.
viztracer -o small.json --quiet --tracer_entries 1000 work.py 7 >/dev/null 2>&1
"$PERFLOOP" hot small.json | grep -q "note: viztracer's buffer was full"

py-spy record -f chrometrace --full-filenames -r 200 -o spy.json -- python3 work.py 30 >/dev/null 2>&1
case $(first_line spy.json) in
"return fib(n - 1) + fib(n - 2)" | "if n < 2:" | "def fib(n):" | "total += (i * i) % 7" | "for i in range(n):") ;;
*) echo "py-spy: the hottest line is '$(first_line spy.json)'"; exit 1 ;;
esac
