#include "analysis/profile/python/pickle.h"

#include <string.h>

#include "base/strbuf.h"
#include "tests/lib/check.h"

static const Str CLASSES[] = {STR_CONST("a.b"), STR_CONST("tracemalloc.Snapshot")};

static const Pickle *read_bytes(Arena *arena, Str bytes)
{
    Err err = {0};
    const Pickle *root = pickle_read(arena, bytes, CLASSES, 2, &err);
    assert_ok(root != NULL, &err);
    return root;
}

static void assert_refused(Arena *arena, Str bytes, const char *message)
{
    Err err = {0};
    assert_null(pickle_read(arena, bytes, CLASSES, 2, &err));
    if (!strstr(err.msg, message)) {
        print_error("got  %s\nwant %s\n", err.msg, message);
        fail();
    }
}

/* pickle.dumps(["x", 1, 300, 70000, -1, 1 << 40, -(1 << 40), 2.5], 4) */
static void texts_and_numbers_are_read(void **state)
{
    const Pickle *list = read_bytes(
        test_arena(state), S("\x80\x04\x95\x31\0\0\0\0\0\0\0]\x94(\x8c\x01x\x94K\x01M,\x01J"
                             "p\x11\x01\0J\xff\xff\xff\xff\x8a\x06\0\0\0\0\0\x01\x8a\x06"
                             "\0\0\0\0\0\xffG@\x04\0\0\0\0\0\0e."));
    static const int64_t NUMBERS[] = {1, 300, 70000, -1, 1099511627776, -1099511627776};
    assert_int_equal(pickle_len(list, PICKLE_LIST), 8);
    assert_str(list->items.items[0]->text, S("x"));
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(list->items.items[i + 1]->integer, NUMBERS[i]);
    assert_true(list->items.items[7]->number == 2.5);
}

static void tuples_dicts_and_memory_are_read(void **state)
{
    Arena *arena = test_arena(state);
    /* pickle.dumps({"k": ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)), "l": "k"}, 2) */
    const Pickle *dict = read_bytes(
        arena, S("\x80\x02}q\0(X\x01\0\0\0kq\x01()K\x01\x85q\x02K\x01K\x02\x86q\x03K\x01K\x02K\x03"
                 "\x87q\x04(K\x01K\x02K\x03K\x04tq\x05tq\x06X\x01\0\0\0lq\x07h\x01u."));
    const Pickle *tuples = pickle_get(dict, S("k"));
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(pickle_len(pickle_item(tuples, i, PICKLE_TUPLE), PICKLE_TUPLE), i);
    assert_null(pickle_item(tuples, 5, PICKLE_TUPLE));
    assert_null(pickle_item(tuples, 0, PICKLE_INT));
    assert_str(pickle_get(dict, S("l"))->text, S("k"));
    assert_null(pickle_get(dict, S("m")));
}

static void an_allowed_class_becomes_its_state(void **state)
{
    Arena *arena = test_arena(state);
    const Pickle *new = read_bytes(arena, S("\x80\x04\x8c\x01"
                                            "a\x8c\x01"
                                            "b\x93)\x81}\x8c\x01kK\x05sb."));
    const Pickle *old = read_bytes(arena, S("\x80\x02"
                                            "ca\nb\nq\0)\x81q\x01}q\x02X\x01\0\0\0kK\x05sb."));
    assert_int_equal(pickle_get(pickle_state(new, S("a.b")), S("k"))->integer, 5);
    assert_int_equal(pickle_get(pickle_state(old, S("a.b")), S("k"))->integer, 5);
    assert_null(pickle_state(new, S("tracemalloc.Snapshot")));
}

/* What pickle.dumps gives for an object whose __reduce__ says (os.system, ("id",)). */
static void code_is_refused_by_name(void **state)
{
    Arena *arena = test_arena(state);
    assert_refused(arena,
                   S("\x80\x04\x95\x1d\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93"),
                   "asks for posix.system; it is not run");
    assert_refused(arena, S("cposix\nsystem\n(S'id'\ntR."), "asks for posix.system");
    assert_refused(arena,
                   S("\x80\x02"
                     "ca\nb.c\n"),
                   "asks for a.b.c");
    assert_refused(arena,
                   S("\x80\x02"
                     "c\x1b[2J\nsystem\n"),
                   "asks for code");
    /* GLOBAL a.b, then REDUCE, OBJ, INST, EXT1, PERSID, DUP, POP: all that could do more. */
    static const char OPS[] = "RoiPQ02\x82\x83\x84\x92\x8f\x90\x91\x96\x97\x98";
    for (size_t i = 0; i + 1 < sizeof(OPS); i++)
        assert_refused(arena, str_fmt(arena, "ca\nb\n)%c", OPS[i]), "the instruction 0x");
}

static void what_is_not_well_formed_is_refused(void **state)
{
    Arena *arena = test_arena(state);
    assert_refused(arena, S(""), "the file ends");
    assert_refused(arena, S("\x80\x06."), "protocol");
    assert_refused(arena, S("."), "values left over");
    assert_refused(arena, S("K\x01K\x02."), "values left over");
    assert_refused(arena, S("K\x01(."), "values left over");
    assert_refused(arena,
                   S("X\xff\xff\xff\xff"
                     "abc"),
                   "ends in the middle");
    assert_refused(arena, S("\x8a\x09\1\1\1\1\1\1\1\1\1."), "too large");
    assert_refused(arena, S("h\0."), "never saw");
    assert_refused(arena, S("K\x01r\xff\xff\xff\xff."), "out of order");
    assert_refused(arena, S("t."), "a mark where there is none");
    assert_refused(arena, S("K\x01(\x85."), "a value where there is none");
    assert_refused(arena, S("](K\x01s."), "a value where there is none");
    assert_refused(arena, S("}(K\x01u."), "a key without a value");
    assert_refused(arena,
                   S("K\x01K\x02"
                     "a."),
                   "holds nothing");
    assert_refused(arena, S("(e."), "holds nothing");
    assert_refused(arena, S("K\x01)\x81."), "something else than a class");
    assert_refused(arena, S("K\x01}b."), "a state");
    assert_refused(arena, S("ca\nb\n)\x81}b}b."), "a state");
    assert_refused(arena, S("K\x01K\x02\x93."), "no text");
}

static void a_list_may_hold_itself(void **state)
{
    const Pickle *list = read_bytes(test_arena(state), S("\x80\x04]\x94h\0"
                                                         "a."));
    assert_int_equal(pickle_len(list, PICKLE_LIST), 1);
    assert_ptr_equal(list->items.items[0], list);
}

static void depth_and_memory_are_bounded(void **state)
{
    Arena *arena = test_arena(state);
    enum {
        LEN = 200000
    };
    StrBuf bytes = strbuf_new(arena);
    strbuf_char(&bytes, ')');
    for (size_t i = 0; i < LEN; i++)
        strbuf_char(&bytes, '\x85');
    strbuf_char(&bytes, '.');
    size_t before = arena_bytes(arena);
    read_bytes(arena, strbuf_str(&bytes));
    assert_true(arena_bytes(arena) - before < (size_t)LEN * 100);
}

TEST_MAIN(TEST(texts_and_numbers_are_read), TEST(tuples_dicts_and_memory_are_read),
          TEST(an_allowed_class_becomes_its_state), TEST(code_is_refused_by_name),
          TEST(what_is_not_well_formed_is_refused), TEST(a_list_may_hold_itself),
          TEST(depth_and_memory_are_bounded))
