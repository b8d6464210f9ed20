"""What gpu_check.sh asks of one report of the planted kernels (tests/programs/cuda/planted.cu).

    gpu_check.py PERFLOOP REPORT.ncu-rep planted.cu

Prints a row for each kernel: is the planted line the first of its kernel, and is the mistake in the
numbers? Exit status 1 when one is not.
"""
import collections
import pathlib
import re
import subprocess
import sys


def read(perfloop, report):
    text = subprocess.run([perfloop, "dump", "profile", report], check=True, text=True,
                          capture_output=True).stdout
    metrics = re.findall(r"^metric (\S+)", text, re.M)
    lines = collections.defaultdict(collections.Counter)  # kernel -> (line, metric) -> cost
    for weights, stack in re.findall(r"^([-\d ]+) x\d+ (.*)$", text, re.M):
        kernel = re.sub(r" \(.*", "", stack.split(";")[0])
        place = re.search(r":(\d+)\)", stack.split(";")[-1])
        for metric, weight in zip(metrics, map(int, weights.split())):
            lines[kernel][int(place[1]) if place else 0, metric] += weight
    facts = collections.defaultdict(dict)
    for kernel, name, value in re.findall(r"^fact ([^:]+): (.*?) = (.*)$", text, re.M):
        facts[kernel][name] = value
    return lines, facts


def number(facts, name):
    return float(facts.get(name, "0").split()[0])


def excess(costs, line, metric):
    return costs[line, metric] / max(1, costs[line, metric + "_ideal"])


# kernel -> what its mistake looks like in (costs, planted line, facts), and the number shown
NUMBERS = {
    "uncoalesced": ("sectors beside the ideal, on the line",
                    lambda costs, line, facts: excess(costs, line, "global_sectors"), lambda x: x > 3),
    "conflict": ("shared wavefronts beside the ideal, on the line",
                 lambda costs, line, facts: excess(costs, line, "shared_wavefronts"), lambda x: x > 4),
    "divergent": ("threads at work of 32, on the line",
                  lambda costs, line, facts: costs[line, "thread_instructions"]
                  / max(1, costs[line, "instructions"]), lambda x: 0 < x < 26),
    "spill": ("bytes of local memory per thread, or instructions on it",
              lambda costs, line, facts: number(facts, "local memory per thread")
              or number(facts, "local memory instructions (spills)"), lambda x: x > 0),
    "small_grid": ("waves per SM",
                   lambda costs, line, facts: number(facts, "waves per SM"), lambda x: 0 < x < 0.1),
}


def main():
    perfloop, report, source = sys.argv[1:]
    planted = {}
    for at, text in enumerate(pathlib.Path(source).read_text().splitlines(), 1):
        mark = re.search(r"// PLANTED (\w+)$", text)
        if mark:
            planted[mark[1]] = at
    lines, facts = read(perfloop, report)
    good = True
    for kernel, (what, measure, is_right) in NUMBERS.items():
        costs, wanted = lines.get(kernel), planted[kernel]
        if not costs:
            print(f"FAIL {kernel}: not in the report, which has {', '.join(sorted(lines)) or 'none'}")
            good = False
            continue
        samples = {line: cost for (line, metric), cost in costs.items() if metric == "gpu_samples"}
        first = max(samples, key=samples.get, default=0)
        share = 100 * samples.get(first, 0) / max(1, sum(samples.values()))
        value = measure(costs, wanted, facts[kernel])
        ok = first == wanted and is_right(value)
        good &= ok
        print(f"{'ok  ' if ok else 'FAIL'} {kernel}: line {first} is the first with {share:.0f} % of the "
              f"samples, planted is {wanted}; {what}: {value:.3g}")
    sys.exit(0 if good else 1)


main()
