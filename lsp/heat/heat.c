#include "lsp/heat/heat.h"

#include "base/log.h"
#include "base/map.h"
#include "base/path.h"
#include "lsp/heat/heat_data.h"
#include "runners/profiling/benches/bench_numbers.h"
#include "runners/workloads.h"

void heat_note(Heat *heat, const char *fmt, ...)
{
    enum {
        NOTES_MAX = 20
    };
    if (heat->n_notes == NOTES_MAX)
        return;
    if (!heat->notes)
        heat->notes = NEW_ARRAY(heat->arena, Str, NOTES_MAX);
    va_list args;
    va_start(args, fmt);
    Str note = str_vfmt(heat->arena, fmt, args);
    va_end(args);
    heat->notes[heat->n_notes++] = note;
    log_info("heat: " STR_FMT, STR_ARG(note));
}

static void load_workloads(Heat *heat, const Places *places)
{
    Err err = {0};
    if (!workloads_load(heat->arena, places->root, NULL, &heat->workload_file, &err)) {
        if (err.kind != ERR_NOT_FOUND)
            heat_note(heat, "%s", err.msg);
        return;
    }
    heat->workload_path = path_base(heat->workload_file.name);
}

/* The paths that ever had heat: those of the Heat before, and the mapped files of this profile. */
static void remember_paths(Heat *heat, const Heat *before)
{
    Map *seen = map_new(heat->arena);
    for (size_t i = 0; before && i < before->n_known; i++)
        map_put(seen, str_copy(heat->arena, before->known[i]), heat);
    for (size_t i = 0; i < heat->now.row.files.len; i++)
        map_put(seen, heat->now.row.files.items[i].path, heat);
    for (size_t i = 0; i < heat->n_others; i++)
        array_each (const LedgerFile, file, &heat->others[i]->now.row.files)
            map_put(seen, file->path, heat);
    heat->known = NEW_ARRAY(heat->arena, Str, map_len(seen) + 1);
    map_each (entry, seen)
        heat->known[heat->n_known++] = entry->key;
}

Heat *heat_load(Arena *arena, const HeatInput *input)
{
    Heat *heat = NEW(arena, Heat);
    Err err = {0};
    heat->arena = arena;
    if (!input->places)
        return heat;
    heat->root = str_copy(arena, input->places->root);
    load_workloads(heat, input->places);
    if (!loop_view_load(arena, input->places, &heat->loop, &err))
        heat_note(heat, "%s", err.msg);
    err = (Err){0};
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(input->places, LEDGER_READ, &err);
    if (ledger)
        heat_load_profiles(heat, input->places, ledger, input->settings);
    else if (err.kind != ERR_NOT_FOUND)
        heat_note(heat, "%s", err.msg);
    heat_load_facts(heat, input->places, input->settings);
    heat->bench = bench_numbers_load(arena, input->places, ledger, &heat->workload_file);
    remember_paths(heat, input->before);
    heat_share_with_others(heat);
    return heat;
}

static void add_path(Str *paths, size_t *count, size_t max, Str path)
{
    for (size_t i = 0; i < *count; i++)
        if (str_eq(paths[i], path))
            return;
    if (*count < max)
        paths[(*count)++] = path;
}

/* The files of the hottest lines that its profile may show. */
static void add_hottest(const Heat *heat, const Settings *settings, Str *paths, size_t *count,
                        size_t max)
{
    uint32_t rank = 0, limit = settings->heat == SHOW_ALL ? UINT32_MAX : settings->top;
    for (size_t i = 0; heat->now.present && settings->heat != SHOW_OFF; i++) {
        if (i == heat->now.spots->lines_len || rank == limit || *count == max)
            break;
        if (!heat->now.spots->lines[i].own || !heat->now.spots->lines[i].mapped)
            continue;
        rank++;
        add_path(paths, count, max, heat->now.spots->lines[i].file);
    }
}

size_t heat_notable_files(Arena *arena, const Heat *heat, const Settings *settings, Str *paths,
                          size_t max)
{
    size_t count = 0;
    if (heat->workload_path.len)
        add_path(paths, &count, max, str_copy(arena, heat->workload_path));
    for (size_t i = 0; i < heat->facts.n_workloads; i++) {
        const IterationFacts *last = &heat->facts.workloads[i].last;
        bool slower = last->step == LOOP_MEASURED && last->verdict == LOOP_SLOWER;
        for (size_t k = 0; slower && k < last->n_places; k++)
            add_path(paths, &count, max, last->places[k].path);
    }
    add_hottest(heat, settings, paths, &count, max);
    for (size_t i = 0; i < heat->n_others; i++)
        add_hottest(heat->others[i], settings, paths, &count, max);
    return count;
}

void heat_finish(Heat *heat)
{
    if (!heat)
        return;
    profile_close(&heat->now.open);
    profile_close(&heat->base.open);
    for (size_t i = 0; i < heat->n_others; i++) {
        profile_close(&heat->others[i]->now.open);
        profile_close(&heat->others[i]->base.open);
    }
}
