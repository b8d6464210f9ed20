#!/usr/bin/env bash
# Benchmarks in the editor, run one by one: real server, real pytest-benchmark.
here=$(dirname "$0")
. "$here/../../tools/deps.sh"
need_venv "$here/../../build/venv" "$here/../requirements.txt"
PATH=$(cd "$here/../../build/venv/bin" && pwd):$PATH
exec python3 "$here/lsp/benches.py" "$@"
