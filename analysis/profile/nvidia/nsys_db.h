/*
 * NsysDb: the tables of an Nsight Systems export (SQLite), whatever its version left out.
 *
 *     NsysDb *db = nsys_db_open(arena, bytes, err);
 *     static const char *const COLUMNS[] = {"start", "end", "shortName", NULL};
 *     NsysRows rows = nsys_db_rows(db, "CUPTI_ACTIVITY_KIND_KERNEL", COLUMNS, NULL);
 *     for (NsysValue value[3]; nsys_rows_next(&rows, value);)
 *         value[0].number ...                          in the order of COLUMNS
 *     nsys_db_close(db);
 *
 * nsys makes tables and columns only when there is something to put in: a table that is not there
 * has no rows, and a column that is not there is NULL in every row. The bytes are used in place and
 * never written; of a file only a few pages are in memory at a time. Views, virtual tables and
 * triggers of a hostile file are not touched.
 */
#ifndef ANALYSIS_PROFILE_NVIDIA_NSYS_DB_H
#define ANALYSIS_PROFILE_NVIDIA_NSYS_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
    NSYS_COLUMNS_MAX = 24,
};

typedef struct NsysDb NsysDb;

typedef struct NsysValue {
    bool is_null;
    int64_t number;
    Str text; /* of a text column; valid until the next row */
} NsysValue;

typedef struct NsysRows {
    NsysDb *db;
    void *statement; /* NULL: no rows */
    int columns;
} NsysRows;

bool is_sqlite(Str bytes);
NsysDb *nsys_db_open(Arena *arena, Str bytes, Err *err);
NsysDb *nsys_db_open_file(Arena *arena, Str path, Err *err);
void nsys_db_close(NsysDb *db);
/* Of all its pages. */
size_t nsys_db_bytes(NsysDb *db);
bool nsys_db_has(NsysDb *db, const char *table);
bool nsys_db_has_column(NsysDb *db, const char *table, const char *column);
/* Rows are found by this column without looking at all of them. */
bool nsys_db_is_key(NsysDb *db, const char *table, const char *column);
/* `columns` ends with NULL ("rowid" is one, too); order: a column, or NULL for the order of the file. */
NsysRows nsys_db_rows(NsysDb *db, const char *table, const char *const *columns, const char *order);
/* The same, where a row may stand as many as `window` places behind where the order has it. */
NsysRows nsys_db_rows_near(NsysDb *db, const char *table, const char *const *columns,
                           const char *order, size_t window);
/* Those whose `column` has this value. */
NsysRows nsys_db_rows_of(NsysDb *db, const char *table, const char *const *columns,
                         const char *column, int64_t value);
/* False at the end, and at damage, which nsys_db_damage then tells. */
bool nsys_rows_next(NsysRows *rows, NsysValue *values);
/* The same in numbers; bit i of `nulls`: column i is NULL. Texts are 0. */
bool nsys_rows_numbers(NsysRows *rows, int64_t *values, uint32_t *nulls);
/* Of the row that nsys_rows_numbers came to; valid until the next. */
Str nsys_rows_text(const NsysRows *rows, int column);
void nsys_rows_end(NsysRows *rows);
/* Of StringIds; empty when there is none. Lives in the arena. */
Str nsys_db_string(NsysDb *db, int64_t id);
/* What was found wrong while reading; NULL: nothing. */
const char *nsys_db_damage(const NsysDb *db);

#endif
