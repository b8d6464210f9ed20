# Memory by stack, as a file for read_memray.c: a line that names the metrics, then a row for each stack,
#
#     perfloop stacks,memray,peak:bytes,leaked:bytes,...
#     4096,0,...,leaf;work.py;9|caller;work.py;30
#
# A row whose first field is "note" holds a sentence.

import csv
import os

FIXTURE = os.path.join("pytest_benchmark", "fixture.py")


def is_program(frame):
    """Not machine code, and not what Python runs a program with."""
    file = frame[1]
    return file.endswith(".py") and os.path.basename(file) != "runpy.py"


def of_program(frames, ours):
    """The program's own part of a stack, leaf first; None: an allocation of the profiler itself.

    What lies further out goes: our script (the file `ours`), runpy and the machine code between them, or
    pytest-benchmark's fixture and all that calls it. None of it is a hot line.
    """
    for at, (function, file, _) in enumerate(frames):
        if file.endswith(FIXTURE) and function != "<module>":
            return frames[:at]
        if file == ours:
            inner = frames[:at]
            while inner and not is_program(inner[-1]):
                inner = inner[:-1]
            return inner if at else None
    return frames


def added_up(runs):
    return ["what each of %d benchmarks uses is added up" % runs] if runs > 1 else []


def write_stacks(out, tool, metrics, stacks, notes):
    """stacks: {frames, leaf first: one weight per metric}."""
    with open(out, "w", newline="", encoding="utf-8", errors="replace") as file:
        rows = csv.writer(file)
        rows.writerow(["perfloop stacks", tool, *metrics])
        for note in notes:
            rows.writerow(["note", note])
        for frames, weights in stacks.items():
            rows.writerow([*weights, "|".join("%s;%s;%d" % frame for frame in frames)])
