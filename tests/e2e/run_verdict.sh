#!/usr/bin/env bash
# `dump verdict` beside the reference implementation, on recorded pairs of real machines.
set -eu
if [ -z "${PERFLOOP_SHARED:-}" ]; then
    echo "skipped: PERFLOOP_SHARED is not set"
    exit 77
fi
for seed in 1 2; do
    python3 "$PERFLOOP_SHARED/measure/measure_eval.py" check --seed $seed --trials 400 \
        --tool "$PERFLOOP dump verdict -"
done
# More pairs than the reference looks at by itself, and what is not a pair.
seq 1 1300 | awk '{print 0.1 ","  0.1 * (1 + ($1 % 7 - 3) / 50)}' | "$PERFLOOP" dump verdict - |
    grep '^verdict=same '
if printf '0.1,0.2\n0.1;0.2\n' | "$PERFLOOP" dump verdict - 2>/tmp/err.$$; then
    echo "a broken line was accepted"
    exit 1
fi
grep -x "perfloop: line 2: expected 'base,new', two positive numbers" /tmp/err.$$
rm /tmp/err.$$
