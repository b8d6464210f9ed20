/*
 * What Rust's own test harness prints of #[bench] functions:
 *
 *     test lexer::tests::scan ... bench:       1,234.56 ns/iter (+/- 78.90) = 12 MB/s
 *
 * The number is the median of its rounds, which it does not tell; what else the program prints is its
 * own business.
 */
#include "analysis/stats/readers.h"

#include <math.h>

#include "analysis/stats/reading.h"
#include "base/strbuf.h"

#define MARK S(" ... bench:")

/* "1,234.56 ns/iter (+/- 78)": nanoseconds. */
static bool read_value(Arena *arena, Str text, double *value)
{
    size_t end = str_find(text, S(" ns/iter"), 0);
    if (end == SIZE_MAX || end > 40)
        return false;
    StrBuf digits = strbuf_new(arena);
    Str number = str_trim(str_head(text, end));
    for (size_t i = 0; i < number.len; i++)
        if (number.ptr[i] != ',')
            strbuf_char(&digits, number.ptr[i]);
    return str_to_double(strbuf_str(&digits), value) && *value > 0;
}

static bool read_line(Arena *arena, Str line, BenchmarkSamples *out)
{
    double ns;
    size_t mark = str_find(line, MARK, 0);
    if (mark == SIZE_MAX || !str_starts(line, S("test ")) || mark <= 5 ||
        !read_value(arena, str_trim(str_from(line, mark + MARK.len)), &ns))
        return false;
    *out = (BenchmarkSamples){.name = str_trim((Str){line.ptr + 5, mark - 5})};
    *array_push(arena, &out->series) = (SampleSeries){
        .name = S("time"), .unit = UNIT_SECONDS, .median = ns * 1e-9, .mean = (double)NAN};
    return out->name.len > 0;
}

bool libtest_is(Str bytes)
{
    for (size_t at = 0; (at = str_find(bytes, MARK, at)) != SIZE_MAX; at += MARK.len) {
        Str rest = str_head(str_from(bytes, at + MARK.len), 60);
        size_t end = str_find(rest, S("\n"), 0);
        if (str_has(str_head(rest, end == SIZE_MAX ? rest.len : end), S(" ns/iter")))
            return true;
    }
    return false;
}

bool read_libtest(Arena *arena, Str bytes, Samples *out, Err *err)
{
    Samples samples = {.harness = S("libtest")};
    for (Str line; str_next_line(&bytes, &line);) {
        BenchmarkSamples benchmark;
        if (read_line(arena, line, &benchmark))
            (void)reading_add(arena, &samples, &benchmark);
    }
    return reading_done(&samples, out, err);
}
