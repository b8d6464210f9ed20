-- The ledger: what was measured, what it said, and what was done about it.
-- Sections run in order, each once, in one transaction; PRAGMA user_version is the last one run.
-- A released section is never edited: a change is a new section.
-- Times are seconds since 1970. Trees, snapshots and commits are git object names.

-- version 1

CREATE TABLE workload (
    id           INTEGER PRIMARY KEY,
    worktree     TEXT NOT NULL,           -- name of the linked work tree, '' for the main one
    folder       TEXT NOT NULL,           -- the workspace below the work tree's top, '' for the top
    name         TEXT NOT NULL,
    metric       TEXT NOT NULL DEFAULT '',
    higher       INTEGER NOT NULL,        -- 1 where more of the metric is better
    target       TEXT NOT NULL DEFAULT '',-- as written in the workload file
    target_value REAL,                    -- in the metric's base unit, resolved against the baseline
    UNIQUE (worktree, folder, name)
) STRICT;

CREATE TABLE conditions (
    id     INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    json   TEXT NOT NULL
) STRICT;

CREATE TABLE profile (
    id       INTEGER PRIMARY KEY,
    worktree TEXT NOT NULL,
    folder   TEXT NOT NULL,
    workload TEXT NOT NULL,               -- its name, '' when imported for none
    time     INTEGER NOT NULL,
    tool     TEXT NOT NULL,
    format   TEXT NOT NULL,
    source   TEXT NOT NULL,               -- the file it was read from
    run_dir  TEXT NOT NULL,               -- the folder that relative paths in it belong to
    cache    TEXT NOT NULL,               -- content id: name of the converted file in the cache
    metric   TEXT NOT NULL,               -- the one shown by default
    snapshot TEXT NOT NULL                -- tree that was profiled, '' when unknown
) STRICT;

