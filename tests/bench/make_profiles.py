#!/usr/bin/env python3
"""make_profiles.py folded|shuffled|speedscope MEGABYTES OUTPUT: profiles to measure readers with.

Seeded: the same arguments give the same bytes. The shape is that of a sampled Python service: 400
functions in 60 files, stacks of 5 to 60 frames, and recursion. `folded` has its
lines sorted as collapsers write them, `shuffled` in the order of a hash table as py-spy does;
every stack occurs once. `speedscope` is py-spy's JSON with four threads.
"""
import random
import sys


class Program:
    def __init__(self, rng):
        self.rng = rng
        self.frames = []
        for i in range(400):
            file = f"/srv/app/service/{['core', 'web', 'db', 'util'][i % 4]}/module_{i % 60:02}.py"
            for call in range(6):
                self.frames.append((f"Class{i % 90}.method_{i}", file, 20 + i * 7 + call * 3))
        self.texts = [f"{name} ({file}:{line})" for name, file, line in self.frames]

    def walk(self):
        """Endless stacks as lists of frame numbers; neighbours share their beginnings."""
        rng, stack = self.rng, [0]
        while True:
            keep = max(1, int(len(stack) * rng.random() ** 0.4))
            del stack[keep:]
            depth = min(60, keep + 1 + int(rng.expovariate(1 / 12)))
            while len(stack) < depth:
                if len(stack) > 3 and rng.random() < 0.1:
                    stack.append(stack[-1])  # recursion
                else:  # one of a few callees, the first ones more often
                    callee = min(7, int(rng.expovariate(0.9)))
                    stack.append((stack[-1] * 31 + callee * 131 + 1) % len(self.frames))
            yield stack


def folded(program, megabytes, out, shuffled):
    lines, size, seen = [], 0, set()
    for stack in program.walk():
        key = tuple(stack)
        if key in seen:
            continue
        seen.add(key)
        line = ";".join([program.texts[i] for i in stack])
        lines.append(f"{line} {int(program.rng.expovariate(0.2)) + 1}\n")
        size += len(lines[-1])
        if size >= megabytes * 1e6:
            break
    if shuffled:
        program.rng.shuffle(lines)
    else:
        lines.sort()
    out.writelines(lines)


def speedscope(program, megabytes, out):
    out.write('{"$schema":"https://www.speedscope.app/file-format-schema.json","profiles":[')
    walk, size = program.walk(), 0
    for thread in range(4):
        samples, quota = [], megabytes * 1e6 / 4
        while quota > 0:
            text = "[" + ",".join(map(str, next(walk))) + "]"
            times = 1 + int(program.rng.expovariate(0.5))  # a stack is mostly seen again
            samples += [text] * times
            quota -= (len(text) + 6) * times
        out.write(f'{"," if thread else ""}{{"type":"sampled","name":"Thread {thread}",'
                  '"unit":"seconds","startValue":0.0,"endValue":0.0,"samples":[')
        out.write(",".join(samples))
        out.write('],"weights":[' + ",".join(["0.01"] * len(samples)) + "]}")
    out.write('],"shared":{"frames":[')
    out.write(",".join(f'{{"name":"{name}","file":"{file}","line":{line},"col":null}}'
                       for name, file, line in program.frames))
    out.write(']},"activeProfileIndex":null,"exporter":"py-spy@0.4.2","name":"py-spy profile"}')


def main():
    kind, megabytes, path = sys.argv[1], float(sys.argv[2]), sys.argv[3]
    program = Program(random.Random(7))
    with open(path, "w") as out:
        if kind == "speedscope":
            speedscope(program, megabytes, out)
        else:
            folded(program, megabytes, out, kind == "shuffled")


main()
