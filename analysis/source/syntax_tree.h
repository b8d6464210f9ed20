/*
 * Inside of a Syntax, for outline.c and its like in this folder only: the tree, and how it came
 * from the one before.
 */
#ifndef ANALYSIS_SOURCE_SYNTAX_TREE_H
#define ANALYSIS_SOURCE_SYNTAX_TREE_H

#include <tree_sitter/api.h>

#include "analysis/source/syntax.h"

/* What one edit did to offsets: start..old_end became start..new_end. */
typedef struct SyntaxEdit {
    uint32_t start;
    uint32_t old_end;
    uint32_t new_end;
} SyntaxEdit;

struct Syntax {
    Arena *arena; /* holds this struct */
    LangId lang;
    TSTree *tree;
    bool stale; /* the tree is still that of an earlier text, unmoved */
    /* How it came from the text before; empty for a tree that was parsed afresh. */
    Digest before;
    SyntaxEdit *edits;
    size_t edit_count;
    ByteRange *changed; /* in the new text: where the structure differs, edits aside */
    size_t changed_count;
};

#endif
