/*
 * Section: where in which file our tables stand. Inside this folder only.
 *
 *     perfloop.toml     the whole file            [workload.x]
 *     pyproject.toml    [tool.perfloop]           [tool.perfloop.workload.x]
 *     Cargo.toml        [package.metadata.perfloop], or [workspace.metadata.perfloop]
 */
#ifndef ANALYSIS_WORKLOAD_SECTION_H
#define ANALYSIS_WORKLOAD_SECTION_H

#include "analysis/source/toml.h"
#include "base/str.h"

/* Path of keys to our table in a file of that name; ends with an empty key. NULL: not our file. */
const Str *section_path(Str file_name, size_t which);

/* Our table, or NULL when the file has none. */
const TomlValue *section_of(const TomlDoc *doc, Str file_name);

#endif
