"""Spends its time in libraries, each called from one line here.

    python load.py SECONDS
"""

import json
import re
import sys
import time

ROWS = ['{"id": %d, "words": ["%s"], "share": %d.25}' % (i, "ab-cd " * 40, i) for i in range(300)]


def decode(rows):
    out = []
    for row in rows:
        out.append(json.loads(row))  # PLANTED json
    return out


def join(rows):
    return [re.sub(r"(\w+)-(\w+)", r"\2-\1", row["words"][0]) for row in rows[:10]]  # PLANTED re


def deep(rows, depth):
    if depth:
        return deep(rows, depth - 1)
    return sorted(rows, key=lambda row: json.dumps(row["words"]))  # PLANTED callback


def main():
    end = time.monotonic() + float(sys.argv[1])
    while time.monotonic() < end:
        rows = decode(ROWS)
        join(rows)
        deep(rows, 20)


main()
