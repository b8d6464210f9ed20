#include "analysis/profile/nvidia/cubin.h"

#include <string.h>

#include "base/file.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"

static Str image_of(Arena *arena, const char *name)
{
    Str path = test_source_path(arena, "tests/profiles/cubin"), bytes;
    Err err = {0};
    path = str_fmt(arena, STR_FMT "/%s", STR_ARG(path), name);
    assert_ok(file_read(arena, path, FILE_LIMIT_TEXT, &bytes, &err), &err);
    return bytes;
}

static Cubin read_image(Arena *arena, const char *name)
{
    Cubin cubin;
    Err err = {0};
    assert_ok(cubin_read(arena, image_of(arena, name), &cubin, &err), &err);
    assert_true(cubin.has_lines);
    assert_int_equal(cubin.broken, 0);
    return cubin;
}

/* "poly 5 < twice 9 < 14": innermost first, the function's own line last. */
static Str chain(Arena *arena, const Cubin *cubin, Str symbol, uint64_t address)
{
    const CubinFunction *function = cubin_function(cubin, symbol);
    assert_non_null(function);
    StrBuf out = strbuf_new(arena);
    for (const CubinRow *row = cubin_row(function, address); row;
         row = cubin_caller(function, row)) {
        if (row->context)
            strbuf_fmt(&out, STR_FMT " %u < ", STR_ARG(row->function), row->line);
        else
            strbuf_fmt(&out, "%u", row->line);
        assert_true(str_ends(cubin->files[row->file], S("/inl.cu")));
    }
    return strbuf_str(&out);
}

/* The rows are those that eu-readelf --debug-dump=line prints of the same files. */
static void lines_and_what_was_inlined_there(void **state)
{
    Arena *arena = test_arena(state);
    Cubin cubin = read_image(arena, "inl_sm86.cubin");
    assert_false(cubin.absolute);
    assert_int_equal(cubin.functions_len, 2);
    assert_str(chain(arena, &cubin, S("_Z5saxpyifPKfPf"), 0x10), S("12"));
    assert_str(chain(arena, &cubin, S("_Z5saxpyifPKfPf"), 0x3f), S("12"));
    assert_str(chain(arena, &cubin, S("_Z5saxpyifPKfPf"), 0xc0), S("_Z5twicef 9 < 14"));
    assert_str(chain(arena, &cubin, S("_Z5saxpyifPKfPf"), 0xd0),
               S("_Z4polyf 5 < _Z5twicef 9 < 14"));
    assert_str(chain(arena, &cubin, S("_Z6reduceILi128EEvPKfPfi"), 0x3b0), S("_Z4polyf 5 < 28"));
    assert_str(chain(arena, &cubin, S("_Z6reduceILi128EEvPKfPfi"), 0x420), S("28"));
    assert_str(chain(arena, &cubin, S("_Z6reduceILi128EEvPKfPfi"), 0x500), S(""));
}

static void longer_relocations_tell_the_functions_apart_too(void **state)
{
    Arena *arena = test_arena(state);
    Cubin cubin = read_image(arena, "inl_sm90.cubin");
    assert_str(chain(arena, &cubin, S("_Z5saxpyifPKfPf"), 0), S("11"));
    assert_str(chain(arena, &cubin, S("_Z6reduceILi128EEvPKfPfi"), 0), S("17"));
    assert_null(cubin_function(&cubin, S("_Z4polyf")));
}

static void a_function_that_is_not_inlined_keeps_its_name(void **state)
{
    Arena *arena = test_arena(state);
    Cubin cubin = read_image(arena, "noinl_sm86.cubin");
    const CubinFunction *outer = cubin_function(&cubin, S("_Z5outerPKfPf"));
    assert_null(cubin_inner(outer, 0xb0));
    const CubinInner *slow = cubin_inner(outer, 0xe0), *division = cubin_inner(outer, 0x600);
    assert_str(slow->symbol, S("_Z4slowf"));
    assert_true(slow->has_rows);
    assert_str(division->symbol, S("__cuda_sm3x_div_rn_noftz_f32_slowpath"));
    assert_false(division->has_rows);
}

