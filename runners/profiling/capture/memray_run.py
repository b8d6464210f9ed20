# memray around the program, or around each benchmark; memray_read.py makes the profile of the recordings.

from memray import Tracker

# A benchmark gets its small objects from pages that Python has had since it collected the tests: without its
# allocators there would be little to see. It is only one call, so that the slowness can be borne.
ALL_OBJECTS = "python-allocators" in OPTIONS or HARNESS == "pytest-benchmark"
CHOICES = {"trace_python_allocators": True} if ALL_OBJECTS else {}
trackers = []


def begin():
    trackers.append(Tracker("%s.%d" % (OUT, len(trackers)), native_traces="native" in OPTIONS, **CHOICES))
    trackers[-1].__enter__()


def end():
    trackers[-1].__exit__(None, None, None)


if around_measured(begin, end, once=True):
    run_program()
else:
    begin()
    try:
        program = run_program()  # kept, so that what its globals hold is alive
    finally:
        end()
