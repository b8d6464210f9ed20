"""Compares what we read from NVIDIA's CSV pages with what we read from the reports they are of.

    compare_ncu_csv.py PERFLOOP SAMPLES [PAGES]

SAMPLES holds NAME.ncu-rep beside pages that ncu printed of it: NAME.source_cuda_sass.csv (every
line and metric must be equal), NAME.source_sass.csv and NAME.raw.csv (every kernel and metric),
NAME.details*.csv (time, facts as far as the page rounds, findings with their speedups). Pages
without a report beside them are held to the figures that are noted of them. PAGES: how many there
are at least, 12 of the samples.
"""
import collections
import csv
import math
import pathlib
import re
import subprocess
import sys

FIGURES = {  # of the samples' index, and of their own rows: of the longest launch
    "ncu_readWriteOffset_ca.csv": ("readOffset", {"dram__bytes_read.sum": 134221952,
                                                  "launches": 3, "duration": 227712,
                                                  "time of all launches": 644128}),
    "ncu_readWriteOffset_cg.csv": ("readOffset", {"launches": 6, "duration": 231488,
                                                  "time of all launches": 1348576}),
    "ncu_reduceInteger.csv": ("reduceNeighbored", {"branch_inst_executed": 32505856,
                                                   "duration": 814048,
                                                   "achieved occupancy": 96.19}),
    "copy_blocked_details.csv": ("copy_blocked", {"registers per thread": 32,
                                                  "achieved occupancy": 96.26,
                                                  "SM clock": 584998877.44,
                                                  "DRAM bandwidth": 196456177859.63}),
}


class Dump:
    """What `perfloop dump profile` says of a file."""

    def __init__(self, perfloop, path):
        text = subprocess.run([perfloop, "dump", "profile", path], check=True, text=True,
                              capture_output=True).stdout
        self.metrics = re.findall(r"^metric (\S+)", text, re.M)
        self.lines = collections.Counter()
        self.kernels = collections.Counter()
        known = set(re.findall(r"^fact (.+?): launches = ", text, re.M))
        for weights, stack in re.findall(r"^([-\d ]+) x\d+ (.*)$", text, re.M):
            frames = stack.split(";")
            names = [re.sub(r" \(.*", "", frame) for frame in frames]
            kernel = next((name for name in names if name in known), names[0])
            place = re.search(r":(\d+)\)", frames[-1])
            for metric, weight in zip(self.metrics, weights.split()):
                self.kernels[kernel, metric] += int(weight)
                self.lines[kernel, int(place[1]) if place else 0, metric] += int(weight)
        self.facts = {}
        for kernel, name, value in re.findall(r"^fact (.+?): (.+?) = (.*)$", text, re.M):
            self.facts[kernel, name] = value
        self.findings, self.accesses = {}, {}
        for kind, kernel, line, rule, speedup, message in re.findall(
                r"^(note|warning|optimization) (\S+) .*?:(\d+) ([^:]+?)"
                r"(?: \(([\d.e+]+ %(?: local)?)\))?: (.*)$", text, re.M):
            if rule == "memory access":
                self.accesses[kernel, line] = message
            elif line == "0":
                self.findings[kernel, rule] = (kind, speedup, message)


def numbers(what, wanted, got, metrics):
    """Prints how many of wanted's keys are equal in got, as far as both have the metric."""
    keys = sorted(key for key in wanted if key[-1] in metrics)
    wrong = [key for key in keys if wanted[key] != got[key]]
    extra = [key for key in got if key[-1] in metrics and got[key] and not wanted[key]]
    for key in (wrong + extra)[:5]:
        print(f"FAIL {what} {key}: {got[key]}, the report has {wanted[key]}")
    print(f"{what:44} {len(keys) - len(wrong)} numbers of {len({k[:-1] for k in keys})} places "
          f"equal, {len(wrong) + len(extra)} differ")
    return bool(keys) and not wrong and not extra


def number_of(fact):
    found = re.fullmatch(r"([-\d.e+]+) (\S+)", fact)
    return (float(found[1]), found[2]) if found else (None, fact)


def facts(what, wanted, got):
    """Every fact of the page is the report's, rounded to two decimals of any of ncu's units.

    What was asked for by name (--metrics) must be there, too; a small raw page has more of them.
    """
    wrong = 0
    got = {key: fact for key, fact in got.items() if "__" not in key[1] or key in wanted}
    for key in wanted:
        if "__" in key[1] and key not in got and "raw" not in what:
            print(f"FAIL {what} {key}: not there, the report has {wanted[key]}")
            wrong += 1
    for key, value in got.items():
        if key[1] == "kernel" and "<" in value and "<" in wanted.get(key, ""):
            continue  # the page spells the arguments of templates its own way
        there, unit = number_of(value)
        is_wanted, wanted_unit = number_of(wanted.get(key, ""))
        close = there == is_wanted if there is None or is_wanted is None else (
            math.isclose(there, is_wanted, rel_tol=6e-3, abs_tol=0.0051))
        if not close or unit != wanted_unit:
            print(f"FAIL {what} {key}: {value}, the report has {wanted.get(key)}")
            wrong += 1
    print(f"{what:44} {len(got) - wrong} facts equal, {wrong} differ")
    return bool(got) and not wrong


