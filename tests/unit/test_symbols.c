#include "analysis/symbols/symbolize.h"

#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/profile/format.h"
#include "analysis/symbols/demangle.h"
#include "analysis/symbols/dwarf.h"
#include "base/file.h"
#include "base/path.h"
#include "tests/lib/check.h"

/* ------------------------------------------------------------------ this program itself */

static const char *recorded;

/* An address in its caller, one byte before the one that it returns to. */
static __attribute__((noinline)) void record_caller(void)
{
    recorded = (const char *)__builtin_return_address(0) - 1;
    __asm__ volatile("" ::: "memory");
}

enum {
    INNER_LINE = __LINE__ + 4
};
static inline __attribute__((always_inline)) int planted_inner(int x)
{
    record_caller();
    return x + 1;
}

enum {
    OUTER_LINE = __LINE__ + 4
};
static __attribute__((noinline)) int planted_outer(int x)
{
    return planted_inner(x) * 2;
}

typedef struct Place {
    uint64_t address;
    uint64_t offset;
    bool found;
} Place;

static int find_segment(struct dl_phdr_info *info, size_t size, void *context)
{
    Place *place = context;
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uint64_t start = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_LOAD && place->address >= start &&
            place->address - start < header->p_memsz) {
            place->offset = place->address - start + header->p_offset;
            place->found = true;
        }
    }
    return 1; /* the first is the program */
}

static uint64_t planted_offset(void)
{
    assert_int_equal(planted_outer(3), 8);
    Place place = {.address = (uint64_t)(uintptr_t)recorded};
    dl_iterate_phdr(find_segment, &place);
    assert_true(place.found);
    return place.offset;
}

static Str own_path(Arena *arena)
{
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path));
    assert_true(len > 0 && (size_t)len < sizeof(path));
    return str_copy(arena, (Str){path, (size_t)len});
}

static DwarfFile *open_own(Arena *arena)
{
    DwarfProblem problem = DWARF_NO_FILE;
    DwarfFile *file = dwarf_open(arena, (DwarfOptions){.path = own_path(arena)}, &problem);
    assert_non_null(file);
    assert_int_equal(problem, DWARF_FINE);
    return file;
}

static void an_address_is_a_chain_of_inlined_functions(void **state)
{
    Arena *arena = test_arena(state);
    uint64_t offset = planted_offset();
    DwarfFile *file = open_own(arena);
    DwarfFrame frames[DWARF_FRAMES_MAX];
    size_t len = dwarf_lookup(file, offset, frames, DWARF_FRAMES_MAX);
    assert_int_equal(len, 2);
    assert_str(frames[0].function, S("planted_inner"));
    assert_str(path_base(frames[0].file), S("test_symbols.c"));
    assert_int_equal(frames[0].line, INNER_LINE);
    assert_int_equal(frames[0].def_line, INNER_LINE - 2);
    assert_true(frames[0].inlined);
    assert_str(frames[1].function, S("planted_outer"));
    assert_int_equal(frames[1].line, OUTER_LINE);
    assert_false(frames[1].inlined);
    assert_int_equal(dwarf_lookup(file, offset, frames, 1), 1);
    assert_int_equal(dwarf_lookup(file, UINT64_MAX, frames, 1), 0);
    dwarf_close(file);
}

static void another_build_and_no_file_are_told_apart(void **state)
{
    Arena *arena = test_arena(state);
    DwarfProblem problem = DWARF_FINE;
    assert_null(
        dwarf_open(arena,
                   (DwarfOptions){.path = own_path(arena),
                                  .build_id = S("00112233445566778899aabbccddeeff00112233")},
                   &problem));
    assert_int_equal(problem, DWARF_OTHER_FILE);
    Str pipe = path_join(arena, test_temp_dir(arena), S("pipe"));
    assert_int_equal(mkfifo(str_cstr(arena, pipe), 0600), 0);
    const Str paths[] = {S("/dev/zero"),
                         S("/nowhere/x"),
                         S("/proc/self/status"),
                         S("/tmp"),
                         S(""),
                         pipe,
                         test_source_path(arena, "CMakeLists.txt")};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        assert_null(dwarf_open(arena, (DwarfOptions){.path = paths[i]}, &problem));
        assert_int_equal(problem, DWARF_NO_FILE);
    }
}

/* ------------------------------------------------------------------ whole profiles */

