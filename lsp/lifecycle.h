/*
 * Lifecycle: when the workspace becomes known. The handlers themselves stand in lsp/methods.h.
 */
#ifndef LSP_LIFECYCLE_H
#define LSP_LIFECYCLE_H

#include "base/str.h"
#include "lsp/server.h"

/*
 * Settles the workspace, once: from initialize, or, when the client opened no folder, from the
 * first document. `start` is a path; empty does nothing.
 */
void lifecycle_find_places(Server *server, Str start);

#endif
