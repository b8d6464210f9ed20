#!/usr/bin/env python3
"""Profiles that hold only addresses: what we read from them beside addr2line -i.

usage: compare_addresses.py places PROGRAM SOURCE...    a pprof file made here, of many places
       compare_addresses.py recording FILE PROGRAM      gperftools' recording, and pprof made of it
       compare_addresses.py cached PROGRAM OTHER        what is read while a program is not there
"""
import collections
import json
import os
import pathlib
import re
import struct
import sys

from program import Program, place, places_of, run

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "lib"))
from proto_writer import field, varint  # noqa: E402

PERFLOOP = os.environ["PERFLOOP"]
LOADED_AT = 0x7F31A0000000
PAGE = 4096


# ---------------------------------------------------------------- a writer of profile.proto


def pprof(samples, mappings):
    """samples: (addresses leaf first, count, label); mappings: (start, end, offset, file, build id)."""
    texts, places, out = {"": 0}, {}, bytearray()

    def text(value):
        return texts.setdefault(value, len(texts))

    for name, unit in (("samples", "count"), ("cpu", "nanoseconds")):
        out += field(1, field(1, text(name)) + field(2, text(unit)))
    for addresses, count, label in samples:
        ids = [places.setdefault(a, len(places) + 1) for a in addresses]
        message = field(1, b"".join(map(varint, ids))) + field(2, varint(count) + varint(count * 10000000))
        out += field(2, message + field(3, field(1, text("thread")) + field(2, text(label))))
    for number, (start, end, offset, file, build_id) in enumerate(mappings, 1):
        numbers = (number, start, end, offset, text(file), text(build_id))
        out += field(3, b"".join(field(i, n) for i, n in enumerate(numbers, 1)))
    for address, number in places.items():
        inside = [i for i, m in enumerate(mappings, 1) if m[0] <= address < m[1]]
        out += field(4, field(1, number) + field(2, inside[0] if inside else 0) + field(3, address))
    for value in texts:
        out += field(6, value.encode())
    return bytes(out)


# ---------------------------------------------------------------- what we say


def stacks_of(path):
    """Label to [(function, file, line)], outermost first."""
    out, names, stacks = run(PERFLOOP, "dump", "profile", path), {}, {}
    for line in out.splitlines():
        if m := re.match(r"thread (\d+): (.*)", line):
            names[m[1]] = m[2]
        elif m := re.match(r"[\d ]+ x\d+ @(\d+) (.*)", line):
            frames = [re.match(r"(.*) \((.*):(\d+)\)(?: \(inlined\))?$", f) for f in re.split(";(?! )", m[2])]  # Rust writes "[u8; 2]"
            stacks[names[m[1]]] = [f.groups() if f else ("", "", "0") for f in frames]
    return stacks


def places_command(path, *sources):
    program = Program(path)
    picked = {a: rows for a, rows in program.picked(sources).items() if places_of(rows) != [("?", "0")]}
    mappings = mappings_of(path)
    leaf = LOADED_AT + next(iter(picked))
    as_leaf = [([LOADED_AT + a], 1, f"{a:x}") for a in picked]
    as_caller = [([leaf, LOADED_AT + a + 1], 1, f"{a:x}") for a in picked]
    for kind, samples, skip in (("leaves", as_leaf, 0), ("callers", as_caller, len(next(iter(picked.values()))))):
        file = pathlib.Path(path + "." + kind + ".pb")
        file.write_bytes(pprof(samples, mappings))
        stacks, wrong, inlined = stacks_of(file), 0, 0
        for a, rows in picked.items():
            stack = stacks[f"{a:x}"]
            got = [place(f, n) for _, f, n in reversed(stack[:len(stack) - skip])]
            want = places_of(rows)
            inlined += len(want) > 1
            if got != want and got != places_of(program.chains([a])[a]):  # of many it forgets some
                wrong += 1
                print(f"{a:#x} of {kind}: addr2line {want}, we {got}")
        print(f"{os.path.basename(path)}: {len(picked)} addresses as {kind}, {inlined} in inlined code, {wrong} differ")
        assert wrong == 0 and len(picked) >= 20 and inlined, path
    # Another build's id: nothing is looked up, and the note says why.
    other = [m[:4] + ("0123456789abcdef" * 2,) for m in mappings]
    file.write_bytes(pprof(as_leaf[:3], other))
    text = run(PERFLOOP, "dump", "profile", file)
    assert "was built anew since the recording" in text and f"{os.path.basename(path)}+0x" in text, text


