/*
 * scenario FILE... [--update]: runs scenario files (tests/lib/scenario.h) and compares. With
 * --update what is shown today is written into the file; read the diff as you would read code.
 */

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "tests/lib/scenario.h"

/* The first line where they differ, both ways. */
static void show_difference(Str name, Str want, Str got)
{
    Str want_line, got_line;
    for (int n = 1;; n++) {
        bool more_want = str_next_line(&want, &want_line);
        bool more_got = str_next_line(&got, &got_line);
        if (!more_want && !more_got)
            return;
        if (!more_want)
            want_line = S("(end)");
        if (!more_got)
            got_line = S("(end)");
        if (str_eq(want_line, got_line))
            continue;
        fprintf(stderr, STR_FMT ":%d\n  expected: " STR_FMT "\n  shown:    " STR_FMT "\n",
                STR_ARG(name), n, STR_ARG(want_line), STR_ARG(got_line));
        if (!more_want || !more_got)
            return;
    }
}

static bool run_file(Str name, bool update)
{
    CLEANUP(arena_cleanup) Arena *arena = arena_new("scenario");
    Err err = {0};
    Str text, got;
    if (!file_read(arena, name, FILE_LIMIT_TEXT, &text, &err) ||
        !scenario_run(arena, text, &got, &err)) {
        fprintf(stderr, STR_FMT ": %s\n", STR_ARG(name), err.msg);
        return false;
    }
    if (str_eq(text, got))
        return true;
    if (!update) {
        show_difference(name, text, got);
        return false;
    }
    if (!file_write(name, got, &err)) {
        fprintf(stderr, STR_FMT ": %s\n", STR_ARG(name), err.msg);
        return false;
    }
    printf("updated " STR_FMT "\n", STR_ARG(name));
    return true;
}

int main(int argc, char **argv)
{
    bool update = false;
    int failed = 0, files = 0;
    for (int i = 1; i < argc; i++)
        update |= !strcmp(argv[i], "--update");
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--update"))
            continue;
        files++;
        failed += !run_file(str_from_c(argv[i]), update);
    }
    if (files == 0)
        fprintf(stderr, "usage: scenario FILE... [--update]\n");
    return failed || files == 0 ? 1 : 0;
}
