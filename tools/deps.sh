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

# cargo and Go: the machine's own when there, else Debian's.
need_rust() {
    command -v cargo >/dev/null || need_packages rustc cargo
}
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
