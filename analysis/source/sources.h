/*
 * Sources: "give me the text of this path": the editor's buffer first, the disk second.
 *
 * Analysis reads no disk; whoever makes the Sources says how (runners and lsp pass file_read).
 * A text read once stays for the life of the Sources, so that one answer is made from one state.
 *
 *     Sources *sources = sources_new(arena, read_file, NULL);
 *     sources_put(sources, S("/home/me/p.py"), document->text);
 *     const Text *text = sources_text(sources, path, &err);
 */
#ifndef ANALYSIS_SOURCE_SOURCES_H
#define ANALYSIS_SOURCE_SOURCES_H

#include <stdbool.h>

#include "analysis/source/text.h"
#include "base/arena.h"
#include "base/err.h"

typedef struct Sources Sources;

/* ERR_NOT_FOUND when there is no such file. */
typedef bool SourcesRead(void *data, Arena *arena, Str path, Str *bytes, Err *err);

/* `read` may be NULL: then there are only the buffers. */
Sources *sources_new(Arena *arena, SourcesRead *read, void *data);
/* An open buffer; the text must live as long as the Sources. Paths are normal and absolute. */
void sources_put(Sources *sources, Str path, const Text *text);
/* The text of an open buffer, or NULL. */
const Text *sources_open(const Sources *sources, Str path);
const Text *sources_text(Sources *sources, Str path, Err *err) MUST_CHECK;

#endif
