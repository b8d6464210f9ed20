/*
 * EditScript: random edits of a source file, with a naive model that knows where each line went.
 *
 * The model is an array of lines. Each has an identity (which line of the first text it is) and an
 * origin (which line its bytes were copied from: a duplicate has the origin of what it duplicates,
 * and no identity). A step changes the model line by line and says which edits an editor would have
 * sent for it, in order, each on the result of the one before. Nothing here uses our Text, outline
 * or diff, so that they can be compared with it.
 *
 *     EditScript script = edit_script_new(arena, source, seed);
 *     EditList edits = edit_script_step(&script, ENCODING_UTF16);
 *     ... apply them ...
 *     assert_str(text_bytes(text), edit_script_text(&script));
 */
#ifndef TESTS_LIB_EDIT_SCRIPT_H
#define TESTS_LIB_EDIT_SCRIPT_H

#include <stdint.h>

#include "analysis/source/text.h"
#include "base/arena.h"
#include "base/array.h"
#include "base/str.h"

typedef struct ModelLine {
    Str content;
    uint32_t id;     /* the line of the first text that this is, or 0 */
    uint32_t origin; /* the line of the first text that this was copied from, or 0 */
} ModelLine;

typedef struct EditScript {
    Arena *arena;
    uint64_t seed;
    uint32_t fresh; /* numbers what was never there before */
    Str eol;
    Array(ModelLine) lines;
    const Str *first; /* contents of the first text; first[0] is line 1 */
    uint32_t first_count;
    const char *last_step; /* for messages */
} EditScript;

typedef struct ScriptEdit {
    LspRange range;
    Str text;
} ScriptEdit;

typedef Array(ScriptEdit) EditList;

/* The source must end its lines with "\n". */
EditScript edit_script_new(Arena *arena, Str source, uint64_t seed);
/* One random step: insert, delete, duplicate, reindent, rename, line ends, type, split, join... */
EditList edit_script_step(EditScript *script, PositionEncoding encoding);
Str edit_script_text(const EditScript *script);
/* Its bytes are those of the line it comes from. */
bool edit_script_unchanged(const EditScript *script, const ModelLine *line);

/* xorshift; never 0 for a seed that is not 0. */
uint64_t edit_random(uint64_t *seed);
uint32_t edit_random_below(uint64_t *seed, uint32_t limit);

#endif
