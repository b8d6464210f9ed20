#include "analysis/profile/format.h"

#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "analysis/stats/random.h"
#include "base/file.h"
#include "base/json_scan.h"
#include "base/strbuf.h"
#include "base/unpack.h"
#include "tests/lib/check.h"
#include "tests/lib/golden.h"
#include "tests/lib/profiles.h"

static Str gzipped(Arena *arena, Str bytes)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&stream, bytes.len);
    char *out = NEW_ARRAY(arena, char, room);
    stream.next_in = (Bytef *)(uintptr_t)bytes.ptr;
    stream.avail_in = (uInt)bytes.len;
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return (Str){out, room - stream.avail_out};
}

static Str zstd(Arena *arena, Str bytes)
{
    size_t room = ZSTD_compressBound(bytes.len);
    char *out = NEW_ARRAY(arena, char, room);
    size_t len = ZSTD_compress(out, room, bytes.ptr, bytes.len, 3);
    assert_false(ZSTD_isError(len));
    return (Str){out, len};
}

static int64_t total_of(Arena *arena, Str bytes)
{
    Err err = {0};
    Profile profile = {0};
    assert_ok(profile_read(arena, S("x"), bytes, &profile, &err), &err);
    return profile_total(&profile, 0);
}

static void a_recording_of_ours_is_read(void **state)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    Str bytes;
    Profile profile = {0};
    Str path = test_source_path(arena, "tests/profiles/folded/work.in");
    assert_ok(file_read(arena, path, FILE_LIMIT_TEXT, &bytes, &err), &err);
    assert_ok(profile_read(arena, path, bytes, &profile, &err), &err);
    assert_golden(arena, profile_print(arena, &profile), "tests/profiles/folded/work.expect");
}

static void packed_profiles_are_unpacked(void **state)
{
    Arena *arena = test_arena(state);
    Str text = S("a;b 3\nb 4\n");
    Str once = gzipped(arena, text);
    assert_int_equal(total_of(arena, once), 7);
    assert_int_equal(total_of(arena, zstd(arena, text)), 7);
    Str twice = str_fmt(arena, "%s", "");
    StrBuf members = strbuf_new(arena);
    strbuf_add(&members, once);
    strbuf_add(&members, once);
    twice = strbuf_str(&members);
    assert_int_equal(total_of(arena, twice), 14);
}

/* 100,000 allocations of 16 kinds. */
static Str long_recording(Arena *arena)
{
    StrBuf text = strbuf_new(arena);
    strbuf_add(&text, S("v 10400 3\ns 4 main\ns 3 a.c\ni 1 0 1 2 9\nt 1 0\n"));
    for (int i = 1; i <= 16; i++)
        strbuf_fmt(&text, "a %x 1\n", i);
    for (uint64_t i = 0; i < 100000; i++)
        strbuf_fmt(&text, "+ %x\n", (unsigned)random_below(7, i, 16));
    return strbuf_str(&text);
}

static void of_a_packed_file_that_is_cut_the_beginning_is_read(void **state)
{
    Arena *arena = test_arena(state);
    Str text = long_recording(arena), packed[] = {gzipped(arena, text), zstd(arena, text)};
    static const char *const WHY[] = {"gzip: cut off", "zstd: cut off"};
    int64_t whole = total_of(arena, text);
    for (size_t i = 0; i < 2; i++) {
        Profile profile;
        Err err = {0};
        Str half = str_head(packed[i], packed[i].len * 2 / 3);
        assert_ok(profile_read(arena, S("x"), half, &profile, &err), &err);
        assert_true(profile_total(&profile, 0) > whole / 4);
        assert_true(profile_total(&profile, 0) < whole * 3 / 4);
        assert_true(str_starts(profile.notes[0],
                               str_fmt(arena, "the file is not whole (%s): of what", WHY[i])));
        assert_int_equal(profile.notes_len, 1);
        assert_int_equal(total_of(arena, packed[i]), whole);
    }
    test_refused(arena, str_head(packed[1], 12), "x: zstd: cut off");
}

static void utf16_and_a_byte_order_mark_are_taken(void **state)
{
    Arena *arena = test_arena(state);
    assert_int_equal(total_of(arena, S("\xef\xbb\xbf"
                                       "a;b 3\r\n")),
                     3);
    assert_int_equal(total_of(arena, S("\xff\xfe"
                                       "a\0;\0b\0 \0003\0\n\0")),
                     3);
    assert_int_equal(total_of(arena, S("\xfe\xff"
                                       "\0a\0 \0003\0\n")),
                     3);
}

static void a_bomb_stops_at_the_limit(void **state)
{
    Arena *arena = test_arena(state);
    size_t huge = 64 * 1024 * 1024;
    char *zeros = NEW_ARRAY(arena, char, huge);
    memset(zeros, 'a', huge);
    Str bomb = gzipped(arena, (Str){zeros, huge}), packed = zstd(arena, (Str){zeros, huge});
    test_refused(arena, bomb, "x: unpacks to more than 16777216 bytes");
    test_refused(arena, packed, "x: unpacks to more than 16777216 bytes");
    Str out;
    Err err = {0};
    ArenaMark mark = arena_mark(arena);
    size_t before = arena_bytes(arena);
    assert_false(unpack(arena, bomb, 1 << 20, &out, &err));
    assert_true(arena_bytes(arena) - before < 8 << 20);
    arena_rollback(arena, mark);
}

