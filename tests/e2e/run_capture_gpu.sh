#!/usr/bin/env bash
# perfloop profile with ncu and nsys, without a GPU: stand-ins of theirs (tests/standins) replay what the
# real ones say, and leave a report of our own. The real ones are checked by tools/gpu_check.sh.
set -eu
cd "$(dirname "$0")/../.."
here=$PWD
PERFLOOP=${PERFLOOP:-$here/build/dev/perfloop}
stage=$(mktemp -d)
. tools/deps.sh
need_packages gcc libc6-dev
cp tests/programs/launcher/* tests/profiles/cubin/inl.cu "$stage"
# A script with a container of GPU programs behind it, as nvcc puts one into a program.
python3 - "$stage" <<'PY'
import os, struct, sys
def program(path, cubins):
    entries = b""
    for cubin in cubins:
        body = open(cubin, "rb").read()
        body += b"\0" * (-len(body) % 8)
        entries += struct.pack("<HHIQ", 2, 0x101, 64, len(body)) + b"\0" * 48 + body
    text = b"#!/bin/sh\nexit 0\n"
    text += b"#" * (-len(text) % 8) + struct.pack("<IHHQ", 0xBA55ED50, 1, 16, len(entries)) + entries
    with open(path, "wb") as file:
        file.write(text)
    os.chmod(path, 0o755)
lines = open("tests/profiles/cubin/inl_sm86.cubin", "rb").read()
# The same program without its line table: the section has another name.
bare = sys.argv[1] + "/bare"
with open(bare, "wb") as file:
    file.write(lines.replace(b".debug_line", b".debug_none"))
program(sys.argv[1] + "/with_lines", [bare, "tests/profiles/cubin/inl_sm86.cubin"])
program(sys.argv[1] + "/without_lines", [bare, bare])
os.remove(bare)
PY
# A program whose kernels are in a library beside it, and an extension module of Python; packed ones.
mkdir "$stage/lib" "$stage/ext"
library() { # FATBIN NAME
    cat >"$stage/kernels.s" <<EOF
    .section .nv_fatbin, "a"
    .balign 8
    .incbin "tests/profiles/cubin/$1.fatbin"
    .section .note.GNU-stack, "", @progbits
EOF
    echo 'int kernels(void) { return 0; }' | gcc -shared -fPIC -o "$2" -x c - -x assembler "$stage/kernels.s"
    rm "$stage/kernels.s"
}
library twice_zstd "$stage/lib/libkernels.so"
library twice_zstd_lines "$stage/lib/libother.so"
library twice_lz4 "$stage/ext/_slow.so"
library twice_lz4_lines "$stage/ext/_fast.so"
echo 'int kernels(void); int main(void) { return kernels(); }' |
    gcc -o "$stage/linked" -x c - -L"$stage/lib" -lkernels -Wl,-rpath,'$ORIGIN/lib'
echo 'print("no kernel ran")' >"$stage/run.py"
cat tests/programs/launcher/perfloop.toml - >"$stage/perfloop.toml" <<'EOF'

[workload.linked]
benchmark = "./linked"
metric = "wall"
target = "-30 %"

[workload.python]
benchmark = "python3 run.py"
metric = "wall"
target = "-30 %"
EOF
programs=$stage
export PERFLOOP
. tests/e2e/capture_lib.sh
trap 'rm -rf "$scratch" "$stage"' EXIT
export PATH=$here/tests/standins:$PATH STANDIN_REPORT=$here/tests/profiles/ncu/saxpy.ncu-rep STANDIN_ARGS=$scratch/args
said() { # WORDS: a note of the last profile has them
    grep -qF -- "$1" "$scratch/notes" || fail "no note has '$1': $(cat "$scratch/notes")"
}
unsaid() {
    if grep -qF -- "$1" "$scratch/notes"; then fail "a note has '$1'"; fi
}
ran() { # WORDS: the last call of ncu or nsys had them; nvidia-smi begins beside it, at some time
    local last
    last=$(grep -v '^nvidia-smi ' "$STANDIN_ARGS" | tail -1)
    grep -qF -- "$1" <<<"$last" || fail "'$1' is not in: $last"
}
refused() { # SAYS WORDS COMMAND...: fails with that sentence, and leaves nothing
    export STANDIN_SAYS=$1
    shift
    expect_error "$@"
    unset STANDIN_SAYS
    nothing_left
}

echo "ncu"
profile saxpy --with ncu
nothing_left
ran "--section SourceCounters --section WarpStateStats --section SpeedOfLight --section Occupancy --section LaunchStats --section MemoryWorkloadAnalysis --import-source yes --target-processes all -c 20 sh ./saxpy.sh 60"
said "these are the first 20 kernel launches"
"$PERFLOOP" hot --workload saxpy --json --metric gpu_samples | python3 -c '
import json, sys
table = json.load(sys.stdin)
rows = [(row["file"], row["line"], row["self"]) for row in table["rows"]]
print("ncu:", table["profile"]["tool"], table["total"], table["unit"], rows)
assert table["total"] == 1000, table
assert rows[0] == ("inl.cu", 14, 700), rows'
profile saxpy --with ncu --kernel '^sax.*py$' --launches 3 --launch-skip 2
ran "-c 3 --launch-skip 2 -k regex:^sax.*py\$ sh ./saxpy.sh 60"
unsaid "these are the first"
STANDIN_LAUNCHES=4 profile saxpy --with ncu
unsaid "these are the first"

echo "kernels without lines are told before the run"
profile lines --with ncu
unsaid "no line numbers"
profile nolines --with ncu
said "the kernels in without_lines have no line numbers, so their cost stands on their first line: build them with nvcc -lineinfo"
profile linked --with ncu
said "the kernels in lib/libkernels.so have no line numbers"
: >CMakeLists.txt
profile linked --with ncu
said "build them with nvcc -lineinfo (CMake: target_compile_options(TARGET PRIVATE \$<\$<COMPILE_LANGUAGE:CUDA>:-lineinfo>))"
rm CMakeLists.txt
profile python --with ncu
said "the kernels in ext/_slow.so, lib/libkernels.so have no line numbers"
said 'give nvcc -lineinfo (PyTorch: extra_compile_args={"nvcc": ["-lineinfo"]} of CUDAExtension'
cp lib/libkernels.so ../bare.so
cp lib/libother.so lib/libkernels.so
profile linked --with ncu
unsaid "no line numbers"
# Neither LZ4 nor zstd: the flags of the entry are others.
python3 - <<'PY'
data = bytearray(open("../bare.so", "rb").read())
at = data.index(b"\x28\xb5\x2f\xfd")
data[at:at + 4] = b"what"
open("lib/libkernels.so", "wb").write(data)
PY
profile linked --with ncu
said "whether the kernels in lib/libkernels.so have line numbers cannot be told"
git checkout -q . && git clean -qfd

echo "nsys"
profile saxpy --with nsys
nothing_left
ran "-f true -t cuda,nvtx,osrt --sample=process-tree --cudabacktrace=kernel:1,memory,sync --export=sqlite --stats=false sh ./saxpy.sh 60"
"$PERFLOOP" hot --workload saxpy --json --metric gpu_time | python3 -c '
import json, sys
table = json.load(sys.stdin)
rows = [(row["file"], row["line"], row["self"]) for row in table["rows"]]
print("nsys:", table["profile"]["tool"], table["total"], table["unit"], rows)
assert table["total"] == 7000, table
assert rows[0] == ("inl.cu", 11, 7000), rows'
STANDIN_SAYS=no-samples profile saxpy --with nsys
said "nsys took no samples of the processor"
STANDIN_SAYS=2020 profile saxpy --with nsys
ran "--sample=cpu --cudabacktrace=true --cudabacktrace-threshold=80000 --cudakernelbacktrace-threshold=1 --export=sqlite"
STANDIN_SAYS=agent-lost-once profile saxpy --with nsys
nothing_left

echo "what cannot be done is one sentence"
for status in 0 1; do
    export STANDIN_STATUS=$status
    refused permission "ERR_NVGPUCTRPERM" "$PERFLOOP" profile saxpy --with ncu
    refused permission "NVreg_RestrictProfilingToAdminUsers=0" "$PERFLOOP" profile saxpy --with ncu
    refused driver "ncu 2024.1.1.0 and the driver of the GPU do not fit" "$PERFLOOP" profile saxpy --with ncu
    refused busy "another program (DCGM?) reads them: dcgmi profile --pause" "$PERFLOOP" profile saxpy --with ncu
    refused error "ncu: Unknown Error on device 0." "$PERFLOOP" profile saxpy --with ncu
done
unset STANDIN_STATUS
refused stub "no GPU of NVIDIA's answers here" "$PERFLOOP" profile saxpy --with ncu
refused nodriver "no GPU of NVIDIA's answers here" "$PERFLOOP" profile saxpy --with ncu
refused crash "the benchmark failed with status 12 under ncu: it said nothing" "$PERFLOOP" profile saxpy --with ncu
refused ok "no GPU of NVIDIA's answers here" "$PERFLOOP" profile nogpu --with ncu
refused ok "no GPU of NVIDIA's answers here" "$PERFLOOP" profile nogpu --with nsys
refused silent "the benchmark launched no kernel that could be profiled" "$PERFLOOP" profile saxpy --with ncu
refused ok "no kernel has such a name: the benchmark launches saxpy, reduce: give another --kernel" \
    "$PERFLOOP" profile saxpy --with ncu --kernel gemm
refused old "Nsight Compute 2019.5.0 is too old, 2020.3 or later is needed: https://developer.nvidia.com/nsight-compute" \
    "$PERFLOOP" profile saxpy --with ncu
refused old "Nsight Systems 2019.5.2 is too old, 2021.1 or later is needed: https://developer.nvidia.com/nsight-systems" \
    "$PERFLOOP" profile saxpy --with nsys
refused unknown-option "ncu 2024.1.1.0 does not know an option" "$PERFLOOP" profile saxpy --with ncu
refused unknown-option "nsys 2023.4.4.54-234433681190v0 does not know an option" "$PERFLOOP" profile saxpy --with nsys
refused no-importer "nsys 2023.4.4.54-234433681190v0 cannot export what it recorded" "$PERFLOOP" profile saxpy --with nsys
refused agent-lost "nsys 2023.4.4.54-234433681190v0 lost its own agent before it had a report: run it again" "$PERFLOOP" profile saxpy --with nsys
for tool in ncu nsys; do
    refused ok "the benchmark failed with status 7 under $tool: usage: saxpy BLOCKS" "$PERFLOOP" profile fails --with $tool
done
refused ok "nsys cannot choose kernels" "$PERFLOOP" profile saxpy --with nsys --kernel saxpy

echo "doctor"
STANDIN_SAYS=old "$PERFLOOP" doctor --json >"$scratch/doctor.json" || true
grep -q 'Nsight Compute 2019.5.0 is too old' "$scratch/doctor.json" || fail "doctor does not say that ncu is too old"

echo "tools/gpu_check.sh: without a GPU it says so; with stand-ins it says what differs"
for says in no-driver no-devices; do
    status=0
    STANDIN_SAYS=$says "$here/tools/gpu_check.sh" >"$scratch/check" || status=$?
    [ $status = 77 ] || fail "gpu_check ended with $status without a GPU"
    grep -q "nothing was checked" "$scratch/check" || fail "gpu_check does not say that there is no GPU"
done
status=0
STANDIN_KERNEL=spill KEEP=$scratch/kept "$here/tools/gpu_check.sh" >"$scratch/check" 2>&1 || status=$?
[ $status = 1 ] || fail "gpu_check ended with $status with stand-ins: $(cat "$scratch/check")"
[ -s "$scratch/kept/said/1.txt" ] && [ -s "$scratch/kept/planted.ncu-rep" ] || fail "KEEP keeps nothing"
for row in "ok    ncu knows our sections" "FAIL  perfloop doctor has nothing against ncu" "skip  python3 has neither torch" "ok    perfloop profile --with ncu" "ok    perfloop profile --with ncu --kernel spill" \
    "ok    every number of every line is NVIDIA's" "FAIL  planted lines first, mistakes in the numbers" \
    "FAIL uncoalesced: not in the report, which has saxpy" "ok    perfloop profile --with nsys" \
    "ok    sums are those of nsys stats, the timeline has every event" "ok    perfloop profile --with dmon" "ok    a GPU is seen at work, to the end" \
    "ok    what nvidia-smi saw stands beside the kernels" "ok    its columns are known" "something differs: please send this table"; do
    grep -qF -- "$row" "$scratch/check" || fail "gpu_check has no row '$row': $(cat "$scratch/check")"
done

echo "a cancel leaves nothing"
cancel --with ncu
cancel --with nsys
echo "all as planned"
