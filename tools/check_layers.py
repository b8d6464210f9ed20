#!/usr/bin/env python3
"""Check that includes follow the layers.

A file may include from its own layer and from the layers listed above it. A
library may be included only where LIBRARIES says. A header begins with what it is
for, and its guard is its path. Run from the repository root.
"""
import pathlib
import re
import sys

LAYERS = [
    "base",
    "grammars",
    "analysis/source",
    "analysis/workload",
    "analysis/profile",
    "analysis/symbols",
    "analysis/hotspots",
    "analysis/stats",
    "analysis/hints",
    "runners",
    "runners/git",
    "runners/measure",
    "runners/ledger",
    "runners/profiling",
    "runners/loop",
    "lsp",
    "cli",
]
LIBRARIES = {  # header -> the files (or folders) that may include it
    "jansson.h": ["base/json_in.c"],
    "tree_sitter/": ["grammars", "analysis/source"],
    "uv.h": ["runners", "lsp", "cli"],
    "git2.h": ["runners/git/git_lib.h"],
    "sqlite3.h": ["runners/ledger/ledger.c", "analysis/profile/nvidia/nsys_db.c"],
    "elfutils/": ["analysis/symbols"],
    "dwarf.h": ["analysis/symbols"],
    "gelf.h": ["analysis/symbols"],
    "libiberty/": ["analysis/symbols/demangle.c"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def layer_of(path):
    within = [layer for layer in LAYERS if path.startswith(layer + "/")]
    return max(within, key=len, default=None)


def problems_in(path, text):
    layer = layer_of(str(path))
    includes = [m.groups() for m in map(INCLUDE.match, text.splitlines()) if m]
    for quote, name in includes:
        target = layer_of(name)
        if quote == '"' and target is None:
            yield f'"{name}": write the path from the root'
        elif quote == '"' and LAYERS.index(target) > LAYERS.index(layer):
            yield f'"{name}": {layer}/ may not use {target}/'
        elif quote == "<":
            for header, homes in LIBRARIES.items():
                if name.startswith(header) and not any(str(path).startswith(h) for h in homes):
                    yield f"<{name}>: only in {', '.join(homes)}"
    own = str(path.with_suffix(".h"))
    if path.suffix == ".c" and pathlib.Path(own).exists() and includes[:1] != [('"', own)]:
        yield f'include "{own}" first'
    if path.suffix == ".h" and not text.startswith("/*"):
        yield "begin with a comment that says what the file is for"
    guard = re.sub(r"\W", "_", str(path)).upper()
    if path.suffix == ".h" and f"#ifndef {guard}\n#define {guard}\n" not in text:
        yield f"guard it with {guard}"


def main():
    bad = 0
    for layer in LAYERS:
        for path in sorted(pathlib.Path(layer).rglob("*.[ch]")):
            if "node_modules" in path.parts:
                continue
            for problem in problems_in(path, path.read_text()):
                print(f"{path}: {problem}")
                bad += 1
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
