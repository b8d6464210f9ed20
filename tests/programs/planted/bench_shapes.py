"""The shapes as a benchmark: only what the fixture calls is measured."""

from shapes import work


def test_shapes(benchmark):
    benchmark.pedantic(work, rounds=15)
