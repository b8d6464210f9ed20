/*
 * Overlay: the texts of all open documents, for a command to use instead of what is on disk.
 *
 *     {"documents": [{"path": "/abs/p.py", "version": 3, "dirty": true, "text": "…"}]}
 *
 * Runs on a worker. The file is private to the user, in the temporary folder; whoever made it
 * removes it.
 */
#ifndef LSP_OVERLAY_H
#define LSP_OVERLAY_H

#include "base/arena.h"
#include "base/err.h"
#include "lsp/snapshot.h"

bool overlay_write(Arena *arena, const Snapshot *snapshot, Str *path, Err *err) MUST_CHECK;

#endif
