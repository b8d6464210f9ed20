/*
 * Syntax: a Text parsed by tree-sitter.
 *
 *     Syntax *syntax = syntax_parse(LANG_PYTHON, text, NULL, NULL, 0, NULL);
 *     Syntax *next = syntax_parse(LANG_PYTHON, now, syntax, changes, count, NULL);
 *     syntax_free(syntax);
 *
 * A tree refers to the Text only by offsets: whoever reads both must pass the Text it was parsed
 * from. No tree is thrown away for its errors; a file that does not compile still has an outline.
 * Where the text is broken, a tree made from an old one is in rare cases not the one that a fresh
 * parse would give (2 of 58,000 random edits): the parser recovers from an error by what it knows.
 * So parse anew, in a job, when the user pauses and syntax_is_provisional.
 *
 * Memory belongs to tree-sitter, so a Syntax is freed by hand. A tree must not be used by two
 * threads; a copy is cheap and is how a job gets one.
 */
#ifndef ANALYSIS_SOURCE_SYNTAX_H
#define ANALYSIS_SOURCE_SYNTAX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "analysis/source/text.h"
#include "grammars/lang.h"

enum {
    SYNTAX_FOLLOW_STEPS = 12800, /* of the parser; 2 to 4 ms */
};

typedef struct Syntax Syntax;

/*
 * NULL when the language has no grammar or *cancelled became true (it is looked at every few
 * hundred steps; NULL for "never"). With `old`, the tree of the text before `changes` (in the
 * order of the edits), only what changed is parsed again; old stays valid and unchanged.
 */
Syntax *syntax_parse(LangId lang, const Text *text, const Syntax *old, const TextChange *changes,
                     size_t count, const atomic_bool *cancelled);
/*
 * The same between two keystrokes, and never for long. Most edits are parsed again in about a
 * millisecond. But an open bracket can turn all that follows into something else, and in Python so
 * can any edit at the end of a block (tree-sitter then reuses nothing behind it): up to 100 ms for
 * 10,000 lines. After SYNTAX_FOLLOW_STEPS this gives up. The result is then stale: outline_update
 * moves the old outline along, which is what a person would still see in the text, and further
 * calls do nothing else. So parse anew, in a job, when the user pauses. NULL without an old tree or
 * when cancelled.
 */
Syntax *syntax_follow(const Text *text, const Syntax *old, const TextChange *changes, size_t count,
                      const atomic_bool *cancelled);
void syntax_free(Syntax *syntax);

LangId syntax_lang(const Syntax *syntax);
/* The tree is not that of the text, but of an earlier one. */
bool syntax_is_stale(const Syntax *syntax);
/* Stale, or broken and made from an old tree: worth parsing anew when there is time. */
bool syntax_is_provisional(const Syntax *syntax);
/* Some part of the text is not well formed. */
bool syntax_is_broken(const Syntax *syntax);

#endif
