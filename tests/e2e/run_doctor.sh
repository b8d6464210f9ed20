#!/usr/bin/env bash
# ctest-labels: slow
# perfloop doctor in real situations: tools here, tools missing, system calls denied, another user,
# programs built in every way; and that the commands it tells are right for Debian.
set -eu
here=$PWD
. tools/deps.sh
need_packages gcc libc6-dev binutils linux-perf heaptrack valgrind hyperfine util-linux
need_venv build/venv tests/requirements.txt
venv=$here/build/venv/bin
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
mkdir "$scratch/work" "$scratch/bare" "$scratch/empty"
export XDG_STATE_HOME=$scratch/state XDG_CACHE_HOME=$scratch/cache
unset RUSTFLAGS CARGO_PROFILE_RELEASE_DEBUG CARGO_PROFILE_RELEASE_STRIP
cp "$PERFLOOP" "$scratch/perfloop"
cd "$scratch/work"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
doctor() { # OPTIONS...: the JSON goes to $scratch/json, the status to $status
    status=0
    "${as[@]}" "$scratch/perfloop" doctor --json "$@" >"$scratch/json" 2>"$scratch/errors" || status=$?
    [ -s "$scratch/json" ] || fail "no answer: $(cat "$scratch/errors")"
}
as=(env)
# tool NAME KEY, machine NAME KEY, check WORKLOAD NAME KEY: one word of the answer; `message`: the sentence
answer() {
    "$venv/python" - "$scratch/json" "$@" <<'EOF'
import json, sys
answer, kind, *names = json.load(open(sys.argv[1])), *sys.argv[2:]
if kind == "message":
    print(answer["message"])
    sys.exit()
rows = {"tool": answer["tools"], "machine": answer["machine"]}.get(kind)
if kind == "check":
    rows = next(w["checks"] for w in answer["workloads"] if w["name"] == names.pop(0))
row = next((row for row in rows if row["name"] == names[0]), None)
print("absent" if row is None else row[names[1]])
EOF
}
expect() { # WANTED QUESTION...
    local got
    got=$(answer "${@:2}")
    # shellcheck disable=SC2053
    [[ $got == $1 ]] || fail "${*:2} is '$got', not '$1'"
}
workload() { # BENCHMARK PROFILERS
    printf '[workload.w]\nbenchmark = "%s"\nprofilers = [%s]\n' "$1" "$2" >perfloop.toml
    XDG_STATE_HOME=$scratch/state "$PERFLOOP" trust --yes >/dev/null
    chmod -R a+rX "$scratch"
}

echo "tools that are here"
workload "python app.py" '"py-spy", "memray"'
PATH=$venv:$PATH doctor
expect 0.4.3 tool py-spy version
expect "$venv/py-spy" tool py-spy path
for name in py-spy cprofile line_profiler tracemalloc memray viztracer perf heaptrack dhat callgrind hyperfine; do
    expect ready tool $name state
done
expect "$(perf --version | sed 's/perf version //')" tool perf version
expect "$(heaptrack --version | sed 's/heaptrack //')" tool heaptrack version
expect "$(valgrind --version | sed 's/valgrind-//')" tool callgrind version
expect unused tool criterion state
expect "Python 3.*$venv/python*" check w python sentence
expect "all that this workspace names can run here" message
[ $status = 0 ] || fail "status $status with all tools here"
PATH=$venv:$PATH "$PERFLOOP" doctor memray >"$scratch/text" 2>/dev/null || fail "memray is here"
grep -q '^  run it *perfloop profile --with memray$' "$scratch/text" || fail "$(cat "$scratch/text")"
grep -q '^  named by *w$' "$scratch/text" || fail "$(cat "$scratch/text")"

echo "an environment without them, in a workspace that names one"
"$venv/python" -m venv --without-pip "$scratch/other"
workload "$scratch/other/bin/python app.py" '"memray"'
PATH=/usr/bin:/bin doctor
expect missing tool memray state
expect "*memray is not installed*" tool memray problem
expect "$scratch/other/bin/python -m pip install py-spy" tool py-spy mend
[ $status = 1 ] || fail "status $status, but memray is named and missing"
expect "*memray*" message

