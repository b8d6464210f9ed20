"""compare_memray.py RECORDING PEAK.json ALLOCATIONS.json: each line beside memray's own reader.

memray.FileReader gives the records alive at the peak; their innermost frame is the line that pays.
"""
import collections
import json
import os
import sys

import memray


def rows_of(path):
    with open(path) as file:
        table = json.load(file)
    return {(row["file"], row["line"]): row["self"] for row in table["rows"]}, table


def main():
    peak, table = rows_of(sys.argv[2])
    allocations, counts = rows_of(sys.argv[3])
    bytes_of, count_of = collections.Counter(), collections.Counter()
    reader = memray.FileReader(sys.argv[1])
    for record in reader.get_high_watermark_allocation_records(merge_threads=False):
        stack = record.stack_trace(1)
        _, file, line = stack[0] if stack else ("", "", 0)
        key = os.path.relpath(file) if file.startswith(os.getcwd() + "/") else file, line
        bytes_of[key] += record.size
        count_of[key] += record.n_allocations
    assert table["total"] == sum(bytes_of.values()) > 8000000, (table["total"], bytes_of)
    assert counts["total"] == sum(count_of.values())
    for key, size in bytes_of.items():
        if key in peak:  # frames of the interpreter have no line of a file
            assert peak[key] == size, (key, peak[key], size)
            assert allocations[key] == count_of[key], key
    assert sum(peak[key] for key in peak if key[0] == "alloc.py") > 8000000


main()
