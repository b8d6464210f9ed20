/* Programs built here in every way that matters, by the compiler that builds us. */

#include "analysis/symbols/binary.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "runners/process.h"
#include "tests/lib/check.h"

static const char SOURCE[] =
    "#include <stdio.h>\n"
    "__attribute__((noinline)) static long add(long a, long b) { return a * 3 + b; }\n"
    "__attribute__((noinline)) static long sum(long n)\n"
    "{ long s = 0; for (long i = 0; i < n; i++) s += add(i, s); return s; }\n"
    "__attribute__((noinline)) static long twice(long n) { return sum(n) + sum(n + 1); }\n"
    "int main(int argc, char **argv)\n"
    "{ (void)argv; printf(\"%ld\\n\", twice(argc)); return 0; }\n";

static void run(Arena *arena, Str dir, const char *command)
{
    Err err = {0};
    ProcessResult result;
    const Str argv[] = {S("/bin/sh"), S("-c"), str_from_c(command)};
    ProcessOptions options = {.argv = argv, .argc = 3, .cwd = dir, .timeout_s = 60};
    assert_ok(process_run(arena, &options, &result, &err) &&
                  process_check(&result, str_from_c(command), &err),
              &err);
}

static BinaryFacts built(void **state, const char *command)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    BinaryFacts facts;
    Str dir = test_temp_dir(arena);
    assert_ok(file_write(path_join(arena, dir, S("a.c")), str_from_c(SOURCE), &err), &err);
    run(arena, dir, command);
    assert_true(binary_inspect(path_join(arena, dir, S("a")), &facts));
    return facts;
}

static void a_program_for_profilers_has_all(void **state)
{
    BinaryFacts facts = built(state, "cc -g -O2 -fno-omit-frame-pointer a.c -o a");
    assert_true(facts.has_symbols);
    assert_true(facts.has_lines);
    assert_false(facts.is_rust);
    assert_int_equal(facts.functions, 4);
    assert_int_equal(facts.framed, 3); /* gcc gives add, a leaf without a stack, none */
    assert_true(binary_has_frame_pointers(&facts));
}

static void a_program_without_g_has_symbols_only(void **state)
{
    BinaryFacts facts = built(state, "cc -O2 -fno-omit-frame-pointer a.c -o a");
    assert_true(facts.has_symbols);
    assert_false(facts.has_lines);
    assert_true(binary_has_frame_pointers(&facts));
}

static void omitted_frame_pointers_are_seen(void **state)
{
    BinaryFacts facts = built(state, "cc -g -O2 -fomit-frame-pointer a.c -o a");
    assert_true(facts.has_lines);
    assert_int_equal(facts.functions, 4);
    assert_int_equal(facts.framed, 0);
    assert_false(binary_has_frame_pointers(&facts));
}

static void a_stripped_program_has_nothing(void **state)
{
    BinaryFacts facts = built(state, "cc -g -O2 -s a.c -o a");
    assert_false(facts.has_symbols);
    assert_false(facts.has_lines);
    assert_int_equal(facts.functions, 0);
}

static void lines_in_a_separate_file_count(void **state)
{
    BinaryFacts facts = built(state, "cc -g -O2 a.c -o a && objcopy --only-keep-debug a a.debug && "
                                     "strip a && objcopy --add-gnu-debuglink=a.debug a");
    assert_true(facts.has_lines);
    assert_true(facts.has_symbols);
}

static void what_is_no_program_is_refused(void **state)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    BinaryFacts facts;
    Str dir = test_temp_dir(arena), script = path_join(arena, dir, S("x.sh"));
    assert_ok(file_write(script, S("#!/bin/sh\necho\n"), &err), &err);
    assert_false(binary_inspect(script, &facts));
    assert_false(binary_inspect(dir, &facts));
    assert_false(binary_inspect(path_join(arena, dir, S("absent")), &facts));
}

/* A program whose bytes are cut or changed at random gives facts or a refusal, never a crash. */
static void damaged_programs_do_no_harm(void **state)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    Str dir = test_temp_dir(arena), whole, path = path_join(arena, dir, S("b"));
    assert_ok(file_write(path_join(arena, dir, S("a.c")), str_from_c(SOURCE), &err), &err);
    run(arena, dir, "cc -g -O1 a.c -o a");
    assert_ok(file_read(arena, path_join(arena, dir, S("a")), 1 << 20, &whole, &err), &err);
    srand(7);
    for (int i = 0; i < 200; i++) {
        BinaryFacts facts;
        char *bytes = NEW_ARRAY(arena, char, whole.len);
        memcpy(bytes, whole.ptr, whole.len);
        for (int change = 0; change < 20; change++)
            bytes[(size_t)rand() % whole.len] = (char)rand();
        if (i % 2) /* headers, too */
            bytes[(size_t)rand() % 1024] ^= (char)(1 << rand() % 8);
        size_t len = i % 3 ? whole.len : (size_t)rand() % whole.len;
        assert_ok(file_write(path, (Str){bytes, len}, &err), &err);
        if (binary_inspect(path, &facts))
            assert_true(facts.framed <= facts.functions);
    }
}

TEST_MAIN(TEST(a_program_for_profilers_has_all), TEST(a_program_without_g_has_symbols_only),
          TEST(omitted_frame_pointers_are_seen), TEST(a_stripped_program_has_nothing),
          TEST(lines_in_a_separate_file_count), TEST(what_is_no_program_is_refused),
          TEST(damaged_programs_do_no_harm))
