#!/usr/bin/env python3
"""Compare our lines and inline chains with addr2line's, at many places of one program.

usage: compare_symbols.py LOOKUP PROGRAM SOURCE...     LOOKUP: the program lookup_lines

Every instruction of the functions that come from the named sources, and every 50th elsewhere in
the text. The chain of (file name, line) must be the same from the innermost frame outwards.
"""
import os
import re
import subprocess
import sys

lookup, program, *sources = sys.argv[1:]


def run(*command, text=None):
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


segments = [
    [int(x, 16) for x in re.match(r"\s*LOAD\s+(\S+)\s+(\S+)\s+\S+\s+(\S+)", line).groups()]
    for line in run("readelf", "-lW", program).splitlines()
    if line.strip().startswith("LOAD")
]


def offset_of(address):
    for offset, start, size in segments:
        if start <= address < start + size:
            return address - start + offset
    return None


def addr2line(addresses):
    out = run("addr2line", "-a", "-i", "-f", "-C", "-e", program,
              text="".join(f"{a:#x}\n" for a in addresses))
    chains, rows = {}, None
    for line in out.splitlines():
        if re.fullmatch(r"0x[0-9a-f]+", line):
            rows = chains.setdefault(int(line, 16), [])
        else:
            rows.append(line)
    return {a: list(zip(rows[::2], rows[1::2])) for a, rows in chains.items()}


def ours(addresses):
    out = run(lookup, program, text="".join(f"{offset_of(a):x}\n" for a in addresses))
    chains = [part.splitlines() for part in out.split("end\n")]
    return {a: [row.split("|")[1:] for row in rows] for a, rows in zip(addresses, chains)}


def place(file, line):
    """Compilers write the same folder in several ways; names and lines must agree."""
    line = re.sub(r"\D.*", "", str(line)) or "0"
    return (os.path.basename(file), line) if line != "0" else ("?", "0")


def chain_of(rows):
    return [place(*row[1].split(" (")[0].rsplit(":", 1)) for row in rows]


code = [int(m[1], 16) for m in
        re.finditer(r"^\s*([0-9a-f]+):\t", run("objdump", "-d", "-j", ".text", program), re.M)]
code = [a for a in code if offset_of(a) is not None]
theirs = addr2line(code)
picked = [a for i, a in enumerate(code) if i % 50 == 0 or
          any(os.path.basename(row[1].split(":")[0]) in sources for row in theirs[a])]
mine = ours(picked)
compared = wrong = inlined = 0
for a in picked:
    want = chain_of(theirs[a])
    got = [place(row[1], row[2]) for row in mine[a]] or [("?", "0")]
    if want == [("?", "0")]:
        continue
    compared += 1
    inlined += len(want) > 1
    if want != got and chain_of(addr2line([a])[a]) != got:  # of many it forgets some
        wrong += 1
        if wrong <= 5:
            print(f"{a:#x}: addr2line {want}, we {got}")
print(f"{os.path.basename(program)}: {compared} places, {inlined} in inlined code, {wrong} differ")
sys.exit(wrong > 0 or compared < 20 or inlined == 0)
