#include "analysis/hints/bench_facts.h"

#include <stdlib.h>

#include "base/strbuf.h"

static int by_name(const void *a, const void *b)
{
    const BenchNumber *x = *(const BenchNumber *const *)a, *y = *(const BenchNumber *const *)b;
    return str_cmp(x->name, y->name);
}

static void add_number(Arena *arena, BenchPlace *place, const BenchNumber *number, size_t most)
{
    if (!place->numbers)
        place->numbers = NEW_ARRAY(arena, const BenchNumber *, most);
    place->numbers[place->n_numbers++] = number;
}

static int by_place(const void *a, const void *b)
{
    const BenchPlace *x = a, *y = b;
    return (x->line.n > y->line.n) - (x->line.n < y->line.n);
}

/* The same of benchmarks found before. */
static BenchPlaces places_of(Arena *arena, const BenchFacts *facts, Str path,
                             const Benches *benches)
{
    BenchPlace *all = NEW_ARRAY(arena, BenchPlace, benches->len + 1);
    BenchPlaces out = {.items = all};
    for (size_t i = 0; benches->len && i < facts->n_numbers; i++) {
        const BenchNumber *number = &facts->numbers[i];
        const Bench *bench = benches_find(benches, path, number->harness, number->name);
        if (bench)
            add_number(arena, &all[bench - benches->items], number, facts->n_numbers);
    }
    for (size_t i = 0; i < benches->len; i++) {
        const Bench *bench = &benches->items[i];
        BenchPlace place = all[i];
        place.line = bench->line;
        place.last = bench->last;
        place.id = bench->id;
        place.target = str_fmt(arena, STR_FMT "::" STR_FMT, STR_ARG(path), STR_ARG(bench->id));
        place.can_run = path.len && (facts->runners & BENCH_CAN_RUN(bench->harness));
        if (place.n_numbers > 1)
            qsort(place.numbers, place.n_numbers, sizeof(*place.numbers), by_name);
        if (place.can_run || place.n_numbers)
            all[out.len++] = place;
    }
    if (out.len > 1)
        qsort(all, out.len, sizeof(*all), by_place);
    return out;
}

BenchPlaces bench_places(Arena *arena, const BenchFacts *facts, Str path, const Outline *outline,
                         const Text *text)
{
    Benches benches = benches_of(arena, outline, text);
    return places_of(arena, facts, path, &benches);
}

/* ------------------------------------------------------------------ words */

static double change_of(const BenchNumber *number)
{
    return number->p50 / number->baseline - 1;
}

Str bench_number_words(Arena *arena, const BenchNumber *number)
{
    StrBuf out = strbuf_new(arena);
    Str value = units_text(arena, number->p50, number->unit);
    strbuf_fmt(&out, "p50 " STR_FMT, STR_ARG(value));
    if (number->samples)
        strbuf_fmt(&out, ", " STR_FMT " sample%s",
                   STR_ARG(units_text(arena, (double)number->samples, UNIT_COUNT)),
                   number->samples == 1 ? "" : "s");
    if (number->is_baseline)
        strbuf_add(&out, S(", at the baseline"));
    else if (number->has_baseline)
        strbuf_fmt(&out, ", " STR_FMT " vs baseline",
                   STR_ARG(units_delta(arena, change_of(number))));
    return strbuf_str(&out);
}

Str bench_words(Arena *arena, const BenchPlace *place)
{
    const BenchNumber *least = NULL, *most = NULL, *best = NULL, *worst = NULL;
    if (place->n_numbers == 0)
        return S("");
    if (place->n_numbers == 1)
        return bench_number_words(arena, place->numbers[0]);
    for (size_t i = 0; i < place->n_numbers; i++) {
        const BenchNumber *number = place->numbers[i];
        if (!least || number->p50 < least->p50)
            least = number;
        if (!most || number->p50 > most->p50)
            most = number;
        if (!number->has_baseline)
            continue;
        if (!best || change_of(number) < change_of(best))
            best = number;
        if (!worst || change_of(number) > change_of(worst))
            worst = number;
    }
    Str text = str_fmt(arena, "p50 " STR_FMT " to " STR_FMT ", %zu benchmarks",
                       STR_ARG(units_text(arena, least->p50, least->unit)),
                       STR_ARG(units_text(arena, most->p50, most->unit)), place->n_numbers);
    if (best)
        text = str_fmt(arena, STR_FMT ", " STR_FMT " to " STR_FMT " vs baseline", STR_ARG(text),
                       STR_ARG(units_delta(arena, change_of(best))),
                       STR_ARG(units_delta(arena, change_of(worst))));
    return text;
}