echo "no tools at all"
workload "python app.py" ''
as=(env PATH="$scratch/empty")
doctor
for name in py-spy cprofile memray perf flamegraph heaptrack dhat callgrind nsys ncu dmon pprof hyperfine; do
    expect missing tool $name state
    [ -n "$(answer tool $name mend)" ] || fail "nothing mends $name"
done
expect "its benchmark starts 'python', which is not there" check w program sentence
expect "*install python3" check w program mend
[ $status = 1 ] || fail "status $status without the benchmark's Python"
if grep -q '^ID=debian' /etc/os-release; then
    expect "*apt install linux-perf" tool perf mend
    expect "*apt install heaptrack" tool heaptrack mend
    expect "*apt install valgrind" tool dhat mend
    expect "*apt install hyperfine" tool hyperfine mend
    "$venv/python" - "$scratch/json" >"$scratch/packages" <<'EOF'
import json, re, sys
for tool in json.load(open(sys.argv[1]))["tools"]:
    for found in re.findall(r"apt install ([^&,]+)", tool["mend"]):
        print(*found.split(), sep="\n")
EOF
    # NVIDIA's are in Debian's component non-free, which is not everywhere.
    grep -v 'nsight\|nvidia' "$scratch/packages" | sort -u >"$scratch/names"
    [ "$(wc -l <"$scratch/names")" -ge 5 ] || fail "few packages: $(cat "$scratch/names")"
    apt-cache show golang-go >/dev/null 2>&1 || as_root apt-get update -qq
    while read -r package; do
        apt-cache show "$package" >/dev/null 2>&1 || fail "Debian has no package $package"
    done <"$scratch/names"
fi
as=(env)

echo "names of Python packages are those that the tests install"
ln -s "$(readlink -f "$venv/python")" "$scratch/bare/python3"
as=(env PATH="$scratch/bare")
doctor
as=(env)
for name in py-spy line_profiler memray viztracer; do
    package=$(answer tool $name mend | sed 's/.* //')
    grep -q "^$package==" "$here/tests/requirements.txt" || fail "$name is mended by '$package'"
done

echo "system calls denied, as in a container"
workload "python app.py" '"py-spy", "perf"'
as=(python3 "$here/tests/e2e/deny.py" ptrace,process_vm_readv,perf_event_open)
PATH=$venv:$PATH doctor
expect blocked machine ptrace state
expect "*forbids ptrace*" machine ptrace sentence
expect blocked machine sampling state
expect "*forbids perf_event_open*" machine sampling sentence
for name in py-spy perf; do
    expect blocked tool $name state
    expect "*forbids*" tool $name problem
    [ -n "$(answer tool $name mend)" ] || fail "nothing mends $name"
done
expect "*forbids ptrace*; *forbids perf_event_open*" message
[ $status = 1 ] || fail "status $status, but py-spy and perf are named and denied"
PATH=$venv:$PATH "${as[@]}" "$scratch/perfloop" doctor py-spy >"$scratch/text" 2>/dev/null && fail "py-spy cannot run"
grep -q '^  state *blocked$' "$scratch/text" || fail "$(cat "$scratch/text")"
echo 'sum(i * i for i in range(3000000))' >app.py
for tool in py-spy:ptrace perf:perf_event_open; do
    PATH=$venv:$PATH "${as[@]}" "$scratch/perfloop" profile w --with "${tool%:*}" 2>"$scratch/errors" && fail "$tool ran"
    grep -q "forbids ${tool#*:}.*: .*\(run\|sandbox\|securityContext\)" "$scratch/errors" || fail "$(cat "$scratch/errors")"
done
as=(python3 "$here/tests/e2e/deny.py" ptrace)
PATH=$venv:$PATH doctor
expect blocked tool py-spy state
expect ready tool perf state

