"""Keep of a py-spy profile what is measured: measured.py IN OUT HARNESS.

Labels of processes go, and samples that hold nothing else: they are no code. With pytest-benchmark
only what its fixture calls is measured; imports, collection and reports are not, and a line's share
of them would promise what no change can give. Prints how many samples were there, and how many are
kept.
"""

import json
import sys

source, target, harness = sys.argv[1:]
with open(source, encoding="utf-8") as file:
    document = json.load(file)
frames = document["shared"]["frames"]
labels = {at for at, frame in enumerate(frames) if not frame.get("file") and frame["name"].startswith("process ")}
fixture = {at for at, frame in enumerate(frames) if (frame.get("file") or "").endswith("/pytest_benchmark/fixture.py")}


def code(stack):
    return [frame for frame in stack if frame not in labels]


def measured(stack):
    """What stands above the last frame of the fixture; nothing when it is not there."""
    for at in range(len(stack) - 1, -1, -1):
        if stack[at] in fixture:
            return stack[at + 1 :]
    return []


def count(cut):
    return sum(1 for profile in document["profiles"] for stack in profile["samples"] if cut(stack))


everything = count(code)
cut = measured if harness == "pytest-benchmark" and count(measured) else code
for profile in document["profiles"]:
    kept = [(stack, weight) for stack, weight in zip(map(cut, profile["samples"]), profile["weights"]) if stack]
    profile["samples"] = [stack for stack, _ in kept]
    profile["weights"] = [weight for _, weight in kept]
    profile["startValue"], profile["endValue"] = 0, sum(profile["weights"])

# Frames that nothing names any more would still be rows of the profile.
used = sorted({frame for profile in document["profiles"] for stack in profile["samples"] for frame in stack})
number = {frame: at for at, frame in enumerate(used)}
document["shared"]["frames"] = [frames[frame] for frame in used]
for profile in document["profiles"]:
    profile["samples"] = [[number[frame] for frame in stack] for stack in profile["samples"]]

document["profiles"] = [profile for profile in document["profiles"] if profile["samples"]]
with open(target, "w", encoding="utf-8") as file:
    json.dump(document, file)
print(everything, count(lambda stack: True))
