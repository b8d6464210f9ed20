#include "analysis/profile/nvidia/nsys_db.h"

#include <sqlite3.h>
#include <string.h>

#include "base/array.h"
#include "base/idmap.h"
#include "base/strbuf.h"

typedef Array(Str) Strings;

struct NsysDb {
    Arena *arena;
    sqlite3 *handle;
    sqlite3_stmt *string;
    IdMap string_of; /* id + 1 to place in strings + 1 */
    Strings strings;
    const char *damage;
};

bool is_sqlite(Str bytes)
{
    return str_starts(bytes, (Str){"SQLite format 3", 16});
}

static sqlite3_stmt *prepare(NsysDb *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL) != SQLITE_OK)
        db->damage = str_cstr(db->arena, str_from_c(sqlite3_errmsg(db->handle)));
    return statement;
}

static bool step(NsysDb *db, sqlite3_stmt *statement)
{
    int result = sqlite3_step(statement);
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        db->damage = str_cstr(db->arena, str_from_c(sqlite3_errmsg(db->handle)));
    return result == SQLITE_ROW;
}

/* Nothing in the file may make SQLite do more than read rows. */
static void disarm(sqlite3 *handle)
{
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, 64 << 20);
    sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_exec(handle, "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0",
                 NULL, NULL, NULL);
}

static NsysDb *db_new(Arena *arena)
{
    NsysDb *db = NEW(arena, NsysDb);
    db->arena = arena;
    db->string_of = idmap_new(arena);
    return db;
}

/* The handle is open; NULL when there are no tables to be seen. */
static NsysDb *look_into(NsysDb *db, Err *err)
{
    disarm(db->handle);
    sqlite3_stmt *tables = prepare(db, "SELECT count(*) FROM sqlite_master");
    bool whole = tables && step(db, tables);
    sqlite3_finalize(tables);
    if (!whole) {
        err_set(err, ERR_INPUT, "a damaged SQLite file: %s", db->damage);
        nsys_db_close(db);
        return NULL;
    }
    if (nsys_db_has(db, "StringIds"))
        db->string = prepare(db, "SELECT value FROM StringIds WHERE id = ?1");
    return db;
}

static NsysDb *refuse(NsysDb *db, Err *err)
{
    err_set(err, ERR_INPUT, "no SQLite file, or a damaged one");
    nsys_db_close(db);
    return NULL;
}

