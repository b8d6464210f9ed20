/*
 * Child events: what a command says (runners/report.h), put into the editor's words.
 *
 *     progress   → the job's progress
 *     note       → a log message
 *     ask        → window/showMessageRequest; the answer goes back as one line
 *     result     → window/showMessage with its sentence; `edits` → workspace/applyEdit, `open` →
 *                  window/showDocument where the client can
 *     error      → window/showMessage
 *
 * A command that ends without result or error is told as such, with the end of what it wrote to
 * standard error.
 */
#ifndef LSP_CHILD_EVENTS_H
#define LSP_CHILD_EVENTS_H

#include "base/arena.h"
#include "base/str.h"
#include "lsp/progress.h"
#include "lsp/server.h"

typedef struct ChildView {
    Server *server;
    Arena *arena; /* lives as long as the child */
    Str id;
    Str title;
    Str workload;
    Snapshot *snapshot; /* when it began: what `edits` were computed on */
    ProgressCancelFn *cancel;
    void (*answer)(void *child, Str line);
    void *child;
    /* Its own. */
    Progress *progress;
    struct Ask *asks; /* open questions */
    bool told;        /* a result or an error was shown */
} ChildView;

typedef struct Child Child;

void child_begin(ChildView *view);
void child_event(ChildView *view, Str line);
void child_over(ChildView *view, bool cancelled, int64_t status, int signal, Str tail);

#endif
