"""What `perfloop dump profile` says, as dictionaries."""
import collections
import re
import subprocess


def stacks(perfloop, path):
    """{metric: {stack, outermost first: (cost, count)}}"""
    text = subprocess.run([perfloop, "dump", "profile", path], check=True, text=True,
                          capture_output=True).stdout
    metrics = re.findall(r"^metric (\S+)", text, re.M)
    found = collections.defaultdict(lambda: collections.defaultdict(lambda: [0, 0]))
    for weights, count, stack in re.findall(r"^([-\d ]+) x(\d+) (?:@\d+ )?(.*)$", text, re.M):
        for metric, weight in zip(metrics, map(int, weights.split())):
            if weight:
                cell = found[metric][stack]
                cell[0] += weight
                cell[1] += int(count)
    return {metric: {stack: tuple(cell) for stack, cell in rows.items()}
            for metric, rows in found.items()}


def innermost(perfloop, path):
    """The same by innermost function."""
    out = {}
    for metric, rows in stacks(perfloop, path).items():
        sums = collections.defaultdict(lambda: [0, 0])
        for stack, (cost, count) in rows.items():
            cell = sums[stack.split(";")[-1]]
            cell[0] += cost
            cell[1] += count
        out[metric] = {name: tuple(cell) for name, cell in sums.items()}
    return out
