#!/usr/bin/env python3
"""
Server start beside clangd's: from spawning the process to the answer to initialize, and the memory
it holds then. The two take turns, so that whatever else the machine does hits both.

    tests/bench/server_start.py build/release/perfloop [--rounds 20] [--clangd clangd-14]
"""

import argparse
import os
import shutil
import tempfile
import time

from lsp_client import Client, quantile


def start(command, root):
    begin = time.perf_counter()
    client = Client(command, root)
    answered, _ = client.answer(client.initialize(root))
    client.notify("initialized", {})
    memory = client.memory_kb(), client.memory_kb("VmHWM")
    client.stop()
    return (answered - begin) * 1000, memory


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("perfloop")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--clangd", default=None)
    args = parser.parse_args()
    clangd = args.clangd or next(
        (name for name in ("clangd-19", "clangd-16", "clangd-14", "clangd") if shutil.which(name)),
        None)
    commands = {"perfloop": [os.path.abspath(args.perfloop), "lsp", "--stdio"]}
    if clangd:
        commands[clangd] = [clangd]
    else:
        print("clangd is not installed: no comparison")
    times = {name: [] for name in commands}
    memory = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as root:
        for _ in range(args.rounds):
            for name, command in commands.items():
                took, held = start(command, root)
                times[name].append(took)
                memory[name].append(held)
    for name in commands:
        rss = quantile([now for now, _ in memory[name]], 0.5) / 1024
        peak = quantile([most for _, most in memory[name]], 0.5) / 1024
        print(f"{name:12} initialize {quantile(times[name], 0.5):7.1f} ms (p90"
              f" {quantile(times[name], 0.9):.1f})   RSS {rss:6.1f} MB   peak {peak:6.1f} MB")
    if clangd:
        time_ratio = quantile(times["perfloop"], 0.5) / quantile(times[clangd], 0.5)
        rss_ratio = quantile([m for m, _ in memory["perfloop"]], 0.5) / quantile(
            [m for m, _ in memory[clangd]], 0.5)
        print(f"ratio        time {time_ratio:.3f}   RSS {rss_ratio:.3f}   (aim: 0.2 each)")


if __name__ == "__main__":
    main()
