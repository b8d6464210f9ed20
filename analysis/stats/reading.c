#include "analysis/stats/reading.h"

#include <ctype.h>
#include <math.h>

#include "base/strbuf.h"

/* The length of a number that JSON does not have, at the start of the text; 0: none there. */
static size_t strange_number(Str text)
{
    static const Str WORDS[] = {STR_CONST("NaN"), STR_CONST("nan"), STR_CONST("Infinity"),
                                STR_CONST("inf")};
    size_t sign = text.len && (text.ptr[0] == '-' || text.ptr[0] == '+') ? 1 : 0;
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
        if (str_starts(str_from(text, sign), WORDS[i]))
            return sign + WORDS[i].len;
    return 0;
}

static Str without_strange_numbers(Arena *arena, Str text)
{
    StrBuf out = strbuf_new(arena);
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        size_t strange =
            in_string || isdigit((unsigned char)c) ? 0 : strange_number(str_from(text, i));
        if (strange) {
            strbuf_add(&out, S("null"));
            i += strange - 1;
            continue;
        }
        strbuf_char(&out, c);
        if (in_string && c == '\\' && i + 1 < text.len)
            strbuf_char(&out, text.ptr[++i]);
        else if (c == '"')
            in_string = !in_string;
    }
    return strbuf_str(&out);
}

bool reading_parse(Arena *arena, Str bytes, JsonIn *root, Err *err)
{
    Err first = {0};
    if (json_parse(arena, bytes, root, &first))
        return true;
    if (!str_has(bytes, S("NaN")) && !str_has(bytes, S("nan")) && !str_has(bytes, S("inf")) &&
        !str_has(bytes, S("Infinity"))) {
        *err = first;
        return false;
    }
    return json_parse(arena, without_strange_numbers(arena, bytes), root, err);
}

Numbers reading_numbers(Arena *arena, JsonIn list, double scale)
{
    Numbers out = {0};
    size_t count = json_kind(list) == JSON_TYPE_ARRAY ? json_len(list) : 0;
    for (size_t i = 0; i < count; i++) {
        JsonIn item = json_item(list, i);
        *array_push(arena, &out) =
            json_kind(item) == JSON_TYPE_NUMBER ? json_as_double(item) * scale : NAN;
    }
    return out;
}

bool reading_series(Arena *arena, Samples *samples, BenchmarkSamples *benchmark,
                    SampleSeries series, const Numbers *values, const char *what)
{
    double *kept = NEW_ARRAY(arena, double, values->len + 1);
    bool positive = series.unit == UNIT_SECONDS;
    size_t count = 0;
    array_each (double, value, values)
        if (isfinite(*value) && (!positive || *value > 0))
            kept[count++] = *value;
    if (count < values->len)
        *array_push(arena, &samples->notes) = str_fmt(
            arena, STR_FMT ": %zu of %zu %s are not %s and are left out", STR_ARG(benchmark->name),
            values->len - count, values->len, what, positive ? "positive times" : "numbers");
    series.values = kept;
    series.count = count;
    if (count || !(series.median > 0))
        series.median = NAN;
    if (count || !(series.mean > 0))
        series.mean = NAN;
    if (count == 0 && isnan(series.median) && isnan(series.mean))
        return false;
    *array_push(arena, &benchmark->series) = series;
    return true;
}

bool reading_add(Arena *arena, Samples *samples, const BenchmarkSamples *benchmark)
{
    if (benchmark->series.len) {
        *array_push(arena, &samples->benchmarks) = *benchmark;
        return true;
    }
    *array_push(arena, &samples->notes) =
        str_fmt(arena, STR_FMT ": no times of its rounds", STR_ARG(benchmark->name));
    return false;
}

bool reading_done(const Samples *samples, Samples *out, Err *err)
{
    if (samples->benchmarks.len == 0)
        return err_set(err, ERR_INPUT, "the report of " STR_FMT " holds no benchmark%s" STR_FMT,
                       STR_ARG(samples->harness), samples->notes.len ? ": " : "",
                       STR_ARG(samples->notes.len ? samples->notes.items[0] : S("")));
    *out = *samples;
    return true;
}
