#include "runners/profiling/against.h"

#include <math.h>
#include <stdlib.h>

#include "runners/profiling/versions.h"

/* What the ledger knows of the workload that is looked at. */
typedef struct Known {
    LedgerProfiles profiles;
    LedgerBaseline baseline;
    LedgerIterations iterations;
} Known;

typedef struct Load {
    Arena *arena;
    const Places *places;
    const AgainstRequest *request;
    LedgerProfile now; /* the row, or of a file what is comparable to one */
    Known known;
    bool is_baseline; /* the other side is the baseline's profile */
} Load;

/* ------------------------------------------------------------------ the ledger */

/* A file is of the workload that was named, or of the only one. */
static Str workload_of(const Load *load, const HotInput *now, const LedgerWorkloads *workloads)
{
    if (now->row.workload.len)
        return now->row.workload;
    if (load->request->hot.workload.len)
        return load->request->hot.workload;
    return workloads->len == 1 ? workloads->items[0].name : (Str){0};
}

static bool read_loop(Load *load, Ledger *ledger, const LedgerWorkloads *workloads, Err *err)
{
    Known *known = &load->known;
    array_each (const LedgerWorkload, workload, workloads)
        if (str_eq(workload->name, load->now.workload) &&
            (!ledger_baseline(load->arena, ledger, workload->id, &known->baseline, err) ||
             !ledger_iterations(load->arena, ledger, workload->id, 0, &known->iterations, err)))
            return false;
    return true;
}

static bool read_ledger(Load *load, const HotInput *now, Err *err)
{
    LedgerWorkloads workloads = {0};
    const Profile *profile = &now->profile;
    load->now = now->row;
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(load->places, LEDGER_READ, err);
    if (!ledger && err->kind != ERR_NOT_FOUND)
        return false;
    *err = (Err){0};
    if (ledger && (!ledger_workloads(load->arena, ledger, &workloads, err) ||
                   !ledger_profiles(load->arena, ledger, S(""), 0, &load->known.profiles, err)))
        return false;
    load->now.workload = workload_of(load, now, &workloads);
    if (!now->of_ledger) {
        load->now.id = INT64_MAX;
        load->now.tool = profile->tool;
        load->now.metric = profile_text(profile, profile->metrics[0].name);
    }
    return !ledger || read_loop(load, ledger, &workloads, err);
}

/* ------------------------------------------------------------------ the other side */

static bool no_baseline(const Load *load, Err *err)
{
    const LedgerProfile *now = &load->now;
    if (load->known.baseline.id == 0)
        return err_set(err, ERR_NOT_FOUND,
                       "no profile of the baseline, and no baseline%s" STR_FMT
                       ": run `perfloop baseline` and `perfloop profile` before the change, or "
                       "give a file",
                       now->workload.len ? " of " : "", STR_ARG(now->workload));
    if (now->snapshot.len && str_eq(now->snapshot, load->known.baseline.snapshot))
        return err_set(err, ERR_NOT_FOUND,
                       "profile %lld is itself the baseline's: run `perfloop profile` after the "
                       "change",
                       (long long)now->id);
    array_each (const LedgerProfile, profile, &load->known.profiles)
        if (str_eq(profile->workload, now->workload) &&
            str_eq(profile->snapshot, load->known.baseline.snapshot))
            return err_set(err, ERR_NOT_FOUND,
                           "the baseline was profiled with " STR_FMT ", not with " STR_FMT
                           ": run `perfloop profile --with " STR_FMT "`, or give a file",
                           STR_ARG(profile->tool), STR_ARG(now->tool), STR_ARG(profile->tool));
    return err_set(err, ERR_NOT_FOUND,
                   "no profile of the baseline: run `perfloop profile` before the change, or give "
                   "a file");
}

static bool choose(Load *load, Str word, HotChoice *out, Err *err)
{
    const LedgerProfile *found;
    uint64_t number;
    *out = (HotChoice){.program = load->request->hot.program};
    if (str_eq(word, S("baseline"))) {
        found = versions_baseline(&load->known.profiles, &load->now, &load->known.baseline,
                                  &load->known.iterations);
        if (!found)
            return no_baseline(load, err);
        load->is_baseline = true;
        out->profile = found->id;
    } else if (str_eq(word, S("previous"))) {
        found = versions_previous(&load->known.profiles, &load->now);
        if (!found)
            return err_set(err, ERR_NOT_FOUND,
                           "no profile before this one with the same tool: run `perfloop profile` "
                           "before the change, or give a file");
        out->profile = found->id;
    } else if (str_to_u64(word, &number) && number > 0 && number <= INT64_MAX) {
        out->profile = (int64_t)number;
    } else {
        out->file = word;
    }
    return true;
}

