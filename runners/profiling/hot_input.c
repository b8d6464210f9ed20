#include "runners/profiling/hot_input.h"

#include "base/file.h"
#include "base/map.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/profiling/import.h"
#include "runners/profiling/kernels_here.h"
#include "runners/profiling/libraries.h"

void hot_input_close(HotInput *input)
{
    for (size_t i = 0; i < input->open_len; i++)
        profile_close(&input->open[i]);
    input->open_len = 0;
}

/* ------------------------------------------------------------------ files and the ledger */

/* Without a workspace: only what lies below the root is made relative to it. */
static bool open_file(Arena *arena, const Places *places, const HotChoice *choice, HotInput *out,
                      Err *err)
{
    ConvertOptions options = {
        .file = choice->file, .cache = places->cache, .program = choice->program};
    Converted converted;
    HotInput input = {.name = path_base(choice->file), .open = NEW(arena, OpenProfile)};
    if (!convert_file(arena, &options, &converted, err) ||
        !profile_open(arena, places->cache, converted.id, input.open, err))
        return false;
    input.open_len = 1;
    input.profile = input.open->profile;
    input.id = digest_hex(arena, converted.id);
    Libraries libraries = libraries_here(arena);
    input.map = pathmap_new(arena, (PathMapOptions){.root = places->root,
                                                    .libraries = libraries.items,
                                                    .libraries_len = libraries.len});
    *out = input;
    return true;
}

static bool find_row(Arena *arena, const Places *places, const HotChoice *choice,
                     LedgerProfile *out, Err *err)
{
    LedgerProfiles profiles = {0};
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(places, LEDGER_READ, err);
    bool none = !ledger && err->kind == ERR_NOT_FOUND;
    if (!ledger && !none)
        return false;
    if (ledger &&
        !ledger_profiles(arena, ledger, choice->workload, choice->profile ? 0 : 1, &profiles, err))
        return false;
    array_each (LedgerProfile, profile, &profiles)
        if (!choice->profile || profile->id == choice->profile) {
            *out = *profile;
            return true;
        }
    if (choice->profile)
        return err_set(err, ERR_NOT_FOUND, "no profile %lld in the ledger",
                       (long long)choice->profile);
    if (choice->workload.len)
        return err_set(err, ERR_NOT_FOUND,
                       "no profile of a workload '" STR_FMT "' yet: run `perfloop profile " STR_FMT
                       "`",
                       STR_ARG(choice->workload), STR_ARG(choice->workload));
    return err_set(err, ERR_NOT_FOUND,
                   "no profile yet: run `perfloop profile`, or `perfloop import FILE`");
}

/* A recording that was kept says what it holds; of another file the time tells. */
static bool is_unchanged(Arena *arena, const LedgerProfile *row, Digest id)
{
    Str name = path_base(row->source), kept = S("recording-");
    int64_t changed_s;
    if (str_starts(name, kept))
        return str_eq(str_from(name, kept.len), digest_hex(arena, id));
    return file_stat(row->source, &changed_s, NULL) && changed_s <= row->time_s;
}

/* Reads the source once more; kernels are placed where they were then. */
static bool read_again(Arena *arena, const Places *places, const LedgerProfile *row, Str program,
                       Err *err)
{
    Converted converted;
    ConvertOptions options = {.file = row->source, .cache = places->cache, .program = program};
    if (!convert_file(arena, &options, &converted, err))
        return false;
    if (digest_eq(converted.id, row->cache))
        return true;
    return is_unchanged(arena, row, converted.id)
               ? kernels_again(arena, places, row, converted.id, err)
               : err_set(err, ERR_NOT_FOUND, STR_FMT ": not what was imported any more",
                         STR_ARG(row->source));
}

/* The cache is a cache: what was swept or is old is made again, as long as its source is there. */
static bool open_again(Arena *arena, const Places *places, const LedgerProfile *row, Str program,
                       OpenProfile *open, Err *err)
{
    Err missing = {0};
    bool opened = profile_open(arena, places->cache, row->cache, open, &missing);
    if (opened && !convert_is_stale(arena, open))
        return true;
    if (opened)
        profile_close(open);
    if (!file_exists(row->source) || !read_again(arena, places, row, program, err)) {
        if (!opened)
            return err_set(err, ERR_NOT_FOUND,
                           "profile %lld: %s, and its recording is gone: profile again",
                           (long long)row->id, missing.msg);
        *err = (Err){0};
    }
    return profile_open(arena, places->cache, row->cache, open, err);
}

/* A row of the ledger that is known already. */
static bool open_row(Arena *arena, const Places *places, const LedgerProfile *row, Str program,
                     HotInput *out, Err *err)
{
    HotInput input = {.row = *row, .of_ledger = true, .open = NEW(arena, OpenProfile)};
    if (!open_again(arena, places, row, program, input.open, err))
        return false;
    input.open_len = 1;
    input.profile = input.open->profile;
    input.name = str_fmt(arena, "profile %lld", (long long)row->id);
    input.id = digest_hex(arena, row->cache);
    input.map = import_path_map(arena, places, row);
    *out = input;
    return true;
}

bool hot_input_open(Arena *arena, const Places *places, const HotChoice *choice, HotInput *out,
                    Err *err)
{
    LedgerProfile row;
    if (choice->file.len)
        return open_file(arena, places, choice, out, err);
    return find_row(arena, places, choice, &row, err) &&
           open_row(arena, places, &row, choice->program, out, err);
}

