/* The ledger's iterations with their changes, verdicts and pairs. */

#include "runners/ledger/ledger_db.h"

#define ITERATION_COLUMNS                                                                        \
    "i.id, i.workload, i.time, coalesce(i.baseline, 0), i.base, i.candidate, i.state, i.tests, " \
    "i.checkpoint, i.undo"
#define VERDICT_COLUMNS                                                                    \
    "id, time, kind, status, sentence, metric, unit, before, after, estimate, low, high, " \
    "pairs, needed, design, flag, seed, attempts, evidence, coalesce(conditions, 0)"

static bool supersede(Ledger *ledger, int64_t workload, Err *err)
{
    LedgerQuery *query = ledger_query(ledger, "UPDATE iteration SET state = 'superseded' "
                                              "WHERE workload = ? AND state = 'measured'");
    query_i64(query, workload);
    return query_done(query, err);
}

static bool add_row(Ledger *ledger, const LedgerIteration *iteration, int64_t *id, Err *err)
{
    LedgerQuery *query = ledger_query(
        ledger, "INSERT INTO iteration (workload, time, baseline, base, candidate, undo, "
                "state) VALUES (?, ?, ?, ?, ?, ?, ?)");
    query_i64(query, iteration->workload);
    query_i64(query, iteration->time_s);
    query_ref(query, iteration->baseline);
    query_str(query, iteration->base);
    query_str(query, iteration->candidate);
    query_str(query, iteration->undo);
    query_str(query, iteration->state);
    return query_insert(query, id, err);
}

