"""compare_heaptrack.py PERFLOOP FILE: totals and every function beside heaptrack_print, per cost.

heaptrack_print -F writes folded stacks of one cost, exact to the byte. It begins them at main, and
writes the functions inlined at one address in reverse (1.4.0), so what is compared is the cost of
the stacks a function stands in, for every function that never stands below main. Its suppressions
are off: they only touch what it calls leaked, and ours counts everything.
"""
import collections
import json
import re
import subprocess
import sys
import tempfile

PRINT = ["heaptrack_print", "-t", "0", "-a", "0", "-p", "0", "-T", "0",
         "--disable-builtin-suppressions", "--disable-embedded-suppressions"]
STARTS = {"main", "__libc_start_main", "__static_initialization_and_destruction_0"}
# Left out of ours: they only hand memory out.
ALLOCATORS = re.compile(r"operator new|(c|m|re)alloc$|_RNv\w*?Cs\w+?_(5alloc5alloc|7___rustc)")
ESCAPES = {"$LT$": "<", "$GT$": ">", "$RF$": "&", "$BP$": "*", "$u20$": " ", "$C$": ",", "$LP$": "(", "$RP$": ")",
           "$u7b$": "{", "$u7d$": "}", "$u5b$": "[", "$u5d$": "]", "$u27$": "'", "$u3b$": ";"}
METRICS = ["peak", "allocated", "allocations", "temporary", "leaked"]


def names_of(stack):
    return [re.sub(r" \([^()]*\)$", "", frame) for frame in re.split(";(?! )", stack) if frame]


def below_main(stack):
    """Of ours: what heaptrack_print may leave out, with what was inlined into main itself."""
    frames = [frame for frame in re.split(";(?! )", stack) if frame]
    names = names_of(stack.replace(" (inlined)", ""))
    starts = [at for at, name in enumerate(names) if name in STARTS]
    end = starts[-1] + 1 if starts else 0
    while starts and end < len(frames) and frames[end].endswith(" (inlined)"):
        end += 1
    return names[:end]


def printed(file, cost):
    with tempfile.NamedTemporaryFile("r") as folded:
        command = PRINT + ["-f", file, "-F", folded.name, "--flamegraph-cost-type", cost]
        subprocess.run(command, check=True, capture_output=True)
        costs = collections.Counter()
        for line in folded:
            stack, _, weight = line.rpartition(" ")
            costs[""] += int(weight)
            for name in set(names_of(stack)):
                costs[name] += int(weight)
    return costs


def plain(name):
    """A name of Rust's old scheme as people write it."""
    if not re.search(r"::h[0-9a-f]{16}$", name):
        return name
    for sign, text in ESCAPES.items():
        name = name.replace(sign, text)
    name = re.sub(r"::h[0-9a-f]{16}$", "", name).replace("..", "::")
    return re.sub(r"(^|::)_(?=[^\w:])", r"\1", name)


def main():
    perfloop, file = sys.argv[1:]
    command = [perfloop, "dump", "profile", file]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    samples = re.findall(r"^(\d+ \d+ \d+ \d+ \d+) x\d+ (.*)$", text, re.M)
    assert samples, text
    low = {name for _, stack in samples for name in below_main(stack)}
    for cost in "allocations", "temporary", "leaked", "peak":
        want, got = printed(file, cost), collections.Counter()
        for weights, stack in samples:
            weight = int(weights.split()[METRICS.index(cost)])
            got[""] += weight
            for name in set(names_of(stack.replace(" (inlined)", ""))):
                got[name] += weight
        names = [name for name in want if name not in low and not ALLOCATORS.match(name)]
        assert len(names) > 1 and "" in names, want
        spelled = collections.Counter(plain(name) for name in names)
        for name in names:
            # heaptrack_print leaves Rust's new names mangled and the old ones with their hash, we do not.
            if name.startswith("_R") or spelled[plain(name)] > 1:
                continue
            ours = got[plain(name)] or got[re.sub(r"::h[0-9a-f]{16}$", "", name)]
            assert ours == want[name], (file, cost, name, ours, want[name])
        command = [perfloop, "hot", file, "--top", "0", "--json", "--metric", cost]
        table = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        assert table["total"] == want[""], (file, cost, table["total"])
        print(file.split("/")[-1], cost, table["total"])


main()
