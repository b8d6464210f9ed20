/* The ledger's reports: what harnesses said of their benchmarks. */

#include "runners/ledger/ledger_db.h"

#include "base/map.h"

enum {
    ROWS_MAX = 20000, /* looked at, newest first */
};

static bool add_row(Ledger *ledger, const LedgerReport *report, int64_t *id, Err *err)
{
    LedgerQuery *query =
        ledger_query(ledger, "INSERT INTO report (worktree, folder, workload, iteration, time, "
                             "harness, origin, source) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    query_str(query, ledger_worktree(ledger));
    query_str(query, ledger_folder(ledger));
    query_str(query, report->workload);
    query_ref(query, report->iteration);
    query_i64(query, report->time_s);
    query_str(query, report->harness);
    query_str(query, report->origin);
    query_str(query, report->source);
    return query_insert(query, id, err);
}

static bool add_benchmark(Ledger *ledger, int64_t report, const LedgerBenchmark *benchmark,
                          Err *err)
{
    LedgerQuery *query = ledger_query(
        ledger, "INSERT OR REPLACE INTO benchmark (report, name, unit, p50, samples) VALUES (?, ?, "
                "?, ?, ?)");
    query_i64(query, report);
    query_str(query, benchmark->name);
    query_i64(query, benchmark->unit);
    query_double(query, benchmark->p50);
    query_i64(query, (int64_t)benchmark->samples);
    return query_done(query, err);
}

bool ledger_add_report(Ledger *ledger, const LedgerReport *report, Err *err)
{
    int64_t id = 0;
    if (!ledger_begin(ledger, err))
        return false;
    bool ok = add_row(ledger, report, &id, err);
    array_each (const LedgerBenchmark, benchmark, &report->benchmarks)
        ok = ok && add_benchmark(ledger, id, benchmark, err);
    if (ok && ledger_commit(ledger, err))
        return true;
    ledger_rollback(ledger);
    return false;
}

static Unit unit_from(int64_t number)
{
    return number >= UNIT_COUNT && number <= UNIT_PERCENT ? (Unit)number : UNIT_COUNT;
}

bool ledger_benchmarks(Arena *arena, Ledger *ledger, Str origin, LedgerBenchmarks *out, Err *err)
{
    bool has = false;
    LedgerBenchmarks found = {0};
    if (!ledger_has_table(ledger, S("benchmark"), &has, err))
        return false;
    if (!has) {
        *out = found;
        return true;
    }
    Map *seen = map_new(arena);
    LedgerQuery *query = ledger_query(
        ledger, "SELECT b.name, b.unit, b.p50, b.samples, r.harness, r.origin, r.source, r.time "
                "FROM report r JOIN benchmark b ON b.report = r.id "
                "LEFT JOIN iteration i ON i.id = r.iteration "
                "WHERE r.worktree = ?1 AND r.folder = ?2 AND (?3 = '' OR r.origin = ?3) "
                "AND coalesce(i.state, '') != 'reverted' "
                "ORDER BY r.time DESC, r.id DESC, b.name LIMIT ?4");
    query_str(query, ledger_worktree(ledger));
    query_str(query, ledger_folder(ledger));
    query_str(query, origin);
    query_i64(query, ROWS_MAX);
    while (query_next(query)) {
        LedgerBenchmark row = {
            .name = query_get_str(arena, query, 0),
            .unit = unit_from(query_get_i64(query, 1)),
            .p50 = query_get_double(query, 2),
            .samples = (uint64_t)query_get_i64(query, 3),
            .harness = query_get_str(arena, query, 4),
            .origin = query_get_str(arena, query, 5),
            .source = query_get_str(arena, query, 6),
            .time_s = query_get_i64(query, 7),
        };
        Str key = str_fmt(arena, STR_FMT "\n" STR_FMT, STR_ARG(row.harness), STR_ARG(row.name));
        if (map_has(seen, key))
            continue;
        map_put(seen, key, ledger);
        *array_push(arena, &found) = row;
    }
    if (!query_done(query, err))
        return false;
    *out = found;
    return true;
}