def findings(what, wanted, got):
    wrong = [key for key in set(wanted) | set(got) if wanted.get(key) != got.get(key)]
    for key in wrong[:5]:
        print(f"FAIL {what} {key}: {got.get(key)}, the report has {wanted.get(key)}")
    print(f"{what:44} {len(got) - len(wrong)} rules equal, {len(wrong)} differ")
    return not wrong


def shared_lines(page):
    """Lines of which instructions are printed below other lines, too: what was inlined there.

    The page does not say which of them an instruction is charged to; we take the first.
    """
    lines, line = collections.defaultdict(set), None
    for row in csv.reader(page.open(newline="", errors="replace")):
        if row and row[0].isdigit():
            line = int(row[0])
        elif len(row) > 3 and row[2].startswith("0x"):
            lines[row[2]].add(line)
    return {line for found in lines.values() if len(found) > 1 for line in found}


def compare(perfloop, report, page):
    want, got = Dump(perfloop, report), Dump(perfloop, page)
    shared = [metric for metric in got.metrics if metric in want.metrics]
    unknown = {key[1] for key, value in got.kernels.items()
               if value and key[1] not in want.metrics}
    if unknown:
        print(f"FAIL {page.name}: metrics {unknown} are not in the report")
        return False
    good = True
    if "source_cuda_sass" in page.name:
        kernels = {key[0] for key in got.lines}  # those without lines are not on the page
        lines = collections.Counter({k: v for k, v in want.lines.items() if k[0] in kernels and k[1]})
        inlined = shared_lines(page)
        alone = [collections.Counter({k: v for k, v in of.items() if k[1] not in inlined})
                 for of in (lines, got.lines)]
        good &= numbers(page.name + " lines", *alone, shared)
        sums = [collections.Counter(), collections.Counter()]
        for total, of in zip(sums, (lines, got.lines)):
            for (kernel, _, metric), value in of.items():
                total[kernel, metric] += value
        good &= numbers(page.name + " sums", *sums, shared)
        used = {key: said for key, said in want.accesses.items() if int(key[1]) not in inlined}
        wrong = [key for key in used if used[key] != got.accesses.get(key)]
        for key in wrong[:5]:
            print(f"FAIL {page.name} {key}: {got.accesses.get(key)}, not {used[key]}")
        print(f"{page.name:44} {len(used) - len(wrong)} lines' memory accesses equal, "
              f"{len(wrong)} differ")
        good &= not wrong
    elif "details" not in page.name:
        good &= numbers(page.name + " kernels", want.kernels, got.kernels, shared)
    if "source" in page.name:
        return good
    good &= facts(page.name, want.facts, got.facts)
    for kernel, name in want.facts:
        if name == "duration" and (kernel, name) not in got.facts and "gpu_time" in got.metrics \
                and any(value for (_, metric), value in got.kernels.items()
                        if metric == "gpu_time"):
            print(f"FAIL {page.name}: no duration of {kernel}")
            good = False
    if got.findings:
        good &= findings(page.name, want.findings, got.findings)
    return good


def figures(perfloop, page):
    kernel, wanted = FIGURES[page.name]
    got = Dump(perfloop, page)
    good = True
    for name, value in wanted.items():
        there = number_of(got.facts.get((kernel, name), ""))[0]
        if there is None or not math.isclose(there, value, rel_tol=1e-5):
            print(f"FAIL {page.name} {kernel}: {name} is {there}, not {value}")
            good = False
    print(f"{page.name:44} {len(wanted)} figures looked at")
    return good


def main():
    perfloop, samples = sys.argv[1], pathlib.Path(sys.argv[2])
    least = int(sys.argv[3]) if len(sys.argv) > 3 else 12
    good, pages = True, 0
    for page in sorted(samples.glob("*.csv")):
        report = samples / (page.name.split(".")[0] + ".ncu-rep")
        if page.name == "naive_gemm_T4.source_sass.csv":
            report = samples / "naive_gemm_T4.ncu-rep"
        if page.name == "ex-gpu.details.csv":
            report = samples / "ex-gpu.s10.ncu-rep"
        if page.name.endswith("source_cuda.csv"):
            run = subprocess.run([perfloop, "dump", "profile", page], text=True,
                                 capture_output=True, check=False)
            good &= run.returncode != 0 and "without numbers" in run.stderr
            print(f"{page.name:44} refused: {run.stderr.strip()[-60:]}")
        elif report.exists():
            try:
                good &= compare(perfloop, report, page)
            except subprocess.CalledProcessError as failed:
                print(f"FAIL {page.name}: {failed.stderr.strip()}")
                good = False
        else:
            good &= figures(perfloop, page)
        pages += 1
    sys.exit(0 if good and pages >= least else 1)


main()
