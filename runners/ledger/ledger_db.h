/*
 * LedgerDb: SQL for ledger_rows.c, without SQLite's header. Private to the ledger.
 *
 *     LedgerQuery *query = ledger_query(ledger, "SELECT id, name FROM t WHERE folder = ?", err);
 *     query_str(query, folder);
 *     while (query_next(query))
 *         add(query_get_i64(query, 0), query_get_str(arena, query, 1));
 *     return query_done(query, err);
 *
 * The first problem sticks to the query; later calls on it do nothing, and query_done says it.
 * ledger_query itself never returns NULL.
 */
#ifndef RUNNERS_LEDGER_LEDGER_DB_H
#define RUNNERS_LEDGER_LEDGER_DB_H

#include "runners/ledger/ledger.h"

typedef struct LedgerQuery LedgerQuery;

LedgerQuery *ledger_query(Ledger *ledger, const char *sql);
/* Each binds the next `?`. */
void query_i64(LedgerQuery *query, int64_t value);
/* 0 becomes NULL: a reference to nothing. */
void query_ref(LedgerQuery *query, int64_t value);
/* NaN becomes NULL. */
void query_double(LedgerQuery *query, double value);
void query_str(LedgerQuery *query, Str value);

bool query_next(LedgerQuery *query);
int64_t query_get_i64(LedgerQuery *query, int column);
/* NULL is NaN. */
double query_get_double(LedgerQuery *query, int column);
Str query_get_str(Arena *arena, LedgerQuery *query, int column);

/* Runs what is left and ends the query. */
bool query_done(LedgerQuery *query, Err *err) MUST_CHECK;
/* The same for an INSERT; *id is the new row. */
bool query_insert(LedgerQuery *query, int64_t *id, Err *err) MUST_CHECK;

/* A ledger that an older perfloop wrote, and nobody has written since, lacks a newer table. */
bool ledger_has_table(Ledger *ledger, Str table, bool *has, Err *err) MUST_CHECK;

/* The workspace the ledger is bound to. */
Str ledger_worktree(const Ledger *ledger);
Str ledger_folder(const Ledger *ledger);

#endif
