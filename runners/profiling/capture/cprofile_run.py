"""cProfile around a program: cprofile_run.py OUT (-m MODULE | SCRIPT) ARGUMENTS.

`python -m cProfile` does the same but swallows the exit status, so that a program that failed looks
like one that ran.
"""

import cProfile
import os
import runpy
import sys

out, *sys.argv = sys.argv[1:]
profile = cProfile.Profile()
# With -P or -I, Python has not put our folder in front.
in_front = sys.path[0] == os.path.dirname(os.path.abspath(__file__))
try:
    if sys.argv[0] == "-m":
        sys.argv = sys.argv[1:]
        sys.path[:in_front] = [os.getcwd()] * in_front
        profile.runcall(runpy.run_module, sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        sys.path[:in_front] = [os.path.dirname(os.path.abspath(sys.argv[0]))] * in_front
        profile.runcall(runpy.run_path, sys.argv[0], run_name="__main__")
finally:
    profile.dump_stats(out)
