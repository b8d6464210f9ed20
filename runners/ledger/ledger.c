#include "runners/ledger/ledger.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "runners/ledger/ledger_db.h"
#include "runners/ledger/ledger_sql.h"

enum {
    BUSY_TIMEOUT_MS = 10 * 1000,
};

struct Ledger {
    Arena *arena;
    sqlite3 *db;
    Str worktree, folder;
    int depth; /* of transactions: inner ones are part of the outermost */
};

struct LedgerQuery {
    Arena *arena; /* holds the query itself */
    sqlite3 *db;
    sqlite3_stmt *stmt;
    int bound;
    int problem; /* first SQLite error, 0 while all is well */
};

static bool set_db_error(Err *err, sqlite3 *db)
{
    int code = sqlite3_errcode(db);
    ErrKind kind = code == SQLITE_BUSY                               ? ERR_CONFLICT
                   : code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? ERR_INPUT
                                                                     : ERR_IO;
    return err_set(err, kind, "ledger: %s", sqlite3_errmsg(db));
}

static bool exec(Ledger *ledger, const char *sql, Err *err)
{
    if (sqlite3_exec(ledger->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return set_db_error(err, ledger->db);
    return true;
}

/* ---- queries */

LedgerQuery *ledger_query(Ledger *ledger, const char *sql)
{
    Arena *arena = arena_new("query");
    LedgerQuery *query = NEW(arena, LedgerQuery);
    query->arena = arena;
    query->db = ledger->db;
    query->problem = sqlite3_prepare_v2(ledger->db, sql, -1, &query->stmt, NULL);
    return query;
}

static void note_problem(LedgerQuery *query, int code)
{
    if (!query->problem && code != SQLITE_OK)
        query->problem = code;
}

void query_i64(LedgerQuery *query, int64_t value)
{
    if (!query->problem)
        note_problem(query, sqlite3_bind_int64(query->stmt, ++query->bound, value));
}

void query_ref(LedgerQuery *query, int64_t value)
{
    if (value)
        query_i64(query, value);
    else
        query->bound++;
}

void query_double(LedgerQuery *query, double value)
{
    if (!query->problem) /* SQLite stores NaN as NULL */
        note_problem(query, sqlite3_bind_double(query->stmt, ++query->bound, value));
}

void query_str(LedgerQuery *query, Str value)
{
    if (!query->problem)
        note_problem(query,
                     sqlite3_bind_text64(query->stmt, ++query->bound, value.len ? value.ptr : "",
                                         value.len, SQLITE_TRANSIENT, SQLITE_UTF8));
}

bool query_next(LedgerQuery *query)
{
    if (query->problem)
        return false;
    int code = sqlite3_step(query->stmt);
    if (code == SQLITE_ROW)
        return true;
    note_problem(query, code == SQLITE_DONE ? SQLITE_OK : code);
    return false;
}

int64_t query_get_i64(LedgerQuery *query, int column)
{
    return sqlite3_column_int64(query->stmt, column);
}

double query_get_double(LedgerQuery *query, int column)
{
    if (sqlite3_column_type(query->stmt, column) == SQLITE_NULL)
        return NAN;
    return sqlite3_column_double(query->stmt, column);
}

Str query_get_str(Arena *arena, LedgerQuery *query, int column)
{
    const void *text = sqlite3_column_text(query->stmt, column);
    int bytes = sqlite3_column_bytes(query->stmt, column);
    return text ? str_copy(arena, (Str){text, (size_t)bytes}) : (Str){0};
}

bool query_done(LedgerQuery *query, Err *err)
{
    while (query_next(query))
        ;
    bool ok = !query->problem;
    if (!ok)
        set_db_error(err, query->db);
    sqlite3_finalize(query->stmt);
    arena_free(query->arena);
    return ok;
}

bool query_insert(LedgerQuery *query, int64_t *id, Err *err)
{
    sqlite3 *db = query->db;
    if (!query_done(query, err))
        return false;
    *id = sqlite3_last_insert_rowid(db);
    return true;
}

bool ledger_has_table(Ledger *ledger, Str table, bool *has, Err *err)
{
    LedgerQuery *query =
        ledger_query(ledger, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?");
    query_str(query, table);
    *has = query_next(query);
    return query_done(query, err);
}

Str ledger_worktree(const Ledger *ledger)
{
    return ledger->worktree;
}

Str ledger_folder(const Ledger *ledger)
{
    return ledger->folder;
}

/* ---- transactions */

bool ledger_begin(Ledger *ledger, Err *err)
{
    if (ledger->depth == 0 && !exec(ledger, "BEGIN IMMEDIATE", err))
        return false;
    ledger->depth++;
    return true;
}

bool ledger_commit(Ledger *ledger, Err *err)
{
    if (ledger->depth == 1 && !exec(ledger, "COMMIT", err))
        return false;
    ledger->depth--;
    return true;
}

void ledger_rollback(Ledger *ledger)
{
    Err ignored = {0};
    if (ledger->depth && !exec(ledger, "ROLLBACK", &ignored))
        log_warn("%s", ignored.msg);
    ledger->depth = 0;
}

/* ---- opening */

static bool schema_version(Ledger *ledger, int64_t *version, Err *err)
{
    LedgerQuery *query = ledger_query(ledger, "PRAGMA user_version");
    if (query_next(query))
        *version = query_get_i64(query, 0);
    return query_done(query, err);
}

/* The text of section `number` of ledger.sql; empty after the last. */
static Str schema_section(Arena *arena, int64_t number)
{
    Str sql = str_from_c(LEDGER_SQL);
    Str mark = str_fmt(arena, "\n-- version %lld\n", (long long)number);
    size_t start = str_find(sql, mark, 0);
    if (start == SIZE_MAX)
        return (Str){0};
    Str section = str_from(sql, start + mark.len);
    return str_head(section, str_find(section, S("\n-- version "), 0));
}

static bool run_section(Ledger *ledger, int64_t number, Str section, Err *err)
{
    Str pragma = str_fmt(ledger->arena, "PRAGMA user_version = %lld", (long long)number);
    return exec(ledger, str_cstr(ledger->arena, section), err) &&
           exec(ledger, str_cstr(ledger->arena, pragma), err);
}

/* Two processes may get here at once: the version is read again inside the transaction. */
static bool migrate(Ledger *ledger, Err *err)
{
    int64_t version = 0;
    if (!schema_version(ledger, &version, err))
        return false;
    if (!schema_section(ledger->arena, version + 1).len)
        return true;
    if (!ledger_begin(ledger, err))
        return false;
    bool ok = schema_version(ledger, &version, err);
    for (Str section; ok && (section = schema_section(ledger->arena, version + 1)).len; version++)
        ok = run_section(ledger, version + 1, section, err);
    if (ok && ledger_commit(ledger, err))
        return true;
    ledger_rollback(ledger);
    return err_wrap(err, "schema version %lld", (long long)version + 1);
}

static bool check_version(Ledger *ledger, Err *err)
{
    int64_t version = 0;
    if (!schema_version(ledger, &version, err))
        return false;
    if (version == 0)
        return err_set(err, ERR_NOT_FOUND, "the ledger is empty");
    if (!schema_section(ledger->arena, version).len)
        return err_set(err, ERR_UNSUPPORTED,
                       "the ledger was written by a newer perfloop (schema %lld)",
                       (long long)version);
    return true;
}

static bool open_file(Ledger *ledger, const Places *places, LedgerMode mode, Err *err)
{
    Str path = ledger_path(ledger->arena, places);
    if (mode == LEDGER_READ && !file_exists(path))
        return err_set(err, ERR_NOT_FOUND, "nothing was recorded here yet");
    if (mode == LEDGER_WRITE && !file_make_dirs(places->state, err))
        return false;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                (mode == LEDGER_WRITE ? SQLITE_OPEN_CREATE : 0);
    if (sqlite3_open_v2(str_cstr(ledger->arena, path), &ledger->db, flags, NULL) != SQLITE_OK)
        return set_db_error(err, ledger->db);
    sqlite3_busy_timeout(ledger->db, BUSY_TIMEOUT_MS);
    if (mode == LEDGER_READ)
        return check_version(ledger, err);
    return exec(ledger, "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;", err) &&
           migrate(ledger, err) && check_version(ledger, err);
}

Ledger *ledger_open(const Places *places, LedgerMode mode, Err *err)
{
    Arena *arena = arena_new("ledger");
    Ledger *ledger = NEW(arena, Ledger);
    ledger->arena = arena;
    Str folder;
    if (places->git_top.len && path_inside(places->git_top, places->root, &folder))
        ledger->folder = str_copy(arena, folder);
    if (!str_eq(places->git_dir, places->git_common))
        ledger->worktree = str_copy(arena, path_base(places->git_dir));
    if (!open_file(ledger, places, mode, err)) {
        ledger_free(ledger);
        return NULL;
    }
    return ledger;
}

void ledger_free(Ledger *ledger)
{
    if (!ledger)
        return;
    ledger_rollback(ledger);
    sqlite3_close(ledger->db);
    arena_free(ledger->arena);
}

void ledger_cleanup(Ledger **ledger)
{
    ledger_free(*ledger);
}

Str ledger_path(Arena *arena, const Places *places)
{
    return path_join(arena, places->state, S("ledger.db"));
}

static void add_stat(Digester *digester, Arena *scratch, Str path)
{
    struct stat st = {0};
    /* An empty log is one that a reader made: it says nothing, as no log does. */
    if (stat(str_cstr(scratch, path), &st) != 0 || st.st_size == 0)
        memset(&st, 0, sizeof st);
    int64_t facts[] = {st.st_mtim.tv_sec, st.st_mtim.tv_nsec, st.st_size, (int64_t)st.st_ino};
    digester_add(digester, (Str){(const char *)facts, sizeof facts});
}

uint64_t ledger_stamp(const Places *places)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("stamp");
    Digester *digester = digester_new(scratch);
    Str path = ledger_path(scratch, places);
    add_stat(digester, scratch, path);
    add_stat(digester, scratch, str_fmt(scratch, STR_FMT "-wal", STR_ARG(path)));
    return digester_done(digester).low;
}
