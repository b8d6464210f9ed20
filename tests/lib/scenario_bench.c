#include "tests/lib/scenario_bench.h"

#include <math.h>

#include "base/array.h"

static Str next_word(Str *line)
{
    Str word = *line, rest = S("");
    str_cut(*line, ' ', &word, &rest);
    *line = str_trim(rest);
    return word;
}

static void read_runners(Str line, BenchFacts *out)
{
    while (line.len) {
        Str word = next_word(&line);
        for (OutlineHarness harness = OUTLINE_PYTEST; harness <= OUTLINE_NVBENCH; harness++)
            if (str_eq(word, outline_harness_name(harness)))
                out->runners |= BENCH_CAN_RUN(harness);
    }
}

static bool read_number(Str line, BenchNumber *number)
{
    double value;
    for (Str before = line; line.len; before = line) {
        Str word = next_word(&line), key = word, text = S("");
        str_cut(word, '=', &key, &text);
        bool is_number = str_to_double(text, &value);
        if (str_eq(key, S("p50")) && is_number) {
            number->p50 = value;
        } else if (str_eq(key, S("samples")) && is_number) {
            number->samples = (uint64_t)value;
        } else if (str_eq(key, S("baseline")) && is_number) {
            number->baseline = value;
            number->has_baseline = true;
        } else if (str_eq(word, S("at-baseline"))) {
            number->is_baseline = true;
        } else {
            number->name = before;
            return true;
        }
    }
    return false;
}

bool scenario_bench(Arena *arena, Str text, BenchFacts *out, Err *err)
{
    Array(BenchNumber) numbers = {0};
    for (Str rest = text, line; str_next_line(&rest, &line);) {
        Str words = str_trim(line);
        if (!words.len)
            continue;
        BenchNumber number = {.harness = next_word(&words),
                              .unit = UNIT_SECONDS,
                              .baseline = (double)NAN,
                              .origin = S("imported")};
        if (str_eq(number.harness, S("run")))
            read_runners(words, out);
        else if (read_number(words, &number))
            *array_push(arena, &numbers) = number;
        else
            return err_set(err, ERR_INPUT, "bench: no name in '" STR_FMT "'", STR_ARG(line));
    }
    out->numbers = numbers.items;
    out->n_numbers = numbers.len;
    return true;
}
