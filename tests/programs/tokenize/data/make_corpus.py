"""Writes corpus.conf: a configuration of 120 servers, the same in every run."""

import pathlib

LINES = []
for number in range(120):
    LINES.append(f'server "host-{number:03}.example" {{')
    LINES.append(f"    listen = {8000 + number};   # plain")
    LINES.append(f"    listen = {9000 + number};   # encrypted")
    LINES.append(f'    motd = "welcome to \\"host {number}\\"\\tplease be quiet";')
    LINES.append(f"    location root {{ set cache = true; return {200 + number % 4}; }}")
    LINES.append(f"    include snippets.common-{number % 7};")
    LINES.append("}")
pathlib.Path(__file__).with_name("corpus.conf").write_text("\n".join(LINES) + "\n")
