#!/usr/bin/env bash
# Checks on a machine with a GPU what no other machine can: perfloop with the real nvcc, ncu and nsys.
#     tools/gpu_check.sh            the whole, about ten minutes; docs/GPU.md says what it means
# Exit status: 0 all equal, 1 something differs, 77 there is no GPU here.
# PERFLOOP=path takes another perfloop than build/dev/perfloop; KEEP=folder keeps what was recorded.
set -u
cd "$(dirname "$0")/.." || exit 1
root=$PWD
perfloop=${PERFLOOP:-$root/build/dev/perfloop}
PATH=$PATH:/usr/local/cuda/bin
for folder in /opt/nvidia/nsight-compute/20*/ /opt/nvidia/nsight-systems/20*/bin/; do
    [ ! -d "$folder" ] || PATH=$PATH:$folder
done
export PATH

if ! devices=$(nvidia-smi -L 2>&1) || ! grep -q '^GPU ' <<<"$devices"; then
    echo "no GPU of NVIDIA's answers here (nvidia-smi -L), so nothing was checked: see docs/GPU.md"
    exit 77
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
out=${KEEP:-$scratch/recorded}
mkdir -p "$out"
failed=0
rows=()
row() { # RESULT WHAT: a row of the table
    rows+=("$1  $2")
    echo "$1  $2"
    [ "$1" = "ok  " ] || failed=1
}
try() { # WHAT COMMAND...: its words go to a file, and are shown when it fails
    local what=$1
    shift
    if "$@" >"$scratch/said" 2>&1; then
        row "ok  " "$what"
    else
        row "FAIL" "$what"
        tail -20 "$scratch/said" | sed 's/^/      /'
        return 1
    fi
}
finish() {
    echo
    echo "$devices"
    for tool in nvcc ncu nsys; do
        echo "$tool: $("$tool" --version 2>/dev/null | grep -o '[Vv]ersion [0-9][^ ]*\|release [0-9][^ ,]*' | head -1)"
    done
    printf '%s\n' "${rows[@]}"
    [ $failed = 0 ] && echo "all as planned" || echo "something differs: please send this table and, with KEEP=folder, what was recorded"
    exit $failed
}

echo "1. the tools"
for tool in nvcc ncu nsys; do
    try "$tool is here" command -v "$tool"
done
"$perfloop" version >/dev/null 2>&1 || row "FAIL" "$perfloop does not run: build it (cmake --preset dev && cmake --build --preset dev)"
[ $failed = 0 ] || finish

echo "2. a program with planted mistakes"
cp -r tests/programs/cuda "$scratch/work"
cd "$scratch/work" || exit 1
export XDG_STATE_HOME=$scratch/state XDG_CACHE_HOME=$scratch/cache
git init -q . && git add -A && git -c user.name=t -c user.email=t@t commit -qm planted
"$perfloop" trust --yes >/dev/null
try "nvcc compiles it" nvcc -O3 -lineinfo -arch=native -o planted planted.cu || finish
try "it runs" ./planted || finish

echo "3. ncu through perfloop"
try "perfloop profile --with ncu" "$perfloop" profile planted --with ncu &&
    try "hot lines are of planted.cu" sh -c "'$perfloop' hot --workload planted --metric gpu_samples | tee '$out/hot_ncu.txt' | grep -q 'planted.cu'"
try "perfloop profile --with ncu --kernel spill" "$perfloop" profile planted --with ncu --kernel '^spill$' --launches 1

echo "4. the same report read by us and by ncu"
sections=(--section SourceCounters --section WarpStateStats --section SpeedOfLight --section Occupancy
    --section LaunchStats --section MemoryWorkloadAnalysis)
if try "ncu by itself" ncu -f -o "$out/planted" "${sections[@]}" --import-source yes ./planted; then
    try "ncu prints its source page" sh -c "ncu --import '$out/planted.ncu-rep' --csv --page source --print-source cuda,sass --print-units base >'$out/planted.source_cuda_sass.csv'" &&
        try "every number of every line is NVIDIA's" python3 "$root/tests/e2e/compare_ncu.py" "$perfloop" "$out"
    try "planted lines first, mistakes in the numbers" python3 "$root/tools/gpu_check.py" "$perfloop" "$out/planted.ncu-rep" planted.cu
    sed 's/^/      /' "$scratch/said"
fi

echo "5. nsys through perfloop, and beside nsys stats"
try "perfloop profile --with nsys" "$perfloop" profile planted --with nsys &&
    try "kernels stand on their lines" sh -c "'$perfloop' hot --workload planted --metric gpu_time | tee '$out/hot_nsys.txt' | grep -q 'planted.cu'"
if try "nsys by itself" nsys profile -o "$out/planted" -f true -t cuda,nvtx,osrt --sample=process-tree \
    --cudabacktrace=kernel:1,memory,sync --export=sqlite --stats=false ./planted; then
    for report in cuda_gpu_kern_sum cuda_api_sum; do
        try "nsys stats $report" sh -c "nsys stats -q --report $report --format csv --output - '$out/planted.sqlite' | sed -n '/^Time/,\$p' >'$out/planted.$report.csv'"
    done
    try "sums are those of nsys stats" python3 "$root/tests/e2e/compare_nsys.py" "$perfloop" "$out"
fi

echo "6. nvidia-smi beside the benchmark"
seen() { # ORIGIN FILE: what perfloop says of the GPUs, against how long the benchmark took
    python3 - "$@" <<'PY'
import json, sys
result = json.load(open(sys.argv[2]))
gpus = [gpu for gpu in result.get("gpus", []) if gpu["origin"] == sys.argv[1]]
for gpu in gpus:
    print({key: gpu.get(key) for key in ("gpu", "name", "samples", "seconds", "reasons")},
          {key: gpu[key]["max"] for key in ("kernels_running", "memory_used", "power", "sm_clock") if key in gpu})
lost = result.get("seconds", 0) - gpus[0].get("seconds", 0) if gpus else 0
if not gpus:
    sys.exit("no GPU was seen")
if not any(gpu.get("kernels_running", {"max": 100})["max"] > 0 for gpu in gpus):
    sys.exit("no GPU was seen at work")
if not any(gpu["memory_used"]["max"] > 100 for gpu in gpus):
    sys.exit("the program's memory was not seen")
if lost > 2:
    sys.exit(f"{lost:.1f} s of the benchmark were not recorded: the end is lost")
PY
}
if try "perfloop profile --with dmon" sh -c "'$perfloop' profile watched --with dmon --json >'$out/dmon.json'"; then
    try "a GPU is seen at work, to the end" seen alone "$out/dmon.json"
    sed 's/^/      /' "$scratch/said"
fi
if try "perfloop profile watched --with nsys" "$perfloop" profile watched --with nsys; then
    "$perfloop" hot --workload watched --json >"$out/hot_watched.json" 2>/dev/null
    try "what nvidia-smi saw stands beside the kernels" seen profiler "$out/hot_watched.json"
fi
if try "nvidia-smi dmon by itself" sh -c "nvidia-smi dmon -s pucvmet -o DT -d 1 -c 3 >'$out/dmon.txt'"; then
    try "its columns are known" sh -c "'$perfloop' dump gpu '$out/dmon.txt' | tee /dev/stderr | grep -q 'SM clock'"
    sed 's/^/      /' "$scratch/said"
fi
finish
