/* The table of against.h as JSON and as text. */

#include "runners/profiling/against.h"

#include <math.h>

#include "analysis/hints/words.h"
#include "base/strbuf.h"
#include "base/units.h"

/* ------------------------------------------------------------------ JSON */

static void side_fields(JsonOut *out, const char *key, const AgainstSide *side)
{
    json_key_open(out, key, '{');
    json_key_str(out, "tool", side->tool);
    json_key_str(out, "format", side->format);
    json_key_str(out, "id", side->id);
    if (side->number)
        json_key_i64(out, "number", side->number);
    if (side->merged > 1)
        json_key_u64(out, "merged", side->merged);
    json_close(out, '}');
}

static void cost_fields(JsonOut *out, const AgainstTable *table, const CompareValue *value)
{
    json_key_i64(out, "then_cost", value->then_cost);
    json_key_i64(out, "now_cost", value->now_cost);
    if (table->comparison.error == COMPARE_SAMPLED) {
        json_key_u64(out, "then_samples", value->then_samples);
        json_key_u64(out, "now_samples", value->now_samples);
    }
    json_key_double(out, "then", value->then);
    json_key_double(out, "now", value->now);
    json_key_double(out, "change", value->change);
    json_key_double(out, "low", value->low);
    json_key_double(out, "high", value->high);
    json_key_double(out, "p", value->p);
    json_key_str(out, "word", compare_word_name(value->word));
}

static void row_fields(JsonOut *out, const AgainstTable *table, const AgainstRow *row)
{
    const CompareRow *compared = &row->compared;
    json_open(out, '{');
    json_key_str_or_null(out, "file", compared->file);
    json_key_u64(out, "line", row->line);
    json_key_str(out, "function", compared->function);
    json_key_str(out, "state", row->state);
    json_key_str(out, "place", compare_place_name(compared->place));
    json_key_u64(out, "then_line", compared->then_line);
    json_key_u64(out, "now_line", compared->now_line);
    cost_fields(out, table, against_value(table, row));
    json_close(out, '}');
}

void against_fields(JsonOut *out, const void *context)
{
    const AgainstTable *table = context;
    const Comparison *comparison = &table->comparison;
    side_fields(out, "profile", &table->now);
    side_fields(out, "against", &table->then);
    json_key_str(out, "metric", comparison->now->metric);
    json_key_str(out, "unit", comparison->now->unit);
    json_key_i64(out, "then_total", comparison->then->total);
    json_key_i64(out, "total", comparison->now->total);
    json_key_u64(out, "then_samples", comparison->then->samples);
    json_key_u64(out, "samples", comparison->now->samples);
    json_key_str(out, "per", compare_per_name(comparison->per));
    if (comparison->per == COMPARE_BENCHMARK)
        json_key_str(out, "benchmark", table->benchmark);
    json_key_double(out, "then", comparison->whole_then);
    json_key_double(out, "now", comparison->whole_now);
    json_key_str(out, "error", compare_error_name(comparison->error));
    json_key_bool(out, "texts", table->texts);
    json_key_u64(out, "within", table->within);
    json_key_u64(out, "rows_of", table->rows_of);
    json_key_open(out, "rows", '[');
    for (size_t i = 0; i < table->rows_len; i++)
        row_fields(out, table, &table->rows[i]);
    json_close(out, ']');
}

/* ------------------------------------------------------------------ words */

static Str percent(Arena *arena, double share)
{
    return str_fmt(arena, "%.*f %%", share < 0.0995 ? 1 : 0, share * 100);
}

/* "8.1 ms" in the unit of the comparison; a share in points. */
static Str amount(Arena *arena, const AgainstTable *table, double value)
{
    if (table->comparison.per == COMPARE_SHARE)
        return str_fmt(arena, "%.*f pt", fabs(value) < 0.0995 ? 1 : 0, value * 100);
    if (table->comparison.per == COMPARE_BENCHMARK)
        return units_text(arena, value, UNIT_SECONDS);
    return rank_cost_text(arena, table->comparison.now, llround(value));
}

