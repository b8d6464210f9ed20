/*
 * Uri: file: URIs to paths and back.
 *
 * Editors spell the same file in different ways (%3A or :, lower or upper case digits), so a path
 * is compared as a path, and an answer about a document uses the URI the editor opened it with.
 * Anything that is not a local file: (untitled:, vscode-notebook-cell:, file://host/) has no path.
 */
#ifndef LSP_URI_H
#define LSP_URI_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"

/* The normal absolute path; false when the URI names no local file or a NUL hides in it. */
bool uri_to_path(Arena *arena, Str uri, Str *path) MUST_CHECK;
Str uri_from_path(Arena *arena, Str path);

#endif
