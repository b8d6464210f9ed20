#!/usr/bin/env bash
# Everything that must be true before a commit: dependencies, build, all tests, again under the
# sanitizers. `check.sh quick` stops after the ordinary tests without the editors.
set -eu
cd "$(dirname "$0")/.."
. tools/deps.sh
mode=${1:-all}

step() { printf '\n== %s (%ds)\n' "$1" "$SECONDS"; }

step "dependencies"
need_packages "${BUILD_PACKAGES[@]}" clang-format-14 hyperfine procps git-lfs openssh-client \
    linux-perf heaptrack valgrind binutils g++ libgoogle-perftools4 libbenchmark-dev
need_npm
need_rust
need_go
need_inferno build/cargo
need_venv build/venv tests/requirements.txt
need_venv build/venv-pyperf tests/requirements_pyperf.txt
[ "$mode" = quick ] || tools/get_editors.sh

step "build"
cmake --preset dev >/dev/null
cmake --build --preset dev
cmake --build --preset dev --target all_verify_interface_header_sets

step "tests"
tests=(ctest --preset dev --progress)
if [ "$mode" = quick ]; then
    "${tests[@]}" -j2 -LE 'editor|slow'
    exit 0
fi
"${tests[@]}" -j2 -E '^e2e' -LE 'alone'
# Real tools, editors and live measurements: a second try, printed as such, for what the machine did.
"${tests[@]}" -j2 -R '^e2e' -LE 'alone' --repeat until-pass:2
"${tests[@]}" -L 'alone' --repeat until-pass:2

step "the same under the address and undefined-behaviour sanitizers"
cmake --preset asan >/dev/null
cmake --build --preset asan
ctest --preset asan --progress -j2 -R '^(unit|fuzz|scenario)'

step "threads under the thread sanitizer"
cmake --preset tsan >/dev/null
cmake --build --preset tsan
ctest --preset tsan --progress

step "the main job, as a newcomer sees it"
tools/try.sh
step "all green"
