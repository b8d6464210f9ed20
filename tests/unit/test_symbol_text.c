#include "analysis/symbols/symbol_text.h"

#include "analysis/stats/random.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"

static void assert_name(const SymbolText *symbols, uint64_t address, Str name, Str module)
{
    const SymbolName *found = symbol_text_find(symbols, address);
    if (!name.len) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_str(found->name, name);
    assert_str(found->module, module);
}

/* Lines of a real /proc/kallsyms; of three names of one place perf shows the last, too. */
static void a_kernel_symbol_reaches_to_the_next(void **state)
{
    SymbolText *kernel = symbol_text_kernel(test_arena(state),
                                            S("ffffffff81000000 T _stext\n"
                                              "ffffffff81000000 T _text\n"
                                              "ffffffff81000100 t do_one\n"
                                              "ffffffff82201e40 T __pi___x86_indirect_thunk_rax\n"
                                              "ffffffff82201e40 T __x86_indirect_thunk_array\n"
                                              "ffffffff82201e40 T __x86_indirect_thunk_rax\n"
                                              "ffffffff82201e50 D some_data\n"
                                              "not a line\n"
                                              "ffffffffc0400000 t nft_do\t[nf_tables]\n"
                                              "ffffffffc0300000 t ext4_get\t[ext4]\n"),
                                            NULL);
    assert_true(symbol_text_begins_at(kernel, 0xffffffff81000000));
    assert_false(symbol_text_begins_at(kernel, 0xffffffff81000100));
    assert_name(kernel, 0xffffffff80ffffff, S(""), S(""));
    assert_name(kernel, 0xffffffff810000ff, S("_text"), S(""));
    assert_name(kernel, 0xffffffff81000100, S("do_one"), S(""));
    assert_name(kernel, 0xffffffff82201e44, S("__x86_indirect_thunk_rax"), S(""));
    assert_name(kernel, 0xffffffffc03000ff, S("ext4_get"), S("[ext4]"));
    assert_name(kernel, 0xffffffffc0400001, S("nft_do"), S("[nf_tables]"));
}

/* A list with aliases, data and modules in disorder: where a name is kept, it is the one of all. */
static void names_that_no_address_needs_are_left_out(void **state)
{
    enum {
        LINES = 3000,
        WANTED = 40
    };
    Arena *arena = test_arena(state);
    for (uint64_t seed = 1; seed <= 30; seed++) {
        StrBuf text = strbuf_new(arena);
        uint64_t address = 0xffffffff81000000, n = 0, top = address;
        strbuf_add(&text, S("ffffffff81000000 T _stext\n"));
        for (size_t i = 0; i < LINES; i++) {
            address += 16 * random_below(seed, n++, 3);
            if (i > LINES - 300 && random_below(seed, n++, 10) == 0)
                address = 0xffffffffc0000000 + 4096 * random_below(seed, n++, 1000);
            top = address > top ? address : top;
            strbuf_fmt(&text, "%llx %c name%zu\n", (unsigned long long)address,
                       "tTdW"[random_below(seed, n++, 4)], i);
        }
        Addresses wanted = {0};
        for (uint64_t at = 0xffffffff80ffffff, i = 0; i < WANTED; i++) {
            *array_push(arena, &wanted) = at;
            at += random_below(seed, n++, (top - 0xffffffff81000000) / WANTED * 2);
        }
        SymbolText *all = symbol_text_kernel(arena, strbuf_str(&text), NULL);
        SymbolText *few = symbol_text_kernel(arena, strbuf_str(&text), &wanted);
        assert_true(symbol_text_begins_at(few, 0xffffffff81000000));
        array_each (uint64_t, at, &wanted) {
            const SymbolName *one = symbol_text_find(all, *at), *other = symbol_text_find(few, *at);
            if (!one)
                assert_null(other);
            else
                assert_str(other->name, one->name);
        }
    }
}

static void hidden_addresses_name_nothing(void **state)
{
    SymbolText *kernel = symbol_text_kernel(test_arena(state),
                                            S("0000000000000000 T _stext\n"
                                              "0000000000000000 T _text\n"),
                                            NULL);
    assert_false(symbol_text_begins_at(kernel, 0));
    assert_name(kernel, 0, S(""), S(""));
    assert_name(kernel, 0xffffffff81000000, S(""), S(""));
}

/* Python writes both spellings of the addresses; a compiler uses memory again. */
static void the_newest_name_of_generated_code_counts(void **state)
{
    SymbolText *map =
        symbol_text_map(test_arena(state), S("7f0000001000 100 py::old:/a.py\n"
                                             "0x7f0000002000 0x20 py::f:/a b.py\n"
                                             "7f0000001080 40 py::new:/a.py\r\n"
                                             "7f0000003000 0 empty\n"
                                             "ffffffffffffffff 100 beyond\n7f00 10\nzz 1 a\n\n"));
    assert_name(map, 0x7f0000001000, S("py::old:/a.py"), S(""));
    assert_name(map, 0x7f0000001080, S("py::new:/a.py"), S(""));
    assert_name(map, 0x7f00000010bf, S("py::new:/a.py"), S(""));
    assert_name(map, 0x7f00000010c0, S("py::old:/a.py"), S(""));
    assert_name(map, 0x7f0000001100, S(""), S(""));
    assert_name(map, 0x7f000000201f, S("py::f:/a b.py"), S(""));
    assert_name(map, 0x7f0000003000, S(""), S(""));
}

TEST_MAIN(TEST(a_kernel_symbol_reaches_to_the_next), TEST(names_that_no_address_needs_are_left_out),
          TEST(hidden_addresses_name_nothing), TEST(the_newest_name_of_generated_code_counts))
