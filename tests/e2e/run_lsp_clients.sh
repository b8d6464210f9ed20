#!/usr/bin/env bash
# One session for each editor whose capabilities were recorded.
exec python3 "$(dirname "$0")/lsp/clients.py"
