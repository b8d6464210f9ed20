/*
 * JsonScan: walk through a big JSON text once, without a tree.
 *
 * For machine-written files of hundreds of megabytes, where json_in.h would take many times their
 * size. Memory does not grow with the input; texts are views of it. The caller says what it
 * expects and skips what it does not know:
 *
 *     JsonScan scan = json_scan(text);
 *     if (json_enter(&scan, '{'))
 *         for (Str key; json_next_key(&scan, &key);) {
 *             if (str_eq(key, S("weights")) && json_enter(&scan, '['))
 *                 while (json_next_item(&scan))
 *                     sum += json_scan_double(&scan);
 *             else
 *                 json_skip(&scan);
 *         }
 *     return json_scan_ok(&scan, err);          line 3: expected a number, got '{'
 *
 * The first problem sticks: from then on every loop ends and every read gives zero, so a decoder
 * checks once at the end. Skipped values are checked for brackets and strings, not for the
 * spelling of numbers. Nesting is limited to JSON_SCAN_DEPTH.
 */
#ifndef BASE_JSON_SCAN_H
#define BASE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

enum {
    JSON_SCAN_DEPTH = 512,
};

typedef struct JsonScan {
    const char *start;
    const char *at;
    const char *end;
    uint32_t depth;
    bool first;          /* nothing was read yet at this level */
    bool truncated;      /* the text ended too early */
    const char *problem; /* what was expected; NULL while all is well */
    const char *where;   /* of the problem */
} JsonScan;

JsonScan json_scan(Str text);
/* False with "line 3, column 7: expected ..., got ...". Also false when a second value follows. */
bool json_scan_ok(const JsonScan *scan, Err *err) MUST_CHECK;

/* The first byte of the next value ('{', '[', '"', 't', 'f', 'n', a digit or '-'), 0 at the end. */
char json_peek(JsonScan *scan);
/* Steps into an object '{' or an array '['; it is an error when something else stands there. */
bool json_enter(JsonScan *scan, char bracket);
/* The next key, raw (between the quotes); false after the last, when the object is left. */
bool json_next_key(JsonScan *scan, Str *key);
/* True when there is one more item; false after the last, when the array is left. */
bool json_next_item(JsonScan *scan);
/*
 * For files with a comma behind the last item: asked after json_next_item was true, it leaves the
 * array (object) when the bracket comes next.
 */
bool json_close_after_comma(JsonScan *scan, char bracket);
void json_skip(JsonScan *scan);

/* One value. Null reads as zero or as the empty text. */
double json_scan_double(JsonScan *scan);
int64_t json_scan_i64(JsonScan *scan);
/* Raw: between the quotes, escapes as they stand. */
Str json_scan_raw(JsonScan *scan);
/* With escapes undone; a view when there are none. A lone surrogate becomes U+FFFD. */
Str json_scan_str(JsonScan *scan, Arena *arena);
Str json_unescape(Arena *arena, Str raw);

/*
 * Fast lane: reads `[1, 2, 3]` of small unsigned numbers into out[room]. Gives the count, which
 * may be larger than room (the rest is read and dropped); SIZE_MAX with a problem set.
 */
size_t json_scan_ids(JsonScan *scan, uint32_t *out, size_t room);
/* The text of the value that begins at `from`, a position of scan->at, and ends where we are. */
Str json_scanned(const JsonScan *scan, const char *from);
/* Skips the next value when it is spelled exactly like `before`, which ends in a bracket. */
bool json_scan_same(JsonScan *scan, Str before);

#endif
