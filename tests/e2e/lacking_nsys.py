"""Every table and every column that we read taken out of an export, one at a time.

    lacking_nsys.py PERFLOOP EXPORT...

EXPORT is an .sqlite or the .sql of one; a copy has at most 150 rows a table. What is left must be
read, with a note that names what is gone, and its timeline shown and exported; or refused, when nothing
is left.
"""
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile

ROWS = 150
COLUMNS = {
    "CUPTI_ACTIVITY_KIND_KERNEL": "start end deviceId streamId correlationId globalPid shortName "
    "demangledName gridX gridY blockX registersPerThread staticSharedMemory",
    "CUPTI_ACTIVITY_KIND_RUNTIME": "start end globalTid correlationId nameId callchainId",
    "CUPTI_ACTIVITY_KIND_MEMCPY": "start end deviceId streamId correlationId globalPid bytes "
    "copyKind srcKind dstKind",
    "CUPTI_ACTIVITY_KIND_MEMSET": "start end deviceId streamId correlationId globalPid bytes",
    "CUPTI_ACTIVITY_KIND_SYNCHRONIZATION": "start end streamId syncType globalPid",
    "NVTX_EVENTS": "start end eventType text textId globalTid",
    "COMPOSITE_EVENTS": "id start globalTid cpuCycles",
    "SAMPLING_CALLCHAINS": "id symbol module unresolved originalIP stackDepth",
    "CUDA_CALLCHAINS": "id symbol module unresolved originalIP stackDepth",
    "StringIds": "id value",
    "PROCESSES": "globalPid name",
    "ThreadNames": "globalTid nameId",
    "TARGET_INFO_GPU": "id deviceId name",
}
# Gone without a note: nothing is said that would need them, or another column serves as well.
QUIET = {"gridY", "staticSharedMemory", "unresolved", "stackDepth", "shortName", "text", "textId"}
QUIET_IN = {"CUPTI_ACTIVITY_KIND_SYNCHRONIZATION", "PROCESSES", "ThreadNames", "TARGET_INFO_GPU",
            "CUPTI_ACTIVITY_KIND_MEMSET"}
QUIET_ONLY = {("CUPTI_ACTIVITY_KIND_MEMCPY", name) for name in ("deviceId", "streamId", "globalPid")}
METRICS = ("CUPTI_ACTIVITY_KIND_KERNEL", "CUPTI_ACTIVITY_KIND_RUNTIME",
           "CUPTI_ACTIVITY_KIND_MEMCPY", "CUPTI_ACTIVITY_KIND_MEMSET", "SAMPLING_CALLCHAINS")
failed = 0


def fail(*words):
    global failed
    failed += 1
    print("FAIL", *words)


def tables_of(db):
    return [row[0] for row in db.execute("select name from sqlite_master where type = 'table'")]


def columns_of(db, table):
    return [row[1] for row in db.execute(f'pragma table_info("{table}")')]


def shrink(source, target):
    if source.suffix == ".sql":
        db = sqlite3.connect(target)
        db.executescript(source.read_text())
    else:
        shutil.copyfile(source, target)
        target.chmod(0o600)
        db = sqlite3.connect(target)
    for view, in db.execute("select name from sqlite_master where type = 'view'").fetchall():
        db.execute(f'drop view "{view}"')
    for table in tables_of(db):
        if table != "StringIds":
            db.execute(f'delete from "{table}" where rowid > '
                       f'(select min(rowid) + {ROWS} from "{table}")')
    db.commit()
    db.execute("vacuum")
    db.close()


def without(base, target, table, column=None):
    shutil.copyfile(base, target)
    db = sqlite3.connect(target)
    if column:
        kept = ", ".join(f'"{name}"' for name in columns_of(db, table) if name != column)
        db.execute(f'create table left_over as select {kept} from "{table}"')
    db.execute(f'drop table "{table}"')
    if column:
        db.execute(f'alter table left_over rename to "{table}"')
    db.commit()
    db.close()


def run(perfloop, *words):
    return subprocess.run([perfloop, *words], capture_output=True, text=True, errors="replace")


def notes_of(text):
    return [line for line in text.splitlines() if line.startswith("note: no ")]


def look(perfloop, path, what, wanted):
    """wanted: a word of the note that must be there; None: none has to; False: may be refused."""
    seen = run(perfloop, "dump", "profile", path)
    if seen.returncode:
        if wanted is not False or seen.returncode != 1 or "Nsight Systems" not in seen.stderr:
            fail(what, "refused:", seen.returncode, seen.stderr.strip())
        return
    notes = notes_of(seen.stdout)
    if wanted and not any(wanted in note for note in notes):
        fail(what, "no note of it:", notes)
    for words in (("dump", "timeline", path), ("export", "--here", path)):
        other = run(perfloop, *words)
        if other.returncode not in (0, 1) or (other.returncode and not other.stderr.strip()):
            fail(what, *words, other.returncode, other.stderr.strip())


def check(perfloop, source, folder):
    base, one = folder / "base.sqlite", folder / "one.sqlite"
    base.unlink(missing_ok=True)
    shrink(source, base)
    db = sqlite3.connect(base)
    tables, count = tables_of(db), 0
    before = notes_of(run(perfloop, "dump", "profile", base).stdout)
    metrics = [table for table in METRICS if table in tables]
    for table in tables:
        without(base, one, table)
        look(perfloop, one, f"{source.name} without {table}",
             False if table == "StringIds" or metrics == [table] else None)
        count += 1
    for table, names in COLUMNS.items():
        there = set(columns_of(db, table)) & set(names.split()) if table in tables else ()
        for name in sorted(there):
            without(base, one, table, name)
            quiet = (name in QUIET or table in QUIET_IN or (table, name) in QUIET_ONLY or
                     table == "COMPOSITE_EVENTS" and "SAMPLING_CALLCHAINS" not in tables)
            look(perfloop, one, f"{source.name} without {table}.{name}",
                 None if quiet else f"no column {name} in {table}")
            count += 1
    db.close()
    print(f"ok   {source.name}: {count} times something was gone; as it is: {len(before)} notes")


with tempfile.TemporaryDirectory() as scratch:
    for export in sys.argv[2:]:
        check(sys.argv[1], pathlib.Path(export), pathlib.Path(scratch))
sys.exit(1 if failed else 0)
