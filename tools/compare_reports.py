"""Compares our lines of .ncu-rep files with those of NVIDIA's own reader, number by number.

    python3 -m venv v && v/bin/pip install ncu-report
    v/bin/python tools/compare_reports.py build/dev/perfloop REPORT.ncu-rep...

NVIDIA's reader (PyPI ncu-report, under NVIDIA's licence, so no test depends on it) opens the reports of
every version and gives each instruction's numbers and line. Where code was inlined several rows of the line
table stand at an instruction: it gives the first, the outermost call; `ncu --page source` prints the
instruction below each; we charge the last, the innermost, and keep the others as its stack. So the rows
are decoded here once more: NVIDIA's line must be the first of them, and ours must be the last.
A row per report: version, launches, instructions, lines equal and differing. Exit status 1: one differs.
"""
import bisect
import collections
import pathlib
import posixpath
import re
import struct
import subprocess
import sys

import ncu_report

LISTS = {
    "smsp__pcsamp_sample_count": "gpu_samples", "inst_executed": "instructions",
    "thread_inst_executed": "thread_instructions",
    "thread_inst_executed_true": "predicated_on_thread_instructions",
    "smsp__branch_targets_threads_divergent": "divergent_branches",
    "memory_l1_wavefronts_shared": "shared_wavefronts",
    "memory_l1_wavefronts_shared_ideal": "shared_wavefronts_ideal",
    "memory_l1_sectors_shared": "shared_wavefronts",
    "memory_l1_sectors_shared_ideal": "shared_wavefronts_ideal",
    "memory_shared_transactions": "shared_wavefronts",
    "memory_ideal_shared_transactions": "shared_wavefronts_ideal",
    "memory_l2_theoretical_sectors_global": "global_sectors",
    "memory_l2_theoretical_sectors_global_ideal": "global_sectors_ideal",
    "memory_l2_theoretical_sectors_local": "local_sectors",
    "memory_l2_sectors_global": "global_sectors",
    "memory_l2_sectors_global_ideal": "global_sectors_ideal",
    "memory_l2_sectors_local": "local_sectors",
    "memory_l2_transactions_global": "global_sectors",
    "memory_ideal_l2_transactions_global": "global_sectors_ideal",
    "memory_l2_transactions_local": "local_sectors",
}
STALL = "smsp__pcsamp_warps_issue_stalled_"


# ------------------------------------------------------------------ the file

def leb(data, at, signed=False):
    value = shift = 0
    while True:
        byte = data[at]
        value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
        if byte < 128:
            return value - (1 << shift) if signed and byte & 64 else value, at


def fields(data):
    at = 0
    while at < len(data):
        key, at = leb(data, at)
        if key & 7 == 0:
            value, at = leb(data, at)
        else:
            size = {1: 8, 5: 4}.get(key & 7)
            if size is None:
                size, at = leb(data, at)
            value, at = data[at:at + size], at + size
        yield key >> 3, value


def field(data, number, default=b""):
    return next((value for key, value in fields(data) if key == number), default)


def sources_of(data):
    """{reference: (cubin, [(address, symbol)])}, and ncu's version."""
    at, found, version = 8 + struct.unpack_from("<I", data, 4)[0], {}, "?"
    while at < len(data):
        size, = struct.unpack_from("<I", data, at)
        head, at = data[at + 4:at + 4 + size], at + 4 + size
        for key, info in fields(field(head, 3)):
            if key == 8 and field(info, 1).startswith(b"Nsight Compute"):
                version = field(info, 2).decode().split(" ")[0]
        part = at
        for _ in range(field(head, 1, 0)):
            size, = struct.unpack_from("<I", data, part)
            source, part = data[part + 4:part + 4 + size], part + 4 + size
            cubin, functions = found.get(field(source, 1, 0), (b"", []))
            functions += [(field(one, 2, 0), field(one, 1).decode())
                          for key, one in fields(field(source, 9)) if key == 1]
            found[field(source, 1, 0)] = (field(source, 4) or cubin, functions)
        at += field(head, 5, 0)
    return list(found.values()), version


# ------------------------------------------------------------------ the line table

