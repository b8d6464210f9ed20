/*
 * View parts: the pieces of view_of, one file each, and what they share while one view is made.
 * Only files of this folder include it.
 */
#ifndef ANALYSIS_HINTS_VIEW_PARTS_H
#define ANALYSIS_HINTS_VIEW_PARTS_H

#include "analysis/hints/view.h"

typedef struct ViewMaker {
    Arena *arena;
    const ViewInput *in;
    const HotFile *heat;           /* NULL when none, or when heat is switched off */
    const HeatMetric *metric;      /* the one that ranks; NULL without heat */
    const WorkloadFacts *workload; /* NULL when there is none */
    const AnchorState *functions;  /* state of each function of heat, its lines considered */
    Str benchmark;                 /* "p50 8.1 ms, -32 % vs baseline", or empty */
    bool *has_line;                /* function index → one of its lines has a diagnostic */
} ViewMaker;

void view_diagnostics(ViewMaker *maker, FileView *out);
/* A diagnostic at a line, as information; NULL when there are too many. */
ViewDiagnostic *view_push(ViewMaker *maker, FileView *out, LineNo line, Str code);
/* Does the line stand for all of a kernel, of whose lines the profiler knows nothing? */
bool view_is_whole_kernel(const HotFile *heat, const HotLine *line);
void view_notes(ViewMaker *maker, FileView *out);
void view_lenses(ViewMaker *maker, FileView *out);
void view_hints(ViewMaker *maker, FileView *out);
/* After view_hints: lines that wait for kernels or launch them. */
void view_note_hints(ViewMaker *maker, FileView *out);
void view_actions(ViewMaker *maker, FileView *out);

/* Of the file's benchmarks: their number and Run; and the same as actions. */
void view_bench_lenses(ViewMaker *maker, FileView *out);
void view_bench_actions(ViewMaker *maker, FileView *out);
/* The benchmark that begins there, or NULL. */
const BenchPlace *view_bench_at(const ViewInput *input, LineNo line);
/* A lens or an action that cancels the job that runs. */
ViewLens view_cancel_lens(const ViewMaker *maker, LineNo line);

/* The first place of the last iteration in this file, or NULL. */
const ChangedPlace *view_place(const ViewMaker *maker);
/* Is a job running that concerns this workload (or everything)? */
bool view_job_runs(const ViewMaker *maker);

#endif
