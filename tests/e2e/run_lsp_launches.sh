#!/usr/bin/env bash
# Lines that launch kernels or wait for them: real server, recordings made by hand.
exec python3 "$(dirname "$0")/lsp/launches.py" "$@"
