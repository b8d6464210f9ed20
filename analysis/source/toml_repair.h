/*
 * TomlRepair: one syntax mistake after the other, so that the rest of a broken file stays readable.
 *
 * Error recovery of a parser may swallow what follows the mistake. Here the first broken line of the
 * tree is found, named, and blanked in a copy of the text at equal length; the caller parses again
 * until nothing is broken. Places in the copy are places in the text.
 */
#ifndef ANALYSIS_SOURCE_TOML_REPAIR_H
#define ANALYSIS_SOURCE_TOML_REPAIR_H

#include <stdbool.h>

#include <tree_sitter/api.h>

#include "analysis/source/toml.h"
#include "base/arena.h"
#include "base/str.h"

typedef struct TomlCopy {
    char *ptr;
    size_t len;
} TomlCopy;

/*
 * `copy` was parsed into a tree with errors. Writes the problem of the first one, blanks its line and
 * tells the tree, which can then be parsed again as an old one; false when there is nothing left to
 * blank (the problem is written all the same).
 */
bool toml_repair(Arena *arena, Str text, TomlCopy copy, TSTree *tree, TSParser *parser,
                 TomlProblem *problem);

#endif
