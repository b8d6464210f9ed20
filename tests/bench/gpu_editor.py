#!/usr/bin/env python3
"""
A large CUDA file in an editor: 5,000 lines, 260 kernels and twelve rules of ncu for each of them.

Times of opening it, of hovers, and of keystrokes until lenses and hints of that version are there.
Everything is shown (heat = all), so that nothing is left out. The report is a page of CSV as ncu
prints it; source and report are generated.

    tests/bench/gpu_editor.py build/release/perfloop [--keys 200]
"""

import argparse
import os
import pathlib
import random
import subprocess
import tempfile
import time

from lsp_client import Client, quantile

KERNELS, RULES, BODY = 260, 12, 16
COLUMNS = ("ID", "Process ID", "Kernel Name", "Section Name", "Metric Name", "Metric Unit", "Metric Value",
           "Rule Name", "Rule Type", "Rule Description")
RULE = ("On average, each warp of this kernel spends 13.8 cycles being stalled waiting on a fixed latency"
        " execution dependency. " + "Typically, this stall reason should be very low. " * 8)


def generate():
    """The source, and for each kernel its first line."""
    lines, firsts = [], []
    for kernel in range(KERNELS):
        firsts.append(len(lines))
        lines.append(f"__global__ void kernel{kernel}(float *a, int n) {{")
        lines += [f"    a[threadIdx.x + {i}] += a[{i}] * {kernel}.0f;" for i in range(BODY)]
        lines += ["}", ""]
    return "\n".join(lines), firsts


def report():
    chance = random.Random(1)
    yield COLUMNS
    for kernel in range(KERNELS):
        head = (kernel, 1, f"kernel{kernel}(float *, int)")
        for metric, unit, value in (("Duration", "nsecond", chance.randint(1000, 900000)),
                                    ("Memory Throughput", "%", 84.2), ("Compute (SM) Throughput", "%", 21.3)):
            yield (*head, "GPU Speed Of Light Throughput", metric, unit, value, "", "", "")
        for rule in range(RULES):
            yield (*head, "WarpStateStats", "", "", "", f"Rule{rule}", "OPT", f"Est. Speedup: {10 + rule}% {RULE}")


def show(what, wall, cpu):
    print(f"  {what:10} p50 {quantile(wall, 0.5):6.2f}  p90 {quantile(wall, 0.9):6.2f}  max {max(wall):6.2f} ms;"
          f" server's processor time p50 {quantile(cpu, 0.5):5.2f} ms")


class Editor:
    def __init__(self, perfloop, root, text):
        self.client, self.uri = Client([perfloop, "lsp", "--stdio"], root), f"file://{root}/big.cu"
        self.client.answer(self.client.initialize(root, {}, {"heat": "all", "threshold": 0.0}))
        self.client.notify("initialized", {})
        self.text, self.version = text, 1

    def timed(self, action):
        used, begin = self.client.cpu_ms(), time.perf_counter()
        end = action()
        return (end - begin) * 1000, self.client.cpu_ms() - used

    def open(self):
        self.client.notify("textDocument/didOpen", {"textDocument": {
            "uri": self.uri, "languageId": "cuda-cpp", "version": 1, "text": self.text}})
        return self.client.note(lambda m: m["method"] == "textDocument/publishDiagnostics"
                                and m["params"]["diagnostics"])[0]

    def ask(self, method, **more):
        return self.client.request("textDocument/" + method, {"textDocument": {"uri": self.uri}, **more})

    def hover(self, line):
        answer = self.client.answer(self.ask("hover", position={"line": line, "character": 20}))
        assert answer[1]["result"], f"nothing is known of line {line + 1}"
        return answer[0]

    def key(self, line):
        """A line comes above everything, or goes again."""
        self.version += 1
        end = {"line": self.version % 2, "character": 0}
        change = {"range": {"start": {"line": 0, "character": 0}, "end": end if self.version % 2 else
                            {"line": 0, "character": 0}}, "text": "" if self.version % 2 else "\n"}
        self.client.notify("textDocument/didChange", {
            "textDocument": {"uri": self.uri, "version": self.version}, "contentChanges": [change]})
        whole = {"start": {"line": 0, "character": 0}, "end": {"line": line, "character": 0}}
        asked = [self.ask("codeLens"), self.ask("inlayHint", range=whole)]
        return max(self.client.answer(request)[0] for request in asked)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("perfloop")
    parser.add_argument("--keys", type=int, default=200)
    args = parser.parse_args()
    perfloop, (text, firsts) = os.path.abspath(args.perfloop), generate()
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder, "work")
        root.mkdir()
        os.environ["XDG_CACHE_HOME"], os.environ["XDG_STATE_HOME"] = folder + "/cache", folder + "/state"
        (root / "big.cu").write_text(text)
        rows = "\n".join(",".join(f'"{value}"' for value in row) for row in report())
        (root / "big.csv").write_text(rows + "\n")
        (root / "perfloop.toml").write_text('[workload.big]\nbenchmark = "true"\n')
        subprocess.run([perfloop, "import", "big.csv"], cwd=root, check=True, stdout=subprocess.DEVNULL)
        editor = Editor(perfloop, str(root), text)
        print(f"{len(text.splitlines())} lines, {KERNELS} kernels, {KERNELS * RULES} rules (aim: under 10 ms)")
        opened = editor.timed(editor.open)
        show("open", [opened[0]], [opened[1]])
        show("hover", *zip(*(editor.timed(lambda: editor.hover(line)) for line in firsts[::10])))
        show("keystroke", *zip(*(editor.timed(lambda: editor.key(len(firsts))) for _ in range(args.keys))))
        editor.client.stop()


if __name__ == "__main__":
    main()
