/* The table of hot.h as JSON and as text. */

#include <math.h>

#include "analysis/hints/words.h"
#include "analysis/symbols/short_name.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "runners/profiling/hot.h"
#include "runners/profiling/notes.h"

/* ------------------------------------------------------------------ JSON */

static void callee_fields(JsonOut *out, const HotSpots *spots, const HotCallee *callee)
{
    const HotSpot *function = &spots->functions[callee->function];
    json_open(out, '{');
    json_key_str(out, "function", function->function);
    if (function->library.len)
        json_key_str(out, "library", function->library);
    if (callee->file.len) {
        json_key_str(out, "file", callee->file);
        json_key_u64(out, "line", callee->line);
    }
    json_key_i64(out, "cost", callee->cost);
    json_close(out, '}');
}

static void callees_fields(JsonOut *out, const HotSpots *spots, const HotSpot *spot)
{
    if (spot->callee <= 0)
        return;
    json_key_i64(out, "in_callee", spot->callee);
    json_key_open(out, "callees", '[');
    for (size_t i = 0; i < spot->callees_len; i++)
        callee_fields(out, spots, &spots->callees[spot->callees_first + i]);
    json_close(out, ']');
}

static void gpu_fields(JsonOut *out, const HotRow *row)
{
    if (row->gpu_time_ns)
        json_key_i64(out, "gpu_time_ns", row->gpu_time_ns);
    if (!row->stalls_len)
        return;
    json_key(out, "stalls");
    json_open(out, '[');
    for (size_t i = 0; i < row->stalls_len; i++) {
        json_open(out, '{');
        json_key_str(out, "reason", row->stalls[i].reason);
        json_key_double(out, "share", row->stalls[i].share);
        json_close(out, '}');
    }
    json_close(out, ']');
}

static void row_fields(JsonOut *out, const HotSpots *spots, const HotRow *row)
{
    json_open(out, '{');
    json_key_str_or_null(out, "file", row->spot.file);
    json_key_u64(out, "line", row->line);
    json_key_str(out, "function", row->spot.function);
    json_key_i64(out, "self", row->spot.self);
    json_key_i64(out, "total", row->spot.total);
    json_key_u64(out, "samples", row->spot.samples);
    json_key_str(out, "state", row->state);
    if (row->line != row->spot.line)
        json_key_u64(out, "recorded_line", row->spot.line);
    if (row->spot.kind != FRAME_USER)
        json_key_str(out, "kind", frame_kind_name(row->spot.kind));
    if (row->spot.library.len)
        json_key_str(out, "library", row->spot.library);
    callees_fields(out, spots, &row->spot);
    gpu_fields(out, row);
    json_close(out, '}');
}

void hot_fields(JsonOut *out, const void *context)
{
    const HotTable *table = context;
    json_key_open(out, "profile", '{');
    json_key_str(out, "tool", table->tool);
    json_key_str(out, "format", table->format);
    json_key_str(out, "id", table->id);
    if (table->number)
        json_key_i64(out, "number", table->number);
    if (table->merged > 1)
        json_key_u64(out, "merged", table->merged);
    json_close(out, '}');
    json_key_str(out, "metric", table->spots.metric);
    json_key_str(out, "unit", table->spots.unit);
    json_key_i64(out, "total", table->spots.total);
    json_key_strs(out, "metrics", table->metrics, table->metrics_len);
    json_key_i64(out, "unmapped", table->spots.unmapped);
    json_key_u64(out, "samples", table->spots.samples);
    json_key_bool(out, "sampled", table->spots.sampled);
    json_key_strs(out, "notes", table->notes, table->notes_len);
    json_key_open(out, "rows", '[');
    for (size_t i = 0; i < table->rows_len; i++)
        row_fields(out, &table->spots, &table->rows[i]);
    json_close(out, ']');
    gpu_besides_fields(out, &table->gpus);
}

/* ------------------------------------------------------------------ text */