/* "-7.2 ms ±0.4 ms": the interval of few samples is lopsided; this is its part towards zero. */
static Str change_text(Arena *arena, const AgainstTable *table, const CompareValue *value)
{
    Str size = amount(arena, table, fabs(value->change));
    const char *sign = value->change < 0 ? "-" : "+";
    double error = value->change < 0 ? value->high - value->change : value->change - value->low;
    if (isnan(error) || error <= 0)
        return str_fmt(arena, "%s" STR_FMT, sign, STR_ARG(size));
    if (table->comparison.per == COMPARE_SHARE)
        return str_fmt(arena, "%s" STR_FMT " ±%.*f", sign, STR_ARG(size), error < 0.0095 ? 1 : 0,
                       error * 100);
    return str_fmt(arena, "%s" STR_FMT " ±" STR_FMT, sign, STR_ARG(size),
                   STR_ARG(amount(arena, table, error)));
}

static Str shares_text(Arena *arena, const AgainstTable *table, const CompareValue *value)
{
    double then = (double)value->then_cost / (double)table->comparison.then->total;
    double now = (double)value->now_cost / (double)table->comparison.now->total;
    return str_fmt(arena, STR_FMT " → " STR_FMT, STR_ARG(percent(arena, then)),
                   STR_ARG(percent(arena, now)));
}

static Str side_text(Arena *arena, const AgainstSide *side, const HotSpots *spots)
{
    StrBuf out = strbuf_new(arena);
    strbuf_fmt(&out, STR_FMT, STR_ARG(rank_cost_text(arena, spots, spots->total)));
    if (spots->sampled && !str_eq(spots->unit, S("count")))
        strbuf_fmt(&out, " in " STR_FMT " sample%s",
                   STR_ARG(units_text(arena, (double)spots->samples, UNIT_COUNT)),
                   spots->samples == 1 ? "" : "s");
    strbuf_fmt(&out, " in " STR_FMT, STR_ARG(side->name));
    return strbuf_str(&out);
}

static void print_head(Arena *arena, StrBuf *out, const AgainstTable *table)
{
    const Comparison *comparison = &table->comparison;
    strbuf_fmt(out, STR_FMT " " STR_FMT ": " STR_FMT ", " STR_FMT "\n",
               STR_ARG(table->now.tool.len ? table->now.tool : table->now.format),
               STR_ARG(words_metric_of(arena, comparison->now)),
               STR_ARG(side_text(arena, &table->then, comparison->then)),
               STR_ARG(side_text(arena, &table->now, comparison->now)));
    switch (comparison->per) {
    case COMPARE_BENCHMARK:
        strbuf_fmt(out,
                   "compared by the cost in one run: " STR_FMT " " STR_FMT " → " STR_FMT
                   ", measured in pairs\n",
                   STR_ARG(table->benchmark),
                   STR_ARG(units_text(arena, comparison->whole_then, UNIT_SECONDS)),
                   STR_ARG(units_text(arena, comparison->whole_now, UNIT_SECONDS)));
        break;
    case COMPARE_COST:
        strbuf_add(out, str_eq(comparison->now->metric, S("gpu_time")) &&
                                table->request.per == AGAINST_BEST
                            ? S("compared by the kernels' own time: both saw as many launches\n")
                            : S("compared by cost as recorded: right if both saw the same work\n"));
        break;
    case COMPARE_SHARE:
        strbuf_add(
            out, S("compared by share; what rose only because something else fell is not named\n"));
        break;
    }
    if (!table->texts)
        strbuf_add(out, S("note: not both are of the ledger (perfloop import), so lines are "
                          "compared by number\n"));
}

