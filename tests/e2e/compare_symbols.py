#!/usr/bin/env python3
"""Compare our lines and inline chains with addr2line's, at many places of one program.

usage: compare_symbols.py LOOKUP PROGRAM SOURCE...     LOOKUP: the program lookup_lines

Every instruction of the functions that come from the named sources, and every 50th elsewhere in
the text. The chain of (file name, line) must be the same from the innermost frame outwards.
"""
import os
import sys

from program import Program, place, places_of, run

lookup, path, *sources = sys.argv[1:]
program = Program(path)


def ours(addresses):
    out = run(lookup, path, text="".join(f"{program.offset_of(a):x}\n" for a in addresses))
    chains = [part.splitlines() for part in out.split("end\n")]
    return {a: [row.split("|")[1:] for row in rows] for a, rows in zip(addresses, chains)}


theirs = program.picked(sources)
mine = ours(list(theirs))
compared = wrong = inlined = 0
for a, rows in theirs.items():
    want = places_of(rows)
    got = [place(row[1], row[2]) for row in mine[a]] or [("?", "0")]
    if want == [("?", "0")]:
        continue
    compared += 1
    inlined += len(want) > 1
    if want != got and places_of(program.chains([a])[a]) != got:  # of many it forgets some
        wrong += 1
        if wrong <= 5:
            print(f"{a:#x}: addr2line {want}, we {got}")
print(f"{os.path.basename(path)}: {compared} places, {inlined} in inlined code, {wrong} differ")
sys.exit(wrong > 0 or compared < 20 or inlined == 0)
