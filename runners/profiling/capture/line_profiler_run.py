# line_profiler on every function of the workspace. The user's files need no @profile: as a module is
# compiled, each function in it gets the profiler as its innermost decorator, nested ones included. That is
# what kernprof --prof-mod does with modules it is told by name; here it is each one below ROOT that is
# imported. Libraries inside of ROOT (a virtual environment) are left as they are.

import ast
import builtins
from importlib.machinery import SourceFileLoader

from line_profiler import LineProfiler

NAME = "perfloop_line_profiler"
# These want the function itself: they compile it.
COMPILERS = {"jit", "njit", "vectorize", "guvectorize", "stencil", "cfunc"}
measuring = HARNESS != "pytest-benchmark"
measured_once = measuring


class Profiler(LineProfiler):
    """Looks only while something is measured."""

    def add_function(self, function):
        """A closure is made again and again of the same code, which is known after the first time."""
        key = function.__code__, function.__code__.co_filename
        if key not in known:
            super().add_function(function)
            known[key] = function.__code__
        function.__code__ = known[key]

    def enable_by_count(self):
        if measuring:
            super().enable_by_count()

    def disable_by_count(self):
        if measuring:
            super().disable_by_count()


def name_of(decorator):
    """The last word of it: jit of @numba.jit(nopython=True)."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


class Decorate(ast.NodeTransformer):
    def visit_FunctionDef(self, node):
        self.generic_visit(node)
        if not COMPILERS.union(["profile"]).intersection(map(name_of, node.decorator_list)):
            node.decorator_list.append(ast.copy_location(ast.Name(NAME, ast.Load()), node))
        return node

    visit_AsyncFunctionDef = visit_FunctionDef


def is_workspace(path):
    """Below ROOT, and neither installed nor hidden there."""
    path = os.path.realpath(path)
    inside = os.path.relpath(path, os.path.realpath(ROOT)).split(os.sep)
    prefix = os.path.join(os.path.realpath(sys.prefix), "")
    library = {"site-packages", "dist-packages", "node_modules"}.intersection(inside)
    in_prefix = path.startswith(prefix) and len(prefix) > len(os.path.realpath(ROOT))
    return not library and not in_prefix and not any(part.startswith(".") for part in inside)


def compile_it(source, path, mode="exec", *args, **options):
    if mode == "exec" and isinstance(path, str) and is_workspace(path):
        source = ast.fix_missing_locations(Decorate().visit(ast.parse(source, path)))
    return compile(source, path, mode, *args, **options)


def get_code(self, fullname, _plain=SourceFileLoader.get_code):
    """From the source, never from a cached .pyc, which has no decorators."""
    path = self.get_filename(fullname)
    if not is_workspace(path):
        return _plain(self, fullname)
    return compile_it(self.get_data(path), path, dont_inherit=True)


def begin():
    global measuring, measured_once
    measuring = measured_once = True


def end():
    global measuring
    measuring = False


# Every call is two, for the profiler's wrapper is one.
set_limit = sys.setrecursionlimit
sys.setrecursionlimit = lambda limit: set_limit(3 * limit)
sys.setrecursionlimit(sys.getrecursionlimit())
profiler, known = Profiler(), {}
setattr(builtins, NAME, profiler)
builtins.profile = profiler  # as kernprof -l does
SourceFileLoader.get_code = get_code
runpy.compile = compile_it
around_measured(begin, end)
try:
    run_program()
finally:
    if measured_once:
        profiler.dump_stats(OUT)
