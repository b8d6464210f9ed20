#!/usr/bin/env bash
# Checks on a machine with a GPU what no other machine can: perfloop with the real nvcc, ncu, nsys and nvidia-smi.
#     tools/gpu_check.sh            the whole, about ten minutes; docs/GPU.md says what it means
#     tools/gpu_check.sh --no-gpu   what the tools that are here can do without one
# Exit status: 0 all equal, 1 something differs, 77 there is no GPU here.
#     PERFLOOP=path     another perfloop than build/dev/perfloop
#     KEEP=folder       keeps what was recorded, and what each step said
#     LIMIT=300         seconds that one step may take
#     REPORTS=folder    --no-gpu: .ncu-rep files that ncu and perfloop read beside each other
#     NVBENCH=program   a benchmark of NVBench's, whose JSON is read
set -u
cd "$(dirname "$0")/.." || exit 1
root=$PWD
. tools/gpu_check_lib.sh
perfloop=${PERFLOOP:-$root/build/dev/perfloop}
mode=gpu
case ${1:-} in
'') ;;
--no-gpu) mode=no-gpu ;;
*)
    sed -n '2,10s/^# *//p' "$0"
    exit 2
    ;;
esac
add_paths
devices="no GPU was used"
if [ $mode = gpu ] && { ! devices=$(timeout -k 5 60 nvidia-smi -L 2>&1) || ! grep -q '^GPU ' <<<"$devices"; }; then
    echo "no GPU of NVIDIA's answers here (nvidia-smi -L), so nothing was checked: see docs/GPU.md"
    exit 77
fi
prepare

sections=(SourceCounters WarpStateStats SpeedOfLight Occupancy LaunchStats MemoryWorkloadAnalysis)
section_options=()
for section in "${sections[@]}"; do section_options+=(--section "$section"); done
nsys_options=(-t cuda,nvtx,osrt --sample=process-tree --cudabacktrace=kernel:1,memory,sync --export=sqlite --stats=false)
knows_sections() {
    ncu --list-sections >"$scratch/sections" || return 1
    for section in "${sections[@]}"; do
        grep -q "^$section " "$scratch/sections" || { echo "no section $section" && return 1; }
    done
}
ncu_pages() { # NAME: every page of $out/NAME.ncu-rep that perfloop reads, as CSV beside it
    ncu --help | grep -q -e --print-source || { echo "ncu before 2021.3 prints no source page" && return 1; }
    ncu --import "$out/$1.ncu-rep" --csv --page source --print-source cuda,sass --print-units base >"$out/$1.source_cuda_sass.csv" &&
        ncu --import "$out/$1.ncu-rep" --csv --page source --print-source sass --print-units base >"$out/$1.source_sass.csv" &&
        ncu --import "$out/$1.ncu-rep" --csv --page details >"$out/$1.details.csv" &&
        ncu --import "$out/$1.ncu-rep" --csv --page raw >"$out/$1.raw.csv"
}
check_pages() { # WHOSE
    try "every number of every line is NVIDIA's$1" python3 "$root/tests/e2e/compare_ncu.py" "$perfloop" "$out"
    try "the CSV pages say what the report says$1" python3 "$root/tests/e2e/compare_ncu_csv.py" "$perfloop" "$out" 4
}
first_line_has() { # WORDS OPTIONS...: the hottest line of `perfloop hot` has them in the source
    local words=$1
    shift
    "$perfloop" hot --json "$@" >"$scratch/hot.json" || return 1
    python3 - "$scratch/hot.json" "$words" <<'PY'
import json, pathlib, sys
table = json.load(open(sys.argv[1]))
for row in table["rows"]:
    path = pathlib.Path(row["file"] or ".")
    lines = path.read_text().splitlines() if path.is_file() else []
    if 0 < row["line"] <= len(lines):
        print(f"{row['file']}:{row['line']}: {lines[row['line'] - 1].strip()}")
        sys.exit(0 if sys.argv[2] in lines[row["line"] - 1] else 1)
sys.exit("no line of the workspace")
PY
}

echo "1. the tools"
for tool in nvcc ncu nsys; do
    need $tool
done
try "perfloop runs ($perfloop)" "$perfloop" version || finish
[ $mode = no-gpu ] || [ $failed = 0 ] || finish
cp -r tests/programs/cuda "$scratch/work"
cd "$scratch/work" || exit 1
git init -q . && git add -A && git -c user.name=t -c user.email=t@t commit -qm planted
"$perfloop" trust --yes >/dev/null
"$perfloop" doctor >"$out/doctor.txt" 2>/dev/null
[ $mode = no-gpu ] || try "perfloop doctor has nothing against ncu, nsys and nvidia-smi" no_complaint "$out/doctor.txt"
! have ncu || try "ncu knows our sections" knows_sections

