/* The ledger's recordings of nvidia-smi, and which of them stand beside a profile. */

#include "runners/ledger/ledger_db.h"

enum {
    ROWS_MAX = 100, /* looked at, newest first */
};

bool ledger_add_gpus(Ledger *ledger, const LedgerGpus *gpus, Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("gpus");
    int64_t id;
    LedgerQuery *query =
        ledger_query(ledger, "INSERT INTO gpu_recording (worktree, folder, workload, snapshot, "
                             "profile, time, origin, source, content) VALUES (?, ?, ?, ?, ?, ?, ?, "
                             "?, ?)");
    query_str(query, ledger_worktree(ledger));
    query_str(query, ledger_folder(ledger));
    query_str(query, gpus->workload);
    query_str(query, gpus->snapshot);
    query_ref(query, gpus->profile);
    query_i64(query, gpus->time_s);
    query_str(query, gpus->origin);
    query_str(query, gpus->source);
    query_str(query, digest_hex(scratch, gpus->content));
    return query_insert(query, &id, err);
}

static bool has_origin(const LedgerGpusList *list, Str origin)
{
    array_each (const LedgerGpus, gpus, list)
        if (str_eq(gpus->origin, origin))
            return true;
    return false;
}

bool ledger_gpus(Arena *arena, Ledger *ledger, const LedgerProfile *profile, LedgerGpusList *out,
                 Err *err)
{
    bool has = false;
    LedgerGpusList found = {0};
    if (!ledger_has_table(ledger, S("gpu_recording"), &has, err))
        return false;
    if (!has) {
        *out = found;
        return true;
    }
    LedgerQuery *query = ledger_query(
        ledger, "SELECT ifnull(g.profile, 0), g.workload, g.snapshot, g.time, "
                "CASE WHEN g.profile = ?3 OR g.profile IS NULL THEN g.origin ELSE 'nsys' END, "
                "g.source, g.content "
                "FROM gpu_recording g LEFT JOIN profile p ON p.id = g.profile "
                "WHERE g.worktree = ?1 AND g.folder = ?2 AND (g.profile = ?3 OR "
                "(g.workload = ?4 AND g.snapshot = ?5 AND g.snapshot != '' AND "
                "(g.profile IS NULL OR (g.origin = 'profiler' AND p.tool = 'nsys')))) "
                "ORDER BY g.id DESC LIMIT ?6");
    query_str(query, ledger_worktree(ledger));
    query_str(query, ledger_folder(ledger));
    query_i64(query, profile->id);
    query_str(query, profile->workload);
    query_str(query, profile->snapshot);
    query_i64(query, ROWS_MAX);
    while (query_next(query)) {
        LedgerGpus row = {
            .profile = query_get_i64(query, 0),
            .workload = query_get_str(arena, query, 1),
            .snapshot = query_get_str(arena, query, 2),
            .time_s = query_get_i64(query, 3),
            .origin = query_get_str(arena, query, 4),
            .source = query_get_str(arena, query, 5),
        };
        if (digest_from_hex(query_get_str(arena, query, 6), &row.content) &&
            !has_origin(&found, row.origin))
            *array_push(arena, &found) = row;
    }
    if (!query_done(query, err))
        return false;
    *out = found;
    return true;
}
