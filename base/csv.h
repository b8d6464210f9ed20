/*
 * Csv: rows of comma-separated values (RFC 4180), one at a time, out of a text that may hold other
 * lines, too.
 *
 *     Csv csv = csv_rows(scratch, text);
 *     for (CsvRow row; csv_next(&csv, &row);)
 *         use(row.fields[0]);
 *
 * A field in quotes may hold commas, newlines, and quotes written twice. A quote that nothing closes
 * before a comma or the end of a line is a character like others. Fields are views of the text, or lie in `scratch`, which belongs to
 * the Csv alone; both are valid until the next row. Empty lines are rows without fields.
 */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/str.h"

typedef struct CsvRow {
    const Str *fields;
    size_t len;
    Str bytes;   /* all of it, with its newline */
    bool quoted; /* the first field stands in quotes */
} CsvRow;

typedef struct Csv {
    Arena *scratch;
    ArenaMark start;
    Str rest;
    bool unclosed; /* a quote was not closed: from here on they close on their own line */
    Array(Str) fields;
} Csv;

Csv csv_rows(Arena *scratch, Str text);
bool csv_next(Csv *csv, CsvRow *row);

#endif
