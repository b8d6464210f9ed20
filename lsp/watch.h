/*
 * Watch: what happens outside the protocol.
 *
 * Our own few files (ledger, workload file, trust list, HEAD): by inotify, and every two seconds by
 * looking, since network file systems tell nobody. Few editors watch files for a server on Linux.
 * And the process that started us: when it dies without a word, so do we.
 */
#ifndef LSP_WATCH_H
#define LSP_WATCH_H

#include <stdint.h>

#include "lsp/server.h"

typedef struct Watch Watch;

Watch *watch_new(Server *server);
void watch_free(Watch *watch);
/* The workspace is known: watch its files. */
void watch_places(Server *server);
/* 0: none. A pid that does not exist (another container, TRAMP) is not watched. */
void watch_parent(Server *server, int64_t pid);

#endif
