/*
 * Which harness wrote these bytes: decided by the keys of the report's first value, not by a name.
 * More specific rows stand above less specific ones.
 */
#include "analysis/stats/readers.h"

#include "base/json_scan.h"
#include "base/strbuf.h"

enum {
    KEYS_MAX = 4,
};

typedef struct ReportFormat {
    Str name;
    Str keys[KEYS_MAX]; /* of the outermost object: all of them; ends with an empty one */
    Str mark;           /* and these bytes are there too; may be empty */
    SamplesReader *read;
} ReportFormat;

static const ReportFormat FORMATS[] = {
    {STR_CONST("criterion"), {STR_CONST("reason")}, {0}, read_criterion},
    {STR_CONST("criterion"), {STR_CONST("iters"), STR_CONST("times")}, {0}, read_criterion},
    {STR_CONST("criterion"),
     {STR_CONST("mean"), STR_CONST("median")},
     STR_CONST("\"point_estimate\""),
     read_criterion},
    {STR_CONST("criterion"),
     {STR_CONST("Mean"), STR_CONST("Median")},
     STR_CONST("\"point_estimate\""),
     read_criterion},
    {STR_CONST("hyperfine"), {STR_CONST("results")}, STR_CONST("\"command\""), read_hyperfine},
    {STR_CONST("google-benchmark"),
     {STR_CONST("benchmarks"), STR_CONST("context")},
     STR_CONST("\"real_time\""),
     read_google},
    {STR_CONST("nvbench"),
     {STR_CONST("benchmarks"), STR_CONST("devices")},
     STR_CONST("\"states\""),
     read_nvbench},
    {STR_CONST("pyperf"), {STR_CONST("benchmarks")}, STR_CONST("\"runs\""), read_pyperf},
    {STR_CONST("pytest-benchmark"), {STR_CONST("benchmarks")}, {0}, read_pytest},
};
enum {
    FORMAT_COUNT = sizeof(FORMATS) / sizeof(FORMATS[0])
};

/* Of the object that the text begins with; what follows it does not matter. */
static bool has_keys(Str text, const Str keys[KEYS_MAX])
{
    bool found[KEYS_MAX] = {0};
    JsonScan scan = json_scan(text);
    if (json_peek(&scan) != '{' || !json_enter(&scan, '{'))
        return false;
    for (Str key; json_next_key(&scan, &key); json_skip(&scan))
        for (size_t i = 0; i < KEYS_MAX && keys[i].len; i++)
            found[i] |= str_eq(key, keys[i]);
    for (size_t i = 0; i < KEYS_MAX && keys[i].len; i++)
        if (!found[i])
            return false;
    return true;
}

/* cargo-criterion's lines may stand behind other output. */
static Str first_message(Str text)
{
    Str rest = text;
    for (Str line; str_next_line(&rest, &line);)
        if (str_starts(str_trim(line), S("{\"reason\"")))
            return str_trim(line);
    return text;
}

bool samples_read(Arena *arena, Str bytes, Samples *out, Err *err)
{
    Str first = first_message(bytes);
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (has_keys(first, FORMATS[i].keys) &&
            (!FORMATS[i].mark.len || str_has(bytes, FORMATS[i].mark)))
            return FORMATS[i].read(arena, bytes, out, err);
    if (str_starts(str_trim(bytes), S("[[")))
        return read_criterion(arena, bytes, out, err);
    if (divan_is(bytes))
        return read_divan(arena, bytes, out, err);
    if (libtest_is(bytes))
        return read_libtest(arena, bytes, out, err);
    return err_set(err, ERR_UNSUPPORTED, "not a benchmark report we know: we read " STR_FMT,
                   STR_ARG(samples_formats(arena)));
}

Str samples_formats(Arena *arena)
{
    StrBuf out = strbuf_new(arena);
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (i == 0 || !str_eq(FORMATS[i].name, FORMATS[i - 1].name))
            strbuf_fmt(&out, "%s" STR_FMT, i ? ", " : "", STR_ARG(FORMATS[i].name));
    strbuf_add(&out, S(", libtest, divan"));
    return strbuf_str(&out);
}
