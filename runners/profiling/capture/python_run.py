"""The first part of every profiler's script, which capture_inside.c puts before the profiler's own:

    python SCRIPT OUT ROOT HARNESS OPTIONS (-m MODULE | PROGRAM) ARGUMENTS

OUT is where the profile goes, ROOT the workspace, HARNESS the workload's, OPTIONS words with commas.
Runs in the user's Python, whatever its version (3.8 and later) and whatever it has installed.
"""

import functools
import os
import runpy
import sys
import types

OUT, ROOT, HARNESS, OPTIONS, *sys.argv = sys.argv[1:]
OURS = os.path.abspath(__file__)
# With -P or -I, Python has not put our folder in front.
_IN_FRONT = os.path.realpath(sys.path[0]) == os.path.dirname(os.path.realpath(OURS))
sys.path[:_IN_FRONT] = []


def run_program(begin=None):
    """As Python itself would run it: an error or an exit goes through. Gives the program's globals.

    `begin` is called last: what it starts sees the program and not this function.
    """
    if sys.argv[0] == "-m":
        sys.argv = sys.argv[1:]
        sys.path[:0] = [os.getcwd()] * _IN_FRONT
        begin and begin()
        return runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    sys.path[:0] = [os.path.dirname(os.path.abspath(sys.argv[0]))] * _IN_FRONT
    begin and begin()
    return runpy.run_path(sys.argv[0], run_name="__main__")


def around_measured(begin, end, once=False):
    """Calls begin and end around each call that pytest-benchmark's fixture measures.

    False when the harness is another one. Imports, collection and reports are not measured, and a
    line's share of them would promise what no change can give. `once`: call each benchmark a single
    time, as --benchmark-disable does; memory is counted, and needs no repetition.
    """
    if HARNESS != "pytest-benchmark":
        return False
    options = os.environ.get("PYTEST_ADDOPTS", "")

    def measured(function):
        @functools.wraps(function)
        def call(*args, **kwargs):
            begin()
            try:
                return function(*args, **kwargs)
            finally:
                end()

        return call

    def pytest_configure(config):
        from pytest_benchmark.fixture import BenchmarkFixture

        os.environ["PYTEST_ADDOPTS"] = options  # another pytest would not find us
        for name in "__call__", "pedantic":
            plain = getattr(BenchmarkFixture, name)

            @functools.wraps(plain)
            def wrapped(self, function, *args, _plain=plain, **kwargs):
                self.disabled = self.disabled or once
                return _plain(self, measured(function), *args, **kwargs)

            setattr(BenchmarkFixture, name, wrapped)

    plugin = types.ModuleType("perfloop_measured", "PYTEST_DONT_REWRITE")
    plugin.pytest_configure = pytest_configure
    sys.modules[plugin.__name__] = plugin
    os.environ["PYTEST_ADDOPTS"] = options + " -p " + plugin.__name__
    return True
