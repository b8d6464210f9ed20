"""The shapes below pytest, without a benchmark's fixture."""

from shapes import work


def test_shapes():
    for _ in range(15):
        work()  # calls