static bool add_change(Ledger *ledger, int64_t iteration, size_t n, const LedgerChange *change,
                       Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("change");
    LedgerQuery *query = ledger_query(
        ledger, "INSERT INTO change (iteration, n, path, kind, function, first_line, last_line, "
                "content) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    query_i64(query, iteration);
    query_i64(query, (int64_t)n);
    query_str(query, change->path);
    query_str(query, change->kind);
    query_str(query, change->function);
    query_i64(query, change->first_line);
    query_i64(query, change->last_line);
    query_str(query,
              digest_is_zero(change->content) ? S("") : digest_hex(scratch, change->content));
    return query_done(query, err);
}

bool ledger_add_iteration(Ledger *ledger, const LedgerIteration *iteration, int64_t *id, Err *err)
{
    if (!ledger_begin(ledger, err))
        return false;
    bool ok = supersede(ledger, iteration->workload, err) && add_row(ledger, iteration, id, err);
    for (size_t n = 0; ok && n < iteration->changes.len; n++)
        ok = add_change(ledger, *id, n, &iteration->changes.items[n], err);
    if (ok && ledger_commit(ledger, err))
        return true;
    ledger_rollback(ledger);
    return false;
}

static bool read_changes(Arena *arena, Ledger *ledger, LedgerIteration *iteration, Err *err)
{
    LedgerQuery *query =
        ledger_query(ledger, "SELECT path, kind, function, first_line, last_line, content "
                             "FROM change WHERE iteration = ? ORDER BY n");
    query_i64(query, iteration->id);
    while (query_next(query)) {
        LedgerChange *change = array_push(arena, &iteration->changes);
        *change = (LedgerChange){
            .path = query_get_str(arena, query, 0),
            .kind = query_get_str(arena, query, 1),
            .function = query_get_str(arena, query, 2),
            .first_line = (uint32_t)query_get_i64(query, 3),
            .last_line = (uint32_t)query_get_i64(query, 4),
        };
        if (!digest_from_hex(query_get_str(arena, query, 5), &change->content))
            change->content = (Digest){0};
    }
    return query_done(query, err);
}

static bool read_verdict(Arena *arena, Ledger *ledger, LedgerIteration *iteration, Err *err)
{
    LedgerQuery *query = ledger_query(ledger, "SELECT " VERDICT_COLUMNS " FROM verdict "
                                              "WHERE iteration = ? ORDER BY id DESC LIMIT 1");
    query_i64(query, iteration->id);
    if (query_next(query))
        iteration->verdict = (LedgerVerdict){
            .id = query_get_i64(query, 0),
            .time_s = query_get_i64(query, 1),
            .kind = query_get_str(arena, query, 2),
            .status = query_get_str(arena, query, 3),
            .sentence = query_get_str(arena, query, 4),
            .metric = query_get_str(arena, query, 5),
            .unit = (Unit)query_get_i64(query, 6),
            .before = query_get_double(query, 7),
            .after = query_get_double(query, 8),
            .estimate = query_get_double(query, 9),
            .low = query_get_double(query, 10),
            .high = query_get_double(query, 11),
            .pairs = (size_t)query_get_i64(query, 12),
            .needed = (size_t)query_get_i64(query, 13),
            .design = query_get_str(arena, query, 14),
            .flag = query_get_str(arena, query, 15),
            .seed = (uint64_t)query_get_i64(query, 16),
            .attempts = (uint64_t)query_get_i64(query, 17),
            .evidence = query_get_str(arena, query, 18),
            .conditions = query_get_i64(query, 19),
        };
    return query_done(query, err);
}

static LedgerIteration iteration_from_row(Arena *arena, LedgerQuery *query)
{
    return (LedgerIteration){
        .id = query_get_i64(query, 0),
        .workload = query_get_i64(query, 1),
        .time_s = query_get_i64(query, 2),
        .baseline = query_get_i64(query, 3),
        .base = query_get_str(arena, query, 4),
        .candidate = query_get_str(arena, query, 5),
        .state = query_get_str(arena, query, 6),
        .tests = query_get_str(arena, query, 7),
        .checkpoint = query_get_str(arena, query, 8),
        .undo = query_get_str(arena, query, 9),
    };
}

bool ledger_iterations(Arena *arena, Ledger *ledger, int64_t workload, size_t limit,
                       LedgerIterations *out, Err *err)
{
    LedgerIterations found = {0};
    LedgerQuery *query =
        ledger_query(ledger, "SELECT " ITERATION_COLUMNS " FROM iteration i WHERE i.workload = ? "
                             "ORDER BY i.id DESC LIMIT ?");
    query_i64(query, workload);
    query_i64(query, limit ? (int64_t)limit : -1);
    while (query_next(query))
        *array_push(arena, &found) = iteration_from_row(arena, query);
    bool ok = query_done(query, err);
    array_each (LedgerIteration, iteration, &found)
        ok = ok && read_changes(arena, ledger, iteration, err) &&
             read_verdict(arena, ledger, iteration, err);
    if (ok)
        *out = found;
    return ok;
}

bool ledger_iteration(Arena *arena, Ledger *ledger, int64_t id, LedgerIteration *out, Err *err)
{
    LedgerIteration found = {0};
    LedgerQuery *query =
        ledger_query(ledger, "SELECT " ITERATION_COLUMNS
                             " FROM iteration i JOIN workload w ON w.id = i.workload "
                             "WHERE i.id = ? AND w.worktree = ? AND w.folder = ?");
    query_i64(query, id);
    query_str(query, ledger_worktree(ledger));
    query_str(query, ledger_folder(ledger));
    if (query_next(query))
        found = iteration_from_row(arena, query);
    if (!query_done(query, err))
        return false;
    if (!found.id)
        return err_set(err, ERR_NOT_FOUND, "there is no iteration %lld here", (long long)id);
    if (!read_changes(arena, ledger, &found, err) || !read_verdict(arena, ledger, &found, err))
        return false;
    *out = found;
    return true;
}

bool ledger_set_iteration(Ledger *ledger, int64_t id, Str state, Str tests, Str checkpoint,
                          Err *err)
{
    LedgerQuery *query =
        ledger_query(ledger, "UPDATE iteration SET state = iif(?2 = '', state, ?2), "
                             "tests = iif(?3 = '', tests, ?3), "
                             "checkpoint = iif(?4 = '', checkpoint, ?4) WHERE id = ?1");
    query_i64(query, id);
    query_str(query, state);
    query_str(query, tests);
    query_str(query, checkpoint);
    return query_done(query, err);
}

bool ledger_add_verdict(Ledger *ledger, int64_t iteration, const LedgerVerdict *verdict, Err *err)
{
    LedgerQuery *query = ledger_query(
        ledger, "INSERT INTO verdict (iteration, time, kind, status, sentence, metric, unit, "
                "before, after, estimate, low, high, pairs, needed, design, flag, seed, attempts, "
                "evidence, conditions) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                "?, ?, ?)");
    query_i64(query, iteration);
    query_i64(query, verdict->time_s);
    query_str(query, verdict->kind);
    query_str(query, verdict->status);
    query_str(query, verdict->sentence);
    query_str(query, verdict->metric);
    query_i64(query, verdict->unit);
    query_double(query, verdict->before);
    query_double(query, verdict->after);
    query_double(query, verdict->estimate);
    query_double(query, verdict->low);
    query_double(query, verdict->high);
    query_i64(query, (int64_t)verdict->pairs);
    query_i64(query, (int64_t)verdict->needed);
    query_str(query, verdict->design);
    query_str(query, verdict->flag);
    query_i64(query, (int64_t)verdict->seed);
    query_i64(query, (int64_t)verdict->attempts);
    query_str(query, verdict->evidence);
    query_ref(query, verdict->conditions);
    return query_done(query, err);
}

static bool add_pair(Ledger *ledger, int64_t iteration, size_t n, const LedgerPair *pair, Err *err)
{
    LedgerQuery *query = ledger_query(
        ledger, "INSERT INTO pair (iteration, n, base, candidate, first) VALUES (?, ?, ?, ?, ?)");
    query_i64(query, iteration);
    query_i64(query, (int64_t)n);
    query_double(query, pair->base);
    query_double(query, pair->candidate);
    query_i64(query, pair->candidate_first);
    return query_done(query, err);
}

bool ledger_put_pairs(Ledger *ledger, int64_t iteration, const LedgerPair *pairs, size_t count,
                      Err *err)
{
    if (!ledger_begin(ledger, err))
        return false;
    LedgerQuery *old = ledger_query(ledger, "DELETE FROM pair WHERE iteration = ?");
    query_i64(old, iteration);
    bool ok = query_done(old, err);
    for (size_t n = 0; ok && n < count; n++)
        ok = add_pair(ledger, iteration, n, &pairs[n], err);
    if (ok && ledger_commit(ledger, err))
        return true;
    ledger_rollback(ledger);
    return false;
}

bool ledger_pairs(Arena *arena, Ledger *ledger, int64_t iteration, LedgerPairs *out, Err *err)
{
    LedgerPairs found = {0};
    LedgerQuery *query = ledger_query(
        ledger, "SELECT base, candidate, first FROM pair WHERE iteration = ? ORDER BY n");
    query_i64(query, iteration);
    while (query_next(query))
        *array_push(arena, &found) = (LedgerPair){
            .base = query_get_double(query, 0),
            .candidate = query_get_double(query, 1),
            .candidate_first = query_get_i64(query, 2) != 0,
        };
    if (!query_done(query, err))
        return false;
    *out = found;
    return true;
}