static Profile symbolized(Arena *arena, Str text)
{
    Profile profile;
    Err err = {0};
    assert_ok(profile_read(arena, S("test.txt"), text, &profile, &err), &err);
    return symbolize(arena, &profile, (SymbolizeOptions){0});
}

static Str samples_of(Arena *arena, const Profile *profile)
{
    Str text = profile_print(arena, profile), line, out = {0};
    while (str_next_line(&text, &line))
        if (line.len && line.ptr[0] >= '0' && line.ptr[0] <= '9')
            out = str_fmt(arena, STR_FMT STR_FMT "\n", STR_ARG(out), STR_ARG(line));
    return out;
}

/* The chain that perf would print, with what it knows less of, becomes ours; an address twice is
 * one frame. A caller's address is the one behind the call. */
static void addresses_of_a_profile_become_places(void **state)
{
    Arena *arena = test_arena(state);
    Str path = own_path(arena);
    unsigned long long at = planted_offset();
    Profile profile = symbolized(
        arena, str_fmt(arena,
                       "a 1 1.5: 2 cycles:\n\t%llx leaf+0x1 (/nowhere/lib)\n\t%llx planted_inner "
                       "(inlined)\n\t%llx planted_outer+0x9 (" STR_FMT ")\n\n"
                       "a 1 1.6: 3 cycles:\n\t%llx [unknown] (" STR_FMT ")\n\n",
                       16ull, at + 1, at + 1, STR_ARG(path), at, STR_ARG(path)));
    Str file = S("");
    for (size_t i = 0; i < profile.frames_len; i++) {
        Str name = profile_text(&profile, profile.frames[i].function);
        assert_int_equal(profile.frames[i].address, 0);
        if (str_eq(name, S("planted_inner")))
            file = profile_text(&profile, profile.frames[i].file);
    }
    assert_str(samples_of(arena, &profile),
               str_fmt(arena,
                       "3 x1 planted_outer (" STR_FMT ":%d);planted_inner (" STR_FMT
                       ":%d) (inlined)\n"
                       "2 x1 planted_outer (" STR_FMT ":%d);planted_inner (" STR_FMT
                       ":%d) (inlined);leaf\n",
                       STR_ARG(file), OUTER_LINE, STR_ARG(file), INNER_LINE, STR_ARG(file),
                       OUTER_LINE, STR_ARG(file), INNER_LINE));
    assert_int_equal(profile.notes_len, 1);
    assert_str(profile.notes[0],
               S("/nowhere/lib is not here: its functions and lines are not known"));
}

/* Addresses of this very process, and the functions they lie in; nothing says where it was loaded. */
static void where_a_program_was_loaded_is_found_out(void **state)
{
    Arena *arena = test_arena(state);
    ProfileBuilder *build = profile_builder_new(arena);
    (void)planted_offset(); /* fills in `recorded` */
    const struct {
        Str name;
        uint64_t address;
    } seen[] = {{S("planted_outer"), (uint64_t)(uintptr_t)recorded},
                {S("int samples_of(Arena *, const Profile *)"), (uint64_t)(uintptr_t)&samples_of},
                {S("own_path"), (uint64_t)(uintptr_t)&own_path},
                {S("[program]"), (uint64_t)(uintptr_t)&planted_outer}};
    profile_add_metric(build, S("cpu"), S("count"), true);
    uint32_t module = profile_add_text(build, own_path(arena));
    uint32_t gone = profile_add_text(build, S("/usr/lib/nowhere.so"));
    profile_add_loaded(build, module);
    profile_add_loaded(build, gone);
    profile_add_frame(build, (ProfileFrame){.function = module, .module = gone, .address = 7});
    for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
        ProfileFrame frame = {.function = profile_add_text(build, seen[i].name),
                              .module = module,
                              .address = seen[i].address,
                              .kind = FRAME_USER};
        uint32_t stack = profile_add_stack(build, 0, profile_add_frame(build, frame));
        profile_add_sample(build, (ProfileSample){.stack = stack, .count = 1}, (int64_t[]){1});
    }
    Profile profile = profile_build(build, S("nsys"), S("nsys sqlite"));
    profile = symbolize(arena, &profile, (SymbolizeOptions){0});
    Str text = samples_of(arena, &profile);
    assert_int_equal(profile.notes_len, 0);
    assert_has(text, str_fmt(arena, "test_symbols.c:%d);planted_inner", OUTER_LINE));
    assert_has(text, str_fmt(arena, "test_symbols.c:%d) (inlined)", INNER_LINE));
    assert_has(text, S("samples_of ("));
    assert_false(str_has(text, S("[program]")));
}

