/*
 * Child: `perfloop CMD --events` behind a command of the editor.
 *
 * The server never acts itself. A child runs in its own process group and talks as runners/report.h
 * says: progress becomes progress in the editor, a question becomes a showMessageRequest, the result
 * a message, and edits that it leaves to the editor a workspace/applyEdit. SIGTERM cancels it (it
 * cleans up and ends); after a grace of five seconds its whole group is killed.
 *
 * One at a time. A command that comes while another runs waits; the newest replaces the one that
 * waits. While a child measures, the pool starts no background work.
 */
#ifndef LSP_CHILD_H
#define LSP_CHILD_H

#include "lsp/server.h"

typedef struct Children Children;

typedef struct ChildOptions {
    const Str *argv; /* without the program and --events: "measure", "tokenize" */
    size_t argc;
    Str request;  /* id of the request that asks for it; answered with {"job": id} first of all */
    Str title;    /* "measure tokenize" */
    Str workload; /* empty when it belongs to none */
    bool overlay; /* pass the texts of all open documents: --overlay FILE */
    bool quiet;   /* it measures: start no background work */
} ChildOptions;

Children *children_new(void);
/* After children_end. */
void children_free(Children *children);

void children_start(Server *server, const ChildOptions *options);
/* Empty: whatever runs or waits. False when there is nothing of that id. */
bool children_cancel(Server *server, Str id);
RunningJob children_running(const Server *server, Arena *arena);
/* For shutdown: ends all, and answers the request `id` when they are gone, or soon after. */
void children_stop(Server *server, Str id);

/* Ends all, killing what is not gone after wait_ms; runs the loop meanwhile. */
void children_end(Server *server, unsigned wait_ms);

#endif
