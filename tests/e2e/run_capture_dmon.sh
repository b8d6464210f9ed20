#!/usr/bin/env bash
# nvidia-smi beside the benchmark (perfloop profile --with dmon), and beside nsys and ncu, without a GPU: a
# stand-in of it (tests/standins) replays what the real one says. The real one: tools/gpu_check.sh.
set -eu
cd "$(dirname "$0")/../.."
here=$PWD
PERFLOOP=${PERFLOOP:-$here/build/dev/perfloop}
stage=$(mktemp -d)
cp tests/programs/launcher/* tests/profiles/cubin/inl.cu "$stage"
programs=$stage
export PERFLOOP
. tests/e2e/capture_lib.sh
trap 'rm -rf "$scratch" "$stage"' EXIT
export STANDIN_REPORT=$here/tests/profiles/ncu/saxpy.ncu-rep STANDIN_ARGS=$scratch/args STANDIN_ROWS=$scratch/rows

echo "no nvidia-smi"
tools=$scratch/tools
mkdir "$tools"
for tool in sh git env wc sleep python3; do ln -s "$(command -v $tool)" "$tools/$tool"; done
expect_error "nvidia-smi is not installed" env PATH="$tools" "$PERFLOOP" profile watched --with dmon
export PATH=$here/tests/standins:$PATH

watched() { # SAYS OPTIONS...: the benchmark lasts as long as it takes nvidia-smi to take ten samples
    local says=$1
    shift
    rm -f "$STANDIN_ROWS"
    STANDIN_SMI=$says profile watched "$@" >"$scratch/said"
    nothing_left
}
said() { # WORDS: the result of the last profile has them
    grep -qF -- "$1" "$scratch/said" || fail "'$1' is not in: $(cat "$scratch/said")"
}
noted() { # WORDS: a note of the last profile has them
    grep -qF -- "$1" "$scratch/notes" || fail "no note has '$1': $(cat "$scratch/notes")"
}
hot() { # WORDS: perfloop hot has them
    "$PERFLOOP" hot "${@:2}" >"$scratch/hot"
    grep -qF -- "$1" "$scratch/hot" || fail "'$1' is not in: $(cat "$scratch/hot")"
}
refused() { # SAYS WORDS
    STANDIN_SMI=$1 expect_error "$2" "$PERFLOOP" profile watched --with dmon
    nothing_left
}

echo "by itself"
watched ok --with dmon
said "GPU 0 NVIDIA A10G (a stand-in), in a run without a profiler: kernels ran 6"
said "% from the first to the last), up to 4.42 GB of 24.1 GB in use, "
said " W (up to 300 of 300), SM clock 1410 to 1980 MHz (median 1"
said " of 1980), up to 64 °C, throttled for 0."
noted "there is no profile of kernels of this version yet"
grep -q -- "-lms 100$" "$STANDIN_ARGS" || fail "it did not sample every 100 ms: $(cat "$STANDIN_ARGS")"
cat "$scratch/said"

echo "older and newer drivers, MIG, several GPUs"
watched new --with dmon --rate 20
said "throttled for 0."
grep -q -- "clocks_event_reasons.active --format=csv,nounits -lms 50$" "$STANDIN_ARGS" || fail "not asked with the new name at 20 Hz"
watched small --with nvidia-smi --rate 50
said "kernels ran"
watched mig --with dmon --rate 50
said "its load is not told, up to 4.42 GB of 24.1 GB in use"
watched shared --with dmon --rate 50
noted "GPU 0 was at work before the benchmark began (64 %): another program uses it"
watched two --with dmon --rate 50
grep -q "was at work before" "$scratch/notes" && fail "a GPU was at work before, where none was"
said "1 more GPU, in a run without a profiler: no kernel was seen"
STANDIN_STEP=0.02 watched no-query --with dmon
said "kernels ran 6"
said "PCIe up to 217 MB/s in and 677 out, throttled for "
noted "dmon samples once in a second"
STANDIN_STEP=0.02 watched old-dmon --with dmon
said "kernels ran 6"
grep -q -- "dmon -s pucm -o DT -d 1$" "$STANDIN_ARGS" || fail "dmon was not asked for fewer groups"
watched ok --with dmon --json --rate 50
python3 - "$scratch/said" <<'PY'
import json, sys
gpu = json.load(open(sys.argv[1]))["gpus"][0]
assert gpu["origin"] == "alone" and gpu["samples"] >= 10, gpu
assert gpu["kernels_running"]["max"] == 100 and gpu["power"]["max"] == 299.6, gpu
assert gpu["sm_clock"]["min"] == 1410 and gpu["reasons"] == ["power cap", "heat"], gpu
assert 0.3 < gpu["throttled_seconds"] / gpu["seconds"] < 0.5, gpu
PY

echo "beside nsys and ncu"
watched ok --with nsys
said "GPU 0 NVIDIA A10G (a stand-in), meanwhile: kernels ran 6"
noted "GPU 0 was throttled for "
hot "GPU 0 NVIDIA A10G (a stand-in), meanwhile: kernels ran 6"
hot "note: GPU 0 was throttled for "
hot "GPU 0 NVIDIA A10G (a stand-in), in a run without a profiler: kernels ran 6"
"$PERFLOOP" hot --json | python3 -c '
import json, sys
table = json.load(sys.stdin)
assert [gpu["origin"] for gpu in table["gpus"]] == ["profiler", "alone"], table["gpus"]
assert any("throttled" in note for note in table["notes"]), table["notes"]'
cat "$scratch/hot"
watched ok --with ncu
said "GPU 0 NVIDIA A10G (a stand-in), meanwhile: up to 4.42 GB of 24.1 GB in use"
hot "GPU 0 NVIDIA A10G (a stand-in), under nsys: kernels ran 6"
for says in no-devices no-driver permission; do
    watched_args=$(wc -l <"$STANDIN_ARGS")
    STANDIN_SMI=$says profile saxpy --with nsys >"$scratch/said"
    nothing_left
    grep -q "GPU 0" "$scratch/said" && fail "a GPU is told of without one: $(cat "$scratch/said")"
    tail -n +"$((watched_args + 1))" "$STANDIN_ARGS" | grep -q -- -lms && fail "nvidia-smi ran without a GPU"
    true
done

echo "a recording made elsewhere"
"$PERFLOOP" import "$here/tests/fuzz/corpus/gpu_monitor/query" --workload watched >"$scratch/said" 2>"$scratch/notes"
said "it stands beside ncu profile 2"
noted "GPU 0 was throttled for 1.0 of 2.0 s (power cap, heat, hardware slowdown)"
"$PERFLOOP" import "$here/tests/fuzz/corpus/gpu_monitor/query" --json >"$scratch/said"
grep -q '"beside":' "$scratch/said" || fail "it stands beside nothing: $(cat "$scratch/said")"
hot "GPU 0 NVIDIA A10G, by query: kernels ran 72 % of the time (up to 99 %) in 2 samples" --workload watched
"$PERFLOOP" import "$here/tests/fuzz/corpus/gpu_monitor/dmon" --beside 1 >"$scratch/said" 2>"$scratch/notes"
said "it stands beside nsys profile 1"
hot "GPU 0, by dmon: kernels ran 64 % of the time" --profile 1
expect_error "there is no profile 77" "$PERFLOOP" import "$here/tests/fuzz/corpus/gpu_monitor/dmon" --beside 77

echo "another version: what ran before the change is not beside it"
echo "// changed" >>inl.cu
rm -f "$STANDIN_ROWS"
profile watched --with nsys >"$scratch/said"
"$PERFLOOP" hot >"$scratch/hot"
grep -q "in a run without a profiler" "$scratch/hot" && fail "a recording of another version is shown"
hot "GPU 0 NVIDIA A10G (a stand-in), meanwhile"
git checkout -q inl.cu

echo "what cannot be done is one sentence"
refused no-devices "no GPU of NVIDIA's answers here"
refused no-driver "no GPU of NVIDIA's answers here"
refused permission "nvidia-smi may not use the GPU (insufficient permissions): look at the owner of /dev/nvidiactl"
refused mismatch "driver/library version mismatch): start the machine anew"
refused no-library "nvidia-smi does not find the driver's library libnvidia-ml.so: in a container start it with --gpus all"
refused unknown-error "nvidia-smi cannot start NVML"
refused lost "the GPU is lost"
refused no-dmon "nvidia-smi shows no GPU: "
expect_error "the benchmark failed with status 7 under dmon: usage: saxpy BLOCKS" "$PERFLOOP" profile fails --with dmon
STANDIN_SMI=slow expect_error "before nvidia-smi had taken a sample (it takes one every 0.1 s): let it run longer" \
    "$PERFLOOP" profile saxpy --with dmon
nothing_left
expect_error "dmon sees no native frames" "$PERFLOOP" profile watched --with dmon --native

echo "a short benchmark is told of"
watched ok --with dmon --rate 50
noted "the driver's load is a mean over up to 1 s"

echo "doctor"
"$PERFLOOP" doctor dmon --json >"$scratch/doctor.json" || true
grep -q '"version":"550.54.15"' "$scratch/doctor.json" || fail "doctor does not know nvidia-smi: $(cat "$scratch/doctor.json")"
STANDIN_SMI=permission "$PERFLOOP" doctor dmon >"$scratch/doctor" || true
grep -q "may not use the GPU" "$scratch/doctor" || fail "doctor does not say why: $(cat "$scratch/doctor")"

echo "a cancel leaves nothing"
cancel --with dmon
echo "all as planned"
