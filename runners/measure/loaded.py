# Put before everything else on PYTHONPATH for one warm-up run: when the interpreter ends, it writes
# which file each module came from. A sitecustomize of the user's own is still run.
import atexit
import os
import sys


def _save():
    import sysconfig

    lines = ["!\t" + os.path.realpath(sysconfig.get_paths()[key]) for key in ("stdlib", "platstdlib")]
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str):
            lines.append(name + "\t" + os.path.realpath(path))
    folder = os.environ.get("PERFLOOP_LOADED")
    if folder:
        with open(os.path.join(folder, "python.%d" % os.getpid()), "w", errors="replace") as out:
            out.write("\n".join(lines) + "\n")


_here = os.path.dirname(os.path.realpath(__file__))
sys.path[:] = [part for part in sys.path if not part or os.path.realpath(part) != _here]
atexit.register(_save)
sys.modules.pop("sitecustomize", None)
try:
    import sitecustomize  # noqa: F401
except ImportError:
    pass
