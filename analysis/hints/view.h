/*
 * View: everything the editor shows for one file, as plain data.
 *
 * view_of is a pure function from the facts (heat of the file, state of the loop, settings) to
 * texts at lines. The language server only gives them columns and writes them out; the scenario
 * tests compare them as they are. Its cost is one pass over the hot lines of the file plus the
 * formatting of the few that are shown, so that it can run after every keystroke.
 *
 *     FileView view = view_of(arena, &(ViewInput){.path = path, .heat = heat, .loop = loop});
 *     for (size_t i = 0; i < view.diagnostics.len; i++) ...
 *
 * The hover is made on request (view_hover), because it is long and asked for one line at a time.
 */
#ifndef ANALYSIS_HINTS_VIEW_H
#define ANALYSIS_HINTS_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/hints/bench_facts.h"
#include "analysis/hints/heat.h"
#include "analysis/hints/loop_facts.h"
#include "base/array.h"
#include "base/str.h"

enum {
    VIEW_DIAGNOSTICS_MAX = 500, /* per file; clients slow down beyond (docs/PERFORMANCE.md) */
    VIEW_HINT_LABEL_MAX = 25,   /* characters */
    VIEW_HINT_GPU_MAX = 43,     /* with a kernel's name and place; VS Code cuts what is longer */
};

typedef enum ViewSeverity { /* the numbers of the protocol */
    VIEW_WARNING = 2,
    VIEW_INFORMATION = 3,
    VIEW_HINT = 4,
} ViewSeverity;

/* What a command of the server is told. Empty fields are left out. */
typedef struct ViewArgs {
    Str workload;
    int64_t iteration;
    Str job;
    Str bench; /* BenchPlace.target */
    LineNo line;
    Str metric;
    Str profile; /* its number; "newest" */
} ViewArgs;

typedef struct ViewDiagnostic {
    LineNo line;
    ViewSeverity severity;
    Str code; /* stable: "hot-line", "regression", … */
    Str message;
    Str elsewhere; /* a file below the workspace root that the message speaks of, and its line; or empty */
    LineNo elsewhere_line;
    bool faded;   /* about a line that changed since: drawn grey where the client can */
    size_t order; /* of two of the same line, severity and code: as they were made */
} ViewDiagnostic;

typedef struct ViewLens {
    LineNo line;
    Str title;
    Str command; /* "perfloop.measure" */
    ViewArgs args;
} ViewLens;

typedef struct ViewHint {
    LineNo line;
    Str label;
    Str tooltip;
} ViewHint;

typedef struct ViewAction {
    LineNo first, last; /* offered there; 0, 0: anywhere in the file */
    Str title;          /* unique within the file, begins with "perfloop: " */
    Str kind;           /* "quickfix" or "source.perfloop" */
    Str command;
    ViewArgs args;
    Str fixes; /* code of the diagnostic it answers, or empty */
    bool preferred;
} ViewAction;

typedef struct FileView {
    Array(ViewDiagnostic) diagnostics; /* by line, the hottest first within one */
    Array(ViewLens) lenses;            /* by line, at most two per line */
    Array(ViewHint) hints;             /* by line, at most one per line */
    Array(ViewAction) actions;         /* in the order to offer them */
} FileView;

/* A profile that could be shown instead. */
typedef struct ViewProfile {
    int64_t number; /* in the ledger */
    Str name;       /* "profile 3 (nsys, run.sqlite)" */
} ViewProfile;

typedef struct ViewInput {
    Str path;              /* of the file, below the workspace root */
    const HotFile *heat;   /* NULL: no profile knows this file */
    const LoopFacts *loop; /* NULL: not read yet */
    BenchPlaces benches;   /* of the file, with their numbers */
    Str workload;          /* the one the profile belongs to; empty: the first */
    HeatSettings settings;
    bool had_lenses;             /* the client was given lenses for this file before */
    const ViewProfile *profiles; /* newest first */
    size_t n_profiles;
    int64_t profile; /* the number of the one that is shown; 0: not of the ledger */
    bool lists_only; /* hovers in markdown have no tables */
    bool is_chosen;  /* by the user, not because it is the newest */
} ViewInput;

FileView view_of(Arena *arena, const ViewInput *input);

/* One text per stack or edge, made by whoever holds the profile. */
typedef struct ViewEdge {
    Str text; /* "main › run › scan" or "Lexer.scan" */
    double cost;
} ViewEdge;

typedef struct ViewDetail {
    const ViewEdge *stacks, *callers, *callees;
    size_t n_stacks, n_callers, n_callees;
    const Str
        *gpus; /* what the GPUs did meanwhile, a line each: stands in the hover of what ran there */
    size_t n_gpus;
} ViewDetail;

/*
 * All there is to say about a line: of its own when it was measured, else of the function that
 * begins there. Empty when neither is known. Markdown, or plain text of the same words.
 */
Str view_hover(Arena *arena, const ViewInput *input, LineNo line, const ViewDetail *detail,
               bool markdown);

#endif
