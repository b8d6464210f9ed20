# memray around the program, or around each benchmark; memray_read.py makes the profile of the recordings.

from memray import Tracker

CHOICES = {"trace_python_allocators": True} if "python-allocators" in OPTIONS else {}
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
