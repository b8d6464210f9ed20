#!/usr/bin/env bash
# line_profiler: a recording made here, line by line beside what line_profiler itself prints.
set -eu
. tools/deps.sh
need_venv build/venv tests/requirements.txt
export PATH=$PWD/build/venv/bin:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache XDG_STATE_HOME=$work/state
cp tests/programs/memory/lines.py "$work"
checker=$PWD/tests/e2e/compare_lprof.py
cd "$work"

kernprof -l -o run.lprof lines.py >/dev/null 2>&1
python -m line_profiler --unit 1e-9 run.lprof >printed.txt
"$PERFLOOP" hot run.lprof --top 0 --json >wall.json
"$PERFLOOP" hot run.lprof --top 0 --json --metric hits >hits.json
python "$checker" printed.txt wall.json hits.json

# ---- the planted lines come first
inner=$(grep -n '# INNER' lines.py | cut -d: -f1) call=$(grep -n '# CALL' lines.py | cut -d: -f1)
"$PERFLOOP" hot run.lprof --top 2 >hot.txt
grep -q "lines.py:$inner inner" hot.txt && grep -q "lines.py:$call outer" hot.txt || { cat hot.txt; exit 1; }

# ---- what names the class and asks for more is refused, and nothing runs
python - <<'PY'
import pickle
class Evil:
    def __reduce__(self):
        return open, ("pwned", "w")
for protocol in (2, 4):
    data = pickle.dumps({"line_profiler": "LineStats", "x": Evil()}, protocol)
    open(f"evil{protocol}.lprof", "wb").write(data)
PY
for protocol in 2 4; do
    if "$PERFLOOP" hot evil$protocol.lprof 2>err.txt; then echo "evil$protocol was accepted"; exit 1; fi
    grep -q "a Python pickle that asks for .*open; it is not run" err.txt || { cat err.txt; exit 1; }
done
[ ! -e pwned ]
echo "every line equals line_profiler's own table; 2 harmful files refused"
