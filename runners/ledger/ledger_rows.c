/* The ledger's tables as structs. SQLite itself is behind ledger_db.h. */

#include "runners/ledger/ledger_db.h"

static Digest digest_or_zero(Str hex)
{
    Digest digest = {0};
    if (!digest_from_hex(hex, &digest))
        return (Digest){0};
    return digest;
}

static void bind_digest(LedgerQuery *query, Digest digest)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("digest");
    query_str(query, digest_is_zero(digest) ? S("") : digest_hex(scratch, digest));
}

/* ---- workloads */

bool ledger_put_workload(Ledger *ledger, const LedgerWorkload *workload, int64_t *id, Err *err)
{
    LedgerQuery *query = ledger_query(
        ledger, "INSERT INTO workload (worktree, folder, name, metric, higher, target, "
                "target_value) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (worktree, folder, name) "
                "DO UPDATE SET "
                "metric = excluded.metric, higher = excluded.higher, target = excluded.target, "
                "target_value = excluded.target_value RETURNING id");
    query_str(query, ledger_worktree(ledger));
    query_str(query, ledger_folder(ledger));
    query_str(query, workload->name);
    query_str(query, workload->metric);
    query_i64(query, workload->higher_is_better);
    query_str(query, workload->target);
    query_double(query, workload->target_value);
    if (query_next(query))
        *id = query_get_i64(query, 0);
    return query_done(query, err);
}

bool ledger_workloads(Arena *arena, Ledger *ledger, LedgerWorkloads *out, Err *err)
{
    LedgerWorkloads found = {0};
    LedgerQuery *query =
        ledger_query(ledger, "SELECT id, name, metric, higher, target, target_value FROM workload "
                             "WHERE worktree = ? AND folder = ? ORDER BY id");
    query_str(query, ledger_worktree(ledger));
    query_str(query, ledger_folder(ledger));
    while (query_next(query))
        *array_push(arena, &found) = (LedgerWorkload){
            .id = query_get_i64(query, 0),
            .name = query_get_str(arena, query, 1),
            .metric = query_get_str(arena, query, 2),
            .higher_is_better = query_get_i64(query, 3) != 0,
            .target = query_get_str(arena, query, 4),
            .target_value = query_get_double(query, 5),
        };
    if (!query_done(query, err))
        return false;
    *out = found;
    return true;
}

/* ---- profiles */

