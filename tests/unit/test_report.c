#include "runners/report.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "tests/lib/check.h"

enum {
    TEN_SECONDS_MS = 10 * 1000
};

/* What five steps of progress, the last three of them after ten more seconds, print into a file. */
static Str progress_into_a_file(Arena *arena, ReportMode mode)
{
    Str path = path_join(arena, test_temp_dir(arena), S("said"));
    int stream = mode == REPORT_TEXT ? STDERR_FILENO : STDOUT_FILENO;
    int file = open(str_cstr(arena, path), O_RDWR | O_CREAT | O_CLOEXEC, 0600), before;
    fflush(stdout);
    before = dup(stream);
    assert_true(file >= 0 && before >= 0 && dup2(file, stream) == stream);
    Report report = report_new(mode);
    for (int i = 0; i < 5; i++) {
        if (i == 2)
            report.last_ms -= TEN_SECONDS_MS;
        report_progress(&report, 10 * i, "step %d", i);
    }
    fflush(stdout);
    dup2(before, stream);
    close(before);
    close(file);
    Str text;
    Err err = {0};
    assert_ok(file_read(arena, path, FILE_LIMIT_TEXT, &text, &err), &err);
    return text;
}

static void progress_into_a_pipe_is_a_line_in_ten_seconds(void **state)
{
    assert_str(progress_into_a_file(test_arena(state), REPORT_TEXT), S(" 20 % step 2\n"));
}

static void an_editor_is_told_of_every_step(void **state)
{
    Str told = progress_into_a_file(test_arena(state), REPORT_EVENTS), line;
    size_t lines = 0;
    while (str_next_line(&told, &line))
        lines += str_has(line, S("\"progress\""));
    assert_int_equal(lines, 5);
}

static void a_script_is_told_nothing_before_the_result(void **state)
{
    assert_str(progress_into_a_file(test_arena(state), REPORT_JSON), S(""));
}

TEST_MAIN(TEST(progress_into_a_pipe_is_a_line_in_ten_seconds),
          TEST(an_editor_is_told_of_every_step), TEST(a_script_is_told_nothing_before_the_result))