echo "a user without rights"
as=(env)
[ "$(id -u)" != 0 ] || as=(setpriv --reuid=65534 --regid=65534 --clear-groups env XDG_STATE_HOME=/nonexistent HOME=/)
level=$(cat /proc/sys/kernel/perf_event_paranoid)
workload "/usr/bin/env true" '"perf"'
PATH=/usr/bin:/bin doctor
if [ "$level" -gt 2 ]; then
    expect "perf may not sample: perf_event_paranoid is $level" tool perf problem
    expect "sudo sysctl kernel.perf_event_paranoid=2" tool perf mend
    [ $status = 1 ] || fail "status $status, but perf is named and denied"
else
    expect ready tool perf state
    expect "perf may sample programs*perf_event_paranoid is $level*" machine sampling sentence
    [ $status = 0 ] || fail "status $status: $(answer message)"
fi
expect "nobody agreed*" check w agreed sentence
as=(env)

echo "how programs were built"
cat >app.c <<'EOF'
#include <stdio.h>
__attribute__((noinline)) static long sum(long n) { long s = 0; for (long i = 0; i < n; i++) s += i * s; return s; }
__attribute__((noinline)) static long twice(long n) { return sum(n) + sum(n + 1); }
int main(int argc, char **argv) { (void)argv; printf("%ld\n", twice(argc)); return 0; }
EOF
workload ./app '"perf"'
doctor perf
expect "its benchmark starts './app', which is not there" check w program sentence
[ $status = 1 ] || fail "status $status without the program"
gcc -g -O2 -fno-omit-frame-pointer app.c -o app
doctor perf
expect "app has lines and frame pointers" check w binary sentence
[ $status = 0 ] || fail "status $status: $(answer message)"
gcc -O2 -fno-omit-frame-pointer app.c -o app
doctor perf
expect "app was built without debug information: profiles name its functions, not its lines" check w binary sentence
expect "add -g to the compiler's options" check w binary mend
gcc -g -O2 -fomit-frame-pointer app.c -o app
doctor perf
expect "app keeps no frame pointers: perf needs DWARF stacks for its callers" check w binary sentence
expect "add -fno-omit-frame-pointer to the compiler's options" check w binary mend
gcc -O2 -fomit-frame-pointer app.c -o app
doctor perf
expect "app was built without debug information*; it keeps no frame pointers*" check w binary sentence
expect "add -g -fno-omit-frame-pointer to the compiler's options" check w binary mend
strip app
doctor perf
expect "app is stripped: profiles show neither its functions nor its lines" check w binary sentence

echo "a Rust project"
printf '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n[profile.release]\nstrip = true\n' >Cargo.toml
mkdir src && echo 'fn main() { println!("{}", std::env::args().count()); }' >src/main.rs
workload "cargo run --release" '"perf"'
doctor perf
expect "release builds of cargo are stripped*" check w build sentence
if cargo --version >/dev/null 2>&1; then
    doctor criterion
    expect missing tool criterion state
    expect "cargo add --dev criterion" tool criterion mend
    cargo build -q --release --offline
    doctor perf
    expect "target/release/app is stripped*" check w binary sentence
    expect "CARGO_PROFILE_RELEASE_DEBUG=1*cargo build --release" check w binary mend
    CARGO_PROFILE_RELEASE_STRIP=none CARGO_PROFILE_RELEASE_DEBUG=1 \
        RUSTFLAGS='-C force-frame-pointers=yes' cargo build -q --release --offline
    CARGO_PROFILE_RELEASE_STRIP=none CARGO_PROFILE_RELEASE_DEBUG=1 doctor perf
    expect "target/release/app has lines and frame pointers" check w binary sentence
    expect "release builds of cargo have lines" check w build sentence
fi

echo "what there is not"
status=0
"$PERFLOOP" doctor gprof 2>"$scratch/errors" || status=$?
[ $status = 1 ] || fail "status $status for a tool that there is not"
grep -q "no profiler 'gprof'; there are py-spy, cprofile" "$scratch/errors" || fail "$(cat "$scratch/errors")"
echo "all as planned"
