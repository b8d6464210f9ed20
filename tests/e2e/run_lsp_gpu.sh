#!/usr/bin/env bash
# py-spy, ncu and nsys of one program in one editor: real server, recordings made by hand.
exec python3 "$(dirname "$0")/lsp/gpu.py" "$@"
