#!/usr/bin/env bash
# ctest-labels: slow alone
# The whole loop through the protocol, with the real program, pytest and git.
here=$(dirname "$0")
. "$here/../../tools/deps.sh"
need_venv "$here/../../build/venv" "$here/../requirements.txt"
PATH=$(cd "$here/../../build/venv/bin" && pwd):$PATH
exec python3 "$here/lsp/loop.py" "$@"
