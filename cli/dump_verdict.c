/* dump verdict FILE: pairs of seconds in, one line with the verdict out. */
#include "cli/dump.h"

#include <math.h>
#include <stdio.h>

#include "analysis/stats/verdict.h"
#include "base/array.h"
#include "base/file.h"

typedef Array(double) Differences;

static bool read_pairs(Arena *arena, Str text, Differences *out, Err *err)
{
    size_t number = 0;
    for (Str line, left, right; str_next_line(&text, &line);) {
        double base, candidate;
        number++;
        if (!str_trim(line).len)
            continue;
        if (!str_cut(line, ',', &left, &right) || !str_to_double(str_trim(left), &base) ||
            !str_to_double(str_trim(right), &candidate) || !(base > 0) || !(candidate > 0))
            return err_set(err, ERR_INPUT, "line %zu: expected 'base,new', two positive numbers",
                           number);
        *array_push(arena, out) = log(candidate / base);
    }
    return true;
}

int dump_verdict(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: perfloop dump verdict FILE   (- is standard input)\n");
        return EXIT_USAGE;
    }
    CLEANUP(arena_cleanup) Arena *arena = arena_new("dump");
    Err err = {0};
    Str text;
    Differences d = {0};
    if (!file_read(arena, str_from_c(argv[1]), FILE_LIMIT_TEXT, &text, &err) ||
        !read_pairs(arena, text, &d, &err)) {
        fprintf(stderr, "perfloop: %s\n", err.msg);
        return EXIT_FAILED;
    }
    Verdict verdict = verdict_decide(d.items, d.len, (VerdictOptions){.n_max = 1280});
    printf("verdict=" STR_FMT " n=%zu est=%.17g lo=%.17g hi=%.17g\n",
           STR_ARG(verdict_word(verdict.kind)), verdict.n, verdict.estimate, verdict.low,
           verdict.high);
    return EXIT_OK;
}
