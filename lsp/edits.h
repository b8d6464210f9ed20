/*
 * Edits: whole new texts of files, as a workspace/applyEdit that touches only what differs.
 *
 * A command that takes a change back does not write files the editor holds open; it gives their new
 * text. The edit is computed against the text the command saw. When the document has moved on since,
 * nothing is sent and the user is told: no edit of theirs may be lost.
 */
#ifndef LSP_EDITS_H
#define LSP_EDITS_H

#include "base/json_in.h"
#include "base/str.h"
#include "lsp/server.h"

/* `edits` is [{"path": "/abs", "text": "…"}]; absent does nothing. */
void edits_apply(Server *server, const Snapshot *seen, Str label, JsonIn edits);

#endif
