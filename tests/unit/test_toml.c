/* TOML text → values. Expected values are those of Python's tomllib unless said otherwise. */

#include "analysis/source/toml.h"

#include <math.h>

#include "base/strbuf.h"
#include "tests/lib/check.h"

static TomlDoc good(Arena *arena, Str text)
{
    TomlDoc doc = toml_read(arena, text);
    array_each (TomlProblem, problem, &doc.problems)
        print_error(STR_FMT "\n", STR_ARG(problem->message));
    assert_int_equal(doc.problems.len, 0);
    return doc;
}

static Str string_of(Arena *arena, Str text)
{
    TomlDoc doc = good(arena, text);
    const TomlValue *value = toml_get(doc.root, S("a"));
    assert_non_null(value);
    assert_int_equal(value->kind, TOML_STRING);
    return value->text;
}

static void strings_are_unescaped(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(string_of(arena, S("a = \"x\"")), S("x"));
    assert_str(string_of(arena, S("a = \"\"\n")), S(""));
    assert_str(string_of(arena, S("a = \"\\t\\\"\\\\\\u00e4\\U0001F600\"")), S("\t\"\\ä😀"));
    assert_str(string_of(arena, S("a = 'c:\\new'")), S("c:\\new"));
    assert_str(string_of(arena, S("a = \"\"\"\nx\r\ny\"\"\"")), S("x\ny"));
    assert_str(string_of(arena, S("a = \"\"\"x \\\n   y\"\"\"")), S("x y"));
    assert_str(string_of(arena, S("a = \"\"\"x \\  \n\n   y\"\"\"")), S("x y"));
    assert_str(string_of(arena, S("a = \"\"\"two \"\" quotes\"\"\"\"\"")),
               S("two \"\" quotes\"\""));
    assert_str(string_of(arena, S("a = '''\n'x' \\''''")), S("'x' \\'"));
}

static double number(const TomlDoc *doc, Str key, TomlKind kind)
{
    const TomlValue *value = toml_get(doc->root, key);
    assert_non_null(value);
    assert_int_equal(value->kind, kind);
    return value->number;
}

static void numbers_are_read(void **state)
{
    TomlDoc doc = good(test_arena(state),
                       S("a = 1_000\nb = -17\nc = 0xdead_beef\nd = 0o17\ne = 0b101\n"
                         "f = -9223372036854775808\ng = 6.5e-3\nh = -inf\ni = nan\nj = +1_0.5\n"));
    assert_true(number(&doc, S("a"), TOML_INTEGER) == 1000);
    assert_true(number(&doc, S("b"), TOML_INTEGER) == -17);
    assert_true(number(&doc, S("c"), TOML_INTEGER) == 3735928559.0);
    assert_true(number(&doc, S("d"), TOML_INTEGER) == 15);
    assert_true(number(&doc, S("e"), TOML_INTEGER) == 5);
    assert_true(toml_get(doc.root, S("f"))->integer == INT64_MIN);
    assert_true(number(&doc, S("g"), TOML_FLOAT) == 0.0065);
    assert_true(isinf(number(&doc, S("h"), TOML_FLOAT)) && number(&doc, S("h"), TOML_FLOAT) < 0);
    assert_true(isnan(number(&doc, S("i"), TOML_FLOAT)));
    assert_true(number(&doc, S("j"), TOML_FLOAT) == 10.5);
}

static void times_and_truth_are_read(void **state)
{
    TomlDoc doc = good(test_arena(state), S("a = 1979-05-27T07:32:00Z\nb = 1979-05-27 07:32:00.5\n"
                                            "c = 2024-02-29\nd = 07:32:00\ne = true\nf = false\n"));
    assert_int_equal(toml_get(doc.root, S("a"))->kind, TOML_TIME);
    assert_str(toml_get(doc.root, S("b"))->text, S("1979-05-27 07:32:00.5"));
    assert_int_equal(toml_get(doc.root, S("d"))->kind, TOML_TIME);
    assert_true(toml_get(doc.root, S("e"))->truth);
    assert_false(toml_get(doc.root, S("f"))->truth);
}

