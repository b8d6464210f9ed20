#!/usr/bin/env bash
# ctest-labels: slow
# Benchmarks of Rust's own harness, criterion, google-benchmark and pyperf, run one by one and imported.
set -eu
. tools/deps.sh
need_packages libbenchmark-dev g++
need_rust
need_venv build/venv-pyperf tests/requirements_pyperf.txt
here=$PWD
export CARGO_HOME=${CARGO_HOME:-$HOME/.cargo} RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup}
. tests/e2e/loop_lib.sh
export RUSTC_BOOTSTRAP=1 # #[bench] is for nightly Rust; this makes a stable one take it

echo "libtest: #[bench]"
mkdir -p "$scratch/repo/src"
cd "$scratch/repo"
git init -q -b main
cat >Cargo.toml <<'END'
[package]
name = "lexer"
version = "0.1.0"
edition = "2021"
END
cat >src/lib.rs <<'END'
#![feature(test)]
extern crate test;

pub mod words {
    #[bench]
    fn scan(b: &mut test::Bencher) {
        b.iter(|| test::black_box("a b c").split(' ').count());
    }

    #[bench]
    fn scan_more(b: &mut test::Bencher) {
        b.iter(|| test::black_box("a b c d e f g").split(' ').count());
    }
}
END

expect 1 "not agreed to" perfloop import --run src/lib.rs::words::scan
grep -q "Run 'cargo bench'" "$scratch/err" || fail "the command is not named"
expect 0 "run one" perfloop import --yes --run src/lib.rs::words::scan
grep -E '^libtest: 1 benchmark, words::scan p50 .*, src/lib.rs:6$' "$scratch/out" || fail "$(cat "$scratch/out")"
expect 1 "no such benchmark" perfloop import --run src/lib.rs::words::join
grep -F "src/lib.rs as saved defines no benchmark 'words::join', but words::scan, words::scan_more" "$scratch/err"

cargo bench >"$scratch/printed" 2>/dev/null
expect 0 "import what it printed" perfloop import "$scratch/printed" --json
python3 - "$scratch/out" <<'END'
import json, sys
found = json.load(open(sys.argv[1]))["benchmarks"]
assert [(b["name"], b["file"], b["line"]) for b in found] == [
    ("words::scan", "src/lib.rs", 6), ("words::scan_more", "src/lib.rs", 11)], found
assert all(0 < b["p50"] < 1e-3 for b in found), found
END

echo "criterion"
# Built once for all runs of the tests, in the folder that run_harnesses.sh builds one side in.
export CARGO_TARGET_DIR=$here/build/cargo-measured/perfloop-a
mkdir "$scratch/sums"
cd "$scratch/sums"
git init -q -b main
cp -r "$here"/tests/programs/criterion/. .
rm -rf target
expect 0 "one of two in the file" perfloop import --yes --run 'benches/sums.rs::slow_sum 1k'
grep -E '^criterion: 1 benchmark, slow_sum 1k p50 .*, 20 samples, benches/sums.rs:8$' "$scratch/out" || fail "$(cat "$scratch/out")"
expect 0 "a group whose names are parameters" perfloop import --run benches/sums.rs::sorted
cat "$scratch/out"
for size in 100 1000; do
    grep -qE "^  benches/sums.rs:15: sorted/$size  p50 .*, 20 samples$" "$scratch/out" || fail "no sorted/$size"
done

# The workload's command has a filter of its own and shorter times; ours takes the filter's place.
cat >perfloop.toml <<'END'
[workload.sums]
harness = "criterion"
benchmark = "cargo bench -q --locked --bench sums -- --noplot --sample-size 10 slow_sum"
END
expect 1 "another command is another question" perfloop import --run benches/sums.rs::sorted
expect 0 "with the workload's command" perfloop import --yes --run benches/sums.rs::sorted
grep -qE "^  benches/sums.rs:15: sorted/100  p50 .*, 10 samples$" "$scratch/out" || fail "$(cat "$scratch/out")"
[ "$(git status --porcelain --ignored | grep -v '^??')" = "" ] || fail "left behind: $(git status --porcelain --ignored)"

echo "google-benchmark: the workload says which program"
mkdir "$scratch/google"
cd "$scratch/google"
git init -q -b main
cat >scan.cu <<'END'
#include <benchmark/benchmark.h>

static void BM_scan(benchmark::State &state)
{
    for (auto _ : state)
        for (int i = 0; i < state.range(0); i++)
            benchmark::DoNotOptimize(i);
}
BENCHMARK(BM_scan)->Arg(8)->Arg(64);
BENCHMARK_MAIN();
END
g++ -x c++ -O1 scan.cu -o scan -lbenchmark -lpthread
expect 1 "no workload" perfloop import --yes --run scan.cu::BM_scan
grep -q 'no workload has the harness google-benchmark' "$scratch/err" || fail "$(cat "$scratch/err")"
cat >perfloop.toml <<'END'
[workload.scan]
harness = "google-benchmark"
benchmark = "./scan --benchmark_repetitions=3 --benchmark_min_time=0.01"
END
expect 0 "both of its arguments" perfloop import --yes --run scan.cu::BM_scan
for size in 8 64; do
    grep -qE "^  scan.cu:9: BM_scan/$size  p50 .*, 3 samples$" "$scratch/out" || fail "$(cat "$scratch/out")"
done

echo "pyperf"
export PATH=$here/build/venv-pyperf/bin:$PATH
mkdir "$scratch/pyperf"
cd "$scratch/pyperf"
git init -q -b main
printf 'import pyperf\n\nrunner = pyperf.Runner()\nrunner.bench_func("sum", sum, [1, 2, 3])\n' >speed.py
printf '[workload.speed]\nharness = "pyperf"\nbenchmark = "python speed.py -p 2 -n 2 -w 1 -l 64"\n' >perfloop.toml
expect 0 "its one benchmark" perfloop import --yes --run speed.py::sum
grep -qE '^pyperf: 1 benchmark, sum p50 .*, 4 samples, speed.py:4$' "$scratch/out" || fail "$(cat "$scratch/out")"
echo "ok"
