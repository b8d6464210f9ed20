#!/usr/bin/env bash
# ctest-labels: slow alone
# Measuring for real: the slow tests of the runner, pytest-benchmark, a package installed in place,
# what is left behind after an interrupt. Needs build/venv (tools/check.sh makes it).
set -eu
cd "$(dirname "$0")/../.."
here=$PWD
. tools/deps.sh
need_venv build/venv tests/requirements.txt
bin=$(dirname "$PERFLOOP")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() {
    echo "FAILED: $*"
    exit 1
}
expect() { # STATUS PATTERN OUTPUT
    [ "$status" = "$1" ] || fail "exit status $status, want $1: $3"
    grep -q "$2" <<<"$3" || fail "no '$2' in: $3"
    printf '  %s\n' "$(head -1 <<<"$3")"
}

echo "the slow tests of the runner"
"$bin/test_bench" --slow

echo "pytest-benchmark: p50, throughput"
python=$here/build/venv/bin/python
for side in a b; do
    mkdir -p "$scratch/trees/$side-1/benchmarks"
    cat >"$scratch/trees/$side-1/work.py" <<END
def grind(n):
    total = 0
    for i in range(n * $([ $side = a ] && echo 1 || echo 2)):
        total += i * i
    return total
END
    cat >"$scratch/trees/$side-1/benchmarks/test_work.py" <<'END'
import work

def test_small(benchmark):
    benchmark(work.grind, 300)

def test_large(benchmark):
    benchmark(work.grind, 3000)
END
done
pytest=("$python" -m pytest -q -p no:cacheprovider benchmarks --benchmark-max-time=0.1 --benchmark-min-rounds=5)
trees=("$scratch/trees/a-1" "$scratch/trees/b-1")
status=0
out=$("$bin/measure_trees" --harness pytest-benchmark --metric p50 --pairs 10 "${trees[@]}" -- "${pytest[@]}") || status=$?
expect 3 '^slower: .*10 pairs, p50, back to back' "$out"
grep -q '"reason":"pytest-benchmark takes its own samples"' <<<"$out" || fail "$out"
status=0
out=$("$bin/measure_trees" --harness pytest-benchmark --metric throughput --single "${trees[@]}" -- "${pytest[@]}") || status=$?
expect 0 '^throughput .* /s \[' "$out"

echo "a changed benchmark is not the same benchmark"
echo "# changed" >>"$scratch/trees/b-1/benchmarks/test_work.py"
status=0
out=$("$bin/measure_trees" --harness pytest-benchmark "${trees[@]}" -- "$python" -m pytest benchmarks/test_work.py) || status=$?
expect 4 'invalid.*the change touches the benchmark itself (benchmarks/test_work.py)' "$out"

echo "a package installed in place (pip install -e) is refused, and the mend works"
project=$scratch/project
mkdir -p "$project/src/grindstone" "$project/benchmarks"
cat >"$project/pyproject.toml" <<'END'
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "grindstone"
version = "1"
END
echo 'def grind(n): return sum(range(n))' >"$project/src/grindstone/__init__.py"
cat >"$project/benchmarks/test_grind.py" <<'END'
import grindstone

def test_grind(benchmark):
    benchmark(grindstone.grind, 1000)
END
cp -r "$project" "$scratch/trees/c-1"
cp -r "$project" "$scratch/trees/d-1"
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install -q --disable-pip-version-check setuptools wheel -r tests/requirements.txt
"$scratch/venv/bin/pip" install -q --disable-pip-version-check --no-build-isolation --no-deps -e "$project"
measure=("$bin/measure_trees" --root "$project" --harness pytest-benchmark --pairs 10 --budget 1 "$scratch/trees/c-1" "$scratch/trees/d-1" --)
pytest=("$scratch/venv/bin/python" -m pytest -q benchmarks/test_grind.py --benchmark-max-time=0.05)
status=0
out=$("${measure[@]}" "${pytest[@]}" 2>&1) || status=$?
expect 1 "imported grindstone from $project/src/grindstone/__init__.py instead of its own tree" "$out"
grep -q 'env PYTHONPATH=src \.\.\.' <<<"$out" || fail "no mend in: $out"
status=0
out=$("${measure[@]}" env PYTHONPATH=src "${pytest[@]}" 2>&1) || status=$?
expect 4 '10 pairs of .* are needed for the first look' "$out"

echo "an interrupt leaves nothing behind"
TMPDIR=$scratch "$bin/measure_trees" "${trees[@]}" -- sh -c "setsid sleep 1000.$$ & sleep 2000.$$" &
pid=$!
for _ in $(seq 100); do
    [ "$(pgrep -cf "sleep [12]000.$$" || true)" -ge 2 ] && break
    sleep 0.1
done
[ "$(pgrep -cf "sleep [12]000.$$" || true)" -ge 2 ] || fail "the command did not start"
kill -TERM $pid
status=0
wait $pid || status=$?
[ $status = 130 ] || fail "exit status $status after an interrupt, want 130"
! pgrep -f "sleep [12]000.$$" || fail "processes were left behind"
! ls -d "$scratch"/perfloop-bench-* 2>/dev/null || fail "a folder was left behind"

echo "nothing is left when perfloop itself is killed"
TMPDIR=$scratch "$bin/measure_trees" "${trees[@]}" -- sh -c "setsid sleep 3000.$$ & sleep 4000.$$" &
pid=$!
for _ in $(seq 100); do
    [ "$(pgrep -cf "sleep [34]000.$$" || true)" -ge 2 ] && break
    sleep 0.1
done
kill -KILL $pid
wait $pid || true
for _ in $(seq 100); do
    pgrep -f "sleep [34]000.$$" >/dev/null || break
    sleep 0.1
done
! pgrep -f "sleep [34]000.$$" || fail "processes were left behind"
echo "all green"
