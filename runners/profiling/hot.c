#include "runners/profiling/hot.h"

#include "analysis/hotspots/anchor.h"
#include "analysis/profile/kernel_name.h"
#include "base/file.h"
#include "base/map.h"
#include "base/path.h"
#include "runners/ledger/contents.h"
#include "runners/ledger/ledger.h"
#include "runners/profiling/hot_gpu.h"
#include "runners/profiling/versions.h"

/* ------------------------------------------------------------------ where lines are now */

/* A file of the workspace: as it was profiled and as it is. */
typedef struct Held {
    bool same;    /* nothing changed: every line is exact */
    bool missing; /* the file is not there any more */
    AnchorSide then;
    AnchorSide now;
} Held;

static Held *hold(Arena *arena, const Places *places, const LedgerFile *file)
{
    Err err = {0};
    Str then, now;
    Held *held = NEW(arena, Held);
    if (!contents_get(arena, places, file->content, &then, &err))
        return NULL;
    held->then = version_side(arena, file->path, then);
    Str path = path_join(arena, places->root, file->path);
    if (!file_read(arena, path, FILE_LIMIT_TEXT, &now, &err)) {
        held->missing = true;
        return held;
    }
    held->same = digest_eq(digest_of(now), file->content);
    if (!held->same)
        held->now = version_side(arena, file->path, now);
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
        outline_find_function(held->then.outline, spot->function, (LineNo){spot->line});
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
    Anchors anchors = anchors_find(arena, &held->then, &held->now, &line, 1);
    const Anchor *anchor = anchors_at(&anchors, line);
    row->line = anchor ? anchor->now.n : 0;
    row->state = anchor_state_name(anchor ? anchor->state : ANCHOR_GONE);
}

void hot_place_rows(Arena *arena, const Places *places, const LedgerProfile *profile, HotRow *rows,
                    size_t len)
{
    Map *known = map_new(arena);
    for (size_t i = 0; i < len; i++) {
        HotRow *row = &rows[i];
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

static bool has_kernel(const Profile *profile, Str kernel)
{
    for (size_t i = 0; i < profile->frames_len; i++)
        if (profile->frames[i].kind == FRAME_GPU &&
            kernel_name_is(profile_text(profile, profile->frames[i].module), kernel))
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
                         (table->request.by == HOT_BY_ANY && !hotspots_know_lines(spots));
    const HotSpot *from = table->by_function ? spots->functions : spots->lines;
    table->rows_of = table->by_function ? spots->functions_len : spots->lines_len;
    HotSpot *sorted = rank_spots(arena, from, table->rows_of, table->request.sort,
                                 table->request.top, &table->rows_len);
    table->rows = NEW_ARRAY(arena, HotRow, table->rows_len + 1);
    for (size_t i = 0; i < table->rows_len; i++)
        table->rows[i].spot = sorted[i];
}

static void take_gpus(Arena *arena, const Places *places, const LedgerProfile *row, HotTable *table)
{
    Err gone = {0};
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(places, LEDGER_READ, &gone);
    if (!ledger)
        return;
    table->gpus = gpu_besides(arena, places, ledger, row);
    Str *notes = NEW_ARRAY(arena, Str, table->notes_len + table->gpus.notes.len + 1);
    for (size_t i = 0; i < table->notes_len; i++)
        notes[i] = table->notes[i];
    table->notes = notes;
    array_each (const Str, note, &table->gpus.notes)
        notes[table->notes_len++] = *note;
}

static bool fill(Arena *arena, const HotInput *input, HotTable *table, Err *err)
{
    const Profile *profile = &input->profile;
    HotOptions options = {.map = input->map, .kernel = table->request.kernel};
    if (!hot_input_metric(arena, input, table->request.metric, &options.metric, err))
        return false;
    if (options.kernel.len && !has_kernel(profile, options.kernel))
        return err_set(err, ERR_INPUT, "no GPU kernel '" STR_FMT "' in this profile",
                       STR_ARG(options.kernel));
    take_head(arena, profile, table);
    table->id = input->id;
    table->number = input->row.id;
    table->merged = input->merged;
    table->spots = hotspots_of(arena, profile, options);
    take_rows(arena, table);
    hot_gpu_rows(arena, profile, options, table->rows, table->rows_len, table->by_function);
    return true;
}

bool hot_load(Arena *arena, const Places *places, const HotRequest *request, HotTable *out,
              Err *err)
{
    HotTable table = {.request = *request};
    HotInput input = {0};
    HotChoice one = {request->file, request->profile, request->workload, request->program};
    const HotChoice *choices = request->choices_len ? request->choices : &one;
    size_t len = request->choices_len ? request->choices_len : 1;
    if (!hot_inputs_open(arena, places, choices, len, &input, err))
        return false;
    bool ok = fill(arena, &input, &table, err);
    hot_input_close(&input);
    if (!ok)
        return false;
    if (input.of_ledger && input.merged <= 1)
        take_gpus(arena, places, &input.row, &table);
    hot_place_rows(arena, places, input.of_ledger ? &input.row : NULL, table.rows, table.rows_len);
    *out = table;
    return true;
}