static void print_head(Arena *arena, StrBuf *out, const HotTable *table)
{
    const HotSpots *spots = &table->spots;
    Str total = rank_cost_text(arena, spots, spots->total);
    strbuf_fmt(out, STR_FMT, STR_ARG(table->tool.len ? table->tool : table->format));
    if (table->merged > 1)
        strbuf_fmt(out, ", %zu profiles merged", table->merged);
    else if (table->number)
        strbuf_fmt(out, " profile %lld", (long long)table->number);
    strbuf_fmt(out, ": " STR_FMT " " STR_FMT, STR_ARG(total),
               STR_ARG(words_metric_of(arena, spots)));
    if (spots->sampled && !str_eq(spots->unit, S("count")))
        strbuf_fmt(out, " in " STR_FMT " sample%s",
                   STR_ARG(units_text(arena, (double)spots->samples, UNIT_COUNT)),
                   spots->samples == 1 ? "" : "s");
    if (spots->unmapped > 0 && spots->lines_len) {
        Str unmapped = rank_cost_text(arena, spots, spots->unmapped);
        strbuf_fmt(out, ", " STR_FMT " of it in no source file", STR_ARG(unmapped));
    }
    strbuf_char(out, '\n');
}

/* A timer's interrupt now and then is nothing the line calls. */
static bool calls_much(const HotSpot *spot)
{
    return spot->callee > 0 && (double)spot->callee * 20 >= (double)hot_spot_cost(spot);
}

/* " → json.loads (stdlib json)": what most of it is. */
static void print_callee(Arena *arena, StrBuf *out, const HotSpots *spots, const HotSpot *spot)
{
    if (!calls_much(spot) || !spot->callees_len)
        return;
    const HotSpot *callee = &spots->functions[spots->callees[spot->callees_first].function];
    bool inlined = str_eq(callee->function, spot->function);
    strbuf_fmt(out, " → " STR_FMT,
               STR_ARG(inlined ? S("inlined code")
                               : short_name(arena, callee->function, SHORT_NAME_WORDS)));
    if (callee->library.len)
        strbuf_fmt(out, " (" STR_FMT ")", STR_ARG(callee->library));
}

/* A library's file where it is on this machine, else inside the library: no path that leads nowhere. */
static Str shown_file(const HotSpot *spot)
{
    return !spot->library.len || spot->mapped ? spot->file
           : spot->source.len                 ? spot->source
           : spot->below.len                  ? spot->below
                                              : spot->file;
}

/* "  [8.36 ms; barrier 74 %, wait 24 %]": what is not in the columns */
static void print_gpu(Arena *arena, StrBuf *out, const HotSpots *spots, const HotRow *row)
{
    bool with_time = row->gpu_time_ns > 0 && !str_eq(spots->metric, S("gpu_time"));
    if (!with_time && !row->hurts.len)
        return;
    strbuf_add(out, S("  ["));
    if (with_time)
        strbuf_add(out, units_text(arena, (double)row->gpu_time_ns * 1e-9, UNIT_SECONDS));
    strbuf_fmt(out, "%s" STR_FMT "]", with_time && row->hurts.len ? "; " : "", STR_ARG(row->hurts));
}

static void print_row(Arena *arena, StrBuf *out, const HotSpots *spots, const HotRow *row,
                      bool with_callees)
{
    const HotSpot *spot = &row->spot;
    strbuf_right(out, rank_share_text(arena, rank_share(spots, spot->self, spot->self_samples)),
                 12);
    strbuf_right(out, rank_cost_text(arena, spots, spot->self), 10);
    if (with_callees)
        strbuf_right(out,
                     spot->callee > 0 ? rank_share_text(arena, rank_share(spots, spot->callee,
                                                                          spot->callee_samples))
                                      : S(""),
                     13);
    strbuf_right(out, rank_share_text(arena, rank_share(spots, spot->total, spot->samples)), 13);
    strbuf_add(out, S("  "));
    if (spot->file.len && row->line)
        strbuf_fmt(out, STR_FMT ":%u ", STR_ARG(shown_file(spot)), row->line);
    else if (spot->file.len && !str_eq(spot->file, S("~")))
        strbuf_fmt(out, STR_FMT " ", STR_ARG(spot->file));
    strbuf_add(out, short_name(arena, spot->function, SHORT_NAME_ROW));
    if (spot->library.len)
        strbuf_fmt(out, " (" STR_FMT ")", STR_ARG(spot->library));
    print_callee(arena, out, spots, spot);
    print_gpu(arena, out, spots, row);
    if (!str_eq(row->state, S("recorded")) && !str_eq(row->state, S("exact")))
        strbuf_fmt(out, "  (" STR_FMT ", was line %u)", STR_ARG(row->state), spot->line);
    strbuf_char(out, '\n');
}

