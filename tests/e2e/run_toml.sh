#!/usr/bin/env bash
# The TOML reader beside Python's tomllib, on texts made at random with a fixed seed.
set -eu
python=$(command -v python3)
if ! "$python" -c 'import tomllib' 2>/dev/null; then
    echo "skipped: python3 has no tomllib (3.11 or newer is needed)"
    exit 77
fi
"$python" tests/lib/toml_oracle.py "$PERFLOOP" 2000 1
"$python" tests/lib/toml_oracle.py "$PERFLOOP" 2000 2