/* A line that lost its end is no line: its 34 would be a 3. */
static void a_cut_archive_is_one_error_or_has_whole_lines(void **state)
{
    Arena *arena = test_arena(state);
    Str text = S("aaa;bbb;ccc;ddd 34\nb;cde;fghi;jkl 45\n");
    Str packed[2] = {gzipped(arena, text), zstd(arena, text)};
    size_t some = 0;
    for (size_t i = 0; i < 2; i++)
        for (size_t len = 6; len < packed[i].len; len++) {
            Profile profile;
            Err err = {0};
            if (!profile_read(arena, S("x"), str_head(packed[i], len), &profile, &err)) {
                assert_true(str_starts(str_from_c(err.msg), i ? S("x: zstd: ") : S("x: gzip: ")));
                continue;
            }
            int64_t total = profile_total(&profile, 0);
            assert_true(total == 34 || total == 34 + 45);
            assert_true(str_has(profile.notes[0], S("not whole")));
            some++;
        }
    assert_true(some > 0);
}

static void what_is_no_profile_is_named(void **state)
{
    Arena *arena = test_arena(state);
    test_refused(arena, S("\x80\x04\x95\x1d\0\0\0"), "x: a Python pickle");
    test_refused(arena, S("cos\nsystem\n(S'true'\ntR."), "x: a Python pickle");
    test_refused(arena, S("PK\x03\x04\x14\0"), "x: a zip archive: unpack it first");
    test_refused(arena,
                 S("\x7f"
                   "ELF\x02"),
                 "x: a program");
    test_refused(arena, S(" \n"), "x: empty");
    test_refused(arena, S(""), "x: empty");
    test_refused(arena, S("once upon a time\n"), "x: not a profile perfloop knows; it reads ");
    test_refused(arena, S("{\"a\": 1}"), "x: not a profile perfloop knows; it reads ");
}

static void hostile_json_is_one_error(void **state)
{
    Arena *arena = test_arena(state);
    Str head = S("{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\"x\":");
    char *deep = NEW_ARRAY(arena, char, 1 << 20);
    memset(deep, '[', 1 << 20);
    memcpy(deep, head.ptr, head.len);
    test_refused(arena, (Str){deep, 1 << 20}, "expected no deeper nesting, got '['");
    test_refused(arena, str_fmt(arena, STR_FMT "1}", STR_ARG(head)), "x: holds no profile");
    test_refused(arena, str_fmt(arena, STR_FMT "tru}", STR_ARG(head)), "expected a value, got 't'");
    Str nul = S("{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\0\"x\":1}");
    test_refused(arena, nul, "line 1, column 65: expected a key, got byte 0");
}

static void a_skipped_value_may_be_anything(void **state UNUSED)
{
    JsonScan scan = json_scan(S(" {\"a\\\"\":[1,{\"b\":[]},\"]\"],\"c\":{}, \"d\" : -1.5e3 } "));
    Str key;
    Err err = {0};
    double number = 0;
    assert_true(json_enter(&scan, '{'));
    while (json_next_key(&scan, &key)) {
        if (str_eq(key, S("d")))
            number = json_scan_double(&scan);
        else
            json_skip(&scan);
    }
    assert_ok(json_scan_ok(&scan, &err), &err);
    assert_true(number == -1500);
}

static void scanned_numbers_are_the_nearest_doubles(void **state)
{
    Arena *arena = test_arena(state);
    const char *texts[] = {
        "0.01", "123456789012345",   "0.1234567890123456789", "1e22", "1.7976931348623157e308",
        "-0.3", "31.86000000000218", "12345678901234567890"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        JsonScan scan = json_scan(str_from_c(texts[i]));
        Err err = {0};
        double want, got = json_scan_double(&scan);
        assert_ok(json_scan_ok(&scan, &err), &err);
        assert_true(str_to_double(str_from_c(texts[i]), &want));
        assert_true(got == want);
    }
    const char *bad[] = {"", "-", ".5", "1.e", "--1", "+1", "[", "1 2", "tru"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        JsonScan scan = json_scan(str_copy(arena, str_from_c(bad[i])));
        Err err = {0};
        json_scan_double(&scan);
        assert_false(json_scan_ok(&scan, &err));
    }
}

static void escapes_are_undone(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(json_unescape(arena, S("a\\n\\u00e9\\ud83d\\ude00\\ud800x\\q\\u12")),
               S("a\n\u00e9\U0001F600\ufffdxq\ufffd"));
}

TEST_MAIN(TEST(a_recording_of_ours_is_read), TEST(packed_profiles_are_unpacked),
          TEST(of_a_packed_file_that_is_cut_the_beginning_is_read),
          TEST(utf16_and_a_byte_order_mark_are_taken), TEST(a_bomb_stops_at_the_limit),
          TEST(a_cut_archive_is_one_error_or_has_whole_lines), TEST(what_is_no_profile_is_named),
          TEST(hostile_json_is_one_error), TEST(a_skipped_value_may_be_anything),
          TEST(scanned_numbers_are_the_nearest_doubles), TEST(escapes_are_undone))
