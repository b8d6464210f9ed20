# Sourced by gpu_check.sh --no-gpu: the steps that need NVIDIA's tools and no GPU.

echo "2. kernels with and without lines, told before the run"
if have nvcc; then
    nvcc_with() { # OUTPUT OPTIONS...
        local output=$1
        shift
        nvcc -O3 -arch=sm_80 "$@" -o "$output" planted.cu
    }
    try "nvcc compiles with -lineinfo" nvcc_with planted -lineinfo
    try "nvcc compiles without" nvcc_with bare
    # CUDA 12.8 and later pack so; earlier ones do not know the option.
    nvcc_with packed --compress-mode=size >"$scratch/said" 2>&1 || nvcc_with packed -Xfatbin -compress-all >"$scratch/said" 2>&1
    sed 's/ *nvcc.*planted.cu"/ true"/; s/^build.*//' "$root/tests/programs/cuda/perfloop.toml" >perfloop.toml
    printf '\n[workload.packed]\nbenchmark = "./packed"\nmetric = "wall"\ntarget = "-30 %%"\n' >>perfloop.toml
    "$perfloop" trust --yes >/dev/null
    if have ncu; then
        for name in bare packed; do
            expect "$name: no line numbers" "the kernels in $name have no line numbers" "$perfloop" profile $name --with ncu
        done
        steps=$((steps + 1))
        "$perfloop" profile planted --with ncu >"$scratch/said" 2>&1
        if grep -q 'line numbers' "$scratch/said"; then row FAIL "planted has lines"; else row ok "planted: nothing to be told"; fi
    fi
fi

echo "3. what is said where no GPU answers"
if have nvcc && ! nvidia-smi -L 2>/dev/null | grep -q '^GPU '; then
    for tool in ncu nsys; do
        ! have $tool || expect "$tool" "no GPU of NVIDIA's answers here" "$perfloop" profile planted --with $tool
    done
fi

echo "4. reports read by us and by ncu"
if have ncu && [ -d "${REPORTS:-}" ]; then
    for report in "$REPORTS"/*.ncu-rep; do
        name=$(basename "$report" .ncu-rep)
        cp "$report" "$out/"
        if ncu_pages "$name" >"$scratch/said" 2>&1; then
            row ok "ncu prints $name"
        else
            # Of a newer ncu; before 2021.3 there is no source page at all.
            row skip "this ncu cannot print $name: $(tail -1 "$scratch/said" | cut -c1-100)"
            rm -f "$out/$name".*
        fi
    done
    if ls "$out"/*.ncu-rep >/dev/null 2>&1; then
        check_pages ", of REPORTS"
        show
    fi
else
    row "skip" "no REPORTS=folder of .ncu-rep files, or no ncu"
fi

echo "5. nsys and the processor"
if have nsys; then
    try "samples of a C program stand on their lines" env NSYS="$(command -v nsys)" PERFLOOP="$perfloop" bash "$root/tests/e2e/run_nsys_real.sh"
    show
fi