static bool open_other(Load *load, HotInput *out, Err *err)
{
    const AgainstRequest *request = load->request;
    HotChoice *choices = NEW_ARRAY(load->arena, HotChoice, request->words_len + 1);
    for (size_t i = 0; i < request->words_len; i++)
        if (!choose(load, request->words[i], &choices[i], err))
            return false;
    load->is_baseline = load->is_baseline && request->words_len == 1;
    return hot_inputs_open(load->arena, load->places, choices, request->words_len, out, err);
}

/* ------------------------------------------------------------------ comparing */

static AgainstSide side_of(const Load *load, const HotInput *input, bool is_baseline)
{
    AgainstSide side = {
        .tool = str_copy(load->arena, input->profile.tool),
        .format = str_copy(load->arena, input->profile.format),
        .id = input->id,
        .number = input->row.id,
        .merged = input->merged,
        .name = input->name,
    };
    if (is_baseline)
        side.name = str_fmt(load->arena, STR_FMT ", the baseline's", STR_ARG(input->name));
    return side;
}

static HotSpots *spots_of(const Load *load, const HotInput *input, Str metric, Err *err)
{
    HotOptions options = {.map = input->map, .kernel = load->request->hot.kernel};
    HotSpots *spots = NEW(load->arena, HotSpots);
    if (!hot_input_metric(load->arena, input, metric, &options.metric, err)) {
        err_wrap(err, STR_FMT, STR_ARG(input->name));
        return NULL;
    }
    *spots = hotspots_of(load->arena, &input->profile, options);
    return spots;
}

/* ncu's: how many samples it takes in a millisecond is its own choice, for each kernel anew. */
static bool has_kernel_time(const Profile *profile)
{
    return str_eq(profile_text(profile, profile->metrics[0].name), S("gpu_samples")) &&
           profile_metric(profile, S("gpu_time")) != SIZE_MAX;
}

/* Both in the metric of the newer one, when the other does not have another default of its own. */
static bool both_spots(const Load *load, const HotInput *then, const HotInput *now,
                       HotSpots **then_spots, HotSpots **now_spots, Err *err)
{
    Str metric = load->request->hot.metric;
    if (!metric.len && has_kernel_time(&now->profile) && has_kernel_time(&then->profile))
        metric = S("gpu_time");
    *now_spots = spots_of(load, now, metric, err);
    if (!*now_spots)
        return false;
    *then_spots = spots_of(load, then, (*now_spots)->metric, err);
    if (!*then_spots)
        return false;
    if (!str_eq((*then_spots)->unit, (*now_spots)->unit))
        return err_set(err, ERR_INPUT,
                       "the metric " STR_FMT " is in " STR_FMT " in one profile and in " STR_FMT
                       " in the other: they cannot be compared",
                       STR_ARG((*now_spots)->metric), STR_ARG((*then_spots)->unit),
                       STR_ARG((*now_spots)->unit));
    if ((*then_spots)->total <= 0 || (*now_spots)->total <= 0)
        return err_set(err, ERR_INPUT, "one of the profiles has no " STR_FMT ": nothing to compare",
                       STR_ARG((*now_spots)->metric));
    return true;
}

static CompareOptions options_of(const Load *load, const HotInput *then, const HotInput *now,
                                 const HotSpots *spots)
{
    CompareOptions options = {0};
    bool both = then->of_ledger && now->of_ledger;
    if (both)
        versions_files(load->arena, load->places, &then->row, &now->row, &options);
    versions_measured(spots, &load->known.baseline, &load->known.iterations,
                      both ? &then->row : NULL, both ? &now->row : NULL, &options);
    if (options.per == COMPARE_SHARE && str_eq(spots->metric, S("gpu_time")) &&
        versions_same_launches(load->arena, &then->profile, &now->profile))
        options.per = COMPARE_COST;
    if (load->request->per != AGAINST_BEST)
        options.per = load->request->per == AGAINST_COST ? COMPARE_COST : COMPARE_SHARE;
    return options;
}

/* ------------------------------------------------------------------ rows */

const CompareValue *against_value(const AgainstTable *table, const AgainstRow *row)
{
    switch (table->request.hot.sort) {
    case RANK_SELF:
        return &row->compared.self;
    case RANK_TOTAL:
        return &row->compared.total;
    case RANK_HERE:
        break;
    }
    return &row->compared.here;
}