CREATE TABLE profile_file (
    profile INTEGER NOT NULL REFERENCES profile ON DELETE CASCADE,
    path    TEXT NOT NULL,                -- below the workspace
    content TEXT NOT NULL,                -- content id of the text that was profiled
    PRIMARY KEY (profile, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE baseline (
    id         INTEGER PRIMARY KEY,
    workload   INTEGER NOT NULL REFERENCES workload,
    time       INTEGER NOT NULL,
    snapshot   TEXT NOT NULL,             -- the tree that was measured
    origin     TEXT NOT NULL,             -- where it came from: 'work tree', or a commit
    head       TEXT NOT NULL,             -- HEAD at that time, '' when there was none
    conditions INTEGER REFERENCES conditions,
    metric     TEXT NOT NULL,
    unit       INTEGER NOT NULL,
    value      REAL NOT NULL,
    low        REAL NOT NULL,
    high       REAL NOT NULL,
    runs       INTEGER NOT NULL
) STRICT;

CREATE TABLE sample (
    baseline INTEGER NOT NULL REFERENCES baseline ON DELETE CASCADE,
    n        INTEGER NOT NULL,            -- from 0, in measuring order
    value    REAL NOT NULL,
    PRIMARY KEY (baseline, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE iteration (
    id        INTEGER PRIMARY KEY,
    workload  INTEGER NOT NULL REFERENCES workload,
    time      INTEGER NOT NULL,
    baseline  INTEGER REFERENCES baseline,
    base      TEXT NOT NULL,              -- tree it is compared with
    candidate TEXT NOT NULL,              -- tree that was measured
    undo      TEXT NOT NULL,              -- tree that a revert goes to: base, with the commits since
    state     TEXT NOT NULL,              -- measured, kept, reverted, superseded
    tests     TEXT NOT NULL DEFAULT '',   -- '', green, red: of the candidate
    checkpoint TEXT NOT NULL DEFAULT ''   -- the commit, once kept
) STRICT;
CREATE INDEX iteration_by_workload ON iteration (workload, id);

-- What an iteration changed, file by file and function by function.
CREATE TABLE change (
    iteration  INTEGER NOT NULL REFERENCES iteration ON DELETE CASCADE,
    n          INTEGER NOT NULL,
    path       TEXT NOT NULL,             -- below the work tree's top
    kind       TEXT NOT NULL,             -- added, changed, removed
    function   TEXT NOT NULL,             -- '' for the file as a whole
    first_line INTEGER NOT NULL,          -- in the candidate's text, from 1; 0 when removed
    last_line  INTEGER NOT NULL,
    content    TEXT NOT NULL,             -- content id of the candidate's text, '' when removed
    PRIMARY KEY (iteration, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE verdict (
    id         INTEGER PRIMARY KEY,
    iteration  INTEGER NOT NULL REFERENCES iteration ON DELETE CASCADE,
    time       INTEGER NOT NULL,
    kind       TEXT NOT NULL,             -- improvement regression same inconclusive unstable invalid mixed
    status     TEXT NOT NULL,             -- faster slower same unclear
    sentence   TEXT NOT NULL,
    metric     TEXT NOT NULL,
    unit       INTEGER NOT NULL,
    before     REAL,                      -- NULL where nothing ran
    after      REAL,
    estimate   REAL,             -- ln(candidate/base), negative is better
    low        REAL,
    high       REAL,
    pairs      INTEGER NOT NULL,
    needed     INTEGER NOT NULL,          -- pairs likely needed in all; 0 when settled
    design     TEXT NOT NULL,             -- S, P, or '' when nothing ran
    flag       TEXT NOT NULL,             -- of an improvement: above, below, above?, below?
    seed       INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,          -- coins used: pairs and dropped pairs
    evidence   TEXT NOT NULL,             -- JSON: the preflight, gates, why this design
    conditions INTEGER REFERENCES conditions
) STRICT;
CREATE INDEX verdict_by_iteration ON verdict (iteration, id);

CREATE TABLE pair (
    iteration INTEGER NOT NULL REFERENCES iteration ON DELETE CASCADE,
    n         INTEGER NOT NULL,           -- from 0, in measuring order
    base      REAL NOT NULL,
    candidate REAL NOT NULL,
    first     INTEGER NOT NULL,           -- 0 the base ran first, 1 the candidate
    PRIMARY KEY (iteration, n)
) STRICT, WITHOUT ROWID;

-- What was done to the user's files, written before it is done, so that it can be finished or
-- taken back after a crash.
CREATE TABLE action (
    id        INTEGER PRIMARY KEY,
    iteration INTEGER NOT NULL REFERENCES iteration,
    time      INTEGER NOT NULL,
    kind      TEXT NOT NULL,              -- keep, revert, restore
    state     TEXT NOT NULL,              -- begun, done, undone
    worktree  TEXT NOT NULL,
    before    TEXT NOT NULL,              -- keep: HEAD before. Others: tree of the paths as they were
    after     TEXT NOT NULL,              -- keep: HEAD after. Others: tree of the paths as they become
    detail    TEXT NOT NULL DEFAULT ''    -- JSON
) STRICT;
CREATE INDEX action_by_iteration ON action (iteration, id);

-- version 2

-- What a harness' report said of its benchmarks, one by one.
CREATE TABLE report (
    id        INTEGER PRIMARY KEY,
    worktree  TEXT NOT NULL,
    folder    TEXT NOT NULL,
    workload  TEXT NOT NULL,              -- its name, '' when it belongs to none
    iteration INTEGER REFERENCES iteration, -- whose candidate was measured
    time      INTEGER NOT NULL,           -- when it was measured, as far as is known
    harness   TEXT NOT NULL,
    origin    TEXT NOT NULL,              -- imported, run, baseline, measured
    source    TEXT NOT NULL               -- the file it was read from, or the command
) STRICT;
CREATE INDEX report_by_time ON report (worktree, folder, time);

CREATE TABLE benchmark (
    report  INTEGER NOT NULL REFERENCES report ON DELETE CASCADE,
    name    TEXT NOT NULL,                -- as the report has it
    unit    INTEGER NOT NULL,
    p50     REAL NOT NULL,                -- in the unit's base; of several runs the median of theirs
    samples INTEGER NOT NULL,             -- behind it; 0: not told
    PRIMARY KEY (report, name)
) STRICT, WITHOUT ROWID;

-- version 3

-- What nvidia-smi saw of the GPUs, beside a profile of the same workload. The samples are in the
-- contents, as nvidia-smi wrote them.
CREATE TABLE gpu_recording (
    id       INTEGER PRIMARY KEY,
    worktree TEXT NOT NULL,
    folder   TEXT NOT NULL,
    workload TEXT NOT NULL,               -- its name, '' when imported for none
    snapshot TEXT NOT NULL,               -- tree that ran, '' when unknown
    profile  INTEGER REFERENCES profile ON DELETE CASCADE, -- NULL: all of this workload and tree
    time     INTEGER NOT NULL,
    origin   TEXT NOT NULL,               -- profiler, alone, imported
    source   TEXT NOT NULL,               -- the file it was read from, or the command
    content  TEXT NOT NULL                -- content id
) STRICT;
CREATE INDEX gpu_recording_by_profile ON gpu_recording (profile);
