"""Keeps 100 blocks made on the line LEAK; writes a snapshot of tracemalloc to argv[1]."""
import sys
import tracemalloc


def leak(n):
    return [
        bytearray(1000) for _ in range(n)]  # LEAK


def keep(n):
    return leak(n)  # CALL


tracemalloc.start(25)
kept = keep(100)
table = {i: str(i) * 10 for i in range(50)}
snapshot = tracemalloc.take_snapshot()
snapshot.dump(sys.argv[1])
for cumulative in False, True:
    for stat in snapshot.statistics("lineno", cumulative):
        frame = stat.traceback[0]
        print("total" if cumulative else "self", frame.filename, frame.lineno, stat.size, stat.count)
