"""The same for pytest-benchmark. Importing takes time that is not measured: no hot line."""

import time

from planted import work

END = time.process_time() + 0.5
while time.process_time() < END:
    sum(range(1000))  # UNMEASURED


def test_work(benchmark):
    benchmark.pedantic(work, rounds=100)
