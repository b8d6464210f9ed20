#include "base/json_in.h"

#include "base/json_out.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"

static void bad_type_names_its_path(void **state)
{
    JsonIn root;
    Err err = {0};
    assert_ok(json_parse(test_arena(state), S("{\"position\":{\"line\":\"3\"}}"), &root, &err),
              &err);
    assert_int_equal(json_u32(json_at(root, "position"), "line"), 0);
    assert_int_equal(json_str(root, "uri").len, 0); /* the first problem is the one that is kept */
    assert_false(json_ok(root, &err));
    assert_string_equal(err.msg, "position.line: expected integer from 0, got string");
    json_done(root);
}

static Str parsed_string(Arena *arena, Str text)
{
    JsonIn root;
    Err err = {0};
    assert_ok(json_parse(arena, text, &root, &err), &err);
    Str value = json_as_str(root);
    json_done(root);
    return value;
}

static void what_clients_send_is_mended_not_refused(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(parsed_string(arena, S("\"a\\ud800b\"")), S("a\xEF\xBF\xBD"
                                                           "b"));
    assert_str(parsed_string(arena, S("\"\\ud83d\\ude00\"")), S("\xF0\x9F\x98\x80"));
    assert_str(parsed_string(arena, S("\"\\udc00\"")), S("\xEF\xBF\xBD"));
    assert_str(parsed_string(arena, S("\"a\xFF"
                                      "b\"")),
               S("a?b"));
    assert_str(parsed_string(arena, S("\"\xED\xA0\x80\"")), S("???"));
    assert_str(parsed_string(arena, S("\"a\\u0000b\"")), S("a\0b"));
    assert_str(parsed_string(arena, S("\"\\\\ud800\"")), S("\\ud800"));
}

static void integral_reals_are_integers(void **state)
{
    JsonIn root;
    Err err = {0};
    assert_ok(json_parse(test_arena(state), S("{\"n\":3.0,\"x\":3.5}"), &root, &err), &err);
    assert_int_equal(json_u32(root, "n"), 3);
    assert_true(json_ok(root, &err));
    assert_int_equal(json_u32(root, "x"), 0);
    assert_false(json_ok(root, &err));
    json_done(root);
}

static void deep_nesting_is_refused(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf text = strbuf_new(arena);
    for (int i = 0; i < 100000; i++)
        strbuf_char(&text, '[');
    JsonIn root;
    Err err = {0};
    assert_false(json_parse(arena, strbuf_str(&text), &root, &err));
    assert_string_equal(err.msg, "nested deeper than 128 at byte 128");
}

static void optional_fields_are_lenient(void **state)
{
    JsonIn root;
    Err err = {0};
    assert_ok(json_parse(test_arena(state), S("{\"a\":null,\"b\":[{\"c\":true}]}"), &root, &err),
              &err);
    assert_str(json_opt_str(root, "a", S("none")), S("none"));
    assert_true(
        json_opt_bool(json_optional(root, "b"), "c", true)); /* an array, as Neovim 0.9 sends */
    assert_true(json_bool(json_item(json_list(root, "b"), 0), "c"));
    assert_true(json_ok(root, &err));
    assert_str(json_text(test_arena(state), json_optional(root, "b")), S("[{\"c\":true}]"));
    json_done(root);
}

static void writer_escapes_and_separates(void **state)
{
    StrBuf buf = strbuf_new(test_arena(state));
    JsonOut out = json_out(&buf);
    json_open(&out, '{');
    json_key_str(&out, "a", S("q\"\\\n\x01\xFF\xC3\xA4"));
    json_key_open(&out, "b", '[');
    json_put_i64(&out, -1);
    json_put_double(&out, 0.1);
    json_put_double(&out, 1.0 / 3);
    json_put_bool(&out, false);
    json_put_null(&out);
    json_open(&out, '{');
    json_close(&out, '}');
    json_close(&out, ']');
    json_key_raw(&out, "c", S("[]"));
    json_close(&out, '}');
    assert_str(strbuf_str(&buf), S("{\"a\":\"q\\\"\\\\\\n\\u0001\xEF\xBF\xBD\xC3\xA4\",\"b\":"
                                   "[-1,0.1,0.3333333333333333,false,null,{}],\"c\":[]}"));
}

static void keys_of_lists_and_of_what_may_be_absent(void **state)
{
    StrBuf buf = strbuf_new(test_arena(state));
    JsonOut out = json_out(&buf);
    json_open(&out, '{');
    json_key_str_or_null(&out, "file", S(""));
    json_key_str_or_null(&out, "path", S("a.c"));
    json_key_strs(&out, "notes", (Str[]){S("one"), S("two")}, 2);
    json_key_strs(&out, "none", NULL, 0);
    json_close(&out, '}');
    assert_str(strbuf_str(&buf),
               S("{\"file\":null,\"path\":\"a.c\",\"notes\":[\"one\",\"two\"],\"none\":[]}"));
}

TEST_MAIN(TEST(bad_type_names_its_path), TEST(what_clients_send_is_mended_not_refused),
          TEST(integral_reals_are_integers), TEST(deep_nesting_is_refused),
          TEST(optional_fields_are_lenient), TEST(writer_escapes_and_separates),
          TEST(keys_of_lists_and_of_what_may_be_absent))
