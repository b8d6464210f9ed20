#include "base/arena.h"

#include "base/array.h"
#include "base/digest.h"
#include "base/map.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "tests/lib/check.h"

static void wrap_puts_context_before_the_cause(void **state UNUSED)
{
    Err err = {0};
    assert_false(err_set(&err, ERR_INPUT, "string table ends at byte %d", 812));
    assert_false(err_wrap(&err, "profile %s", "run.pb.gz"));
    assert_string_equal(err.msg, "profile run.pb.gz: string table ends at byte 812");
    assert_int_equal(err.kind, ERR_INPUT);
}

static void array_grows_past_its_first_block(void **state)
{
    typedef Array(int) Ints;
    Ints ints = {0};
    int sum = 0;
    for (int i = 0; i < 100; i++)
        *array_push(test_arena(state), &ints) = i;
    array_each (int, item, &ints)
        sum += *item;
    assert_int_equal(sum, 4950);
}

static void rollback_gives_zeroed_memory_again(void **state)
{
    Arena *arena = test_arena(state);
    ArenaMark mark = arena_mark(arena);
    char *one = NEW_ARRAY(arena, char, 10);
    one[0] = 'x';
    arena_rollback(arena, mark);
    assert_int_equal(NEW_ARRAY(arena, char, 10)[0], 0);
}

static void map_keeps_the_order_and_the_last_value(void **state)
{
    Arena *arena = test_arena(state);
    Map *map = map_new(arena);
    int one = 1, two = 2, three = 3;
    map_put(map, S("b"), &one);
    map_put(map, S("a"), &two);
    map_put(map, S("b"), &three);
    map_put(map, S(""), &one);
    assert_ptr_equal(map_get(map, S("b")), &three);
    assert_ptr_equal(map_get(map, S("")), &one);
    assert_null(map_get(map, S("c")));
    assert_int_equal(map_len(map), 3);
    StrBuf order = strbuf_new(arena);
    map_each (entry, map)
        strbuf_fmt(&order, "[" STR_FMT "]", STR_ARG(entry->key));
    assert_str(strbuf_str(&order), S("[b][a][]"));
}

static void paths_are_normal(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(path_normal(arena, S("/a//b/./../c/")), S("/a/c"));
    assert_str(path_normal(arena, S("/../x")), S("/x"));
    assert_str(path_normal(arena, S("a/../../b")), S("../b"));
    assert_str(path_normal(arena, S("./")), S("."));
    assert_str(path_join(arena, S("/w"), S("src/a.py")), S("/w/src/a.py"));
    assert_str(path_join(arena, S("/w"), S("/abs")), S("/abs"));
    assert_str(path_extension(S("x/.bashrc")), S(""));
    assert_str(path_extension(S("x/a.tar.gz")), S(".gz"));
}

static void inside_wants_a_whole_part(void **state UNUSED)
{
    Str rest;
    assert_true(path_inside(S("/w"), S("/w/src/a.py"), &rest));
    assert_str(rest, S("src/a.py"));
    assert_false(path_inside(S("/w"), S("/wide/a.py"), &rest));
    assert_true(path_inside(S("/"), S("/a"), &rest));
    assert_str(rest, S("a"));
    assert_int_equal(path_shared_suffix(S("/a/b/c.py"), S("x/b/c.py")), 2);
    assert_int_equal(path_shared_suffix(S("c.py"), S("c.py")), 1);
}

/* The value is what `printf hello | xxhsum -H2` (xxhsum 0.8.1) prints. */
static void digest_is_xxh3_128(void **state)
{
    Arena *arena = test_arena(state);
    Digest digest = digest_of(S("hello")), back;
    assert_str(digest_hex(arena, digest), S("b5e9c1ad071b3e7fc779cfaa5e523818"));
    assert_true(digest_from_hex(digest_hex(arena, digest), &back));
    assert_true(digest_eq(digest, back));
    assert_false(digest_from_hex(S("xyz"), &back));
}

static void digester_sees_the_borders(void **state)
{
    Digester *one = digester_new(test_arena(state)), *two = digester_new(test_arena(state));
    digester_add(one, S("ab"));
    digester_add(one, S("c"));
    digester_add(two, S("a"));
    digester_add(two, S("bc"));
    assert_false(digest_eq(digester_done(one), digester_done(two)));
}

static void utf8_refuses_what_rfc_3629_refuses(void **state UNUSED)
{
    assert_true(utf8_is_valid(S("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80")));
    assert_false(utf8_is_valid(S("\xC0\x80")));         /* overlong */
    assert_false(utf8_is_valid(S("\xED\xA0\x80")));     /* surrogate */
    assert_false(utf8_is_valid(S("\xF4\x90\x80\x80"))); /* beyond U+10FFFF */
    assert_false(utf8_is_valid(S("\xE2\x82")));
    char out[4];
    assert_int_equal(utf8_encode(0x1F600, out), 4);
    assert_memory_equal(out, "\xF0\x9F\x98\x80", 4);
}

TEST_MAIN(TEST(wrap_puts_context_before_the_cause), TEST(array_grows_past_its_first_block),
          TEST(rollback_gives_zeroed_memory_again), TEST(map_keeps_the_order_and_the_last_value),
          TEST(paths_are_normal), TEST(inside_wants_a_whole_part), TEST(digest_is_xxh3_128),
          TEST(digester_sees_the_borders), TEST(utf8_refuses_what_rfc_3629_refuses))