static void print_place(StrBuf *out, const AgainstRow *row)
{
    const CompareRow *compared = &row->compared;
    uint32_t line = row->line ? row->line : compared->then_line;
    if (compared->file.len && line)
        strbuf_fmt(out, STR_FMT ":%u ", STR_ARG(compared->file), line);
    else if (compared->file.len && !str_eq(compared->file, S("~")))
        strbuf_fmt(out, STR_FMT " ", STR_ARG(compared->file));
    strbuf_add(out, compared->function);
    switch (compared->place) {
    case COMPARE_NEW:
        strbuf_add(out, S("  (new)"));
        break;
    case COMPARE_GONE:
        strbuf_add(out, S("  (gone)"));
        break;
    case COMPARE_MOVED:
    case COMPARE_CHANGED:
        strbuf_fmt(out, "  (%s, was line %u)",
                   compared->place == COMPARE_MOVED ? "moved" : "changed", compared->then_line);
        break;
    case COMPARE_SAME:
    case COMPARE_RECORDED:
        break;
    }
    strbuf_char(out, '\n');
}

static void print_row(Arena *arena, StrBuf *out, const AgainstTable *table, const AgainstRow *row)
{
    const CompareValue *value = against_value(table, row);
    strbuf_right(out, shares_text(arena, table, value), 17);
    if (table->comparison.per != COMPARE_SHARE)
        strbuf_right(out,
                     str_fmt(arena, STR_FMT " → " STR_FMT,
                             STR_ARG(amount(arena, table, value->then)),
                             STR_ARG(amount(arena, table, value->now))),
                     22);
    strbuf_right(out, change_text(arena, table, value), 20);
    strbuf_add(out, S("  "));
    print_place(out, row);
}

static void print_section(Arena *arena, StrBuf *out, const AgainstTable *table, CompareWord word,
                          const char *title)
{
    size_t shown = 0;
    for (size_t i = 0; i < table->rows_len; i++) {
        if (against_value(table, &table->rows[i])->word != word)
            continue;
        if (shown++ == 0)
            strbuf_fmt(out, "%s\n", title);
        print_row(arena, out, table, &table->rows[i]);
    }
}

static void print_within(Arena *arena, StrBuf *out, const AgainstTable *table)
{
    static const char *const ERRORS[] = {
        [COMPARE_SAMPLED] = "by no more than the sampling error (99 %)",
        [COMPARE_COUNTED] = "by less than 0.5 % of the whole",
        [COMPARE_TIMED] = ("by less than 1 % of the whole or 10 % of their own time, which one run "
                           "cannot tell"),
    };
    const Comparison *comparison = &table->comparison;
    const char *what = table->by_function ? "function" : "line";
    bool none = table->within == 0;
    size_t further = table->rows_of - table->rows_len;
    if (further)
        strbuf_fmt(out, "%zu further row%s (--top 0)\n", further, further == 1 ? "" : "s");
    if (none)
        return;
    bool by_share = comparison->per == COMPARE_SHARE && comparison->error != COMPARE_COUNTED;
    strbuf_fmt(out, "%zu %s%s differ%s %s%s", table->within, what, table->within == 1 ? "" : "s",
               table->within == 1 ? "s" : "", by_share ? "as the others leave room, or " : "",
               ERRORS[comparison->error]);
    if (table->request.hot.sort != RANK_TOTAL)
        strbuf_fmt(out, ": %s → %s together",
                   str_cstr(arena, percent(arena, table->within_then / comparison->whole_then)),
                   str_cstr(arena, percent(arena, table->within_now / comparison->whole_now)));
    strbuf_add(out, table->request.hot.noise ? S("\n") : S(" (--all)\n"));
}

Str against_text(Arena *arena, const AgainstTable *table)
{
    StrBuf out = strbuf_new(arena);
    print_head(arena, &out, table);
    print_section(arena, &out, table, COMPARE_FELL, "fell");
    print_section(arena, &out, table, COMPARE_ROSE, "rose");
    print_section(arena, &out, table, COMPARE_WITHIN, "within the error");
    if (table->within ==
        (table->by_function ? table->comparison.functions_len : table->comparison.lines_len))
        strbuf_add(&out, S("nothing rose or fell\n"));
    print_within(arena, &out, table);
    return strbuf_str(&out);
}
