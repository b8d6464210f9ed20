# tracemalloc: what is alive at the end, and what was alive when the most was. There is no event for a
# peak, so a thread looks, and takes a snapshot when clearly more is alive than at the last one.

import ast
import threading
import time
import tracemalloc

METRICS = ["peak:bytes", "live:bytes", "blocks:count"]
PEAK, LIVE, BLOCKS = range(len(METRICS))
FRAMES = 25
GROWTH = 1.1  # a snapshot costs as much as it holds: not for every kilobyte more
LOOK_S = 0.005


class Names(dict):
    """{file: {line: function}}, for tracemalloc names no functions."""

    def __missing__(self, file):
        lines = self[file] = {}
        try:
            with open(file, "rb") as source:
                text = source.read()
            tree = ast.parse(text)
        except (OSError, SyntaxError, ValueError):  # such as <string>
            return lines
        lines.update(dict.fromkeys(range(1, text.count(b"\n") + 2), "<module>"))
        for node in ast.walk(tree):  # inner ones come later
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines.update(dict.fromkeys(range(node.lineno, node.end_lineno + 1), node.name))
        return lines

    def of(self, file, line):
        wanted = file.endswith(FIXTURE) or os.path.abspath(file).startswith(os.path.join(ROOT, ""))
        return self[file].get(line, "") if wanted else ""


class Peak(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.done = threading.Event()
        self.bytes = 50_000
        self.snapshot = None

    def look(self):
        """Seconds that the snapshot took, 0 when none was worth it."""
        alive = tracemalloc.get_traced_memory()[0]
        if alive < self.bytes * GROWTH:
            return 0
        began = time.monotonic()
        self.snapshot = tracemalloc.take_snapshot()
        self.bytes = alive
        return time.monotonic() - began

    def run(self):
        pause = LOOK_S
        while not self.done.wait(pause):
            pause = max(LOOK_S, 5 * self.look())


def add(snapshot, *metrics):
    for statistic in snapshot.statistics("traceback"):
        places = reversed(statistic.traceback)
        frames = tuple((names.of(at.filename, at.lineno), at.filename, at.lineno) for at in places)
        frames = of_program(frames, OURS)
        if frames is None or frames and frames[0][1] in (tracemalloc.__file__, threading.__file__):
            continue
        weights = stacks.setdefault(frames, [0] * len(METRICS))
        for metric in metrics:
            weights[metric] += statistic.count if metric == BLOCKS else statistic.size


def begin():
    global peak
    tracemalloc.start(FRAMES)
    peak = Peak()
    peak.start()


def end():
    global runs
    peak.done.set()
    peak.join()
    runs += 1
    largest = tracemalloc.get_traced_memory()[1]
    last = tracemalloc.take_snapshot()
    tracemalloc.stop()
    alive = sum(trace.size for trace in last.traces)
    if peak.snapshot is None or alive > peak.bytes:
        peak.snapshot, peak.bytes = last, alive
    if peak.bytes < 0.8 * largest:
        notes.append(
            "the most that was alive, %.1f MB, was gone before it could be looked at; "
            "what is called peak is a moment with %.1f MB" % (largest / 1e6, peak.bytes / 1e6)
        )
    add(peak.snapshot, PEAK)
    add(last, LIVE, BLOCKS)


stacks, notes, names, runs = {}, [], Names(), 0
try:
    if around_measured(begin, end, once=True):
        run_program()
    else:
        begin()
        try:
            program = run_program()  # kept, so that what its globals hold is alive
        finally:
            end()
finally:
    if runs:
        write_stacks(OUT, "tracemalloc", METRICS, stacks, notes + added_up(runs))
