/*
 * Check: what unit tests share, on top of cmocka. A test file is: includes, tests, table.
 *
 *     static void trim_keeps_inner_space(void **state) { ... }
 *     TEST_MAIN(TEST(trim_keeps_inner_space), TEST(...))
 *
 * Each test gets an arena in *state (test_arena). `build/dev/test_str 'trim*'` runs one test.
 */
#ifndef TESTS_LIB_CHECK_H
#define TESTS_LIB_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

int test_open_arena(void **state);
int test_close_arena(void **state);
static inline Arena *test_arena(void **state)
{
    return *state;
}

void check_str(Str got, Str want, const char *file, int line);
#define assert_str(got, want) check_str((got), (want), __FILE__, __LINE__)
void check_has(Str text, Str needle, const char *file, int line);
#define assert_has(text, needle) check_has((text), (needle), __FILE__, __LINE__)
size_t test_occurrences(Str text, Str needle);
/* Fails with err's message when ok is false. */
void check_ok(bool ok, const Err *err, const char *file, int line);
#define assert_ok(ok, err) check_ok((ok), (err), __FILE__, __LINE__)

/* A new empty folder that is removed when the process ends; and a file below the source tree. */
Str test_temp_dir(Arena *arena);
Str test_source_path(Arena *arena, const char *relative);
/* A path in the samples beside the project, or an empty Str when PERFLOOP_SHARED is unset. */
Str test_shared_path(Arena *arena, const char *relative);

/* A whole file; the test fails when it cannot be read. */
Str test_bytes(Arena *arena, Str path);

int test_run(int argc, char **argv, const struct CMUnitTest *tests, size_t count);
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, test_open_arena, test_close_arena)
#define TEST_MAIN(...)                                                        \
    int main(int argc, char **argv)                                           \
    {                                                                         \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                      \
        return test_run(argc, argv, tests, sizeof(tests) / sizeof(tests[0])); \
    }

#endif
