"""A program's file: where its code lies, and what addr2line says of its addresses."""
import os
import re
import subprocess


def run(*command, text=None):
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


class Program:
    def __init__(self, path):
        self.path = path
        # offset in the file, address, bytes, whether it is code
        self.segments = [
            [int(x, 16) for x in m.groups()[:3]] + ["E" in m[4]]
            for m in re.finditer(r"^\s*LOAD\s+(\S+)\s+(\S+)\s+\S+\s+(\S+)\s+\S+\s+([RWE ]+?)\s+0x",
                                 run("readelf", "-lW", path), re.M)
        ]

    def offset_of(self, address):
        for offset, start, size, _ in self.segments:
            if start <= address < start + size:
                return address - start + offset
        return None

    def address_of(self, place):
        for offset, start, size, _ in self.segments:
            if offset <= place < offset + size:
                return place - offset + start
        return None

    def build_id(self):
        return re.search(r"Build ID: (\w+)", run("readelf", "-n", self.path))[1]

    def chains(self, addresses):
        """Address to [(function, "file:line")], innermost first."""
        out = run("addr2line", "-a", "-i", "-f", "-C", "-e", self.path,
                  text="".join(f"{a:#x}\n" for a in addresses))
        chains, rows = {}, None
        for line in out.splitlines():
            if re.fullmatch(r"0x[0-9a-f]+", line):
                rows = chains.setdefault(int(line, 16), [])
            else:
                rows.append(line)
        return {a: list(zip(rows[::2], rows[1::2])) for a, rows in chains.items()}

    def picked(self, sources):
        """Every instruction of what comes from these sources, and every 50th elsewhere; with its chain."""
        code = [int(m[1], 16) for m in
                re.finditer(r"^\s*([0-9a-f]+):\t", run("objdump", "-d", "-j", ".text", self.path), re.M)]
        code = [a for a in code if self.offset_of(a) is not None]
        chains = self.chains(code)
        return {a: chains[a] for i, a in enumerate(code) if i % 50 == 0 or
                any(os.path.basename(row[1].split(":")[0]) in sources for row in chains[a])}


def place(file, line):
    """Compilers write the same folder in several ways; names and lines must agree."""
    line = re.sub(r"\D.*", "", str(line)) or "0"
    return (os.path.basename(file), line) if line != "0" else ("?", "0")


def places_of(rows):
    return [place(*row[1].split(" (")[0].rsplit(":", 1)) for row in rows]
