#!/usr/bin/env python3
"""Compare `perfloop dump toml` with Python's tomllib on texts made at random.

Texts are built from pieces that are right, and then some are broken by random edits. Where tomllib
accepts a text, the values must be equal; where it refuses one, a problem must be told. The seed is
fixed, so a difference is found again; it is printed with the text.

    toml_oracle.py PERFLOOP [COUNT [SEED]]
"""
import datetime
import json
import math
import random
import subprocess
import sys
import tempfile
import tomllib

KEYS = ["a", "b", "c", "long-key_1", '"quoted key"', "'literal'", "1234", '"\\u00e9"']
PLAIN = ["x", " ", "é", "😀", "#", "'", "=", "[", "\\\\", '\\"', "\\t", "\\u0041", "\\U0001F600"]
SCALARS = [
    "0", "1_000", "-17", "+5", "0xdead_BEEF", "0o17", "0b1_0", "9223372036854775807",
    "-9223372036854775808", "9223372036854775808", "1.5", "-0.0", "6.626e-34", "1e06", "5e+22",
    "inf", "-inf", "nan", "true", "false", "1979-05-27T07:32:00Z", "1979-05-27 00:32:00.999999-07:00",
    "1979-05-27T07:32:00", "1979-05-27", "07:32:00", "2023-02-29", "2024-02-29", "01", "1__0", "1.",
    ".5", "True", "0x", "1e", "'C:\\x'", "''", "'''\nmany\n'lines''''", '"""', '"open', "bare",
]


def string(rng):
    kind = rng.randrange(4)
    text = "".join(rng.choices(PLAIN, k=rng.randrange(6)))
    if kind < 2:
        return f'"{text}"'
    middle = rng.choice(["\n", "\\\n   ", "\\  \n\n  ", '""', "\r\n", ""])
    return f'"""{text}{middle}{text}"""'


def value(rng, depth=0):
    kind = rng.randrange(10)
    if kind < 4 or depth > 2:
        return rng.choice(SCALARS)
    if kind < 7:
        return string(rng)
    if kind < 9:
        gap = rng.choice(["", " ", "\n", " # note\n"])
        items = [value(rng, depth + 1) for _ in range(rng.randrange(4))]
        return "[" + gap + ("," + gap).join(items) + rng.choice(["", ","] if items else [""]) + gap + "]"
    return "{ " + ", ".join(f"{key(rng)} = {value(rng, depth + 1)}" for _ in range(rng.randrange(3))) + " }"


def key(rng):
    return ".".join(rng.choices(KEYS, k=rng.choice([1, 1, 1, 2, 3])))


def document(rng):
    lines = []
    for _ in range(rng.randrange(8)):
        kind = rng.randrange(8)
        if kind < 5:
            lines.append(f"{key(rng)} = {value(rng)}")
        elif kind == 5:
            lines.append(f"[{key(rng)}]")
        elif kind == 6:
            lines.append(f"[[{key(rng)}]]")
        else:
            lines.append("# a comment é")
    return "\n".join(lines) + rng.choice(["", "\n"])


def broken(rng, text):
    chars = list(text)
    for _ in range(rng.randrange(1, 3)):
        at = rng.randrange(len(chars) + 1)
        if chars and rng.random() < 0.5:
            del chars[min(at, len(chars) - 1)]
        else:
            chars.insert(at, rng.choice("\"'[]{}=,.#\n\\ax1 "))
    return "".join(chars)


def wanted(value):
    """tomllib's value in the form that the dump prints."""
    if isinstance(value, dict):
        return {name: wanted(item) for name, item in value.items()}
    if isinstance(value, list):
        return [wanted(item) for item in value]
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return "time"
    if isinstance(value, float):
        return "float " + ("nan" if math.isnan(value) else repr(value))
    return value


def given(node):
    """The dump's value: floats and times are tagged, so that they are not mistaken."""
    if isinstance(node, dict) and set(node) == {"$time"}:
        return "time"
    if isinstance(node, dict) and set(node) == {"$float"}:
        return "float " + repr(float(node["$float"]))
    if isinstance(node, dict):
        return {name: given(item) for name, item in node.items()}
    if isinstance(node, list):
        return [given(item) for item in node]
    return node


def too_large(value):
    """tomllib reads integers of any size; TOML asks for 64 bits, and we say so beyond."""
    if isinstance(value, dict):
        return any(map(too_large, value.values()))
    if isinstance(value, list):
        return any(map(too_large, value))
    return isinstance(value, int) and not -(2**63) <= value < 2**63


def main():
    program, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 400
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    texts = []
    for _ in range(count):
        text = document(rng)
        texts.append(text if rng.random() < 0.6 else broken(rng, text))
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for number, text in enumerate(texts):
            names.append(f"{folder}/{number}.toml")
            with open(names[-1], "w", newline="") as file:
                file.write(text)
        out = subprocess.run([program, "dump", "toml", *names], check=True, capture_output=True, text=True)
    accepted = 0
    for text, line in zip(texts, out.stdout.splitlines(), strict=True):
        dump = json.loads(line)
        try:
            right = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, ValueError):
            right = None
        refused = right is None or too_large(right)
        if refused != bool(dump["problems"]) or (not refused and given(dump["values"]) != wanted(right)):
            sys.exit(f"{text!r}\nours:    {dump}\ntomllib: {right}")
        accepted += not refused
    print(f"{count} texts, {accepted} right, {count - accepted} broken: equal")


if __name__ == "__main__":
    main()
