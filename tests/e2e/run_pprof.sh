#!/usr/bin/env bash
# pprof's files beside Go's own `pprof -top`: every metric's total, every function's flat and
# cumulative cost. A profile by the Go program at hand, and the samples beside the project.
set -eu
. tools/deps.sh
need_go
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache GOFLAGS=-mod=mod GOCACHE=${GOCACHE:-$(go env GOCACHE)}
checker=$PWD/tests/e2e/compare_pprof.py
cp -r tests/programs/go "$work/go"
(cd "$work/go" && go build -o hot . && ./hot "$work/cpu.pb.gz" "$work/heap.pb.gz")
python3 "$checker" "$work/cpu.pb.gz" "$work/heap.pb.gz"
gzip -dc "$work/cpu.pb.gz" >"$work/cpu.pb"
python3 "$checker" "$work/cpu.pb"
"$PERFLOOP" hot "$work/cpu.pb.gz" --json --top 0 | python3 -c '
import json, sys
rows = json.load(sys.stdin)["rows"]
source = open(sys.argv[1]).read().splitlines()
assert rows[0]["file"].endswith("main.go") and "hot" in source[rows[0]["line"] - 1], rows[0]' "$work/go/main.go"

if [ -z "${PERFLOOP_SHARED:-}" ]; then
    echo "PERFLOOP_SHARED is unset: the samples are skipped"
    exit 0
fi
python3 "$checker" "$PERFLOOP_SHARED"/samples/pprof/*
