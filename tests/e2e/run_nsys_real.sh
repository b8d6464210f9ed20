#!/usr/bin/env bash
# The real nsys, where there is one: a program's and a Python script's samples from the recording to the
# lines, and what is said where no GPU answers. Stand-ins play the rest (run_capture_gpu.sh). Several
# versions: NSYS="/a/nsys /b/nsys".
set -eu
cd "$(dirname "$0")/../.."
here=$PWD
NSYS=${NSYS:-$(command -v nsys || ls -d /opt/nvidia/nsight-systems/20*/bin/nsys /usr/local/cuda/bin/nsys 2>/dev/null | tail -1 || true)}
if [ -z "$NSYS" ]; then
    echo "skipped: no nsys is installed here (docs/GPU.md)"
    exit 77
fi
. tools/deps.sh
need_packages gcc libc6-dev
stage=$(mktemp -d)
cp tests/programs/nsys/* "$stage"
gcc -g -O1 -o "$stage/planted" "$stage/planted.c"
programs=$stage
. tests/e2e/capture_lib.sh
trap 'rm -rf "$scratch" "$stage"' EXIT

# nsys loses its agent now and then (2023.4, when its files are not in memory yet): three tries.
tries() { # COMMAND...: its words go to $scratch/notes
    local i
    for i in 1 2 3; do
        if timeout 120 "$@" >"$scratch/out" 2>"$scratch/notes"; then return 0; fi
        grep -q 'lost its own agent' "$scratch/notes" || break
    done
    return 1
}
for nsys in $NSYS; do
    mkdir -p "$scratch/bin"
    ln -sfn "$nsys" "$scratch/bin/nsys"
    export PATH=$scratch/bin:$PATH
    hash -r
    "$nsys" --version
    if "$PERFLOOP" doctor nsys | grep -q 'too old'; then
        echo "too old: not run"
        continue
    fi
    tries "$PERFLOOP" profile planted --with nsys || fail "$(tail -1 "$scratch/notes")"
    nothing_left
    if grep -q 'took no samples' "$scratch/notes"; then
        cat "$scratch/notes"
        continue
    fi
    ! grep -q 'nsight-systems\|ToolsInjection' "$scratch/notes" || fail "a note about nsys' own files: $(cat "$scratch/notes")"
    "$PERFLOOP" hot --workload planted --json --metric cpu_samples >"$scratch/hot"
    python3 - "$scratch/hot" planted.c <<'PY'
import json, sys
table = json.load(open(sys.argv[1]))
lines = open(sys.argv[2]).read().splitlines()
planted = [at for at, line in enumerate(lines, 1) if "PLANTED" in line][0]
first = max(table["rows"], key=lambda row: row["self"])
share = 100 * first["self"] / table["total"]
print(f"planted.c:{planted} is planted; first is {first['file']}:{first['line']} {first['function']} "
      f"with {share:.0f} % of {table['total']} {table['unit']}")
# The multiplication and the loop's own line share the loop.
assert first["file"] == "planted.c" and first["function"] == "hot", first
assert abs(first["line"] - planted) <= 1 and share > 50 and table["total"] > 50, table
PY
    tries "$PERFLOOP" profile python --with nsys || fail "$(tail -1 "$scratch/notes")"
    grep -q 'not lines of Python: perfloop profile --with py-spy' "$scratch/notes" || fail "$(cat "$scratch/notes")"
    expect_error "the benchmark failed with status 3 under nsys: no such input" \
        timeout 120 "$PERFLOOP" profile fails --with nsys
    nothing_left
    cancel --with nsys
done
echo "all as planned"