static void a_program_that_appears_is_worth_another_try(void **state)
{
    Arena *arena = test_arena(state);
    Str path = path_join(arena, test_temp_dir(arena), S("later"));
    Profile profile =
        symbolized(arena, str_fmt(arena, "a 1 1.5: 2 cycles:\n\t12 [unknown] (" STR_FMT ")\n\n",
                                  STR_ARG(path)));
    Err err = {0};
    assert_str(profile_text(&profile, profile.awaited[0].path), path);
    assert_true(profile.awaited[0].module);
    assert_int_equal(profile.awaited[0].state, 0);
    assert_false(symbolize_again(arena, &profile));
    assert_ok(file_write(path, S("anything"), &err), &err);
    assert_true(symbolize_again(arena, &profile));
    Profile found =
        symbolized(arena, str_fmt(arena, "a 1 1.5: 2 cycles:\n\t%llx x (" STR_FMT ")\n\n",
                                  (unsigned long long)planted_offset(), STR_ARG(own_path(arena))));
    assert_int_equal(found.awaited_len, 0);
}

static void unknown_places_stay_and_names_are_readable(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        symbolized(arena, S("a 1 1.5: 2 cycles:\n\t12 _ZN4work3hot17h0123456789abcdefE (/no/a)\n"
                            "\t14 step (inlined)\n\t14 run (/no/a)\n\t15 run (/no/a)\n\n"));
    assert_str(samples_of(arena, &profile), S("2 x1 run;run;step (inlined);work::hot\n"));
    assert_int_equal(profile.frames_len, 3);
}

static void a_profile_without_addresses_is_left_alone(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile;
    Err err = {0};
    assert_ok(profile_read(arena, S("x"), S("main;run 3\n"), &profile, &err), &err);
    Profile same = symbolize(arena, &profile, (SymbolizeOptions){0});
    assert_ptr_equal(same.frames, profile.frames);
}

/* What c++filt and rustc-demangle's own page give. */
static void names_are_demangled(void **state)
{
    static const struct {
        Str mangled, plain;
    } NAMES[] = {
        {STR_CONST("_ZN4work3hot17h0123456789abcdefE"), STR_CONST("work::hot")},
        {STR_CONST("_RNvCskwGfYPst2Cb_3foo16example_function"), STR_CONST("foo::example_function")},
        {STR_CONST("_ZN3FooIiE3barEv"), STR_CONST("Foo<int>::bar")},
        {STR_CONST("_ZNSt6vectorIiSaIiEE9push_backEOi"),
         STR_CONST("std::vector<int, std::allocator<int> >::push_back")},
        {STR_CONST("work::hot::h0123456789abcdef"), STR_CONST("work::hot")},
        {STR_CONST("alloc::raw_vec::RawVecInner$LT$A$GT$::grow::h0123456789abcdef"),
         STR_CONST("alloc::raw_vec::RawVecInner<A>::grow")},
        {STR_CONST("_$LT$$RF$T$u20$as$u20$core..fmt..Debug$GT$::fmt::h0123456789abcdef"),
         STR_CONST("<&T as core::fmt::Debug>::fmt")},
        {STR_CONST("work::main::_$u7b$$u7b$closure$u7d$$u7d$::h0123456789abcdef"),
         STR_CONST("work::main::{{closure}}")},
        {STR_CONST("price$LT::h0123456789abcdef"), STR_CONST("price$LT")},
        {STR_CONST("_Zebra"), STR_CONST("_Zebra")},
        {STR_CONST("_Read"), STR_CONST("_Read")},
        {STR_CONST("main"), STR_CONST("main")},
        {STR_CONST(""), STR_CONST("")},
    };
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
        assert_str(demangle(test_arena(state), NAMES[i].mangled), NAMES[i].plain);
}

TEST_MAIN(TEST(an_address_is_a_chain_of_inlined_functions),
          TEST(another_build_and_no_file_are_told_apart),
          TEST(addresses_of_a_profile_become_places), TEST(where_a_program_was_loaded_is_found_out),
          TEST(a_program_that_appears_is_worth_another_try),
          TEST(unknown_places_stay_and_names_are_readable),
          TEST(a_profile_without_addresses_is_left_alone), TEST(names_are_demangled))