static int by_self(const void *a, const void *b)
{
    const AgainstRow *x = a, *y = b;
    double left = fabs(x->compared.self.change), right = fabs(y->compared.self.change);
    return (left < right) - (left > right);
}

static int by_total(const void *a, const void *b)
{
    const AgainstRow *x = a, *y = b;
    double left = fabs(x->compared.total.change), right = fabs(y->compared.total.change);
    return (left < right) - (left > right);
}

static void pick_rows(Arena *arena, AgainstTable *table)
{
    const AgainstRequest *request = &table->request;
    const Comparison *comparison = &table->comparison;
    table->by_function = request->hot.by == HOT_BY_FUNCTION ||
                         (request->hot.by == HOT_BY_ANY && !hotspots_know_lines(comparison->then) &&
                          !hotspots_know_lines(comparison->now));
    const CompareRow *from = table->by_function ? comparison->functions : comparison->lines;
    size_t len = table->by_function ? comparison->functions_len : comparison->lines_len;
    table->rows = NEW_ARRAY(arena, AgainstRow, len + 1);
    for (size_t i = 0; i < len; i++) {
        AgainstRow row = {.compared = from[i]};
        const CompareValue *value = against_value(table, &row);
        if (value->word == COMPARE_WITHIN) {
            table->within++;
            table->within_then += from[i].self.then;
            table->within_now += from[i].self.now;
        }
        if (value->word != COMPARE_WITHIN || request->hot.noise)
            table->rows[table->rows_of++] = row;
    }
    if (request->hot.sort != RANK_HERE)
        qsort(table->rows, table->rows_of, sizeof(AgainstRow),
              request->hot.sort == RANK_SELF ? by_self : by_total);
    size_t top = request->hot.top;
    table->rows_len = top && top < table->rows_of ? top : table->rows_of;
}

/* Lines are those of the newer profile's text; here they become those of the text on disk. */
static void place_rows(Arena *arena, const Places *places, const HotInput *now, AgainstTable *table)
{
    HotRow *rows = NEW_ARRAY(arena, HotRow, table->rows_len + 1);
    for (size_t i = 0; i < table->rows_len; i++) {
        const CompareRow *row = &table->rows[i].compared;
        rows[i].spot = row->now ? *row->now : *row->then;
        rows[i].spot.line = row->now_line;
        rows[i].spot.is_definition = true;
        rows[i].spot.mapped = rows[i].spot.mapped && row->now_line;
    }
    hot_place_rows(arena, places, now->of_ledger ? &now->row : NULL, rows, table->rows_len);
    for (size_t i = 0; i < table->rows_len; i++) {
        table->rows[i].line = rows[i].line;
        table->rows[i].state = table->rows[i].compared.now_line ? rows[i].state : S("gone");
    }
}

static bool compare(Load *load, const HotInput *then, const HotInput *now, AgainstTable *table,
                    Err *err)
{
    HotSpots *then_spots, *now_spots;
    if (!both_spots(load, then, now, &then_spots, &now_spots, err))
        return false;
    CompareOptions options = options_of(load, then, now, now_spots);
    table->comparison = compare_spots(load->arena, then_spots, now_spots, &options);
    table->texts = then->of_ledger && now->of_ledger;
    table->benchmark = load->known.baseline.metric;
    table->then = side_of(load, then, load->is_baseline);
    table->now = side_of(load, now, false);
    pick_rows(load->arena, table);
    place_rows(load->arena, load->places, now, table);
    return true;
}

bool against_load(Arena *arena, const Places *places, const AgainstRequest *request,
                  AgainstTable *out, Err *err)
{
    AgainstTable table = {.request = *request};
    Load load = {.arena = arena, .places = places, .request = request};
    const HotRequest *hot = &request->hot;
    HotChoice one = {hot->file, hot->profile, hot->workload, hot->program};
    CLEANUP(hot_input_close) HotInput now = {0};
    CLEANUP(hot_input_close) HotInput then = {0};
    if (!hot_inputs_open(arena, places, hot->choices_len ? hot->choices : &one,
                         hot->choices_len ? hot->choices_len : 1, &now, err) ||
        !read_ledger(&load, &now, err) || !open_other(&load, &then, err) ||
        !compare(&load, &then, &now, &table, err))
        return false;
    *out = table;
    return true;
}
