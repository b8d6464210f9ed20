#!/usr/bin/env bash
# fuzz.sh [SECONDS] [TARGET...]: every fuzz target for SECONDS (60), starting from its corpus.
# A finding is left in build/fuzz/findings and the script ends with 1.
set -eu
cd "$(dirname "$0")/.."
. tools/deps.sh
seconds=${1:-60}
shift || true
need_packages "${BUILD_PACKAGES[@]}" clang-14 libclang-rt-14-dev
need_npm
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz
mkdir -p build/fuzz/findings
failed=0
for source in tests/fuzz/fuzz_*.c; do
    target=$(basename "$source" .c)
    [ $# = 0 ] || [[ " $* " = *" ${target#fuzz_} "* ]] || continue
    grown=build/fuzz/corpus/${target#fuzz_}
    mkdir -p "$grown"
    printf '%-24s' "${target#fuzz_}"
    if "build/fuzz/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=1024 \
        -artifact_prefix="build/fuzz/findings/$target-" \
        "$grown" "tests/fuzz/corpus/${target#fuzz_}" >"build/fuzz/$target.log" 2>&1; then
        grep -oE 'Done [0-9]+ runs in [0-9]+ second' "build/fuzz/$target.log" | tail -1
    else
        echo "FOUND: see build/fuzz/$target.log"
        failed=1
    fi
done
exit $failed
