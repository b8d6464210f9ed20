#include "tests/lib/golden.h"

#include <stdlib.h>

#include "base/file.h"
#include "tests/lib/check.h"

static void show_difference(Str got, Str want)
{
    Str got_line = {0}, want_line = {0};
    for (int number = 1;; number++) {
        bool more = str_next_line(&got, &got_line), wanted = str_next_line(&want, &want_line);
        if (more && wanted && str_eq(got_line, want_line))
            continue;
        print_error("line %d:\n  got  " STR_FMT "\n  want " STR_FMT "\n", number,
                    STR_ARG(more ? got_line : S("(end)")),
                    STR_ARG(wanted ? want_line : S("(end)")));
        return;
    }
}

void check_golden(Arena *arena, Str got, const char *path, const char *file, int line)
{
    Err err = {0};
    Str want = {0}, full = test_source_path(arena, path);
    if (getenv("PERFLOOP_UPDATE")) {
        check_ok(file_write(full, got, &err), &err, file, line);
        return;
    }
    check_ok(file_read(arena, full, FILE_LIMIT_TEXT, &want, &err), &err, file, line);
    if (str_eq(got, want))
        return;
    print_error("%s (PERFLOOP_UPDATE=1 writes it anew)\n", path);
    show_difference(got, want);
    _fail(file, line);
}
