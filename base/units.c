#include "base/units.h"

#include <math.h>
#include <string.h>

typedef struct Step {
    double factor;
    Str symbol;
} Step;

typedef struct Scale {
    Step steps[5]; /* largest first; unused entries have factor 0 */
} Scale;

static const Scale SCALES[] = {
    [UNIT_COUNT] = {{{1e12, STR_CONST("T")},
                     {1e9, STR_CONST("G")},
                     {1e6, STR_CONST("M")},
                     {1, STR_CONST("")}}},
    [UNIT_SECONDS] = {{{60, STR_CONST("min")},
                       {1, STR_CONST("s")},
                       {1e-3, STR_CONST("ms")},
                       {1e-6, STR_CONST("µs")},
                       {1e-9, STR_CONST("ns")}}},
    [UNIT_BYTES] = {{{1e12, STR_CONST("TB")},
                     {1e9, STR_CONST("GB")},
                     {1e6, STR_CONST("MB")},
                     {1e3, STR_CONST("kB")},
                     {1, STR_CONST("B")}}},
    [UNIT_PER_SECOND] = {{{1e9, STR_CONST("G/s")}, {1e6, STR_CONST("M/s")}, {1, STR_CONST("/s")}}},
    [UNIT_PERCENT] = {{{1e-2, STR_CONST("%")}}},
};

/* 12300 -> "12,300"; three significant digits below a thousand. */
static Str digits_text(Arena *arena, double value)
{
    double size = fabs(value);
    if (size >= 1000) {
        Str plain = str_fmt(arena, "%.0f", value);
        char *out = NEW_ARRAY(arena, char, plain.len * 2);
        size_t len = 0;
        for (size_t i = 0; i < plain.len; i++) {
            if (i && plain.ptr[i - 1] != '-' && (plain.len - i) % 3 == 0)
                out[len++] = ',';
            out[len++] = plain.ptr[i];
        }
        return (Str){out, len};
    }
    int decimals = size >= 99.95 || size == 0 ? 0 : size >= 9.995 ? 1 : 2;
    Str text = str_fmt(arena, "%.*f", decimals, value);
    while (decimals > 0 && (str_ends(text, S("0")) || str_ends(text, S(".")))) {
        bool dot = str_ends(text, S("."));
        text.len--;
        if (dot)
            break;
    }
    return text;
}

Str units_text(Arena *arena, double value, Unit unit)
{
    if (!isfinite(value))
        return S("?");
    const Step *step = SCALES[unit].steps;
    /* 0.9995 rounds up to the next unit, so "1000 ms" is never written. */
    while (step < SCALES[unit].steps + 4 && step[1].factor > 0 &&
           fabs(value) < step->factor * (step->factor == 60 ? 2 : 0.9995))
        step++;
    Str digits = digits_text(arena, value / step->factor);
    if (step->symbol.len == 0)
        return digits;
    return str_fmt(arena, STR_FMT " " STR_FMT, STR_ARG(digits), STR_ARG(step->symbol));
}

Str units_delta(Arena *arena, double change)
{
    double percent = change * 100;
    int decimals = fabs(percent) >= 9.95 ? 0 : 1;
    return str_fmt(arena, "%+.*f %%", decimals, percent);
}

typedef struct Spelling {
    Str text;
    Unit unit;
    double factor;
} Spelling;

static const Spelling SPELLINGS[] = {
    {STR_CONST(""), UNIT_COUNT, 1},
    {STR_CONST("k"), UNIT_COUNT, 1e3},
    {STR_CONST("M"), UNIT_COUNT, 1e6},
    {STR_CONST("G"), UNIT_COUNT, 1e9},
    {STR_CONST("%"), UNIT_PERCENT, 1e-2},
    {STR_CONST("ns"), UNIT_SECONDS, 1e-9},
    {STR_CONST("us"), UNIT_SECONDS, 1e-6},
    {STR_CONST("µs"), UNIT_SECONDS, 1e-6},
    {STR_CONST("ms"), UNIT_SECONDS, 1e-3},
    {STR_CONST("s"), UNIT_SECONDS, 1},
    {STR_CONST("sec"), UNIT_SECONDS, 1},
    {STR_CONST("min"), UNIT_SECONDS, 60},
    {STR_CONST("h"), UNIT_SECONDS, 3600},
    {STR_CONST("B"), UNIT_BYTES, 1},
    {STR_CONST("kB"), UNIT_BYTES, 1e3},
    {STR_CONST("KB"), UNIT_BYTES, 1e3},
    {STR_CONST("MB"), UNIT_BYTES, 1e6},
    {STR_CONST("GB"), UNIT_BYTES, 1e9},
    {STR_CONST("TB"), UNIT_BYTES, 1e12},
    {STR_CONST("KiB"), UNIT_BYTES, 1024.0},
    {STR_CONST("MiB"), UNIT_BYTES, 1048576.0},
    {STR_CONST("GiB"), UNIT_BYTES, 1073741824.0},
    {STR_CONST("/s"), UNIT_PER_SECOND, 1},
    {STR_CONST("k/s"), UNIT_PER_SECOND, 1e3},
    {STR_CONST("M/s"), UNIT_PER_SECOND, 1e6},
    {STR_CONST("/min"), UNIT_PER_SECOND, 1.0 / 60},
};

bool units_parse(Str text, double *value, Unit *unit)
{
    text = str_trim(text);
    size_t cut = 0;
    while (cut < text.len && memchr("+-.0123456789", text.ptr[cut], 13))
        cut++;
    if (cut && cut + 1 < text.len && (text.ptr[cut] == 'e' || text.ptr[cut] == 'E') &&
        memchr("+-0123456789", text.ptr[cut + 1], 12))
        for (cut += 2; cut < text.len && memchr("0123456789", text.ptr[cut], 10);)
            cut++;
    double number;
    if (!str_to_double(str_head(text, cut), &number))
        return false;
    Str symbol = str_trim(str_from(text, cut));
    for (size_t i = 0; i < sizeof(SPELLINGS) / sizeof(SPELLINGS[0]); i++) {
        if (!str_eq(symbol, SPELLINGS[i].text))
            continue;
        *value = number * SPELLINGS[i].factor;
        *unit = SPELLINGS[i].unit;
        return true;
    }
    return false;
}

Str units_symbol(Unit unit)
{
    static const Str SYMBOLS[] = {
        [UNIT_COUNT] = STR_CONST(""),    [UNIT_SECONDS] = STR_CONST("s"),
        [UNIT_BYTES] = STR_CONST("B"),   [UNIT_PER_SECOND] = STR_CONST("/s"),
        [UNIT_PERCENT] = STR_CONST("%"),
    };
    return SYMBOLS[unit];
}
