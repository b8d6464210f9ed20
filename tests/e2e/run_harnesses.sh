#!/usr/bin/env bash
# ctest-labels: slow alone
# Baseline and measurement through the commands with each harness and its real tool: criterion, pyperf,
# Google Benchmark, lines of a program's own; and what hyperfine and criterion leave behind is read.
set -eu
. tools/deps.sh
need_packages libbenchmark-dev g++ hyperfine
need_rust
need_venv build/venv-pyperf tests/requirements_pyperf.txt
here=$PWD
export CARGO_HOME=${CARGO_HOME:-$HOME/.cargo} RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup}
. tests/e2e/loop_lib.sh
# Built once for all runs of the tests. A frozen tree has the same packages as the other side's, so that
# perfloop gives each side a folder of its own below this one.
export CARGO_TARGET_DIR=$here/build/cargo-measured
rm -rf "$CARGO_TARGET_DIR"/perfloop-?/criterion
# A doubled time needs no more than the first look of --quick.
budget=120

repo() { # NAME: an empty repository
    mkdir "$scratch/$1"
    cd "$scratch/$1"
    git init -q -b main
    git config user.name Tester
    git config user.email tester@example.invalid
}
workload() { # HARNESS METRIC BENCHMARK BUILD TARGET
    cat >perfloop.toml <<END
[workload.w]
harness = "$1"
metric = "$2"
target = "${5:--10 %}"
benchmark = "$3"
${4:+build = \"$4\"}
END
    git add .
    git commit -qm "a program"
    perfloop trust --yes >/dev/null
}
baseline() { # PATTERN
    expect 0 "baseline" perfloop baseline --budget 1
    grep -E "^baseline of w: $1" "$scratch/out" || fail "no '$1' in: $(cat "$scratch/out")"
}
slower() { # PATTERN
    expect 3 "twice the work" perfloop measure --budget $budget --quick
    grep -E "^slower: .*$1" "$scratch/out" || fail "no '$1' in: $(cat "$scratch/out")"
}

echo "metric-lines: a metric of the program's own, of which more is better"
repo lines
cat >work.py <<'END'
import time
work = 60000
for _ in range(3):
    start = time.perf_counter()
    sum(i * i for i in range(work))
    seconds = time.perf_counter() - start
    print(f"latency {seconds * 1e3:.4f} ms")
    print(f"rows/s {60000 / seconds:.1f} /s")
print("done")
END
workload metric-lines rows/s "python3 work.py" "" "+20 %"
baseline 'rows/s [0-9.,]+ ?[kMG]?/s \['
sed -i 's/^work = .*/work = 120000/' work.py
slower 'rows/s'
sed -i 's/^metric = .*/metric = "nothing"/' perfloop.toml
expect 1 'a name that is not printed' perfloop baseline --budget 1
grep -q "the output has no 'nothing', only: latency, rows/s" "$scratch/err" || fail "$(cat "$scratch/err")"

echo "pyperf"
repo pyperf
cat >work.py <<'END'
def grind(n):
    return sum(i * i for i in range(n))
END
cat >bench.py <<'END'
import pyperf
import work

runner = pyperf.Runner(processes=2, values=3, warmups=1, min_time=0.005)
runner.bench_func("grind", work.grind, 2000)
END
workload pyperf p50 "$here/build/venv-pyperf/bin/python bench.py"
baseline 'p50 [0-9.]+ .s \['
sed -i 's/range(n)/range(2 * n)/' work.py
slower 'p50'

echo "Google Benchmark"
repo google
cat >work.cpp <<'END'
#include <benchmark/benchmark.h>
#include <algorithm>
#include <vector>
static const int WORK = 1;
static void BM_sort(benchmark::State &state)
{
    std::vector<int> v(state.range(0));
    for (auto _ : state)
        for (int k = 0; k < WORK; k++) {
            for (size_t i = 0; i < v.size(); i++)
                v[i] = (i * 7919) % 1009;
            std::sort(v.begin(), v.end());
            benchmark::DoNotOptimize(v.data());
        }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_sort)->Arg(100)->Arg(1000)->MinTime(0.05);
BENCHMARK_MAIN();
END
workload google-benchmark cpu_time "./work" "g++ -O2 -o work work.cpp -lbenchmark -lpthread"
baseline 'cpu_time [0-9.]+ .s \['
sed -i 's/WORK = 1/WORK = 2/' work.cpp
slower 'CPU time'
git checkout -q work.cpp
sed -i 's/^metric = .*/metric = "items_per_second"/; s/^target = .*/target = "+10 %"/' perfloop.toml
git commit -qam "another metric"
baseline 'items_per_second [0-9.,]+ ?[kMG]?/s \['

echo "Google Benchmark: what a program measured itself, as with CUDA's events, is gpu_time"
repo manual
cat >work.cpp <<'END'
#include <benchmark/benchmark.h>
#include <chrono>
static void BM_kernel(benchmark::State &state)
{
    for (auto _ : state) {
        auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < state.range(0); i++)
            benchmark::DoNotOptimize(i);
        std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        state.SetIterationTime(took.count() / 1000);
    }
    state.counters["registers"] = 32;
}
BENCHMARK(BM_kernel)->Arg(10000)->UseManualTime()->Iterations(2000);
BENCHMARK_MAIN();
END
workload google-benchmark gpu_time "./work" "g++ -O2 -o work work.cpp -lbenchmark -lpthread"
# A thousandth of what the loop takes: no wall or CPU time has so few nanoseconds.
baseline 'gpu_time [0-9.]+ ns \['

