#!/usr/bin/env bash
# Format every C file in place; with --check only say which ones would change.
set -eu
cd "$(dirname "$0")/.."
formatter=$(command -v clang-format-14 || command -v clang-format)
mapfile -t files < <(git ls-files --cached --others --exclude-standard '*.c' '*.h')
if [ "${1:-}" = --check ]; then
    exec "$formatter" --dry-run -Werror "${files[@]}"
fi
exec "$formatter" -i "${files[@]}"
