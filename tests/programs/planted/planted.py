"""A program whose hot lines were put there first, so that a profile can be checked against them.

    python planted.py SECONDS        work for about so long; 0: fail with status 7
"""

import sys
import time


def grind(count):
    total = 0
    for number in range(count):
        total += number * 3 % 7 + number * 5 % 11 + number * 7 % 13 + number**3 % 17 - (number ^ 9) % 19  # PLANTED
    return total


def polish(count):
    return [str(number)[::-1] for number in range(count)]  # planted: a little


def work():
    return grind(20000), polish(1000)


def main():
    seconds = float(sys.argv[1])
    if seconds == 0:
        print("nothing to do")
        sys.exit(7)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        work()


if __name__ == "__main__":
    main()