echo "criterion"
repo criterion
cp -r "$here"/tests/programs/criterion/. .
rm -rf target
workload criterion p50 "cargo bench -q --locked --bench sums -- slow_sum" "cargo bench -q --locked --no-run --bench sums"
baseline 'p50 [0-9.]+ .s \['
sed -i 's/for value in values {/for value in values.iter().chain(values) {/' src/lib.rs
slower 'p50'
[ ! -e target ] || fail "criterion wrote into the work tree"
[ ! -e "$CARGO_TARGET_DIR/criterion" ] || fail "criterion's results are in the common folder"
for side in a b; do
    ls "$CARGO_TARGET_DIR"/perfloop-$side/release/deps/sums-* >/dev/null || fail "side $side was not built apart"
    [ ! -e "$CARGO_TARGET_DIR"/perfloop-$side/criterion ] || fail "stale results of side $side"
done
echo "nothing is taken from an earlier run: a filter that selects no benchmark has no number"
sed -i 's/-- slow_sum/-- no_such_benchmark/' perfloop.toml
perfloop trust --yes >/dev/null
expect 1 'no benchmark selected' perfloop baseline --budget 1
grep -q "criterion wrote no report: does the command run it, and select any benchmark?" "$scratch/err" || fail "$(cat "$scratch/err")"
git checkout -q perfloop.toml
sed -i 's/black_box(&input)/black_box(\&input[..])/' benches/sums.rs
expect 4 'the benchmark itself changed' perfloop measure --budget $budget
grep -q 'the change touches the benchmark itself (benches/sums.rs)' "$scratch/out" || fail "$(cat "$scratch/out")"

echo "what tools left behind is read: criterion's folder, hyperfine's report"
CRITERION_HOME=$scratch/results CARGO_TARGET_DIR=$CARGO_TARGET_DIR/perfloop-a \
    cargo bench -q --locked --bench sums >/dev/null 2>&1
perfloop dump samples "$scratch/results" >"$scratch/out"
cat "$scratch/out"
python3 - "$scratch/results" "$PERFLOOP" <<'PY'
import json, pathlib, subprocess, sys
names = [json.loads(f.read_text())["full_id"] for f in pathlib.Path(sys.argv[1]).glob("**/new/benchmark.json")]
lines = subprocess.run([sys.argv[2], "dump", "samples", sys.argv[1]], capture_output=True, text=True).stdout.splitlines()
read = [line.split(": ")[0].removeprefix("benchmark ") for line in lines if line.startswith("benchmark ")]
assert sorted(names) == sorted(read) == ["slow_sum 1k", "sorted/100", "sorted/1000"], (names, read)
assert all(": 20 rounds, p50 " in line for line in lines if line.startswith("benchmark ")), lines
PY
hyperfine -N -r 3 --export-json "$scratch/h.json" -L n 1,2 'sleep 0.00{n}' >/dev/null 2>&1
perfloop dump samples "$scratch/h.json" | grep '^benchmark sleep 0.002: 3 rounds of 1, p50 ' || fail "hyperfine's report"
echo "harnesses: ok"
