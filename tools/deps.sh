# Sourced by try.sh and check.sh: installs what is missing, and only that.

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Debian packages by name; one apt run for all that are missing.
need_packages() {
    local missing=()
    for package in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] && return
    echo "installing ${missing[*]}"
    as_root apt-get -o DPkg::Lock::Timeout=300 update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
        install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# npm and node: the machine's own when there, else Debian's.
need_npm() {
    command -v npm >/dev/null || need_packages nodejs npm
}

BUILD_PACKAGES=(
    gcc libc6-dev make cmake ninja-build pkg-config git ca-certificates
    libjansson-dev libuv1-dev libgit2-dev libsqlite3-dev libxxhash-dev uthash-dev
    zlib1g-dev libzstd-dev libdw-dev libiberty-dev libcmocka-dev
)

# A virtual environment with pinned packages; made again when the list changes. Tests that run at the
# same time may ask for the same one.
need_venv() {
    local dir=$1 requirements=$2
    mkdir -p "$(dirname "$dir")"
    (
        flock 9
        cmp -s "$requirements" "$dir/requirements.txt" && exit
        # Debian's python3 brings venv in a package of its own.
        python3 -c 'import ensurepip' 2>/dev/null || need_packages python3 python3-venv
        rm -rf "$dir"
        python3 -m venv "$dir"
        "$dir/bin/pip" install -q --disable-pip-version-check -r "$requirements"
        cp "$requirements" "$dir/requirements.txt"
    ) 9>"$dir.lock"
}

# cargo and rustc: the machine's own when they are new enough for our Cargo.lock files (Debian 12's are
# not), else rustup's below build/, which the caller's PATH then finds first.
need_rust() {
    local have version=1.95.0 rustup=1.28.2 root=$PWD/build/rust machine sum
    have=$(cargo --version 2>/dev/null | sed -n 's/^cargo 1\.\([0-9]*\)\..*/\1/p')
    [ "${have:-0}" -ge 78 ] && command -v rustc >/dev/null && return
    export RUSTUP_HOME=$root/rustup CARGO_HOME=$root/cargo PATH=$root/cargo/bin:$PATH
    machine=$(uname -m)
    case $machine in
        x86_64) sum=20a06e644b0d9bd2fbdbfd52d42540bdde820ea7df86e92e533c073da0cdd43c ;;
        aarch64) sum=e3853c5a252fca15252d07cb23a1bdd9377a8c6f3efa01531109281ae47f841c ;;
        *) echo "no rustup for $machine is known here: install cargo 1.78 or newer" >&2; return 1 ;;
    esac
    mkdir -p "$root"
    (
        flock 9
        [ -x "$CARGO_HOME/bin/cargo" ] && "$CARGO_HOME/bin/cargo" --version >/dev/null && exit
        need_packages curl ca-certificates
        curl -sSf -o "$root/rustup-init" \
            "https://static.rust-lang.org/rustup/archive/$rustup/$machine-unknown-linux-gnu/rustup-init"
        echo "$sum  $root/rustup-init" | sha256sum -c --quiet
        chmod +x "$root/rustup-init"
        "$root/rustup-init" -q -y --no-modify-path --profile minimal --default-toolchain $version
    ) 9>"$root/lock"
}
# Go: the machine's own when there, else Debian's.
need_go() {
    command -v go >/dev/null || need_packages golang-go
}

# inferno-collapse-perf, built once; without what only its other programs need.
need_inferno() {
    local root=$1 version=0.11.13
    mkdir -p "$root"
    (
        flock 9
        [ -x "$root/bin/inferno-collapse-perf" ] && exit
        need_rust
        cargo install -q --locked --root "$root" --version $version --no-default-features --features cli \
            --bin inferno-collapse-perf inferno
    ) 9>"$root.lock"
}
