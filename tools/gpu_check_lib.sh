# Sourced by gpu_check.sh: rows of a table, steps with a limit of time, and what is removed at the end.

scratch='' out='' failed=0 steps=0
rows=()

# Where NVIDIA's installers put them.
add_paths() {
    local folder
    PATH=$PATH:/usr/local/cuda/bin
    for folder in /opt/nvidia/nsight-compute/20*/ /opt/nvidia/nsight-systems/20*/bin/; do
        [ ! -d "$folder" ] || PATH=$PATH:$folder
    done
    export PATH
}
prepare() {
    scratch=$(mktemp -d) || exit 1
    trap 'rm -rf "$scratch"' EXIT
    trap 'echo "interrupted"; exit 1' INT TERM HUP
    out=${KEEP:-$scratch/recorded}
    mkdir -p "$out/said" || exit 1
    out=$(cd "$out" && pwd)
    : >"$scratch/said"
    export XDG_STATE_HOME=$scratch/state XDG_CACHE_HOME=$scratch/cache
}
row() { # RESULT WHAT: a row of the table
    rows+=("$(printf '%-4s  %s' "$1" "$2")")
    echo "${rows[-1]}"
    [ "$1" != FAIL ] || failed=1
}
# A function of ours, or a program that may take $LIMIT seconds; its words go to a file.
limited() {
    if [ "$(type -t "$1")" = function ]; then
        "$@"
    else
        timeout -k 10 "${LIMIT:-300}" "$@" </dev/null
    fi
}
try() { # WHAT COMMAND...: its words are shown when it fails
    local what=$1 status=0
    shift
    steps=$((steps + 1))
    limited "$@" >"$scratch/said" 2>&1 || status=$?
    { echo "\$ $*" && cat "$scratch/said" && echo "status $status"; } >"$out/said/$steps.txt"
    if [ $status = 0 ]; then
        row "ok" "$what"
        return 0
    fi
    [ $status != 124 ] || what="$what (took more than ${LIMIT:-300} s)"
    row FAIL "$what"
    tail -20 "$scratch/said" | sed 's/^/      /'
    return 1
}
show() { # what the last step said
    sed 's/^/      /' "$scratch/said"
}
expect() { # WHAT WORDS COMMAND...: it says them, whether it fails or not
    local what=$1 words=$2
    shift 2
    steps=$((steps + 1))
    limited "$@" >"$scratch/said" 2>&1
    { echo "\$ $*" && cat "$scratch/said"; } >"$out/said/$steps.txt"
    if grep -qF -- "$words" "$scratch/said"; then
        row "ok" "$what"
    else
        row FAIL "$what: not '$words' but"
        tail -20 "$scratch/said" | sed 's/^/      /'
    fi
}
has() { # WORDS FILE COMMAND...: what it prints goes to the file, and has the words
    local words=$1 file=$2
    shift 2
    timeout -k 10 "${LIMIT:-300}" "$@" >"$file" </dev/null || return 1
    grep -qF -- "$words" "$file" || { echo "no '$words' in:" && head -20 "$file" && return 1; }
}
have() {
    command -v "$1" >/dev/null
}
need() { # TOOL: without a GPU what is not there is passed over
    if have "$1"; then
        row "ok" "$1 is here"
    elif [ "$mode" = no-gpu ]; then
        row "skip" "$1 is not here"
    else
        row FAIL "$1 is not here"
    fi
}
no_complaint() { # FILE: of `perfloop doctor`
    ! grep -E '^  (ncu|nsys|dmon) +(missing|blocked)' -A1 "$1"
}
python_with_cuda() { # the first module that has a GPU
    timeout -k 5 60 python3 - 2>/dev/null <<'PY'
import importlib
for name, there in (("torch", lambda m: m.cuda.is_available()),
                    ("cupy", lambda m: m.cuda.runtime.getDeviceCount() > 0),
                    ("numba.cuda", lambda m: m.is_available())):
    try:
        if there(importlib.import_module(name)):
            print(name)
            break
    except Exception:
        pass
else:
    raise SystemExit(1)
PY
}
finish() {
    local tool
    echo
    echo "$devices"
    for tool in nvcc ncu nsys; do
        have "$tool" || continue
        echo "$tool: $(timeout -k 5 30 "$tool" --version 2>/dev/null | grep -o '[Vv]ersion [0-9][^ ]*\|release [0-9][^ ,]*' | head -1)"
    done
    printf '%s\n' "${rows[@]}"
    if [ $failed != 0 ]; then
        echo "something differs: please send this table and, with KEEP=folder, what was recorded"
        exit 1
    fi
    [ "$mode" != no-gpu ] || { echo "as planned, as far as it goes without a GPU" && exit 77; }
    echo "all as planned"
    exit 0
}
