"""Where memory goes was put there first: each planted line is the first in one metric.

    python memory.py
"""

import time

MB = 1_000_000
CACHE, NAMES = [], []


def remember(number):
    CACHE.append(bytearray(number * MB))  # LEAKED


def number_names():
    NAMES.extend([str(number) for number in range(40_000)])  # BLOCKS


def load():
    rows = [bytearray(4 * MB) for _ in range(12)]  # PEAK
    time.sleep(0.5)  # for what one would do with the rows
    return len(rows)


def churn():
    for _ in range(30):
        blocks = [bytearray(2 * MB) for _ in range(10)]  # ALLOCATED
        del blocks


def scratch():
    for _ in range(60):
        bytearray(5 * MB)  # TEMPORARY


def main():
    for number in 3, 4, 5:
        remember(number)
    number_names()
    scratch()
    churn()
    load()


if __name__ == "__main__":
    main()
