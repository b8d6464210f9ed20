#!/usr/bin/env python3
"""Check that the documents name what there is. Run from the repository root.

    tools/check_docs.py PERFLOOP

- docs/USING.md, "Every command": the commands and their own options are those of --help.
- docs/ARCHITECTURE.md, "Code map": every name in a section is a file or a folder of it.
- Every path in README.md and docs/ that begins with a folder of ours is there.
"""
import pathlib
import re
import subprocess
import sys

COMMON = {"--root", "--json", "--events", "--yes", "--help", "--usage"}
WITHOUT_HELP = {"version"}  # one line, no options
FOLDERS = "base|grammars|analysis|runners|lsp|cli|tests|editors|docs|tools|cmake"


def section(path, title):
    text = pathlib.Path(path).read_text()
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.S | re.M)
    return found.group(1) if found else ""


def helps(perfloop, *words):
    run = subprocess.run([perfloop, *words, "--help"], capture_output=True, text=True, check=False)
    return run.stdout


def check_commands(perfloop):
    rows = re.findall(r"^\| `(\w+)[^|]*\|([^|]*)\|", section("docs/USING.md", "Every command"), re.M)
    written = {name: set(re.findall(r"`(--[a-zA-Z-]+)", options)) - COMMON for name, options in rows}
    known = re.findall(r"^  (\w+)  +\S", helps(perfloop), re.M)
    for name in sorted(set(written) ^ set(known)):
        yield f"docs/USING.md: {name}: " + ("no such command" if name in written else "is missing")
    for name in (n for n in known if n in written and n not in WITHOUT_HELP):
        has = set(re.findall(r"(?<![\w-])(--[a-zA-Z-]+)", helps(perfloop, name))) - COMMON
        for option in sorted(has ^ written[name]):
            what = "is missing" if option in has else "has no such option"
            yield f"docs/USING.md: {name} {option}: {what}"


def check_code_map():
    parts = re.split(r"^### (\S+)/\n", section("docs/ARCHITECTURE.md", "Code map"), flags=re.M)
    for folder, text in zip(parts[1::2], parts[2::2]):
        below = list(pathlib.Path(folder).rglob("*"))
        names = {p.name for p in below} | {p.stem for p in below}
        for name in re.findall(r"`([a-z0-9_./*]+)`", text):
            wanted = name.rstrip("/").split("/")[-1]
            if "*" in name or name.startswith("refs/"):
                continue
            if wanted not in names and not pathlib.Path(name).exists():
                yield f"docs/ARCHITECTURE.md: {folder}/: there is no {name}"


def check_paths():
    documents = [pathlib.Path("README.md"), *sorted(pathlib.Path("docs").rglob("*.md"))]
    for document in documents:
        for path in re.findall(rf"(?<![\w/.-])((?:{FOLDERS})/[\w./*-]*[\w/*])", document.read_text()):
            a_pattern = re.search(r"[*]|[A-Z]{3}|(?<![A-Za-z])X\b", path)  # NAME, X, *
            if not a_pattern and not pathlib.Path(path).exists():
                yield f"{document}: there is no {path}"


def main():
    problems = [*check_commands(sys.argv[1]), *check_code_map(), *check_paths()]
    print("\n".join(problems))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
