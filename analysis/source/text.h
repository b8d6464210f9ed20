/*
 * Text: the bytes of one version of a file, its line starts and its content id. Immutable.
 *
 * There are four ways to name a place in a file, and mixing them up is the classic bug of a
 * language server. Here each is a type of its own, and only text.c turns one into another:
 *
 *     ByteOffset    from 0. What tree-sitter, diffs and edits use.
 *     LineNo        from 1, as profilers, compilers and people count; 0 is "no line".
 *     LspPosition   line and character from 0. The character counts bytes, UTF-16 units or code
 *                   points of the line: the client decides (PositionEncoding), once per session.
 *     TextPoint     row and column from 0, rows ended by "\n" only, columns in bytes: tree-sitter's.
 *
 * A line ends with "\n", "\r\n" or "\r" (LSP). The content of a line never includes its end, so a
 * file converted to another line end has unchanged lines. A text that ends with a line end has an
 * empty last line; the empty text has one line.
 *
 * A text lives as long as the arena it was made in and points into no other text. An edit makes a
 * new Text and says what happened, for those who follow the change:
 *
 *     TextChange change;
 *     ByteRange where = text_range_from_lsp(old, range, ENCODING_UTF16);
 *     const Text *now = text_edit(arena, old, where, S("x"), &change);
 *     syntax = syntax_parse(lang, now, syntax, &change, 1, NULL);
 *     anchors = anchors_carry(arena, &anchors, &change, now);
 *
 * Bytes that are not UTF-8 are kept; each counts as one character in every encoding.
 */
#ifndef ANALYSIS_SOURCE_TEXT_H
#define ANALYSIS_SOURCE_TEXT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/str.h"

enum {
    TEXT_BYTES_MAX = 1 << 30, /* what is beyond is cut off; readers refuse such files earlier */
};

typedef struct ByteOffset {
    uint32_t n;
} ByteOffset;

typedef struct ByteRange {
    ByteOffset start;
    ByteOffset end; /* the first byte behind */
} ByteRange;

typedef struct LineNo {
    uint32_t n;
} LineNo;

typedef enum PositionEncoding {
    ENCODING_UTF16, /* what LSP means when nothing is said */
    ENCODING_UTF8,
    ENCODING_UTF32,
} PositionEncoding;

typedef struct LspPosition {
    uint32_t line;
    uint32_t character;
} LspPosition;

typedef struct LspRange {
    LspPosition start;
    LspPosition end;
} LspRange;

typedef struct TextPoint {
    uint32_t row;
    uint32_t column;
} TextPoint;

typedef struct Text Text;

/*
 * One edit. Bytes start..old_end of `before` became start..new_end of the text that was returned.
 * Lines first .. first + old_lines - 1 of before became lines first .. first + new_lines - 1; the
 * contents of all other lines are untouched, those behind only have another number.
 */
typedef struct TextChange {
    const Text *before; /* must still live when the change is used */
    ByteOffset start;
    ByteOffset old_end;
    ByteOffset new_end;
    TextPoint start_point;
    TextPoint old_end_point;
    TextPoint new_end_point;
    LineNo first;
    uint32_t old_lines;
    uint32_t new_lines;
} TextChange;

/* Copies the bytes into the arena. */
const Text *text_new(Arena *arena, Str bytes);
/* Ranges that are backward or beyond the end are mended: swapped, clamped. `change` may be NULL. */
const Text *text_edit(Arena *arena, const Text *old, ByteRange range, Str replacement,
                      TextChange *change);

Str text_bytes(const Text *text);
Digest text_id(const Text *text);
/* At least 1. */
uint32_t text_lines(const Text *text);
/* The content of a line, without its end; empty for a line that does not exist. */
Str text_line(const Text *text, LineNo line);
Str text_slice(const Text *text, ByteRange range);
/* The content of a line as a range; empty at the end of the text for a line beyond it. */
ByteRange text_line_range(const Text *text, LineNo line);
/* The line that holds a byte; a line end belongs to the line it ends. */
LineNo text_line_at(const Text *text, ByteOffset at);
TextPoint text_point_at(const Text *text, ByteOffset at);

/*
 * A character beyond the end of its line is the end of that line, a line beyond the text is the
 * end of the text; a position inside a character (half a surrogate pair) is that character's start.
 */
ByteOffset text_offset_from_lsp(const Text *text, LspPosition at, PositionEncoding encoding);
ByteRange text_range_from_lsp(const Text *text, LspRange range, PositionEncoding encoding);
LspPosition text_lsp_from_offset(const Text *text, ByteOffset at, PositionEncoding encoding);
LspRange text_lsp_from_range(const Text *text, ByteRange range, PositionEncoding encoding);
/* The content of a line, without its end: where diagnostics and hints go. */
LspRange text_lsp_from_line(const Text *text, LineNo line, PositionEncoding encoding);

#endif
