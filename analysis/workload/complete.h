/*
 * Complete: what an editor offers inside a workload file, and what it says about the word under the
 * cursor. Bytes in, plain structs out; the server turns them into LSP.
 *
 *     WorkloadItems items = workload_complete(arena, S("perfloop.toml"), text, offset);
 *     WorkloadHover hover;
 *     if (workload_hover(arena, S("perfloop.toml"), text, offset, &hover)) ...
 *
 * Works on files that are being typed: a line without a value, a quote that is still open. In
 * pyproject.toml and Cargo.toml it speaks only inside our tables.
 */
#ifndef ANALYSIS_WORKLOAD_COMPLETE_H
#define ANALYSIS_WORKLOAD_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/source/toml.h"
#include "base/arena.h"
#include "base/array.h"
#include "base/str.h"

typedef enum WorkloadItemKind {
    WORKLOAD_ITEM_KEY,
    WORKLOAD_ITEM_VALUE,
    WORKLOAD_ITEM_TABLE,
} WorkloadItemKind;

typedef struct WorkloadItem {
    WorkloadItemKind kind;
    Str label;  /* what is shown and filtered by: the key, or the value without its quotes */
    Str detail; /* short: the type, or the unit */
    Str help;   /* Markdown */
    Str insert; /* goes in place of `replace`: `metric = "p50"`, or `"p50"`; filter values by it */
    TomlSpan replace;
} WorkloadItem;

typedef Array(WorkloadItem) WorkloadItems;

/* In the order in which they should be offered; keys that are already there are left out. */
WorkloadItems workload_complete(Arena *arena, Str file_name, Str text, size_t offset);

typedef struct WorkloadHover {
    TomlSpan span;
    Str markdown;
} WorkloadHover;

/* False where there is nothing to say. */
bool workload_hover(Arena *arena, Str file_name, Str text, size_t offset, WorkloadHover *out);

#endif
