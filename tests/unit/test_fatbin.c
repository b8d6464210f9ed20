#include "analysis/profile/nvidia/fatbin.h"

#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"

/* Changes a byte of a copy. */
static Str poke(Arena *arena, Str bytes, size_t at, char to)
{
    char *copy = NEW_ARRAY(arena, char, bytes.len);
    memcpy(copy, bytes.ptr, bytes.len);
    copy[at] = to;
    return (Str){copy, bytes.len};
}

static Str test_file(Arena *arena, Str name)
{
    Str path = path_join(arena, test_source_path(arena, "tests/profiles/cubin"), name), bytes;
    Err err = {0};
    assert_ok(file_read(arena, path, FILE_LIMIT_TEXT, &bytes, &err), &err);
    return bytes;
}

static Str cubin(Arena *arena)
{
    return test_file(arena, S("inl_sm86.cubin"));
}

/* The same without a line table: its section has another name. */
static Str without_lines(Arena *arena)
{
    Str bytes = cubin(arena);
    for (size_t at; (at = str_find(bytes, S(".debug_line"), 0)) < bytes.len;)
        bytes = poke(arena, bytes, at + 1, 'x');
    return bytes;
}

static void put(StrBuf *out, uint64_t value, int size)
{
    for (int i = 0; i < size; i++)
        strbuf_char(out, (char)(value >> (8 * i)));
}

static void put_entry(StrBuf *out, unsigned kind, Str image)
{
    size_t padded = (image.len + 7) / 8 * 8;
    put(out, kind, 2), put(out, 0x101, 2), put(out, 64, 4), put(out, padded, 8);
    for (int i = 0; i < 6; i++)
        put(out, 0, 8);
    strbuf_add(out, image);
    put(out, 0, (int)(padded - image.len));
}

/* As nvcc 13.5 writes them, at a multiple of 8 in some program. */
static Str program(Arena *arena, Str entries)
{
    StrBuf out = strbuf_new(arena);
    put(&out, 0, 8), put(&out, 0, 8), put(&out, 0, 8);
    put(&out, 0xBA55ED50, 4), put(&out, 1, 2), put(&out, 16, 2), put(&out, entries.len, 8);
    strbuf_add(&out, entries);
    put(&out, 0, 8);
    return strbuf_str(&out);
}

static void check(Arena *arena, Str bytes, size_t images, size_t with_lines, size_t hidden)
{
    FatbinFacts facts = fatbin_look(arena, bytes);
    assert_int_equal(facts.images, images);
    assert_int_equal(facts.with_lines, with_lines);
    assert_int_equal(facts.hidden, hidden);
}

static void cubins_are_counted_with_their_lines(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf entries = strbuf_new(arena);
    put_entry(&entries, 2, without_lines(arena));
    check(arena, program(arena, strbuf_str(&entries)), 1, 0, 0);
    put_entry(&entries, 2, cubin(arena));
    put_entry(&entries, 1, S("packed PTX"));
    check(arena, program(arena, strbuf_str(&entries)), 2, 1, 0);
    check(arena, cubin(arena), 1, 1, 0);
    check(arena, without_lines(arena), 1, 0, 0);
}

static void what_is_no_cubin_is_hidden(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf entries = strbuf_new(arena);
    put_entry(&entries, 2, without_lines(arena));
    put_entry(&entries, 2, S("\xf0\x1f\x7f\x45\x4c\x46 packed"));
    check(arena, program(arena, strbuf_str(&entries)), 1, 0, 1);
}

/* As nvcc 11.8 and 13.5 write them; how: tests/profiles/cubin/README.md. */
static void packed_images_are_unpacked(void **state)
{
    static const struct {
        const char *name;
        size_t images, with_lines, texts, texts_with_lines;
        FatbinLines lines;
    } FILES[] = {{"twice_lz4", 1, 0, 1, 0, FATBIN_NO_LINES},
                 {"twice_lz4_lines", 1, 1, 1, 1, FATBIN_LINES},
                 {"twice_zstd", 1, 0, 1, 0, FATBIN_NO_LINES},
                 {"twice_zstd_lines", 1, 1, 1, 1, FATBIN_LINES},
                 {"twice_ptx_lines", 0, 0, 1, 1, FATBIN_LINES}};
    Arena *arena = test_arena(state);
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        Str bytes = test_file(arena, str_fmt(arena, "%s.fatbin", FILES[i].name));
        FatbinFacts facts = fatbin_look(arena, bytes);
        assert_int_equal(facts.images, FILES[i].images);
        assert_int_equal(facts.with_lines, FILES[i].with_lines);
        assert_int_equal(facts.texts, FILES[i].texts);
        assert_int_equal(facts.texts_with_lines, FILES[i].texts_with_lines);
        assert_int_equal(facts.hidden, 0);
        assert_int_equal(fatbin_lines(&facts), FILES[i].lines);
    }
}

/* Each byte of the packed files, changed: at worst an image is hidden. */
static void broken_packings_do_no_harm(void **state)
{
    static const char *const NAMES[] = {"twice_lz4.fatbin", "twice_zstd.fatbin"};
    Arena *arena = test_arena(state);
    for (size_t i = 0; i < 2; i++) {
        Str whole = test_file(arena, str_from_c(NAMES[i]));
        size_t broken = 0;
        for (size_t at = 16; at < whole.len; at++) {
            ArenaMark mark = arena_mark(arena);
            FatbinFacts facts =
                fatbin_look(arena, poke(arena, whole, at, (char)(whole.ptr[at] ^ 0x55)));
            assert_true(facts.images + facts.hidden + facts.texts <= 3);
            broken += facts.hidden > 0;
            arena_rollback(arena, mark);
        }
        assert_true(broken > 100);
    }
}

static void kernels_of_which_not_all_are_seen_are_not_judged(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf entries = strbuf_new(arena);
    FatbinFacts facts = fatbin_look(arena, S("no kernels"));
    assert_int_equal(fatbin_lines(&facts), FATBIN_NO_KERNELS);
    put_entry(&entries, 2, without_lines(arena));
    put_entry(&entries, 2, S("who knows"));
    facts = fatbin_look(arena, program(arena, strbuf_str(&entries)));
    assert_int_equal(fatbin_lines(&facts), FATBIN_UNKNOWN);
}

static void other_programs_have_none(void **state)
{
    Arena *arena = test_arena(state);
    check(arena, S(""), 0, 0, 0);
    check(arena, S("\177ELF and no more"), 0, 0, 0);
    check(arena, S("#!/bin/sh\nexit 0\n# a long enough script\n"), 0, 0, 0);
}

/* Whatever stands in the sizes, nothing behind the bytes is read (the address sanitizer sees it). */
static void wrong_sizes_and_cut_files_do_no_harm(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf entries = strbuf_new(arena);
    put_entry(&entries, 2, S("\177ELF"));
    Str whole = program(arena, strbuf_str(&entries));
    for (size_t len = 0; len < whole.len; len++)
        assert_true(fatbin_look(arena, str_copy(arena, str_head(whole, len))).images == 0);
    for (size_t at = 24; at < 64; at++) {
        assert_true(fatbin_look(arena, poke(arena, whole, at, (char)0xff)).images == 0);
    }
}

TEST_MAIN(TEST(cubins_are_counted_with_their_lines), TEST(what_is_no_cubin_is_hidden),
          TEST(packed_images_are_unpacked), TEST(broken_packings_do_no_harm),
          TEST(kernels_of_which_not_all_are_seen_are_not_judged), TEST(other_programs_have_none),
          TEST(wrong_sizes_and_cut_files_do_no_harm))
