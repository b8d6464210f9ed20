# memray's recordings, which only the memray that wrote them reads: memray_read.py RECORDINGS OUT OURS.

import glob
import sys

import memray

METRICS = ["peak:bytes", "leaked:bytes", "temporary:bytes", "allocated:bytes", "allocations:count"]
PEAK, LEAKED, TEMPORARY, ALLOCATED, ALLOCATIONS = range(len(METRICS))
FREES = {memray.AllocatorType[name] for name in ("FREE", "MUNMAP", "PYMALLOC_FREE")}

recordings, out, ours = sys.argv[1:]
stacks = {}


def add(frames, metric, size, count=0):
    if frames is not None:
        weights = stacks.setdefault(frames, [0] * len(METRICS))
        weights[metric] += size
        weights[ALLOCATIONS] += count


def read(reader):
    native = reader.metadata.has_native_traces

    def frames_of(record):
        return of_program(tuple(record.hybrid_stack_trace() if native else record.stack_trace()), ours)

    for metric, records in (
        (PEAK, reader.get_high_watermark_allocation_records(merge_threads=True)),
        (LEAKED, reader.get_leaked_allocation_records(merge_threads=True)),
        (TEMPORARY, reader.get_temporary_allocation_records(merge_threads=True)),
    ):
        for record in records:
            add(frames_of(record), metric, record.size)
    # Everything that was ever allocated comes one by one; a stack is looked up only once.
    known, sums = {}, {}
    for record in reader.get_allocation_records():
        if record.allocator in FREES:
            continue
        key = (record.stack_id, record.native_stack_id, record.native_segment_generation)
        if key not in known:
            known[key], sums[key] = frames_of(record), [0, 0]
        sums[key][0] += record.size
        sums[key][1] += 1
    for key, (size, count) in sums.items():
        add(known[key], ALLOCATED, size, count)


files = sorted(glob.glob(glob.escape(recordings) + ".*"))
for file in files:
    read(memray.FileReader(file))
if files:
    write_stacks(out, "memray", METRICS, stacks, added_up(len(files)))