static void tables_nest_by_headers_dots_and_braces(void **state)
{
    TomlDoc doc =
        good(test_arena(state),
             S("a.'b c'.d = 1\n[t.u]\nx = { y = [1, [2, 3],\n # with a comment\n], z.w = 2 }\n"
               "[t]\nv = 3\n[[l]]\nn = 1\n[l.deep]\nm = 1\n[[l]]\nn = 2\n"));
    const TomlValue *a = toml_get(toml_get(doc.root, S("a")), S("b c"));
    assert_int_equal(toml_get(a, S("d"))->integer, 1);
    const TomlValue *x = toml_get(toml_get(toml_get(doc.root, S("t")), S("u")), S("x"));
    assert_int_equal(toml_get(x, S("y"))->items.items[1]->items.items[1]->integer, 3);
    assert_int_equal(toml_get(toml_get(x, S("z")), S("w"))->integer, 2);
    assert_int_equal(toml_get(toml_get(doc.root, S("t")), S("v"))->integer, 3);
    const TomlValue *list = toml_get(doc.root, S("l"));
    assert_int_equal(list->items.len, 2);
    assert_int_equal(toml_get(toml_get(list->items.items[0], S("deep")), S("m"))->integer, 1);
    assert_int_equal(toml_get(list->items.items[1], S("n"))->integer, 2);
    assert_int_equal(doc.headers.len, 5);
    assert_true(doc.headers.items[2].is_array);
}

static void places_are_bytes_of_the_text(void **state)
{
    Str text = S("# é\n[t]\nkey = \"value\" # c\n");
    TomlDoc doc = good(test_arena(state), text);
    const TomlEntry *entry = toml_entry(toml_get(doc.root, S("t")), S("key"));
    assert_int_equal(entry->key_span.start, str_find(text, S("key"), 0));
    assert_int_equal(entry->value->span.start, str_find(text, S("\"value"), 0));
    assert_int_equal(entry->value->span.end, str_find(text, S(" # c"), 0));
    assert_int_equal(toml_line(text, entry->key_span.start), 3);
}

/* One problem on that line, and its message. */
static void one_problem(Arena *arena, Str text, size_t line, Str message)
{
    TomlDoc doc = toml_read(arena, text);
    if (doc.problems.len != 1)
        print_error(STR_FMT "\n", STR_ARG(text));
    array_each (TomlProblem, problem, &doc.problems)
        if (doc.problems.len != 1)
            print_error("  " STR_FMT "\n", STR_ARG(problem->message));
    assert_int_equal(doc.problems.len, 1);
    assert_str(doc.problems.items[0].message, message);
    assert_int_equal(toml_line(text, doc.problems.items[0].span.start), line);
}

static void syntax_mistakes_are_named(void **state)
{
    Arena *arena = test_arena(state);
    one_problem(arena, S("a = \n"), 1, S("'a' has no value"));
    one_problem(arena, S("a = 1\nb = abc\n"), 2, S("text stands in quotes: \"abc\""));
    one_problem(arena, S("a = True\n"), 1, S("write true, in lower case"));
    one_problem(arena, S("a = \"x\nb = 1\n"), 1,
                S("this text is not closed: its quote is missing"));
    one_problem(arena, S("a 1\n"), 1, S("expected key = value"));
    one_problem(arena, S("[a\nb = 1\n"), 1, S("this is not closed: a ] is missing"));
    one_problem(arena, S("a = 1 2\n"), 1, S("text stands in quotes: \"1 2\""));
    one_problem(arena, S("a = \"\\q\"\n"), 1,
                S("an escape in this text does not exist; write \\\\ for a backslash, or use '...' "
                  "quotes"));
    one_problem(arena, S("a = [1,\nb = 2\n"), 1,
                S("the value of 'a' is not closed, or lacks a comma"));
    one_problem(arena, S("a = \"\\ud800\"\n"), 1, S("this escape is no Unicode character"));
    one_problem(arena, S("a = 99999999999999999999\n"), 1,
                S("this number does not fit into 64 bits"));
    one_problem(arena, S("a = 2023-02-29\n"), 1, S("this month has no such day"));
    one_problem(arena, S("a = 199-05-27\n"), 1, S("a year has four digits"));
    one_problem(arena, S("a = \"\xff\"\n"), 1, S("this byte is not UTF-8"));
}