def text(data, at):
    return data[at:data.index(b"\0", at)].decode(errors="replace")


def rows_of(cubin):
    """{symbol: [(address, file, line)]}; addresses are absolute when the image was relocated."""
    heads, = struct.unpack_from("<Q", cubin, 40)
    size, count, names = struct.unpack_from("<HHH", cubin, 58)
    heads = [struct.unpack_from("<IIQQQQ", cubin, heads + i * size) for i in range(count)]
    body = {text(cubin, heads[names][4] + head[0]): cubin[head[4]:head[4] + head[5]]
            for head in heads if head[1] != 8}
    symbols = [(text(body[".strtab"], name), value) for name, _, value, _ in
               struct.iter_unpack("<IIQQ", body.get(".symtab", b""))]
    owner = {}
    for name, form in (".rel.debug_line", "<QQ"), (".rela.debug_line", "<QQQ"):
        for entry in struct.iter_unpack(form, body.get(name, b"")):
            owner[entry[0]] = symbols[entry[1] >> 32][0]
    found, lines, at = {}, body.get(".debug_line", b""), 0
    while at < len(lines):
        unit = at + 4 + struct.unpack_from("<I", lines, at)[0]
        decode_unit(lines, at, unit, owner, symbols, found)
        at = unit
    return found


def decode_unit(lines, at, end, owner, symbols, found):
    version, head = struct.unpack_from("<HI", lines, at + 4)
    program = at + 10 + head
    at += 10 + (version >= 4)
    step, base, span, first = lines[at], *struct.unpack_from("<bBB", lines, at + 2)
    lens, at = lines[at + 5:at + 4 + first], at + 4 + first
    folders, files = [""], [None]
    while lines[at]:
        folders.append(text(lines, at))
        at += len(folders[-1].encode()) + 1
    at += 1
    while lines[at]:
        name = text(lines, at)
        folder, at = leb(lines, at + len(name.encode()) + 1)
        at = leb(lines, leb(lines, at)[1])[1]
        path = folders[folder] + "/" + name if folder and name[0] != "/" else name
        files.append(posixpath.normpath(path.replace("\\", "/")))
    at, state, rows, symbol = program, [0, 1, 1], [], None
    while at < end:
        code, at = lines[at], at + 1
        if code == 0:
            size, at = leb(lines, at)
            if size and lines[at] == 1:
                if symbol:
                    found[symbol] = rows + [(state[0], None, 0)]
                state, rows, symbol = [0, 1, 1], [], None
            elif size and lines[at] == 2:
                state[0] = int.from_bytes(lines[at + 1:at + size], "little")
                symbol = next((name for name, value in symbols if value == state[0]),
                              None) if state[0] else owner.get(at + 1)
            at += size
        elif code >= first:
            state[0] += (code - first) // span * step
            state[2] += base + (code - first) % span
        elif code == 2:
            value, at = leb(lines, at)
            state[0] += value * step
        elif code == 3:
            value, at = leb(lines, at, True)
            state[2] += value
        elif code == 4:
            state[1], at = leb(lines, at)
        elif code == 8:
            state[0] += (255 - first) // span * step
        elif code == 9:
            state[0], at = state[0] + struct.unpack_from("<H", lines, at)[0], at + 2
        elif code != 1:
            for _ in range(lens[code - 1]):
                at = leb(lines, at)[1]
        if code == 1 or code >= first:
            rows.append((state[0], files[state[1]] if state[1] < len(files) else None, state[2]))


class Lines:
    """The rows at an address, of all binaries of a report."""

    def __init__(self, sources):
        self.tables = []
        for cubin, functions in sources:
            tables = rows_of(cubin) if cubin else {}
            starts = {rows[0][0]: rows for rows in tables.values() if rows[0][0] > 1 << 20}
            starts = starts or {start: [(start + row[0], *row[1:]) for row in tables[name]]
                                for start, name in functions if name in tables}
            self.tables += [([row[0] for row in rows], rows) for rows in starts.values()]

    def at(self, address):
        for addresses, rows in self.tables:
            if addresses and addresses[0] <= address < addresses[-1]:
                last = bisect.bisect_right(addresses, address)
                here = rows[bisect.bisect_left(addresses, addresses[last - 1]):last]
                return [(name, line) for _, name, line in here if name and line]
        return []