NsysDb *nsys_db_open(Arena *arena, Str bytes, Err *err)
{
    NsysDb *db = db_new(arena);
    /* Without the flag that would let SQLite write, the mapped bytes stay as they are. */
    unsigned char *data = (unsigned char *)(uintptr_t)bytes.ptr;
    if (!is_sqlite(bytes) ||
        sqlite3_open_v2(":memory:", &db->handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK ||
        sqlite3_deserialize(db->handle, "main", data, (sqlite3_int64)bytes.len,
                            (sqlite3_int64)bytes.len, SQLITE_DESERIALIZE_READONLY) != SQLITE_OK)
        return refuse(db, err);
    return look_into(db, err);
}

/* Immutable: without locks, and without looking for a journal beside it. */
static const char *uri_of(Arena *arena, Str path)
{
    StrBuf uri = strbuf_new(arena);
    strbuf_add(&uri, S("file:"));
    for (size_t i = 0; i < path.len; i++)
        if (strchr("%?#", path.ptr[i]))
            strbuf_fmt(&uri, "%%%02x", (unsigned char)path.ptr[i]);
        else
            strbuf_char(&uri, path.ptr[i]);
    strbuf_add(&uri, S("?immutable=1"));
    return str_cstr(arena, strbuf_str(&uri));
}

NsysDb *nsys_db_open_file(Arena *arena, Str path, Err *err)
{
    NsysDb *db = db_new(arena);
    if (sqlite3_open_v2(uri_of(arena, path), &db->handle,
                        SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK) {
        err_set(err, ERR_IO, "%s", sqlite3_errmsg(db->handle));
        nsys_db_close(db);
        return NULL;
    }
    return look_into(db, err);
}

void nsys_db_close(NsysDb *db)
{
    if (!db)
        return;
    sqlite3_finalize(db->string);
    sqlite3_close(db->handle);
    db->handle = NULL;
    db->string = NULL;
}

size_t nsys_db_bytes(NsysDb *db)
{
    static const char *const PRAGMAS[] = {"PRAGMA page_count", "PRAGMA page_size"};
    size_t bytes = 1;
    for (size_t i = 0; i < 2; i++) {
        sqlite3_stmt *statement = prepare(db, PRAGMAS[i]);
        bytes *= statement && step(db, statement) ? (size_t)sqlite3_column_int(statement, 0) : 1;
        sqlite3_finalize(statement);
    }
    return bytes;
}

const char *nsys_db_damage(const NsysDb *db)
{
    return db->damage;
}

bool nsys_db_has(NsysDb *db, const char *table)
{
    sqlite3_stmt *statement =
        prepare(db, "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?1 AND sql NOT "
                    "LIKE 'CREATE VIRTUAL%'");
    bool found = false;
    if (statement) {
        sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
        found = step(db, statement);
    }
    sqlite3_finalize(statement);
    return found;
}

static bool has_row(NsysDb *db, const char *sql, const char *table, const char *column)
{
    sqlite3_stmt *statement = prepare(db, sql);
    bool found = false;
    if (statement) {
        sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 2, column, -1, SQLITE_STATIC);
        found = step(db, statement);
    }
    sqlite3_finalize(statement);
    return found;
}

bool nsys_db_has_column(NsysDb *db, const char *table, const char *column)
{
    return has_row(db, "SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2", table, column);
}

bool nsys_db_is_key(NsysDb *db, const char *table, const char *column)
{
    return has_row(db, "SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2 AND pk = 1", table,
                   column);
}

/*
 * Nearly always: then nothing has to be sorted, which would take a part of the table into memory.
 * A reader that holds `window` rows back gets them in order when none of them is less than the
 * greatest of all that stand `window` rows or more before it.
 */
static bool is_in_order(NsysDb *db, const char *table, const char *column, size_t window)
{
    StrBuf sql = strbuf_new(db->arena);
    int64_t *greatest = NEW_ARRAY(db->arena, int64_t, window + 1); /* up to a row, by row */
    strbuf_fmt(&sql, "SELECT \"%s\" FROM \"%s\"", column, table);
    sqlite3_stmt *statement = prepare(db, str_cstr(db->arena, strbuf_str(&sql)));
    bool ordered = true;
    int64_t last = INT64_MIN;
    for (size_t at = 0, rows = 0; statement && ordered && step(db, statement); rows++) {
        int64_t value = sqlite3_column_int64(statement, 0);
        ordered = rows <= window || value >= greatest[at];
        last = value > last ? value : last;
        greatest[at] = last;
        at = at == window ? 0 : at + 1;
    }
    sqlite3_finalize(statement);
    return ordered;
}

static void put_columns(NsysDb *db, StrBuf *sql, NsysRows *rows, const char *table,
                        const char *const *columns)
{
    strbuf_add(sql, S("SELECT "));
    for (; columns[rows->columns] && rows->columns < NSYS_COLUMNS_MAX; rows->columns++) {
        const char *name = columns[rows->columns];
        bool has = !strcmp(name, "rowid") || nsys_db_has_column(db, table, name);
        strbuf_fmt(sql, "%s%s%s%s", rows->columns ? ", " : "", has ? "t.\"" : "",
                   has ? name : "NULL", has ? "\"" : "");
    }
}

NsysRows nsys_db_rows_near(NsysDb *db, const char *table, const char *const *columns,
                           const char *order, size_t window)
{
    NsysRows rows = {.db = db};
    StrBuf sql = strbuf_new(db->arena);
    if (!nsys_db_has(db, table))
        return rows;
    put_columns(db, &sql, &rows, table, columns);
    /* What is sorted are the numbers of the rows: a tenth of what is in them. */
    if (order && nsys_db_has_column(db, table, order) && !is_in_order(db, table, order, window))
        strbuf_fmt(&sql,
                   " FROM (SELECT rowid AS r FROM \"%s\" ORDER BY \"%s\" LIMIT -1) CROSS JOIN "
                   "\"%s\" AS t ON t.rowid = r",
                   table, order, table);
    else
        strbuf_fmt(&sql, " FROM \"%s\" AS t", table);
    rows.statement = prepare(db, str_cstr(db->arena, strbuf_str(&sql)));
    return rows;
}

NsysRows nsys_db_rows(NsysDb *db, const char *table, const char *const *columns, const char *order)
{
    return nsys_db_rows_near(db, table, columns, order, 0);
}

NsysRows nsys_db_rows_of(NsysDb *db, const char *table, const char *const *columns,
                         const char *column, int64_t value)
{
    NsysRows rows = {.db = db};
    StrBuf sql = strbuf_new(db->arena);
    if (!nsys_db_has(db, table))
        return rows;
    put_columns(db, &sql, &rows, table, columns);
    strbuf_fmt(&sql, " FROM \"%s\" AS t WHERE \"%s\" = ?1", table, column);
    rows.statement = prepare(db, str_cstr(db->arena, strbuf_str(&sql)));
    if (rows.statement)
        sqlite3_bind_int64(rows.statement, 1, value);
    return rows;
}

void nsys_rows_end(NsysRows *rows)
{
    sqlite3_finalize(rows->statement);
    rows->statement = NULL;
}

static bool rows_step(NsysRows *rows)
{
    if (rows->statement && step(rows->db, rows->statement))
        return true;
    nsys_rows_end(rows);
    return false;
}

Str nsys_rows_text(const NsysRows *rows, int column)
{
    const char *text = (const char *)sqlite3_column_text(rows->statement, column);
    return text ? (Str){text, (size_t)sqlite3_column_bytes(rows->statement, column)} : (Str){0};
}

bool nsys_rows_numbers(NsysRows *rows, int64_t *values, uint32_t *nulls)
{
    if (!rows_step(rows))
        return false;
    *nulls = 0;
    for (int i = 0; i < rows->columns; i++) {
        int type = sqlite3_column_type(rows->statement, i);
        values[i] = type == SQLITE_TEXT ? 0 : sqlite3_column_int64(rows->statement, i);
        *nulls |= (uint32_t)(type == SQLITE_NULL) << i;
    }
    return true;
}

bool nsys_rows_next(NsysRows *rows, NsysValue *values)
{
    if (!rows_step(rows))
        return false;
    for (int i = 0; i < rows->columns; i++) {
        int type = sqlite3_column_type(rows->statement, i);
        values[i] = (NsysValue){.is_null = type == SQLITE_NULL};
        if (type == SQLITE_TEXT)
            values[i].text = nsys_rows_text(rows, i);
        else
            values[i].number = sqlite3_column_int64(rows->statement, i);
    }
    return true;
}

Str nsys_db_string(NsysDb *db, int64_t id)
{
    uint32_t *slot = idmap_slot(&db->string_of, (uint64_t)id + 1);
    if (*slot)
        return db->strings.items[*slot - 1];
    Str text = {0};
    if (db->string) {
        sqlite3_bind_int64(db->string, 1, id);
        if (step(db, db->string)) {
            const char *bytes = (const char *)sqlite3_column_text(db->string, 0);
            if (bytes)
                text =
                    str_copy(db->arena, (Str){bytes, (size_t)sqlite3_column_bytes(db->string, 0)});
        }
        sqlite3_reset(db->string);
    }
    *array_push(db->arena, &db->strings) = text;
    *slot = (uint32_t)db->strings.len;
    return text;
}
