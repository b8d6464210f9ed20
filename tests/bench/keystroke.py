#!/usr/bin/env python3
"""
A keystroke in a large hot file: from sending didChange until diagnostics, lenses and inlay hints of
that version have all arrived.

A Python file of --lines lines and a profile of --samples samples over all of them are generated, the
profile is imported, and a server is driven over its standard input as an editor would. Keystrokes
take turns: a new line above everything (all that is hot moves), a character typed into a hot line
(it is changed now), and both taken back. Every one of them changes the diagnostics, so their arrival
can be waited for.

    tests/bench/keystroke.py build/release/perfloop [--lines 10000] [--samples 1000000] [--keys 400]
"""

import argparse
import os
import pathlib
import random
import subprocess
import tempfile
import time

from lsp_client import Client, quantile

BODY = 18  # lines of one generated function, beside its first line and the blank ones


def generate(lines):
    """The text, and for each function its name with its line numbers."""
    text, functions = [], []
    while len(text) + BODY + 3 < lines:
        name = f"step_{len(functions)}"
        text.append(f"def {name}(values, table):")
        first = len(text) + 1
        text.append("    total = 0")
        text.append("    for value in values:")
        for i in range(BODY - 3):
            text.append(f"        total += table.get(value + {i}, {i}) * {len(functions) + 1}")
        text.append("    return total")
        functions.append((name, range(first, len(text) + 1)))
        text += ["", ""]
    text += ["# the end"] * (lines - len(text))
    return text, functions


def profile(functions, samples):
    """Folded stacks that cover every line, a few of them hot."""
    chance = random.Random(1)
    places = [(name, line) for name, lines in functions for line in lines]
    weights = [chance.paretovariate(0.9) for _ in places]
    scale = samples / sum(weights)
    for (name, line), weight in zip(places, weights):
        yield f"<module> (big.py:1);{name} (big.py:{line}) {max(1, round(weight * scale))}"


def make_workspace(root, args):
    text, functions = generate(args.lines)
    (root / "big.py").write_text("\n".join(text) + "\n")
    stacks = list(profile(functions, args.samples))
    (root / "big.folded").write_text("\n".join(stacks) + "\n")
    (root / "perfloop.toml").write_text('[workload.big]\nbenchmark = "true"\n')
    subprocess.run([args.perfloop, "import", "big.folded"], cwd=root, check=True,
                   stdout=subprocess.DEVNULL)
    hottest = max(stacks, key=lambda stack: int(stack.rsplit(" ", 1)[1]))
    return text, int(hottest.rsplit(":", 1)[1].split(")")[0])


def edits(hot_line, count):
    """(change, the line the hot line is on afterwards)"""
    def at(line, start, end, text):
        return {"range": {"start": {"line": line, "character": start},
                          "end": {"line": line, "character": end}}, "text": text}
    steps = [
        at(0, 0, 0, "\n"),
        at(hot_line, 8, 8, "x"),
        at(hot_line, 8, 9, ""),
        {"range": {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}},
         "text": ""},
    ]
    for i in range(count):
        yield steps[i % len(steps)]


def run(client, uri, text, hot_line, args):
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": len(text) + 2, "character": 0}}
    took, cpu, sizes = [], [], []
    for version, change in enumerate(edits(hot_line, args.keys), start=2):
        used = client.cpu_ms()
        begin = time.perf_counter()
        client.notify("textDocument/didChange", {
            "textDocument": {"uri": uri, "version": version}, "contentChanges": [change]})
        lens = client.request("textDocument/codeLens", {"textDocument": {"uri": uri}})
        hints = client.request("textDocument/inlayHint",
                               {"textDocument": {"uri": uri}, "range": whole})
        lens_at, lens_answer = client.answer(lens)
        hints_at, hints_answer = client.answer(hints)
        pushed_at, pushed = client.note(
            lambda m: m["method"] == "textDocument/publishDiagnostics"
            and m["params"].get("version") == version)
        took.append((max(lens_at, hints_at, pushed_at) - begin) * 1000)
        cpu.append(client.cpu_ms() - used)
        sizes.append((len(pushed["params"]["diagnostics"]), len(lens_answer["result"]),
                      len(hints_answer["result"])))
        time.sleep(args.pause)
    return took, cpu, sizes[-1]


def measure(root, text, hot_line, options, args):
    uri = f"file://{root}/big.py"
    client = Client([args.perfloop, "lsp", "--stdio"], root)
    client.answer(client.initialize(str(root), {"textDocument": {"publishDiagnostics": {}}}, options))
    client.notify("initialized", {})
    client.notify("textDocument/didOpen", {"textDocument": {
        "uri": uri, "languageId": "python", "version": 1, "text": "\n".join(text) + "\n"}})
    client.note(lambda m: m["method"] == "textDocument/publishDiagnostics"
                and m["params"]["diagnostics"])
    took, cpu, sizes = run(client, uri, text, hot_line, args)
    memory = client.memory_kb() / 1024
    client.stop()
    print(f"{options.get('heat', 'top')}: {sizes[0]} diagnostics, {sizes[1]} lenses, {sizes[2]} hints,"
          f" server {memory:.0f} MB")
    for name, values in (("until all are there", took), ("server's processor time", cpu)):
        values = values[len(values) // 10:]
        print(f"  {name:24} p50 {quantile(values, 0.5):6.2f}  p90 {quantile(values, 0.9):6.2f}"
              f"  p99 {quantile(values, 0.99):6.2f}  max {max(values):6.2f} ms")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("perfloop")
    parser.add_argument("--lines", type=int, default=10000)
    parser.add_argument("--samples", type=int, default=1000000)
    parser.add_argument("--keys", type=int, default=400)
    parser.add_argument("--pause", type=float, default=0.02, help="seconds between keystrokes")
    args = parser.parse_args()
    args.perfloop = os.path.abspath(args.perfloop)
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder, "work")
        root.mkdir()
        os.environ["XDG_CACHE_HOME"] = str(pathlib.Path(folder, "cache"))
        os.environ["XDG_STATE_HOME"] = str(pathlib.Path(folder, "state"))
        text, hot_line = make_workspace(root, args)
        print(f"{len(text)} lines, {args.samples} samples, {args.keys} keystrokes (aim: p99 under"
              " 10 ms)")
        measure(root, text, hot_line, {}, args)
        measure(root, text, hot_line, {"heat": "all", "threshold": 0.0}, args)


if __name__ == "__main__":
    main()
