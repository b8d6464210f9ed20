"""Compares our lines of a .ncu-rep with NVIDIA's own pages of the same report.

    compare_ncu.py PERFLOOP SAMPLES

SAMPLES holds NAME.ncu-rep beside NAME.source_cuda_sass.csv, the source page that ncu printed of
it, and NAME.expected_lines.json, what an independent decoder makes of it. Every number of every
line must be equal. Prints a row per report and kernel.
"""
import collections
import csv
import json
import pathlib
import re
import subprocess
import sys

COLUMNS = {  # of the source page -> our metric
    "# Samples": "gpu_samples",
    "Instructions Executed": "instructions",
    "Thread Instructions Executed": "thread_instructions",
    "Divergent Branches": "divergent_branches",
    "L1 Wavefronts Shared": "shared_wavefronts",
    "L1 Wavefronts Shared Ideal": "shared_wavefronts_ideal",
    "L2 Theoretical Sectors Global": "global_sectors",
    "L2 Theoretical Sectors Global Ideal": "global_sectors_ideal",
    "stall_barrier": "stall_barrier",
    "stall_branch_resolving": "stall_branch_resolving",
    "stall_dispatch": "stall_dispatch_stall",
    "stall_drain": "stall_drain",
    "stall_imc": "stall_imc_miss",
    "stall_lg": "stall_lg_throttle",
    "stall_long_sb": "stall_long_scoreboard",
    "stall_math": "stall_math_pipe_throttle",
    "stall_membar": "stall_membar",
    "stall_mio": "stall_mio_throttle",
    "stall_no_inst": "stall_no_instructions",
    "stall_not_selected": "stall_not_selected",
    "stall_selected": "stall_selected",
    "stall_short_sb": "stall_short_scoreboard",
    "stall_sleep": "stall_sleeping",
    "stall_tex": "stall_tex_throttle",
    "stall_wait": "stall_wait",
}


def ours(perfloop, report):
    """{kernel: {(line, metric): value}}, and the metrics there are; line 0: no line."""
    text = subprocess.run([perfloop, "dump", "profile", report], check=True, text=True,
                          capture_output=True).stdout
    metrics = re.findall(r"^metric (\S+)", text, re.M)
    found = collections.defaultdict(lambda: collections.Counter())
    for weights, stack in re.findall(r"^([-\d ]+) x\d+ (.*)$", text, re.M):
        frames = stack.split(";")
        kernel = re.sub(r" \(.*", "", frames[0])
        place = re.search(r":(\d+)\)", frames[-1])
        for metric, weight in zip(metrics, weights.split()):
            found[kernel][int(place[1]) if place else 0, metric] += int(weight)
    return found, metrics


def page(path):
    """The same of NVIDIA's source page: only the rows that add up a line."""
    found = collections.defaultdict(lambda: collections.Counter())
    kernel, header = None, []
    for row in csv.reader(path.open(newline="")):
        if row and row[0] == "Function Name":
            kernel = row[1].split("(")[0]
        elif row and row[0] == "Line No":
            header = row
        elif row and row[0].isdigit() and header:
            # ncu 2022.3 has "Instructions Executed" twice.
            for name, value in dict(reversed([*zip(header, row)])).items():
                if name in COLUMNS and value not in ("", "-"):
                    found[kernel][int(row[0]), COLUMNS[name]] += int(value)
    return found


def compare(report, kernel, wanted, got, metrics, whence):
    equal = differing = 0
    lines = {line for line, _ in wanted}
    for line in sorted(lines):
        wrong = [(metric, wanted[line, metric], got[line, metric])
                 for metric in metrics if (line, metric) in wanted
                 and wanted[line, metric] != got[line, metric]]
        equal, differing = equal + (not wrong), differing + bool(wrong)
        for metric, is_wanted, is_there in wrong:
            print(f"FAIL {report} {kernel}:{line} {metric}: {is_there}, {whence} has {is_wanted}")
    print(f"{report:16} {kernel:24} {whence:22} {equal} lines equal, {differing} differ")
    return differing == 0 and equal > 0


def main():
    perfloop, samples = sys.argv[1], pathlib.Path(sys.argv[2])
    good = True
    for report in sorted(samples.glob("*.ncu-rep")):
        name = report.name.removesuffix(".ncu-rep")
        got, metrics = ours(perfloop, report)
        source = samples / f"{name}.source_cuda_sass.csv"
        expected = samples / f"{name}.expected_lines.json"
        if not source.exists() and not expected.exists():
            print(f"{name:16} {len(got)} kernels, without lines")
        for kernel, wanted in page(source).items() if source.exists() else ():
            good &= compare(name, kernel, wanted, got[kernel], metrics, "NVIDIA's page")
        for entry in json.loads(expected.read_text()) if expected.exists() else ():
            metric = {"smsp__pcsamp_sample_count": "gpu_samples",
                      "inst_executed": "instructions"}[entry["metric"]]
            wanted = {(line["line"], metric): line["value"] for line in entry["lines"]}
            good &= compare(name, entry["kernel"], wanted, got[entry["kernel"]], [metric],
                            "the other decoder")
            total = sum(v for (_, m), v in got[entry["kernel"]].items() if m == metric)
            if total != entry["total"]:
                print(f"FAIL {name} {entry['kernel']} {metric}: {total} in all, not {entry['total']}")
                good = False
    sys.exit(0 if good else 1)


main()