# ------------------------------------------------------------------ both readers

def theirs(report, lines):
    """{kernel: {(file, line, metric): number}}; launches, instructions, those placed otherwise."""
    found = collections.defaultdict(collections.Counter)
    launches, places, strange = 0, {}, set()
    for part in ncu_report.load_report(str(report)):
        for launch in part:
            launches += 1
            kernel, lists = launch.name(), {}
            if re.search(r"[][(){}=]", kernel):  # of Numba
                kernel = re.search(r"(\w+)[[(]", launch.name(launch.NameBase_DEMANGLED))[1]
            for name in launch.metric_names():
                metric = launch.metric_by_name(name)
                ours = LISTS.get(name) or (
                    "stall_" + name[len(STALL):]
                    if name.startswith(STALL) and not name.endswith("_not_issued") else None)
                if ours and metric and metric.has_correlation_ids() and metric.num_instances():
                    lists[ours] = metric
            for ours, metric in lists.items():
                addresses = metric.correlation_ids()
                for i in range(metric.num_instances()):
                    address = addresses.as_uint64(i)
                    if address not in places:
                        told = launch.source_info(address)
                        first = (told.file_name(), told.line()) if told and told.line() else ("", 0)
                        rows = lines.at(address)
                        if rows and rows[0] != first:
                            strange.add((address, rows[0], first))
                        places[address] = rows[-1] if rows else first
                    place = places[address]
                    found[kernel][(*place, ours)] += metric.as_uint64(i)
                    if ours.startswith("stall_") and "gpu_samples" not in lists:
                        found[kernel][(*place, "gpu_samples")] += metric.as_uint64(i)
    return found, launches, len(places), strange


def ours_of(perfloop, report):
    dump = subprocess.run([perfloop, "dump", "profile", report], check=True, text=True,
                          capture_output=True).stdout
    metrics = re.findall(r"^metric (\S+)", dump, re.M)
    kernels = set(re.findall(r"^fact (.+?): launches = ", dump, re.M))
    found = collections.defaultdict(collections.Counter)
    for weights, stack in re.findall(r"^([-\d ]+) x\d+ (.*)$", dump, re.M):
        frames = stack.split(";")
        names = [re.sub(r" \(.*", "", frame) for frame in frames]
        kernel = next((name for name in names if name in kernels), names[0])
        last = frames[-1].removesuffix(" (inlined)").rpartition(" (")[2]  # names have brackets, too
        place = re.fullmatch(r"(.*):(\d+)\)", last)
        place = (posixpath.normpath(place[1].replace("\\", "")), int(place[2])) if place else ("", 0)
        for metric, weight in zip(metrics, weights.split()):
            found[kernel][(*place, metric)] += int(weight)
    return found


def compare(perfloop, report):
    sources, version = sources_of(report.read_bytes())
    wanted, launches, instructions, strange = theirs(report, Lines(sources))
    got, equal, differ, numbers = ours_of(perfloop, report), 0, 0, 0
    for kernel, values in wanted.items():
        wrong = collections.defaultdict(list)
        lines = {key[:2] for key in values}
        for key in set(values) | {key for key in got[kernel]
                                  if key[2] in {k[2] for k in values} and got[kernel][key]}:
            numbers += 1
            if values[key] != got[kernel][key]:
                wrong[key[:2]].append((key[2], values[key], got[kernel][key]))
        equal, differ = equal + len(lines - set(wrong)), differ + len(wrong)
        for place, what in list(wrong.items())[:3]:
            print(f"FAIL {report.name} {kernel} {place}: {what[:3]}")
    for address, row, told in list(strange)[:3]:
        print(f"FAIL {report.name} {address:#x}: the first row is {row}, NVIDIA's line {told}")
    print(f"{version} | {report.name} | {launches} | {instructions} | {numbers} | {equal} | "
          f"{differ + len(strange)}", flush=True)
    return not differ and not strange


def main():
    good = [compare(sys.argv[1], pathlib.Path(name)) for name in sys.argv[2:]]
    sys.exit(0 if good and all(good) else 1)


main()
