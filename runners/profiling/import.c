#include "runners/profiling/import.h"

#include "analysis/hints/words.h"
#include "analysis/hotspots/hotspot.h"
#include "analysis/hotspots/rank.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "runners/git/tree_list.h"
#include "runners/ledger/contents.h"
#include "runners/ledger/ledger.h"
#include "runners/profiling/convert.h"
#include "runners/profiling/kernels_here.h"
#include "runners/profiling/libraries.h"
#include "runners/profiling/notes.h"
#include "runners/workloads.h"

/* ------------------------------------------------------------------ the workspace */

/* The workload asked for; without a name the only one there is; NULL when there is none. */
static bool find_workload(Arena *arena, const Places *places, Str name, const Workload **out,
                          Err *err)
{
    WorkloadFile file = {0};
    Err missing = {0};
    *out = NULL;
    if (!workloads_load(arena, places->root, NULL, &file, &missing)) {
        if (name.len)
            *err = missing;
        return name.len == 0;
    }
    array_each (Workload, workload, &file.workloads)
        if (name.len ? str_eq(workload->name, name) : file.workloads.len == 1)
            *out = workload;
    if (name.len && !*out)
        return err_set(err, ERR_NOT_FOUND, STR_FMT ": no workload '" STR_FMT "'",
                       STR_ARG(file.name), STR_ARG(name));
    return true;
}

static PathMap *make_map(Arena *arena, const Places *places, const Workload *workload, Str run_dir,
                         const TreeFiles *files)
{
    size_t rules_len = workload ? workload->path_map.len : 0;
    PathRule *rules = NEW_ARRAY(arena, PathRule, rules_len + 1);
    for (size_t i = 0; i < rules_len; i++)
        rules[i] = (PathRule){workload->path_map.items[i].from, workload->path_map.items[i].to};
    Libraries libraries = libraries_here(arena);
    return pathmap_new(arena, (PathMapOptions){.root = places->root,
                                               .libraries = libraries.items,
                                               .libraries_len = libraries.len,
                                               .run_dir = run_dir,
                                               .files = files->items,
                                               .files_len = files->len,
                                               .rules = rules,
                                               .rules_len = rules_len});
}

PathMap *import_path_map(Arena *arena, const Places *places, const LedgerProfile *profile)
{
    const Workload *workload = NULL;
    TreeFiles files = {0};
    Err ignored = {0}; /* the workload may be gone from the file, and its rules with it */
    array_each (const LedgerFile, file, &profile->files)
        *array_push(arena, &files) = file->path;
    if (!find_workload(arena, places, profile->workload, &workload, &ignored))
        workload = NULL;
    return make_map(arena, places, workload, profile->run_dir, &files);
}

/* ------------------------------------------------------------------ files */

/* Each file that a frame names, once. */
static void list_files(Arena *arena, const Profile *profile, PathMap *map, Imported *out)
{
    Map *seen = map_new(arena);
    for (size_t i = 0; i < profile->frames_len; i++) {
        uint32_t file = profile->frames[i].file;
        Str recorded = profile_text(profile, file);
        if (!file || map_has(seen, recorded))
            continue;
        ImportedFile *item = array_push(arena, &out->files);
        item->recorded = str_copy(arena, recorded);
        item->place = pathmap_find(map, item->recorded);
        map_put(seen, item->recorded, item);
    }
}

/* What the steps of one import share. */
typedef struct Import {
    Arena *arena;
    Report *report;
    const Places *places;
    const ImportOptions *options;
    const Profile *profile;
    const Workload *workload;
    TreeFiles tree;
    Map *kept;    /* paths that were read; NULL where there was no such file */
    Map *counted; /* paths in out->mapped */
    LedgerFiles rows;
    Imported *out;
} Import;

/* The text that the recording itself holds of this file; empty: none. */
static Str recorded_text(const Profile *profile, Str recorded)
{
    for (size_t i = 0; i < profile->sources_len; i++)
        if (str_eq(profile_text(profile, profile->sources[i].file), recorded))
            return profile_text(profile, profile->sources[i].content);
    return (Str){0};
}

/* Lines belong to the text in the recording, when there is one, and follow it to today's. */
static bool keep_text(Import *import, Str path, Str recorded, Err *err)
{
    Err missing = {0};
    Str text, then = recorded_text(import->profile, recorded);
    Str full = path_join(import->arena, import->places->root, path);
    if (map_has(import->kept, path))
        return true;
    map_put(import->kept, path, NULL);
    if (!file_read(import->arena, full, FILE_LIMIT_TEXT, &text, &missing)) {
        report_note(import->report, STR_FMT ": not there any more", STR_ARG(path));
        return true;
    }
    LedgerFile *row = array_push(import->arena, &import->rows);
    row->path = path;
    map_put(import->kept, path, import);
    if (then.len && !str_eq(then, text)) {
        report_note(import->report,
                    STR_FMT " has changed since the program was built: its lines follow the text "
                            "in the recording",
                    STR_ARG(path));
        text = then;
    }
    return contents_put(import->places, text, &row->content, err);
}

