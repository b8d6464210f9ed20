#!/usr/bin/env bash
# package.sh OUT.vsix: check, bundle and pack the extension. Needs npm; installs by the lock file.
set -eu
out=$(realpath "$1")
cd "$(dirname "$0")"
exec 9>.package.lock
flock 9
if ! cmp -s package-lock.json node_modules/.installed; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    cp package-lock.json node_modules/.installed
fi
npx tsc --noEmit
npm run -s build -- --log-level=warning
python3 pack.py "$out" .
