#!/usr/bin/env bash
# Profiles by real tools: cProfile of every Python at hand beside its own pstats, py-spy, and files
# that want to do harm, each of which ends in one sentence.
set -eu
. tools/deps.sh
need_venv build/venv tests/requirements.txt
export PATH=$PWD/build/venv/bin:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache XDG_STATE_HOME=$work/state
cp tests/programs/profiled/work.py "$work"
checker=$PWD/tests/e2e/compare_pstats.py
cd "$work"

# ---- every Python beside its own pstats
checked=0
for python in $(ls -d ~/.pyenv/versions/3.*/bin/python /usr/bin/python3 2>/dev/null; command -v python3); do
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' || continue
    "$python" -m cProfile -o run.prof work.py 7 >/dev/null
    "$PERFLOOP" hot run.prof --by function --top 0 --json >wall.json
    "$PERFLOOP" hot run.prof --by function --top 0 --json --metric calls >calls.json
    "$PERFLOOP" dump hotspots run.prof >edges.txt
    "$python" "$checker" run.prof wall.json calls.json edges.txt
    checked=$((checked + 1))
done
[ $checked -gt 0 ]

# ---- py-spy
py-spy record -f speedscope --full-filenames -r 200 -o run.json -- python3 work.py 30 >/dev/null 2>&1
"$PERFLOOP" hot run.json --json --top 0 | python3 -c '
import json, sys
table, raw = json.load(sys.stdin), json.load(open("run.json"))
samples = sum(len(p["samples"]) for p in raw["profiles"])
assert table["samples"] == samples > 0, (table["samples"], samples)
assert sum(r["self"] for r in table["rows"]) + table["unmapped"] == table["total"]
assert any(r["file"] == "work.py" for r in table["rows"])'

# ---- what wants to do harm
refuse() { # FILE WORDS: one line on standard error, status 1, within 10 seconds
    if timeout 10 "$PERFLOOP" hot "$1" >out.txt 2>err.txt; then
        echo "$1 was accepted"; cat out.txt; exit 1
    fi
    [ "$(wc -l <err.txt)" = 1 ] && grep -qF -- "$2" err.txt || { echo "$1: wanted '$2'"; cat err.txt; exit 1; }
}
python3 - <<'PY'
import gzip, pickle, struct
SCHEMA = '{"$schema":"https://www.speedscope.app/file-format-schema.json","x":'
class Evil:
    def __reduce__(self):
        return open, ("pwned", "w")
for protocol in (0, 2, 4):
    open(f"evil{protocol}.lprof", "wb").write(pickle.dumps(Evil(), protocol))
with gzip.open("bomb.json.gz", "wb", 9) as out:
    for _ in range(256):
        out.write(b"a" * (1 << 20))
open("length.prof", "wb").write(b"{(" + struct.pack("<i", 0x7fffffff))
open("text.prof", "wb").write(b"{)\x03z\x01a" + b"u" + struct.pack("<I", 0xffffffff))
open("deep.json", "w").write(SCHEMA + "[" * 5_000_000)
open("deep.prof", "wb").write(b"{" + b")\x01" * 1_000_000)
open("nul.folded", "wb").write(b"main;f 3\nmain;\0\0 4\n")
open("zeros.folded", "wb").write(b"\0" * 100_000)
open("cut.json", "w").write(SCHEMA + '{"a":[1,2')
PY
refuse evil0.lprof "a Python pickle"
refuse evil2.lprof "a Python pickle"
refuse evil4.lprof "a Python pickle"
[ ! -e pwned ]
refuse bomb.json.gz "unpacks to more than"
refuse length.prof "a length beyond the end of the file"
refuse text.prof "a length beyond the end of the file"
refuse deep.json "no deeper nesting"
refuse deep.prof "nested too deeply"
refuse nul.folded "a NUL byte"
refuse zeros.folded "not a profile perfloop knows"
refuse cut.json "but the text ends"
head -c 300 run.prof >cut.prof
refuse cut.prof "ends in the middle of a value"
refuse /dev/null "not a regular file"
refuse . "not a regular file"
refuse missing "No such file"
echo "$checked Pythons agree with their pstats; 14 harmful files refused"
