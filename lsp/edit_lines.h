/*
 * EditLines: many small edits on a large text, without a copy of the text for each.
 *
 * "Replace all" arrives as thousands of changes in one message, each on the result of the one
 * before. Here the text is a list of lines; an edit touches those it covers. The result is the same,
 * byte for byte, as of text_edit with each change in turn (the unit test's oracle), but there is no
 * TextChange to follow: whoever needs places in the new text looks for them afresh.
 */
#ifndef LSP_EDIT_LINES_H
#define LSP_EDIT_LINES_H

#include "analysis/source/text.h"
#include "base/arena.h"
#include "base/str.h"

typedef struct EditLines EditLines;

/* Reads the text, which must live as long as this does. */
EditLines *edit_lines_new(Arena *arena, const Text *text);
void edit_lines_apply(EditLines *lines, LspRange range, Str replacement, PositionEncoding encoding);
Str edit_lines_text(const EditLines *lines);

#endif