/*
 * The candidates go into the ledger as well, so that whoever maps the profile again by the
 * ledger's files finds it as ambiguous as it is.
 */
static bool keep_candidates(Import *import, const ImportedFile *file, Err *err)
{
    array_each (Str, path, &import->tree)
        if (str_eq(path_base(*path), path_base(file->recorded)) &&
            !keep_text(import, *path, file->recorded, err))
            return false;
    report_note(import->report, STR_FMT ": " STR_FMT, STR_ARG(file->recorded),
                STR_ARG(file->place.reason));
    return true;
}

static void note_file(Import *import, const ImportedFile *file, int64_t recorded_s)
{
    int64_t changed_s;
    Str path = path_join(import->arena, import->places->root, file->place.path);
    bool has_text = recorded_text(import->profile, file->recorded).len > 0;
    if (!has_text && file_stat(path, &changed_s, NULL) && changed_s > recorded_s)
        report_note(import->report,
                    STR_FMT " was written after the recording was made: if its text changed, its "
                            "lines may be off",
                    STR_ARG(file->place.path));
    if (file->place.how == PATH_SUFFIX || file->place.how == PATH_RULE)
        report_note(import->report, STR_FMT ": " STR_FMT, STR_ARG(file->place.path),
                    STR_ARG(file->place.reason));
}

static bool keep_texts(Import *import, Err *err)
{
    int64_t recorded_s = import->options->recorded_s;
    if (!recorded_s && !file_stat(import->options->file, &recorded_s, NULL))
        recorded_s = clock_unix_s();
    array_each (ImportedFile, file, &import->out->files) {
        if (file->place.how == PATH_AMBIGUOUS && !keep_candidates(import, file, err))
            return false;
        if (!file->place.mapped)
            continue;
        if (!keep_text(import, file->place.path, file->recorded, err))
            return false;
        if (!map_get(import->kept, file->place.path) || map_has(import->counted, file->place.path))
            continue;
        map_put(import->counted, file->place.path, import);
        import->out->mapped++;
        note_file(import, file, recorded_s);
    }
    return true;
}

/* ------------------------------------------------------------------ the sentence */

static const HotSpot *hottest(const HotSpots *spots)
{
    for (size_t i = 0; i < spots->lines_len; i++)
        if (spots->lines[i].mapped && spots->lines[i].own)
            return &spots->lines[i];
    return NULL;
}

static void describe(Arena *arena, const HotSpots *spots, Imported *out)
{
    StrBuf text = strbuf_new(arena);
    const HotSpot *top = hottest(spots);
    Str total = rank_cost_text(arena, spots, spots->total);
    strbuf_fmt(&text, STR_FMT " profile %lld: " STR_FMT " " STR_FMT,
               STR_ARG(out->tool.len ? out->tool : out->format), (long long)out->id, STR_ARG(total),
               STR_ARG(words_metric_of(arena, spots)));
    if (spots->sampled && !str_eq(spots->unit, S("count")))
        strbuf_fmt(&text, " in " STR_FMT " sample%s",
                   STR_ARG(units_text(arena, (double)spots->samples, UNIT_COUNT)),
                   spots->samples == 1 ? "" : "s");
    if (top) {
        RankShare share = rank_share(spots, hot_spot_cost(top), hot_spot_samples(top));
        Str shown = rank_share_text(arena, share);
        strbuf_fmt(&text, "; hottest " STR_FMT ":%u " STR_FMT " " STR_FMT, STR_ARG(top->file),
                   top->line, STR_ARG(top->function), STR_ARG(shown));
        if (top->callee > top->self && top->callees_len)
            strbuf_fmt(
                &text, " in callee " STR_FMT,
                STR_ARG(spots->functions[spots->callees[top->callees_first].function].function));
    }
    if (out->mapped)
        strbuf_fmt(&text, "; %zu file%s of the workspace", out->mapped,
                   out->mapped == 1 ? "" : "s");
    else
        strbuf_add(&text, S("; none of its files is in this workspace (see path_map)"));
    out->sentence = strbuf_str(&text);
}

