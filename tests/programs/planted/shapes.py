"""Hot lines in every shape a function can have, with the share of the time that was planted on each.

    python shapes.py SECONDS

The work is done inside one operator, so that neither a call nor a line is an event in it, and tools that
count are as right as tools that sample. `# planted NAME WEIGHT` stands on the lines; `# calls` on those
that only lead to one.
"""

import sys
import time

BIG = 3**40000


def alone(count):
    for _ in range(count):
        BIG * BIG  # planted SELF 20


def helper():
    return BIG * BIG  # planted CALLEE 14


def caller(count):
    for _ in range(count):
        helper()  # calls


def down(depth):
    if depth:
        down(depth - 1)  # calls
    return BIG * BIG  # planted RECURSIVE 10


def recursion(count):
    for _ in range(count // 2):
        down(1)  # calls


def comprehension(count):
    return [BIG * BIG for _ in range(count)]  # planted COMPREHENSION 7


def generator(count):
    for _ in range(count):
        yield BIG * BIG  # planted GENERATOR 5


def consumer(count):
    for _ in generator(count):  # calls
        pass


def closure(count):
    def inner():
        return BIG * BIG  # planted CLOSURE 3

    for _ in range(count):
        inner()  # calls


def deep(depth):
    return depth and deep(depth - 1)  # calls


def work():
    deep(800)  # calls
    alone(20)  # calls
    caller(14)  # calls
    recursion(10)  # calls
    comprehension(7)  # calls
    consumer(5)  # calls
    closure(3)  # calls


if __name__ == "__main__":
    end = time.monotonic() + float(sys.argv[1])
    while time.monotonic() < end:
        work()
