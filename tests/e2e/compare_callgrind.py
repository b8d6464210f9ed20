"""compare_callgrind.py FILE...: our functions beside callgrind_annotate's, instruction by instruction."""
import collections
import json
import os
import re
import subprocess
import sys

ROW = re.compile(r"^ *([\d,]+) \( *[\d.]+%\) +(\S.*)$")


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


def annotated(path):
    rows = collections.Counter()
    for line in run("callgrind_annotate", "--threshold=100", "--auto=no", "--show=Ir", path).splitlines():
        found = ROW.match(line)
        if found and not found[2].startswith("PROGRAM TOTALS"):
            rows[re.sub(r" \[[^]]*\]$", "", found[2])] += int(found[1].replace(",", ""))
    assert rows, path
    return rows


def ours(path, by):
    return json.loads(run(os.environ["PERFLOOP"], "hot", path, "--by", by, "--top", "0", "--json"))


def main():
    for path in sys.argv[1:]:
        table, mine = ours(path, "function"), collections.Counter()
        for row in table["rows"]:
            mine[f"{row['file'] or '???'}:{row['function']}"] += row["self"]
        theirs = annotated(path)
        for name in mine.keys() | theirs.keys():
            assert mine[name] == theirs[name], (path, name, mine[name], theirs[name])
        lines = ours(path, "line")
        assert sum(row["self"] for row in lines["rows"]) + lines["unmapped"] == table["total"] == sum(theirs.values())
        print(f"{os.path.basename(path)}: {len(theirs)} functions and {table['total']} instructions as callgrind_annotate says")


main()
