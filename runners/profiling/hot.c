#include "runners/profiling/hot.h"

#include <string.h>

#include "analysis/hotspots/anchor.h"
#include "base/file.h"
#include "base/map.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/ledger/contents.h"
#include "runners/ledger/ledger.h"
#include "runners/profiling/convert.h"
#include "runners/profiling/import.h"

/* ------------------------------------------------------------------ where lines are now */

/* A file of the workspace: as it was profiled and as it is. */
typedef struct Side {
    const Text *text;
    Outline outline;
    Syntax *syntax;
} Side;

typedef struct Held {
    bool same;    /* nothing changed: every line is exact */
    bool missing; /* the file is not there any more */
    Side then;
    Side now;
} Held;

static Side side_of(Arena *arena, Str path, Str bytes)
{
    Side side = {.text = text_new(arena, bytes)};
    side.syntax = syntax_parse(lang_of_path(path), side.text, NULL, NULL, 0, NULL);
    side.outline = outline_of(arena, side.syntax, side.text);
    syntax_free(side.syntax);
    side.syntax = NULL;
    return side;
}

static Held *hold(Arena *arena, const Places *places, const LedgerFile *file)
{
    Err err = {0};
    Str then, now;
    Held *held = NEW(arena, Held);
    if (!contents_get(arena, places, file->content, &then, &err))
        return NULL;
    held->then = side_of(arena, file->path, then);
    Str path = path_join(arena, places->root, file->path);
    if (!file_read(arena, path, FILE_LIMIT_TEXT, &now, &err)) {
        held->missing = true;
        return held;
    }
    held->same = digest_eq(digest_of(now), file->content);
    if (!held->same)
        held->now = side_of(arena, file->path, now);
    return held;
}

static Held *held_file(Arena *arena, const Places *places, const LedgerProfile *profile, Map *known,
                       Str path)
{
    if (map_has(known, path))
        return map_get(known, path);
    Held *held = NULL;
    array_each (LedgerFile, file, &profile->files)
        if (str_eq(file->path, path))
            held = hold(arena, places, file);
    map_put(known, path, held);
    return held;
}

/* A sampled function is known by its lines only; the text says where it begins. */
static void find_definition(const Held *held, HotSpot *spot)
{
    if (!spot->is_function || spot->is_definition)
        return;
    const OutlineItem *item =
        outline_find_function(&held->then.outline, spot->function, (LineNo){spot->line});
    if (item)
        spot->line = item->first.n;
}

static void place_row(Arena *arena, const Held *held, HotRow *row)
{
    find_definition(held, &row->spot);
    row->line = held->missing ? 0 : row->spot.line;
    row->state = held->missing ? S("gone") : S("exact");
    if (held->missing || held->same)
        return;
    LineNo line = {row->spot.line};
    Anchors anchors = anchors_find(arena, &(AnchorSide){held->then.text, &held->then.outline},
                                   &(AnchorSide){held->now.text, &held->now.outline}, &line, 1);
    const Anchor *anchor = anchors_at(&anchors, line);
    row->line = anchor ? anchor->now.n : 0;
    row->state = anchor_state_name(anchor ? anchor->state : ANCHOR_GONE);
}

static void place_rows(Arena *arena, const Places *places, const LedgerProfile *profile,
                       HotTable *table)
{
    Map *known = map_new(arena);
    for (size_t i = 0; i < table->rows_len; i++) {
        HotRow *row = &table->rows[i];
        row->line = row->spot.line;
        row->state = S("recorded");
        if (!profile || !row->spot.mapped)
            continue;
        const Held *held = held_file(arena, places, profile, known, row->spot.file);
        if (held)
            place_row(arena, held, row);
    }
}

/* ------------------------------------------------------------------ the table */

static bool pick_metric(Arena *arena, const Profile *profile, Str name, size_t *metric, Err *err)
{
    StrBuf known = strbuf_new(arena);
    *metric = name.len ? profile_metric(profile, name) : 0;
    if (*metric != SIZE_MAX)
        return true;
    for (size_t i = 0; i < profile->metrics_len; i++)
        strbuf_fmt(&known, "%s" STR_FMT, i ? ", " : "",
                   STR_ARG(profile_text(profile, profile->metrics[i].name)));
    return err_set(err, ERR_INPUT, "no metric '" STR_FMT "'; this profile has " STR_FMT,
                   STR_ARG(name), STR_ARG(strbuf_str(&known)));
}

static bool has_kernel(const Profile *profile, Str kernel)
{
    for (size_t i = 0; i < profile->frames_len; i++)
        if (profile->frames[i].kind == FRAME_GPU &&
            str_eq(profile_text(profile, profile->frames[i].module), kernel))
            return true;
    return false;
}

static void take_head(Arena *arena, const Profile *profile, HotTable *table)
{
    table->tool = str_copy(arena, profile->tool);
    table->format = str_copy(arena, profile->format);
    table->metrics_len = profile->metrics_len;
    table->metrics = NEW_ARRAY(arena, Str, profile->metrics_len);
    for (size_t i = 0; i < profile->metrics_len; i++)
        table->metrics[i] = str_copy(arena, profile_text(profile, profile->metrics[i].name));
    table->notes_len = profile->notes_len;
    table->notes = NEW_ARRAY(arena, Str, profile->notes_len + 1);
    for (size_t i = 0; i < profile->notes_len; i++)
        table->notes[i] = str_copy(arena, profile->notes[i]);
}