static bool is_noise(const HotTable *table, const HotRow *row)
{
    const HotSpot *spot = &row->spot;
    RankSort sort = table->request.sort;
    int64_t cost = sort == RANK_HERE   ? hot_spot_cost(spot)
                   : sort == RANK_SELF ? spot->self
                                       : spot->total;
    uint64_t samples = sort == RANK_HERE   ? hot_spot_samples(spot)
                       : sort == RANK_SELF ? spot->self_samples
                                           : spot->samples;
    return table->spots.sampled && !table->request.noise &&
           !rank_is_resolvable(rank_share(&table->spots, cost, samples));
}

/* A line of std is shown that nobody can look at here. */
static bool lacks_rust_source(const HotTable *table)
{
    for (size_t i = 0; i < table->rows_len; i++) {
        const HotSpot *spot = &table->rows[i].spot;
        if (str_starts(spot->file, S("/rustc/")) && str_eq(spot->library, S("std")) &&
            !spot->source.len && !is_noise(table, &table->rows[i]))
            return true;
    }
    return false;
}

static bool is_nothing(const HotSpot *spot)
{
    return spot->total == 0 && spot->self == 0 && spot->callee == 0;
}

static size_t rows_with_cost(const HotTable *table)
{
    const HotSpot *from = table->by_function ? table->spots.functions : table->spots.lines;
    size_t count = 0;
    for (size_t i = 0; i < table->rows_of; i++)
        count += !is_nothing(&from[i]);
    return count;
}

static void print_notes(Arena *arena, StrBuf *out, const HotTable *table)
{
    Notes notes = notes_fold(arena, table->notes, table->notes_len);
    array_each (const Str, note, &notes)
        strbuf_fmt(out, "note: " STR_FMT "\n", STR_ARG(*note));
}

/* What stands in no row, and which option shows it. */
static void print_left_out(StrBuf *out, const HotTable *table, size_t quiet, size_t zero)
{
    double least = fmax(rank_floor(&table->spots) * 100, 0.1);
    int digits = least < 10 ? 1 : 0;
    size_t further = rows_with_cost(table) - (table->rows_len - zero);
    if (quiet && quiet == table->rows_len)
        strbuf_fmt(out, "too few samples to rank any of them: each has less than %.*f %% (--all)\n",
                   digits, least);
    else if (quiet)
        strbuf_fmt(out, "%zu more %s too few samples to be ranked, under %.*f %% (--all)\n", quiet,
                   quiet == 1 ? "has" : "have", digits, least);
    if (further)
        strbuf_fmt(out, "%zu further row%s (--top 0)\n", further, further == 1 ? "" : "s");
}

Str hot_text(Arena *arena, const HotTable *table)
{
    StrBuf out = strbuf_new(arena);
    size_t quiet = 0, zero = 0;
    print_head(arena, &out, table);
    print_notes(arena, &out, table);
    bool with_callees = false;
    for (size_t i = 0; i < table->rows_len; i++)
        with_callees = with_callees || calls_much(&table->rows[i].spot);
    strbuf_fmt(&out, "%12s%10s%*s%13s  %s\n", "self", "", with_callees ? 13 : 0,
               with_callees ? "in callee" : "", "total", table->by_function ? "function" : "line");
    for (size_t i = 0; i < table->rows_len; i++)
        if (is_nothing(&table->rows[i].spot))
            zero++;
        else if (is_noise(table, &table->rows[i]))
            quiet++;
        else
            print_row(arena, &out, &table->spots, &table->rows[i], with_callees);
    print_left_out(&out, table, quiet, zero);
    array_each (const Str, line, &table->gpus.lines)
        strbuf_fmt(&out, STR_FMT "\n", STR_ARG(*line));
    if (lacks_rust_source(table))
        strbuf_add(&out, S("the source of Rust's std is not on this machine: "
                           "rustup component add rust-src\n"));
    return strbuf_str(&out);
}
