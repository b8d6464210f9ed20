# For the run_loop_*.sh scripts: a small program in a scratch repository, and what they expect.
# Sourced; leaves the shell in the repository. Nothing outside of it is written.

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_STATE_HOME=$scratch/state XDG_CACHE_HOME=$scratch/cache HOME=$scratch
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
perfloop() { "$PERFLOOP" "$@"; }

# expect STATUS WHAT COMMAND...: its exit status; standard output in ./out, errors in ./err, both
# outside of what is measured.
expect() {
    local want=$1 what=$2 got=0
    shift 2
    "$@" >"$scratch/out" 2>"$scratch/err" || got=$?
    [ "$got" = "$want" ] || {
        cat "$scratch/out" "$scratch/err" >&2
        fail "$what: expected exit status $want, got $got"
    }
}

write_program() { # work per number: the inner range
    cat >work.py <<END
def work(count):
    total = 0
    for i in range(count):
        for k in range($1):
            total += (i * 7) % 13
    return total // $1


if __name__ == "__main__":
    print(work(60000))
END
}
slow() { write_program 16; }
fast() { write_program 2; }

write_workload() { # extra lines
    cat >perfloop.toml <<END
[workload.w]
benchmark = "python3 work.py"
metric = "cpu_time"
target = "-5 %"
tests = "python3 check.py"
$1
END
}

make_repo() {
    mkdir "$scratch/repo"
    cd "$scratch/repo"
    git init -q -b main
    git config user.name Tester
    git config user.email tester@example.invalid
    write_program 8
    write_workload ""
    echo 'import work; assert work.work(3) == 8' >check.py
    git add .
    git commit -qm "a program"
}
