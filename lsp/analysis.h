/*
 * Analysis: what one job makes of one version of a document: syntax, outline, heat, diagnostics.
 *
 * The loop thread fills in what it starts from (lsp/documents.c decides that), a worker runs it, and
 * the loop thread takes the results or drops them. Everything it reads is counted.
 */
#ifndef LSP_ANALYSIS_H
#define LSP_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "lsp/job.h"
#include "lsp/snapshot.h"

enum {
    /* A tree takes 17-27 bytes per byte of text: a larger text has no outline. */
    ANALYSIS_SYNTAX_MAX = 8 * 1024 * 1024,
};

typedef struct Analysis {
    /* In. */
    void *owner; /* for the loop thread */
    Snapshot *snapshot;
    DocVersion *target;
    OpenDoc from;       /* the newest analysed version; empty to start afresh */
    DocVersion **steps; /* lead from it to target, oldest first */
    size_t step_count;
    bool has_edits; /* every step says by which edits; else the text is taken as new */
    bool again;     /* nothing has changed: look for the heat afresh */
    /* Out. `syntax` is that of `from` when target is the same version. */
    DocSyntax *syntax;
    DocHeat *heat;   /* NULL before the first World is loaded */
    Str diagnostics; /* a JSON array, in the job's arena; empty without heat */
} Analysis;

Analysis *analysis_new(void);
/* Gives back what it holds a count of. Loop thread. */
void analysis_free(Analysis *analysis);
/* A JobFn; job->input is the Analysis. */
void analysis_run(Job *job);

#endif