/* An image saved after loading: addresses instead of relocations. Made of the one above. */
static void a_loaded_image_is_read_by_its_addresses(void **state)
{
    Arena *arena = test_arena(state);
    Str bytes = image_of(arena, "inl_sm86.cubin");
    char *image = str_cstr(arena, bytes);
    static const char SET_ADDRESS[] = {0, 9, 2, 0, 0, 0, 0, 0, 0, 0, 0};
    uint64_t starts[] = {0x7f0000010000, 0x7f0000020000}; /* reduce comes first in the table */
    Str names[] = {S("_Z6reduceILi128EEvPKfPfi"), S("_Z5saxpyifPKfPf")};
    size_t found = 0;
    for (size_t i = 0; i + sizeof(SET_ADDRESS) <= bytes.len && found < 2; i++)
        if (!memcmp(image + i, SET_ADDRESS, sizeof(SET_ADDRESS)))
            memcpy(image + i + 3, &starts[found++], 8);
    assert_int_equal(found, 2);
    Cubin cubin;
    Err err = {0};
    assert_ok(cubin_read(arena, (Str){image, bytes.len}, &cubin, &err), &err);
    assert_int_equal(cubin.functions_len, 0); /* no symbol has these addresses yet */

    uint64_t symtab, size;
    uint16_t sections;
    memcpy(&symtab, image + 40, 8);
    memcpy(&sections, image + 60, 2);
    for (unsigned i = 0; i < sections; i++) {
        uint32_t type;
        uint64_t offset;
        memcpy(&type, image + symtab + i * 64 + 4, 4);
        memcpy(&offset, image + symtab + i * 64 + 24, 8);
        memcpy(&size, image + symtab + i * 64 + 32, 8);
        for (size_t k = 0; type == 2 && k + 24 <= size; k += 24) {
            unsigned kind = (unsigned char)image[offset + k + 4] & 0xf;
            uint64_t bytes_of_code;
            memcpy(&bytes_of_code, image + offset + k + 16, 8);
            if (kind == 2)
                memcpy(image + offset + k + 8, &starts[bytes_of_code == 0x500 ? 0 : 1], 8);
        }
    }
    assert_ok(cubin_read(arena, (Str){image, bytes.len}, &cubin, &err), &err);
    assert_true(cubin.absolute);
    for (size_t i = 0; i < 2; i++)
        assert_str(cubin_function_at(&cubin, starts[i] + 0x10)->symbol, names[i]);
    assert_str(chain(arena, &cubin, names[1], starts[1] + 0xd0),
               S("_Z4polyf 5 < _Z5twicef 9 < 14"));
    assert_null(cubin_function_at(&cubin, 0x7f0000030000));
}

/* As nvcc writes them on Windows; ncu prints them with slashes, and so do sources in the report. */
static void windows_paths_get_slashes(void **state)
{
    Arena *arena = test_arena(state);
    Str image = str_copy(arena, image_of(arena, "inl_sm86.cubin"));
    static const Str FOLDER = STR_CONST("/home/user/inl"),
                     WINDOWS = STR_CONST("C:\\me\\\\usr\\inl");
    Cubin cubin;
    Err err = {0};
    for (size_t at = str_find(image, FOLDER, 0); at != SIZE_MAX; at = str_find(image, FOLDER, at))
        memcpy((char *)(uintptr_t)image.ptr + at, WINDOWS.ptr, WINDOWS.len);
    assert_ok(cubin_read(arena, image, &cubin, &err), &err);
    const CubinFunction *function = cubin_function(&cubin, S("_Z5saxpyifPKfPf"));
    assert_str(cubin.files[cubin_row(function, 0x10)->file], S("C:/me/usr/inl/inl.cu"));
}

static void what_is_no_image_is_an_error(void **state)
{
    Arena *arena = test_arena(state);
    Cubin cubin;
    Err err = {0};
    assert_false(cubin_read(arena, S("not an image at all"), &cubin, &err));
    assert_string_equal(err.msg, "no 64-bit ELF file");
    Str bytes = image_of(arena, "inl_sm86.cubin");
    for (size_t len = 0; len < bytes.len; len += 101) {
        Str cut = str_copy(arena, str_head(bytes, len));
        err = (Err){0};
        if (cubin_read(arena, cut, &cubin, &err))
            assert_true(cubin.functions_len <= 2);
    }
}

TEST_MAIN(TEST(lines_and_what_was_inlined_there),
          TEST(longer_relocations_tell_the_functions_apart_too),
          TEST(a_function_that_is_not_inlined_keeps_its_name),
          TEST(a_loaded_image_is_read_by_its_addresses), TEST(windows_paths_get_slashes),
          TEST(what_is_no_image_is_an_error))
