#!/usr/bin/env python3
"""grow_gpu.py nsys FROM.sqlite TO.sqlite MB | ncu FROM.ncu-rep TO.ncu-rep MB

Grows a small recording by repetition until it has MB megabytes. Rows of the nsys export come again
later in time and with correlations of their own; blocks of the .ncu-rep come again as they are.
"""
import shutil
import sqlite3
import struct
import sys
from pathlib import Path

GROWN = ("CUPTI_ACTIVITY_KIND_KERNEL", "CUPTI_ACTIVITY_KIND_RUNTIME", "CUPTI_ACTIVITY_KIND_MEMCPY",
         "CUPTI_ACTIVITY_KIND_SYNCHRONIZATION", "NVTX_EVENTS", "OSRT_API", "COMPOSITE_EVENTS")
MOVED = {"start": "period", "end": "period", "correlationId": "count"}


def grow_nsys(source, target, size):
    shutil.copyfile(source, target)
    db = sqlite3.connect(target)
    db.execute("pragma journal_mode=off")
    db.execute("pragma synchronous=off")
    tables = {}
    for table in GROWN:
        columns = [row[1] for row in db.execute(f"pragma table_info({table})")]
        if columns:
            db.execute(f"create temp table old_{table} as select * from {table}")
            tables[table] = columns
    times = [time for table, columns in tables.items() for name in ("start", "end")
             if name in columns for time in
             db.execute(f"select min({name}), max({name}) from {table}").fetchone() if time is not None]
    period = max(times) - min(times) + 1000
    turns = 0
    while target.stat().st_size < size:
        turns += 1
        for table, columns in tables.items():
            values = ", ".join(
                f'"{name}" + {turns * (period if name != "correlationId" else 1_000_000)}'
                if name in MOVED else f'"{name}"' for name in columns if name != "id")
            names = ", ".join(f'"{name}"' for name in columns if name != "id")
            db.execute(f"insert into {table} ({names}) select {values} from temp.old_{table}")
        db.commit()
    db.close()


def grow_ncu(source, target, size):
    data = source.read_bytes()
    header, = struct.unpack_from("<I", data, 4)
    blocks = data[8 + header:]
    with target.open("wb") as out:
        out.write(data[:8 + header])
        while out.tell() < size:
            out.write(blocks)


if __name__ == "__main__":
    kind, source, target, megabytes = sys.argv[1:]
    grow = {"nsys": grow_nsys, "ncu": grow_ncu}[kind]
    grow(Path(source), Path(target), int(float(megabytes) * 1e6))
