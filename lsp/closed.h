/*
 * Closed: diagnostics of files that are not open.
 *
 * The hottest lines, a regression and the mistakes of the workload file are worth a row in the
 * editor's list of problems before anybody opened the file. Only few files: Neovim makes a buffer
 * for each. They are worked out with each World, on its worker, from the disk. A file that is opened
 * is taken over by documents.c; when it is closed, the World is loaded again.
 */
#ifndef LSP_CLOSED_H
#define LSP_CLOSED_H

#include "lsp/server.h"

enum {
    CLOSED_FILES_MAX = 10,
};

typedef struct ClosedFile {
    Str path;        /* absolute */
    Str diagnostics; /* a JSON array */
} ClosedFile;

struct ClosedFiles {
    ClosedFile items[CLOSED_FILES_MAX];
    size_t len;
};

/* On a worker: what a World has to say about files of the disk, in the World's arena. */
struct ClosedFiles *closed_make(Arena *scratch, const Snapshot *snapshot, World *world);

typedef struct Closed Closed;

Closed *closed_new(void);
void closed_free(Closed *closed);
/* The World is new, or a file was opened or closed: push what differs from what was pushed. */
void closed_publish(Server *server);

#endif
