"""The same for pytest-benchmark; what is imported and set up is not measured."""

from memory import MB, main

UNMEASURED = [bytearray(MB) for _ in range(100)]


def test_memory(benchmark):
    UNMEASURED.clear()
    benchmark(main)