static void take_rows(Arena *arena, HotTable *table)
{
    const HotSpots *spots = &table->spots;
    table->by_function = table->request.by == HOT_BY_FUNCTION ||
                         (table->request.by == HOT_BY_ANY && spots->lines_len == 0);
    const HotSpot *from = table->by_function ? spots->functions : spots->lines;
    table->rows_of = table->by_function ? spots->functions_len : spots->lines_len;
    HotSpot *sorted = rank_spots(arena, from, table->rows_of, table->request.sort,
                                 table->request.top, &table->rows_len);
    table->rows = NEW_ARRAY(arena, HotRow, table->rows_len + 1);
    for (size_t i = 0; i < table->rows_len; i++)
        table->rows[i].spot = sorted[i];
}

static bool fill(Arena *arena, const Profile *profile, PathMap *map, HotTable *table, Err *err)
{
    HotOptions options = {.map = map, .kernel = table->request.kernel};
    if (!pick_metric(arena, profile, table->request.metric, &options.metric, err))
        return false;
    if (options.kernel.len && !has_kernel(profile, options.kernel))
        return err_set(err, ERR_INPUT, "no GPU kernel '" STR_FMT "' in this profile",
                       STR_ARG(options.kernel));
    take_head(arena, profile, table);
    table->spots = hotspots_of(arena, profile, options);
    take_rows(arena, table);
    return true;
}

/* ------------------------------------------------------------------ where it comes from */

/* Any file, without a workspace: only what lies below the root is made relative to it. */
static bool load_file(Arena *arena, const Places *places, HotTable *table, Err *err)
{
    ConvertOptions options = {
        .file = table->request.file, .cache = places->cache, .program = table->request.program};
    Converted converted;
    OpenProfile open = {0};
    if (!convert_file(arena, &options, &converted, err) ||
        !profile_open(arena, places->cache, converted.id, &open, err))
        return false;
    table->id = digest_hex(arena, converted.id);
    PathMap *map = pathmap_new(arena, (PathMapOptions){.root = places->root});
    bool ok = fill(arena, &open.profile, map, table, err);
    profile_close(&open);
    if (ok)
        place_rows(arena, places, NULL, table);
    return ok;
}

static bool find_profile(Arena *arena, const Places *places, const HotRequest *request,
                         LedgerProfile *out, Err *err)
{
    LedgerProfiles profiles = {0};
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(places, LEDGER_READ, err);
    bool none = !ledger && err->kind == ERR_NOT_FOUND;
    if (!ledger && !none)
        return false;
    if (ledger && !ledger_profiles(arena, ledger, request->workload, request->profile ? 0 : 1,
                                   &profiles, err))
        return false;
    array_each (LedgerProfile, profile, &profiles)
        if (!request->profile || profile->id == request->profile) {
            *out = *profile;
            return true;
        }
    if (request->profile)
        return err_set(err, ERR_NOT_FOUND, "no profile %lld in the ledger",
                       (long long)request->profile);
    return err_set(err, ERR_NOT_FOUND,
                   "no profile yet: run `perfloop profile`, or `perfloop import FILE`");
}

/* The cache is a cache: what was swept is made again, as long as its source is there. */
static bool open_again(Arena *arena, const Places *places, const HotTable *table,
                       const LedgerProfile *profile, OpenProfile *open, Err *err)
{
    Err missing = {0};
    Converted converted;
    if (profile_open(arena, places->cache, profile->cache, open, &missing))
        return true;
    ConvertOptions options = {
        .file = profile->source, .cache = places->cache, .program = table->request.program};
    if (!file_exists(profile->source) || !convert_file(arena, &options, &converted, err) ||
        !digest_eq(converted.id, profile->cache))
        return err_set(err, ERR_NOT_FOUND, "profile %lld: %s, and its source is gone",
                       (long long)profile->id, missing.msg);
    return profile_open(arena, places->cache, converted.id, open, err);
}

static bool load_ledger(Arena *arena, const Places *places, HotTable *table, Err *err)
{
    LedgerProfile profile;
    OpenProfile open = {0};
    if (!find_profile(arena, places, &table->request, &profile, err) ||
        !open_again(arena, places, table, &profile, &open, err))
        return false;
    table->id = digest_hex(arena, profile.cache);
    table->number = profile.id;
    if (!table->request.metric.len)
        table->request.metric = profile.metric;
    PathMap *map = import_path_map(arena, places, &profile);
    bool ok = fill(arena, &open.profile, map, table, err);
    profile_close(&open);
    if (ok)
        place_rows(arena, places, &profile, table);
    return ok;
}

bool hot_load(Arena *arena, const Places *places, const HotRequest *request, HotTable *out,
              Err *err)
{
    HotTable table = {.request = *request};
    if (!(request->file.len ? load_file : load_ledger)(arena, places, &table, err))
        return false;
    *out = table;
    return true;
}