static bool add_profile_row(Ledger *ledger, const LedgerProfile *profile, int64_t *id, Err *err)
{
    LedgerQuery *query =
        ledger_query(ledger, "INSERT INTO profile (worktree, folder, workload, time, tool, format, "
                             "source, run_dir, cache, metric, snapshot) "
                             "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query_str(query, ledger_worktree(ledger));
    query_str(query, ledger_folder(ledger));
    query_str(query, profile->workload);
    query_i64(query, profile->time_s);
    query_str(query, profile->tool);
    query_str(query, profile->format);
    query_str(query, profile->source);
    query_str(query, profile->run_dir);
    bind_digest(query, profile->cache);
    query_str(query, profile->metric);
    query_str(query, profile->snapshot);
    return query_insert(query, id, err);
}

static bool add_profile_file(Ledger *ledger, int64_t profile, const LedgerFile *file, Err *err)
{
    LedgerQuery *query = ledger_query(
        ledger, "INSERT OR REPLACE INTO profile_file (profile, path, content) VALUES (?, ?, ?)");
    query_i64(query, profile);
    query_str(query, file->path);
    bind_digest(query, file->content);
    return query_done(query, err);
}

bool ledger_add_profile(Ledger *ledger, const LedgerProfile *profile, int64_t *id, Err *err)
{
    if (!ledger_begin(ledger, err))
        return false;
    bool ok = add_profile_row(ledger, profile, id, err);
    array_each (LedgerFile, file, &profile->files)
        ok = ok && add_profile_file(ledger, *id, file, err);
    if (ok && ledger_commit(ledger, err))
        return true;
    ledger_rollback(ledger);
    return false;
}

static bool read_profile_files(Arena *arena, Ledger *ledger, LedgerProfile *profile, Err *err)
{
    LedgerQuery *query = ledger_query(
        ledger, "SELECT path, content FROM profile_file WHERE profile = ? ORDER BY path");
    query_i64(query, profile->id);
    while (query_next(query))
        *array_push(arena, &profile->files) = (LedgerFile){
            .path = query_get_str(arena, query, 0),
            .content = digest_or_zero(query_get_str(arena, query, 1)),
        };
    return query_done(query, err);
}

static LedgerProfile profile_from_row(Arena *arena, LedgerQuery *query)
{
    return (LedgerProfile){
        .id = query_get_i64(query, 0),
        .workload = query_get_str(arena, query, 1),
        .time_s = query_get_i64(query, 2),
        .tool = query_get_str(arena, query, 3),
        .format = query_get_str(arena, query, 4),
        .source = query_get_str(arena, query, 5),
        .run_dir = query_get_str(arena, query, 6),
        .cache = digest_or_zero(query_get_str(arena, query, 7)),
        .metric = query_get_str(arena, query, 8),
        .snapshot = query_get_str(arena, query, 9),
    };
}

bool ledger_profiles(Arena *arena, Ledger *ledger, Str workload, size_t limit, LedgerProfiles *out,
                     Err *err)
{
    LedgerProfiles found = {0};
    LedgerQuery *query = ledger_query(
        ledger, "SELECT id, workload, time, tool, format, source, run_dir, cache, metric, snapshot "
                "FROM profile WHERE worktree = ?1 AND folder = ?2 "
                "AND (?3 = '' OR workload = ?3) ORDER BY id DESC LIMIT ?4");
    query_str(query, ledger_worktree(ledger));
    query_str(query, ledger_folder(ledger));
    query_str(query, workload);
    query_i64(query, limit ? (int64_t)limit : -1);
    while (query_next(query))
        *array_push(arena, &found) = profile_from_row(arena, query);
    bool ok = query_done(query, err);
    array_each (LedgerProfile, profile, &found)
        ok = ok && read_profile_files(arena, ledger, profile, err);
    if (ok)
        *out = found;
    return ok;
}

/* ---- conditions */

bool ledger_put_conditions(Ledger *ledger, Str digest, Str json, int64_t *id, Err *err)
{
    LedgerQuery *query =
        ledger_query(ledger, "INSERT INTO conditions (digest, json) VALUES (?, ?) "
                             "ON CONFLICT (digest) DO UPDATE SET json = json RETURNING id");
    query_str(query, digest);
    query_str(query, json);
    if (query_next(query))
        *id = query_get_i64(query, 0);
    return query_done(query, err);
}

bool ledger_conditions(Arena *arena, Ledger *ledger, int64_t id, Str *json, Err *err)
{
    *json = (Str){0};
    LedgerQuery *query = ledger_query(ledger, "SELECT json FROM conditions WHERE id = ?");
    query_i64(query, id);
    if (query_next(query))
        *json = query_get_str(arena, query, 0);
    return query_done(query, err);
}

/* ---- baselines */

static bool add_baseline_row(Ledger *ledger, const LedgerBaseline *baseline, int64_t *id, Err *err)
{
    LedgerQuery *query =
        ledger_query(ledger, "INSERT INTO baseline (workload, time, snapshot, origin, head, "
                             "conditions, metric, unit, value, low, high, runs) "
                             "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query_i64(query, baseline->workload);
    query_i64(query, baseline->time_s);
    query_str(query, baseline->snapshot);
    query_str(query, baseline->origin);
    query_str(query, baseline->head);
    query_ref(query, baseline->conditions);
    query_str(query, baseline->metric);
    query_i64(query, baseline->unit);
    query_double(query, baseline->value);
    query_double(query, baseline->low);
    query_double(query, baseline->high);
    query_i64(query, (int64_t)baseline->runs);
    return query_insert(query, id, err);
}

static bool add_sample(Ledger *ledger, int64_t baseline, size_t n, double value, Err *err)
{
    LedgerQuery *query =
        ledger_query(ledger, "INSERT INTO sample (baseline, n, value) VALUES (?, ?, ?)");
    query_i64(query, baseline);
    query_i64(query, (int64_t)n);
    query_double(query, value);
    return query_done(query, err);
}

bool ledger_add_baseline(Ledger *ledger, const LedgerBaseline *baseline, int64_t *id, Err *err)
{
    if (!ledger_begin(ledger, err))
        return false;
    bool ok = add_baseline_row(ledger, baseline, id, err);
    for (size_t n = 0; ok && baseline->samples && n < baseline->runs; n++)
        ok = add_sample(ledger, *id, n, baseline->samples[n], err);
    if (ok && ledger_commit(ledger, err))
        return true;
    ledger_rollback(ledger);
    return false;
}

bool ledger_baseline(Arena *arena, Ledger *ledger, int64_t workload, LedgerBaseline *out, Err *err)
{
    LedgerBaseline found = {0};
    LedgerQuery *query = ledger_query(
        ledger, "SELECT id, workload, time, snapshot, origin, conditions, metric, unit, value, "
                "low, high, runs, head FROM baseline WHERE workload = ? ORDER BY id DESC LIMIT 1");
    query_i64(query, workload);
    if (query_next(query))
        found = (LedgerBaseline){
            .id = query_get_i64(query, 0),
            .workload = query_get_i64(query, 1),
            .time_s = query_get_i64(query, 2),
            .snapshot = query_get_str(arena, query, 3),
            .origin = query_get_str(arena, query, 4),
            .conditions = query_get_i64(query, 5),
            .metric = query_get_str(arena, query, 6),
            .unit = (Unit)query_get_i64(query, 7),
            .value = query_get_double(query, 8),
            .low = query_get_double(query, 9),
            .high = query_get_double(query, 10),
            .runs = (size_t)query_get_i64(query, 11),
            .head = query_get_str(arena, query, 12),
        };
    if (!query_done(query, err))
        return false;
    *out = found;
    return true;
}

/* ---- actions */

bool ledger_add_action(Ledger *ledger, const LedgerAction *action, int64_t *id, Err *err)
{
    LedgerQuery *query = ledger_query(
        ledger, "INSERT INTO action (iteration, time, kind, state, worktree, before, after, "
                "detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    query_i64(query, action->iteration);
    query_i64(query, action->time_s);
    query_str(query, action->kind);
    query_str(query, action->state);
    query_str(query, ledger_worktree(ledger));
    query_str(query, action->before);
    query_str(query, action->after);
    query_str(query, action->detail);
    return query_insert(query, id, err);
}

bool ledger_set_action(Ledger *ledger, int64_t id, Str state, Str after, Err *err)
{
    LedgerQuery *query = ledger_query(
        ledger, "UPDATE action SET state = ?2, after = iif(?3 = '', after, ?3) WHERE id = ?1");
    query_i64(query, id);
    query_str(query, state);
    query_str(query, after);
    return query_done(query, err);
}

bool ledger_actions(Arena *arena, Ledger *ledger, int64_t iteration, LedgerActions *out, Err *err)
{
    LedgerActions found = {0};
    LedgerQuery *query = ledger_query(
        ledger, "SELECT id, iteration, time, kind, state, before, after, detail FROM action "
                "WHERE worktree = ?1 AND iif(?2 = 0, state = 'begun', iteration = ?2) ORDER BY id");
    query_str(query, ledger_worktree(ledger));
    query_i64(query, iteration);
    while (query_next(query))
        *array_push(arena, &found) = (LedgerAction){
            .id = query_get_i64(query, 0),
            .iteration = query_get_i64(query, 1),
            .time_s = query_get_i64(query, 2),
            .kind = query_get_str(arena, query, 3),
            .state = query_get_str(arena, query, 4),
            .before = query_get_str(arena, query, 5),
            .after = query_get_str(arena, query, 6),
            .detail = query_get_str(arena, query, 7),
        };
    if (!query_done(query, err))
        return false;
    *out = found;
    return true;
}