static void nothing_is_defined_twice(void **state)
{
    Arena *arena = test_arena(state);
    one_problem(arena, S("a = 1\na = 2\n"), 2, S("'a' is given twice; line 1 has the first"));
    one_problem(arena, S("[a]\n[a]\n"), 2, S("'a' is given twice; line 1 has the first"));
    one_problem(arena, S("a.b = 1\n[a]\n"), 2, S("'a' is given twice; line 1 has the first"));
    one_problem(arena, S("[a.b]\n[a]\nb.c = 1\n"), 3,
                S("'b' is given twice; line 1 has the first"));
    one_problem(arena, S("a = {}\n[a.b]\n"), 2, S("'a' is given twice; line 1 has the first"));
    one_problem(arena, S("a = []\n[[a]]\n"), 2, S("'a' is given twice; line 1 has the first"));
    assert_true(toml_read(arena, S("a = 1\na = 2\n")).problems.items[0].duplicate);
}

/* Whatever is broken, the lines around it are read. */
static void the_rest_of_a_broken_file_is_read(void **state)
{
    static const char *const BROKEN[] = {
        "x = ",         "x",         "x = [1, 2",    "x = \"open",      "x = {a = 1",
        "x = nonsense", "= 1",       "[half",        "x = [\n1\n2\n]",  "x = 'open",
        "]]",           "x = 1 = 2", "\x01\x02\x03", "x = \"\"\"one\"",
    };
    Arena *arena = test_arena(state);
    for (size_t i = 0; i < sizeof(BROKEN) / sizeof(BROKEN[0]); i++) {
        Str text = str_fmt(arena, "first = 1\n[t]\na = 1\n%s\nb = 2\n[u]\nc = 3\n", BROKEN[i]);
        TomlDoc doc = toml_read(arena, text);
        print_message("%s\n", BROKEN[i]);
        assert_true(doc.problems.len > 0);
        assert_non_null(toml_get(doc.root, S("first")));
        assert_non_null(toml_get(toml_get(doc.root, S("t")), S("a")));
        assert_non_null(toml_get(toml_get(doc.root, S("t")), S("b")));
        assert_non_null(toml_get(toml_get(doc.root, S("u")), S("c")));
    }
}

static Str nested(Arena *arena, Str open, size_t depth)
{
    StrBuf buf = strbuf_new(arena);
    strbuf_add(&buf, S("a = "));
    for (size_t i = 0; i < depth; i++)
        strbuf_add(&buf, open);
    return strbuf_str(&buf);
}

static void hostile_texts_end_in_a_problem(void **state)
{
    Arena *arena = test_arena(state);
    assert_int_equal(toml_read(arena, S("")).problems.len, 0);
    assert_true(toml_read(arena, nested(arena, S("["), 50000)).problems.len > 0);
    assert_true(toml_read(arena, nested(arena, S("{a="), 20000)).problems.len > 0);
    assert_true(toml_read(arena, nested(arena, S("a."), 50000)).problems.len > 0);
    assert_true(toml_read(arena, (Str){NEW_ARRAY(arena, char, 2000000), 2000000}).problems.len ==
                1);
    assert_true(toml_read(arena, (Str){NEW_ARRAY(arena, char, 2000), 2000}).problems.len > 0);
}

TEST_MAIN(TEST(strings_are_unescaped), TEST(numbers_are_read), TEST(times_and_truth_are_read),
          TEST(tables_nest_by_headers_dots_and_braces), TEST(places_are_bytes_of_the_text),
          TEST(syntax_mistakes_are_named), TEST(nothing_is_defined_twice),
          TEST(the_rest_of_a_broken_file_is_read), TEST(hostile_texts_end_in_a_problem))
