/*
 * Documents: the open files, their versions, and the job that analyses them.
 *
 * Every edit makes a new DocVersion. One job at a time per document takes the newest version (or
 * the oldest one that a request waits for) from text to syntax, outline, heat and diagnostics; it
 * starts from the newest analysed version and the edits since, so a keystroke costs what changed.
 * While it runs further edits queue up, and the next job takes them together. A result for a
 * version that has moved on is not shown, but is the start of the next job.
 */
#ifndef LSP_DOCUMENTS_H
#define LSP_DOCUMENTS_H

#include "lsp/reads.h"
#include "lsp/server.h"

typedef struct Documents Documents;

Documents *documents_new(void);
void documents_free(Server *server, Documents *documents);

/* The newest version of an open document, or NULL; not counted. */
DocVersion *documents_current(Server *server, Str uri);
/* A version with its own arena, a count of one, and uri, path and lang set. */
DocVersion *version_new(Str uri, Str language);
DocVersion *version_after(const DocVersion *before);

/* Both take the version over. Opening an open document replaces its text. */
void documents_open(Server *server, DocVersion *version);
void documents_change(Server *server, DocVersion *version);
void documents_close(Server *server, Str uri);

/* Starts the read when its version is analysed. */
void documents_wait(Server *server, Read *read);
/* The World or the settings are new: analyse all of them again. */
void documents_renew(Server *server);
/* The user has paused: look for the heat of edited documents afresh (lsp/pause.h). */
void documents_find_again(Server *server);
/* Fills docs of a snapshot. */
void documents_list(Server *server, Snapshot *snapshot);
/* Is every open document analysed? For tests. */
bool documents_are_ready(const Server *server);

#endif
