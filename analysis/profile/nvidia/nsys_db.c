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
    sqlite3_exec(handle, "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY", NULL, NULL, NULL);
}

NsysDb *nsys_db_open(Arena *arena, Str bytes, Err *err)
{
    NsysDb *db = NEW(arena, NsysDb);
    db->arena = arena;
    db->string_of = idmap_new(arena);
    /* Without the flag that would let SQLite write, the mapped bytes stay as they are. */
    unsigned char *data = (unsigned char *)(uintptr_t)bytes.ptr;
    if (!is_sqlite(bytes) ||
        sqlite3_open_v2(":memory:", &db->handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK ||
        sqlite3_deserialize(db->handle, "main", data, (sqlite3_int64)bytes.len,
                            (sqlite3_int64)bytes.len, SQLITE_DESERIALIZE_READONLY) != SQLITE_OK) {
        err_set(err, ERR_INPUT, "no SQLite file, or a damaged one");
        nsys_db_close(db);
        return NULL;
    }
    disarm(db->handle);
    db->string = prepare(db, "SELECT count(*) FROM sqlite_master");
    bool whole = db->string && step(db, db->string);
    sqlite3_finalize(db->string);
    db->string = NULL;
    if (!whole) {
        err_set(err, ERR_INPUT, "a damaged SQLite file: %s", db->damage);
        nsys_db_close(db);
        return NULL;
    }
    if (nsys_db_has(db, "StringIds"))
        db->string = prepare(db, "SELECT value FROM StringIds WHERE id = ?1");
    return db;
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

bool nsys_db_has_column(NsysDb *db, const char *table, const char *column)
{
    sqlite3_stmt *statement = prepare(db, "SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2");
    bool found = false;
    if (statement) {
        sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 2, column, -1, SQLITE_STATIC);
        found = step(db, statement);
    }
    sqlite3_finalize(statement);
    return found;
}

/* Nearly always: then nothing has to be sorted, which would take all of the table into memory. */
static bool is_in_order(NsysDb *db, const char *table, const char *column)
{
    StrBuf sql = strbuf_new(db->arena);
    strbuf_fmt(&sql, "SELECT \"%s\" FROM \"%s\"", column, table);
    sqlite3_stmt *statement = prepare(db, str_cstr(db->arena, strbuf_str(&sql)));
    bool ordered = true;
    for (int64_t last = INT64_MIN; statement && ordered && step(db, statement);) {
        int64_t value = sqlite3_column_int64(statement, 0);
        ordered = value >= last;
        last = value;
    }
    sqlite3_finalize(statement);
    return ordered;
}

NsysRows nsys_db_rows(NsysDb *db, const char *table, const char *const *columns, const char *order)
{
    NsysRows rows = {.db = db};
    StrBuf sql = strbuf_new(db->arena);
    if (!nsys_db_has(db, table))
        return rows;
    strbuf_add(&sql, S("SELECT "));
    for (; columns[rows.columns] && rows.columns < NSYS_COLUMNS_MAX; rows.columns++) {
        bool has = nsys_db_has_column(db, table, columns[rows.columns]);
        strbuf_fmt(&sql, "%s%s%s%s", rows.columns ? ", " : "", has ? "\"" : "",
                   has ? columns[rows.columns] : "NULL", has ? "\"" : "");
    }
    strbuf_fmt(&sql, " FROM \"%s\"", table);
    if (order && nsys_db_has_column(db, table, order) && !is_in_order(db, table, order))
        strbuf_fmt(&sql, " ORDER BY \"%s\"", order);
    rows.statement = prepare(db, str_cstr(db->arena, strbuf_str(&sql)));
    return rows;
}

bool nsys_rows_next(NsysRows *rows, NsysValue *values)
{
    if (!rows->statement)
        return false;
    if (!step(rows->db, rows->statement)) {
        sqlite3_finalize(rows->statement);
        rows->statement = NULL;
        return false;
    }
    for (int i = 0; i < rows->columns; i++) {
        int type = sqlite3_column_type(rows->statement, i);
        values[i] = (NsysValue){.is_null = type == SQLITE_NULL};
        if (type == SQLITE_TEXT) {
            values[i].text.ptr = (const char *)sqlite3_column_text(rows->statement, i);
            values[i].text.len = (size_t)sqlite3_column_bytes(rows->statement, i);
        } else {
            values[i].number = sqlite3_column_int64(rows->statement, i);
        }
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