void import_fields(JsonOut *out, const void *context)
{
    const Imported *imported = context;
    json_key_open(out, "profile", '{');
    json_key_i64(out, "number", imported->id);
    json_key_str(out, "tool", imported->tool);
    json_key_str(out, "format", imported->format);
    json_close(out, '}');
    json_key_str(out, "metric", imported->metric);
    json_key_str(out, "unit", imported->unit);
    json_key_i64(out, "total", imported->total);
    json_key_u64(out, "samples", imported->samples);
    json_key_i64(out, "unmapped", imported->unmapped);
    json_key_open(out, "files", '[');
    array_each (const ImportedFile, file, &imported->files) {
        json_open(out, '{');
        json_key_str(out, "recorded", file->recorded);
        json_key_str_or_null(out, "path", file->place.mapped ? file->place.path : S(""));
        json_key_str(out, "reason", file->place.reason);
        json_close(out, '}');
    }
    json_close(out, ']');
}

/* ------------------------------------------------------------------ all of it */

static bool record(Import *import, Err *err)
{
    Imported *out = import->out;
    const ImportOptions *options = import->options;
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(import->places, LEDGER_WRITE, err);
    if (!ledger || !keep_texts(import, err))
        return false;
    LedgerProfile row = {
        .workload = import->workload ? import->workload->name : (Str){0},
        .time_s = clock_unix_s(),
        .tool = out->tool,
        .format = out->format,
        .source = path_normal(import->arena, options->file),
        .run_dir = options->run_dir.len ? options->run_dir : import->places->root,
        .cache = out->cache,
        .metric = out->metric,
        .snapshot = options->snapshot,
        .files = import->rows,
    };
    return ledger_add_profile(ledger, &row, &out->id, err);
}

/* The metric that is shown first: the one that the workload is about, when the profile has it. */
static size_t usual_metric(const Profile *profile, const Workload *workload)
{
    static const struct {
        Str workload, profile;
    } ROWS[] = {
        {STR_CONST("peak_rss"), STR_CONST("peak")},
        {STR_CONST("instructions"), STR_CONST("instructions")},
        {STR_CONST("gpu_time"), STR_CONST("gpu_time")},
        {STR_CONST("gpu_time"), STR_CONST("gpu")},
        {STR_CONST("cpu_time"), STR_CONST("cpu")},
    };
    for (size_t i = 0; workload && i < sizeof(ROWS) / sizeof(ROWS[0]); i++)
        if (str_eq(workload->metric, ROWS[i].workload)) {
            size_t found = profile_metric(profile, ROWS[i].profile);
            if (found != SIZE_MAX)
                return found;
        }
    return 0;
}

static bool import_open(Import *import, Profile *profile, Err *err)
{
    Imported *out = import->out;
    import->profile = profile;
    if (!find_workload(import->arena, import->places, import->options->workload, &import->workload,
                       err) ||
        !tree_list(import->arena, import->places, &import->tree, err) ||
        !kernels_here(import->arena, import->places, &import->tree, profile, &out->cache, err))
        return false;
    PathMap *map = make_map(import->arena, import->places, import->workload,
                            import->options->run_dir, &import->tree);
    HotSpots spots =
        hotspots_of(import->arena, profile,
                    (HotOptions){.map = map, .metric = usual_metric(profile, import->workload)});
    Notes notes = notes_fold(import->arena, profile->notes, profile->notes_len);
    array_each (const Str, note, &notes)
        report_note(import->report, STR_FMT, STR_ARG(*note));
    list_files(import->arena, profile, map, out);
    out->tool = str_copy(import->arena, profile->tool);
    out->format = str_copy(import->arena, profile->format);
    out->metric = spots.metric;
    out->unit = spots.unit;
    out->total = spots.total;
    out->samples = spots.samples;
    out->unmapped = spots.unmapped;
    if (!record(import, err))
        return false;
    describe(import->arena, &spots, out);
    return true;
}

bool import_profile(Arena *arena, Report *report, const Places *places,
                    const ImportOptions *options, Imported *out, Err *err)
{
    Converted converted;
    OpenProfile open = {0};
    ConvertOptions convert = {.file = options->file,
                              .cache = places->cache,
                              .program = options->program,
                              .cancel = &report_cancelled,
                              .report = report};
    report_progress(report, -1, "reading " STR_FMT, STR_ARG(path_base(options->file)));
    if (!convert_file(arena, &convert, &converted, err) ||
        !profile_open(arena, places->cache, converted.id, &open, err))
        return false;
    Imported imported = {.cache = converted.id};
    Import import = {.arena = arena,
                     .report = report,
                     .places = places,
                     .options = options,
                     .kept = map_new(arena),
                     .counted = map_new(arena),
                     .out = &imported};
    bool ok = import_open(&import, &open.profile, err);
    profile_close(&open);
    if (ok)
        *out = imported;
    return ok;
}
