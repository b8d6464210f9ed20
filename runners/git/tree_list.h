/*
 * TreeList: the files of a workspace, for finding the one that a profile means.
 *
 * With git: what git lists, ignored files left out. Without: a walk that leaves out hidden folders
 * and what package managers install, and stops at TREE_LIST_MAX files. Nothing is written.
 */
#ifndef RUNNERS_GIT_TREE_LIST_H
#define RUNNERS_GIT_TREE_LIST_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/err.h"
#include "base/str.h"
#include "runners/places.h"

enum {
    TREE_LIST_MAX = 200000,
};

typedef Array(Str) TreeFiles; /* relative to the root */

bool tree_list(Arena *arena, const Places *places, TreeFiles *out, Err *err) MUST_CHECK;

#endif