if [ $mode = no-gpu ]; then
    . "$root/tools/gpu_check_without.sh"
    finish
fi

echo "2. a program with planted mistakes"
try "nvcc compiles it" nvcc -O3 -lineinfo -arch=native -o planted planted.cu || finish
try "it runs" ./planted || finish

echo "3. ncu through perfloop"
if try "perfloop profile --with ncu" "$perfloop" profile planted --with ncu; then
    try "hot lines are of planted.cu" has planted.cu "$out/hot_ncu.txt" "$perfloop" hot --workload planted --metric gpu_samples
    try "perfloop profile --with ncu --kernel spill" "$perfloop" profile planted --with ncu --kernel '^spill$' --launches 1
    expect "a kernel that is not there is named with those that are" "no kernel has such a name" \
        "$perfloop" profile planted --with ncu --kernel '^nowhere$'
    expect "kernels without -lineinfo are told before the run" "the kernels in bare have no line numbers" \
        "$perfloop" profile bare --with ncu
    try "their cost stands on their first line" first_line_has __global__ --workload bare --metric gpu_samples
fi

echo "4. the same report read by us and by ncu"
if try "ncu by itself" ncu -f -o "$out/planted" "${section_options[@]}" --import-source yes ./planted; then
    try "ncu prints its pages" ncu_pages planted && check_pages ""
    try "planted lines first, mistakes in the numbers" python3 "$root/tools/gpu_check.py" "$perfloop" "$out/planted.ncu-rep" planted.cu
    show
    try "ncu --csv as it runs" sh -c "ncu --csv --page details -c 2 ./planted >'$out/live.csv'" &&
        try "that is read, too" has uncoalesced "$out/hot_live.txt" "$perfloop" hot "$out/live.csv"
fi

echo "5. nsys through perfloop, and beside nsys stats"
if try "perfloop profile --with nsys" "$perfloop" profile planted --with nsys; then
    try "kernels stand on their lines" has planted.cu "$out/hot_nsys.txt" "$perfloop" hot --workload planted --metric gpu_time
    try "time in CUDA calls stands on host lines" first_line_has '(' --workload planted --metric cuda_api_time
fi
if try "nsys by itself" nsys profile -o "$out/planted" -f true "${nsys_options[@]}" ./planted; then
    for report in cuda_gpu_kern_sum cuda_api_sum; do
        try "nsys stats $report" sh -c "nsys stats -q --report $report --format csv --output - '$out/planted.sqlite' | sed -n '/^Time/,\$p' >'$out/planted.$report.csv'"
    done
    try "sums are those of nsys stats, the timeline has every event" python3 "$root/tests/e2e/compare_nsys.py" "$perfloop" "$out"
    try "a waiting call is told which kernel it waits for" has 'waits for kernel' "$out/dump_nsys.txt" "$perfloop" dump profile "$out/planted.sqlite"
fi
try "nsys' samples of a C program stand on their lines" env NSYS="$(command -v nsys)" PERFLOOP="$perfloop" bash "$root/tests/e2e/run_nsys_real.sh"

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
    show
fi
if try "perfloop profile watched --with nsys" "$perfloop" profile watched --with nsys; then
    "$perfloop" hot --workload watched --json >"$out/hot_watched.json" 2>/dev/null
    try "what nvidia-smi saw stands beside the kernels" seen profiler "$out/hot_watched.json"
fi
if try "nvidia-smi dmon by itself" sh -c "nvidia-smi dmon -s pucvmet -o DT -d 1 -c 3 >'$out/dmon.txt'"; then
    try "its columns are known" sh -c "'$perfloop' dump gpu '$out/dmon.txt' | tee /dev/stderr | grep -q 'SM clock'"
    show
fi

echo "7. Python and NVBench, where they are"
if module=$(python_with_cuda); then
    cp "$root/tools/gpu_check_python.py" python.py
    try "kernels that $module launches are in nsys' profile" "$perfloop" profile python --with nsys &&
        try "and have their time" has ' %' "$out/hot_python.txt" "$perfloop" hot --workload python --metric gpu_time --by function
    try "and in ncu's" "$perfloop" profile python --with ncu --launches 1
else
    row "skip" "python3 has neither torch, cupy nor numba with a GPU"
fi
if [ -n "${NVBENCH:-}" ]; then
    try "NVBench runs" "$NVBENCH" --json "$out/nvbench.json" --timeout 20 &&
        try "its JSON is read" "$perfloop" import "$out/nvbench.json" && show
else
    row "skip" "no NVBENCH=program was given"
fi
finish