/* ------------------------------------------------------------------ merging */

static Str metric_names(Arena *arena, const Profile *profile)
{
    StrBuf out = strbuf_new(arena);
    size_t stalls = 0;
    for (size_t i = 0; i < profile->metrics_len; i++) {
        Str name = profile_text(profile, profile->metrics[i].name);
        if (str_starts(name, S("stall_")) && stalls++)
            continue;
        strbuf_fmt(&out, "%s" STR_FMT, out.len ? ", " : "", STR_ARG(name));
    }
    if (stalls > 1)
        strbuf_fmt(&out, " and %zu more stall_ reasons", stalls - 1);
    return strbuf_str(&out);
}

static bool same_metrics(const Profile *a, const Profile *b)
{
    bool same = a->metrics_len == b->metrics_len && a->graph == b->graph;
    for (size_t i = 0; same && i < a->metrics_len; i++) {
        size_t other = profile_metric(b, profile_text(a, a->metrics[i].name));
        same = other != SIZE_MAX && a->metrics[i].sampled == b->metrics[other].sampled &&
               str_eq(profile_text(a, a->metrics[i].unit), profile_text(b, b->metrics[other].unit));
    }
    return same;
}

static bool fits(Arena *arena, const HotInput *first, const HotInput *other, Err *err)
{
    if (first->of_ledger != other->of_ledger)
        return err_set(err, ERR_INPUT,
                       STR_FMT " and " STR_FMT
                               " cannot be merged: only one of them is of the ledger (import it)",
                       STR_ARG(first->name), STR_ARG(other->name));
    if (!same_metrics(&first->profile, &other->profile))
        return err_set(err, ERR_INPUT,
                       STR_FMT " counts " STR_FMT " and " STR_FMT " counts " STR_FMT
                               ": only profiles of the same metrics and kind can be merged",
                       STR_ARG(first->name), STR_ARG(metric_names(arena, &first->profile)),
                       STR_ARG(other->name), STR_ARG(metric_names(arena, &other->profile)));
    array_each (const LedgerFile, a, &first->row.files)
        array_each (const LedgerFile, b, &other->row.files)
            if (str_eq(a->path, b->path) && !digest_eq(a->content, b->content))
                return err_set(err, ERR_INPUT,
                               STR_FMT " and " STR_FMT " saw two versions of " STR_FMT
                                       ": compare them (--against) instead of merging",
                               STR_ARG(first->name), STR_ARG(other->name), STR_ARG(a->path));
    return true;
}

/* The first one's row says where paths are; files that only another names join it. */
static void join(Arena *arena, HotInput *into, const HotInput *other)
{
    Map *known = map_new(arena);
    array_each (LedgerFile, file, &into->row.files)
        map_put(known, file->path, file);
    array_each (const LedgerFile, file, &other->row.files)
        if (!map_has(known, file->path))
            *array_push(arena, &into->row.files) = *file;
    into->open[into->open_len++] = *other->open;
}

static bool merge(Arena *arena, const Places *places, HotInput *inputs, size_t len, HotInput *out,
                  Err *err)
{
    const Profile **profiles = NEW_ARRAY(arena, const Profile *, len);
    LedgerFiles files = {0};
    for (size_t i = 0; i < len; i++) {
        profiles[i] = &inputs[i].profile;
        if (i > 0 && !fits(arena, &inputs[0], &inputs[i], err))
            return false;
    }
    *out = inputs[0];
    /* The list belongs to the input's row: it grows in a copy. */
    array_each (LedgerFile, file, &out->row.files)
        *array_push(arena, &files) = *file;
    out->row.files = files;
    out->open = NEW_ARRAY(arena, OpenProfile, len);
    out->open[0] = *inputs[0].open;
    for (size_t i = 1; i < len; i++)
        join(arena, out, &inputs[i]);
    out->profile = profile_merge(arena, profiles, len);
    out->merged = len;
    out->name = str_fmt(arena, "%zu profiles", len);
    if (out->of_ledger)
        out->map = import_path_map(arena, places, &out->row);
    return true;
}

bool hot_inputs_open(Arena *arena, const Places *places, const HotChoice *choices, size_t len,
                     HotInput *out, Err *err)
{
    HotInput *inputs = NEW_ARRAY(arena, HotInput, len + 1);
    size_t opened = 0;
    if (len == 1)
        return hot_input_open(arena, places, choices, out, err);
    if (len > HOT_INPUTS_MAX)
        return err_set(err, ERR_INPUT, "at most %d profiles can be merged", HOT_INPUTS_MAX);
    while (opened < len && hot_input_open(arena, places, &choices[opened], &inputs[opened], err))
        opened++;
    if (opened == len && merge(arena, places, inputs, len, out, err))
        return true;
    for (size_t i = 0; i < opened; i++)
        hot_input_close(&inputs[i]);
    return false;
}

/* ------------------------------------------------------------------ the metric */

bool hot_input_metric(Arena *arena, const HotInput *input, Str name, size_t *metric, Err *err)
{
    const Profile *profile = &input->profile;
    if (!name.len)
        name = input->row.metric;
    *metric = name.len ? profile_metric(profile, name) : 0;
    return *metric != SIZE_MAX ||
           err_set(err, ERR_INPUT, "no metric '" STR_FMT "'; this profile has " STR_FMT,
                   STR_ARG(name), STR_ARG(metric_names(arena, profile)));
}
