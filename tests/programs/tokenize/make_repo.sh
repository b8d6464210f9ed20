#!/usr/bin/env bash
# make_repo.sh DEST: this program as a git repository with a short history, in an empty folder.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dest=$1
mkdir -p "$dest"
if [ -n "$(ls -A "$dest")" ]; then
    echo "$dest: not empty" >&2
    exit 1
fi
cd "$dest"
git init -q -b main
git config user.name "Tokenizer Author"
git config user.email author@example.invalid
git config commit.gpgsign false
cp "$here/.gitignore" "$here/pyproject.toml" .
cp "$here/tokenizer.py" .
git add -A && git commit -qm "tokenizer for the configuration language"
cp -r "$here/tests" .
rm -rf tests/__pycache__
git add -A && git commit -qm "tests: kinds, places, escapes, errors"
mkdir data && cp "$here"/data/* data/
cp -r "$here/benchmarks" .
rm -rf benchmarks/__pycache__
git add -A && git commit -qm "benchmark: one production file"
cp "$here/perfloop.toml" .
git add -A && git commit -qm "perfloop: the workload"
