#include "grammars/query.h"

#include <tree_sitter/api.h>

#include "tests/lib/check.h"

static void every_embedded_pattern_compiles(void **state)
{
    for (LangId lang = LANG_PYTHON; lang <= LANG_CUDA; lang++) {
        QueryFile files[QUERY_FILES_MAX];
        size_t count = query_files(lang, files);
        assert_true(count >= 4);
        Err err = {0};
        TSQuery *query = query_compile(test_arena(state), lang, files, count, &err);
        assert_ok(query != NULL, &err);
        ts_query_delete(query);
        assert_non_null(query_of(lang));
        assert_ptr_equal(query_of(lang), query_of(lang));
    }
    assert_null(query_of(LANG_NONE));
}

static void a_mistake_is_named_with_file_and_line(void **state)
{
    const QueryFile files[] = {
        {S("queries/a.scm"), S("; fine\n(identifier) @name\n")},
        {S("queries/b.scm"), S("; a comment\n\n(for_loop) @loop\n")},
    };
    Err err = {0};
    assert_null(query_compile(test_arena(state), LANG_PYTHON, files, 2, &err));
    assert_string_equal(err.msg, "queries/b.scm:3: no such node type: 'for_loop'");
}

static void a_broken_pattern_in_the_first_file_is_not_blamed_on_the_second(void **state)
{
    const QueryFile files[] = {
        {S("queries/a.scm"), S("(identifier name: (foo)) @name")},
        {S("queries/b.scm"), S("(identifier) @x\n")},
    };
    Err err = {0};
    assert_null(query_compile(test_arena(state), LANG_PYTHON, files, 2, &err));
    assert_true(str_starts(str_from_c(err.msg), S("queries/a.scm:1: ")));
}

static void a_language_without_grammar_is_refused(void **state)
{
    Err err = {0};
    assert_null(query_compile(test_arena(state), LANG_NONE, NULL, 0, &err));
    assert_int_equal(err.kind, ERR_UNSUPPORTED);
}

TEST_MAIN(TEST(every_embedded_pattern_compiles), TEST(a_mistake_is_named_with_file_and_line),
          TEST(a_broken_pattern_in_the_first_file_is_not_blamed_on_the_second),
          TEST(a_language_without_grammar_is_refused))
