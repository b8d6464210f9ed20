#!/usr/bin/env bash
# How the language server is reached and how it ends.
exec python3 "$(dirname "$0")/lsp/transport.py" "$@"
