/*
 * World: loads Heat again when what it is made from has changed, and tells the editor.
 *
 * One load at a time, as a background job; a change meanwhile makes one more afterwards. When it is
 * there, every open document is analysed again, and clients that can are asked to refresh lenses
 * and hints. While a benchmark runs, loading waits.
 */
#ifndef LSP_WORLD_H
#define LSP_WORLD_H

#include "lsp/server.h"

typedef struct Loader Loader;

Loader *loader_new(void);
void loader_free(Loader *loader);

/* The ledger, a profile, the workload file or the settings are new. */
void world_renew(Server *server);
/* Lenses and hints may look different now, without an edit. */
void world_refresh_editor(Server *server);

#endif