# ---------------------------------------------------------------- a recording of gperftools


def read_legacy(data):
    words = struct.unpack_from(f"<{len(data) // 8}Q", data)
    at, samples = 5, []
    while words[at:at + 3] != (0, 1, 0):
        count, depth = words[at:at + 2]
        samples.append((words[at + 2:at + 2 + depth], count))
        at += 2 + depth
    maps = []
    for line in data[(at + 3) * 8:].decode().splitlines():
        m = re.match(r"(\w+)-(\w+) ..x. (\w+) \S+ \d+\s+(/.*)", line)
        if m:
            maps.append((int(m[1], 16), int(m[2], 16), int(m[3], 16), m[4], ""))
    return samples, maps


def self_of(path):
    rows = json.loads(run(PERFLOOP, "hot", path, "--by", "line", "--metric", "samples", "--top", "0", "--json"))["rows"]
    return {place(r["file"], r["line"]): r["self"] for r in rows if r["self"]}


def recording_command(path, program_path):
    samples, maps = read_legacy(pathlib.Path(path).read_bytes())
    program, own = Program(program_path), os.path.realpath(program_path)
    counts = collections.Counter()
    for addresses, count in samples:
        for start, end, offset, file, _ in maps:
            if file == own and start <= addresses[0] < end:
                counts[program.address_of(addresses[0] - start + offset)] += count
    want = collections.Counter()
    for address, rows in program.chains(list(counts)).items():
        want[places_of(rows)[0]] += counts[address]
    want.pop(("?", "0"), None)
    converted = pathlib.Path(path + ".pb")
    converted.write_bytes(pprof([(a, n, "main") for a, n in samples],
                                [m[:4] + (program.build_id() if m[3] == own else "",) for m in maps]))
    for file in (path, converted):
        got = {k: v for k, v in self_of(file).items() if k in want or k[0] == os.path.basename(program_path)}
        assert got == dict(want) and sum(want.values()) >= 10, (file, got, want)
    print(f"{os.path.basename(program_path)}: {sum(want.values())} samples of gperftools on {len(want)} lines, "
          "as addr2line says; the same as pprof")


# ---------------------------------------------------------------- what the cache keeps


def mappings_of(path):
    program = Program(path)
    return [(LOADED_AT + (start - start % PAGE), LOADED_AT + start + size, offset - start % PAGE,
             os.path.realpath(path), program.build_id())
            for offset, start, size, code in program.segments if code]


def files_of(profile):
    rows = json.loads(run(PERFLOOP, "hot", profile, "--by", "line", "--top", "0", "--json"))["rows"]
    return sorted({os.path.basename(row["file"]) for row in rows if row["file"]})


def cached_command(path, other):
    """The cache is the same all along: what was missing is looked for again, what was found stays."""
    where = {p: next(a for a, rows in Program(p).picked([]).items() if places_of(rows) != [("?", "0")])
             for p in (path, other)}
    apart = 0x10000000
    mappings = mappings_of(path) + [(a + apart, b + apart, *rest) for a, b, *rest in mappings_of(other)]
    samples = [([LOADED_AT + where[path]], 5, "a"), ([LOADED_AT + apart + where[other]], 3, "b")]
    source, others = ({name for name, line in places_of(Program(p).chains([where[p]])[where[p]]) if line != "0"}
                      for p in (path, other))
    profile = pathlib.Path(path + ".cached.pb")
    profile.write_bytes(pprof(samples, mappings))

    def wants(what, files=()):
        got = files_of(profile)
        assert got == sorted(files), (what, got, files)
        print(f"{what}: {', '.join(got) or 'no lines'}")

    away, debug = path + ".away", path + ".debug"
    os.rename(path, away)
    os.rename(other, other + ".away")
    wants("both programs are gone")
    wants("and still")
    run("objcopy", "--only-keep-debug", away, debug)
    run("objcopy", "--strip-debug", "--add-gnu-debuglink=" + debug, away, path)
    os.rename(debug, debug + ".away")
    wants("one is there, without its lines")
    os.rename(debug + ".away", debug)
    wants("its debug file has appeared", source)
    run("gcc", "-g", "-O0", "-o", path, os.environ["REBUILT_FROM"])
    wants("it was built anew", source)
    os.rename(other + ".away", other)
    wants("the other one is back, and would be all that is known", source)
    profile.write_bytes(pprof(samples[1:] + samples[:1], mappings))
    wants("a new recording knows the other only", others)


{"cached": cached_command, "places": places_command, "recording": recording_command}[sys.argv[1]](*sys.argv[2:])
