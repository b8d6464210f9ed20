#include "analysis/profile/readers.h"

#include <string.h>

#include "analysis/hotspots/hotspot.h"
#include "analysis/profile/format.h"
#include "analysis/profile/nvidia/ncu_report.h"
#include "base/file.h"
#include "tests/lib/check.h"
#include "tests/lib/proto_out.h"

/* ------------------------------------------------------------------ a writer of reports */

/* The strings of the reports below, by number. */
enum {
    SAMPLES,
    BARRIER,
    BARRIER_NOT_ISSUED,
    WAIT,
    EXECUTED,
    DURATION,
    REGISTERS,
    OPERATION,
    DEVICE,
    SPACE,
    SIZE,
    TRANSACTIONS,
    ASKED,
    GROUP,
    STRINGS,
};

static const Str NAMES[STRINGS] = {
    [SAMPLES] = STR_CONST("smsp__pcsamp_sample_count"),
    [BARRIER] = STR_CONST("smsp__pcsamp_warps_issue_stalled_barrier"),
    [BARRIER_NOT_ISSUED] = STR_CONST("smsp__pcsamp_warps_issue_stalled_barrier_not_issued"),
    [WAIT] = STR_CONST("smsp__pcsamp_warps_issue_stalled_wait"),
    [EXECUTED] = STR_CONST("inst_executed"),
    [DURATION] = STR_CONST("gpu__time_duration.sum"),
    [REGISTERS] = STR_CONST("launch__registers_per_thread"),
    [OPERATION] = STR_CONST("memory_access_type"),
    [DEVICE] = STR_CONST("device__attribute_display_name"),
    [SPACE] = STR_CONST("memory_type"),
    [SIZE] = STR_CONST("memory_access_size_type"),
    [TRANSACTIONS] = STR_CONST("memory_l2_transactions_global"),
    [ASKED] = STR_CONST("lts__t_bytes.sum.per_second"),
    [GROUP] = STR_CONST("regex:lts__t_bytes"),
};

enum {
    START = 0x10000, /* of saxpy */
};

static void put_size(StrBuf *out, size_t size)
{
    uint32_t bytes = (uint32_t)size;
    strbuf_add(out, (Str){(const char *)&bytes, sizeof(bytes)});
}

static void put_part(StrBuf *out, StrBuf part)
{
    put_size(out, part.len);
    strbuf_add(out, strbuf_str(&part));
}

static Str message_of(Arena *arena, uint32_t field, uint64_t number)
{
    StrBuf out = strbuf_new(arena);
    proto_put_number(&out, field, number);
    return strbuf_str(&out);
}

static Str message_with(Arena *arena, uint32_t field, Str bytes)
{
    StrBuf out = strbuf_new(arena);
    proto_put_bytes(&out, field, bytes);
    return strbuf_str(&out);
}

typedef struct Pair {
    uint64_t offset; /* from START */
    uint64_t value;
} Pair;

static Str list_of(Arena *arena, unsigned name, const Pair *pairs, size_t len)
{
    StrBuf out = strbuf_new(arena);
    proto_put_number(&out, 1, name);
    for (size_t i = 0; i < len; i++) {
        StrBuf item = strbuf_new(arena);
        proto_put_bytes(&item, 1, message_of(arena, 5, START + pairs[i].offset));
        proto_put_bytes(&item, 2, message_of(arena, 5, pairs[i].value));
        proto_put_bytes(&out, 3, strbuf_str(&item));
    }
    return strbuf_str(&out);
}
#define LIST(arena, name, ...) \
    list_of((arena), (name), (Pair[]){__VA_ARGS__}, sizeof((Pair[]){__VA_ARGS__}) / sizeof(Pair))

static Str scalar_of(Arena *arena, unsigned name, double value)
{
    StrBuf out = strbuf_new(arena), number = strbuf_new(arena);
    proto_put_double(&number, 3, value);
    proto_put_number(&out, 1, name);
    proto_put_bytes(&out, 2, strbuf_str(&number));
    return strbuf_str(&out);
}

static StrBuf result_of(Arena *arena, Str mangled, Str name, double ns)
{
    StrBuf out = strbuf_new(arena), size = strbuf_new(arena);
    proto_put_bytes(&out, 5, mangled);
    proto_put_bytes(&out, 6, name);
    for (uint32_t i = 1; i <= 3; i++)
        proto_put_number(&size, i, i == 1 ? 128 : 1);
    proto_put_bytes(&out, 10, strbuf_str(&size));
    proto_put_bytes(&out, 13, scalar_of(arena, DURATION, ns));
    proto_put_bytes(&out, 15, message_of(arena, 1, 7));
    return out;
}

static StrBuf source_of(Arena *arena, Str binary)
{
    StrBuf out = strbuf_new(arena), function = strbuf_new(arena), other = strbuf_new(arena);
    proto_put_number(&out, 1, 7);
    proto_put_bytes(&out, 4, binary);
    proto_put_bytes(&function, 1, S("_Z5saxpyifPKfPf"));
    proto_put_number(&function, 2, START);
    proto_put_bytes(&other, 1, S("__cuda_barrier"));
    proto_put_number(&other, 2, START + 0x10000);
    StrBuf functions = strbuf_new(arena);
    proto_put_bytes(&functions, 1, strbuf_str(&other));
    proto_put_bytes(&functions, 1, strbuf_str(&function));
    proto_put_bytes(&out, 9, strbuf_str(&functions));
    StrBuf file = strbuf_new(arena);
    proto_put_bytes(&file, 1, S("/home/user/inl/inl.cu"));
    proto_put_bytes(&file, 2, S("// the text\n"));
    proto_put_bytes(&out, 8, message_with(arena, 1, strbuf_str(&file)));
    return out;
}

/* A rule with one message, a speedup (0: none) and markers. */
static Str rule_of(Arena *arena, Str name, Str text, double speedup, const Str *markers, size_t len)
{
    StrBuf rule = strbuf_new(arena), message = strbuf_new(arena), item = strbuf_new(arena);
    proto_put_bytes(&message, 1, text);
    proto_put_number(&message, 2, 4);
    proto_put_bytes(&item, 1, strbuf_str(&message));
    if (speedup > 0) {
        StrBuf estimate = strbuf_new(arena);
        proto_put_number(&estimate, 1, 2);
        proto_put_double(&estimate, 2, speedup);
        proto_put_bytes(&item, 10, strbuf_str(&estimate));
    }
    proto_put_bytes(&rule, 2, name);
    proto_put_bytes(&rule, 3, message_with(arena, 1, strbuf_str(&item)));
    for (size_t i = 0; i < len; i++)
        proto_put_bytes(&rule, 5, markers[i]);
    return strbuf_str(&rule);
}

/* One block of strings, one with a source and results. */
static Str report_of(Arena *arena, StrBuf source, const StrBuf *results, size_t len)
{
    StrBuf out = strbuf_new(arena), head = strbuf_new(arena), strings = strbuf_new(arena);
    strbuf_add(&out, (Str){"NVR", 4});
    proto_put_number(&head, 1, 7);
    put_part(&out, head);
    for (size_t i = 0; i < STRINGS; i++)
        proto_put_bytes(&strings, 1, NAMES[i]);
    StrBuf block = strbuf_new(arena);
    proto_put_bytes(&block, 4, strbuf_str(&strings));
    put_part(&out, block);
    StrBuf payload = strbuf_new(arena);
    put_part(&payload, source);
    for (size_t i = 0; i < len; i++)
        put_part(&payload, results[i]);
    block = strbuf_new(arena);
    proto_put_number(&block, 1, 1);
    proto_put_number(&block, 2, len);
    proto_put_number(&block, 5, payload.len);
    put_part(&out, block);
    strbuf_add(&out, strbuf_str(&payload));
    return strbuf_str(&out);
}

static Str cubin_bytes_of(Arena *arena, const char *file)
{
    Str bytes;
    Err err = {0};
    assert_ok(file_read(arena, test_source_path(arena, file), FILE_LIMIT_TEXT, &bytes, &err), &err);
    return bytes;
}

#define INL "tests/profiles/cubin/inl_sm86.cubin"

static Profile read_report(Arena *arena, Str bytes)
{
    Profile profile = {0};
    Err err = {0};
    assert_ok(profile_read(arena, S("test.ncu-rep"), bytes, &profile, &err), &err);
    return profile;
}

static bool has_line(Arena *arena, const Profile *profile, const char *line)
{
    Str text = profile_print(arena, profile);
    if (str_has(text, str_fmt(arena, "%s\n", line)))
        return true;
    print_message("no \"%s\" in\n" STR_FMT "\n", line, STR_ARG(text));
    return false;
}

/* ------------------------------------------------------------------ tests */

static void instructions_become_stacks_of_what_was_inlined(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf result = result_of(arena, S("_Z5saxpyifPKfPf"), S("saxpy"), 1000);
    proto_put_bytes(&result, 13, LIST(arena, SAMPLES, {0x10, 30}, {0xd0, 60}, {0x10040, 10}));
    proto_put_bytes(&result, 13, LIST(arena, WAIT, {0xd0, 55}));
    proto_put_bytes(&result, 13, LIST(arena, BARRIER, {0x10040, 9}));
    proto_put_bytes(&result, 13, LIST(arena, BARRIER_NOT_ISSUED, {0x10, 4}));
    proto_put_bytes(&result, 13, LIST(arena, EXECUTED, {0x10, 128}));
    Profile profile = read_report(
        arena, report_of(arena, source_of(arena, cubin_bytes_of(arena, INL)), &result, 1));
#define AT "/home/user/inl/inl.cu"
    assert_true(has_line(arena, &profile, "metric gpu_samples in count, sampled: total 100"));
    assert_true(has_line(arena, &profile, "metric gpu_time in ns, sampled: total 1000"));
    assert_int_equal(profile.metrics_len, 5); /* and instructions, stall_wait, stall_barrier */
    assert_true(has_line(arena, &profile, "30 300 128 0 0 x30 saxpy (" AT ":12)"));
    assert_true(has_line(arena, &profile,
                         "60 600 0 55 0 x60 saxpy (" AT ":14);_Z5twicef (" AT
                         ":9) (inlined);_Z4polyf (" AT ":5) (inlined)"));
    assert_true(has_line(arena, &profile, "10 100 0 0 9 x10 saxpy (" AT ");__cuda_barrier"));
    assert_true(
        has_line(arena, &profile,
                 "note: saxpy: 1 instructions of __cuda_barrier with 10 samples have no line"));
    assert_true(has_line(arena, &profile, "source " AT ": 12 bytes"));
    assert_true(has_line(arena, &profile, "fact saxpy: grid = 128 × 1 × 1"));
}

static void without_a_count_samples_are_the_sum_of_their_reasons(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf result = result_of(arena, S("_Z5saxpyifPKfPf"), S("saxpy"), 900);
    proto_put_bytes(&result, 13, LIST(arena, WAIT, {0x10, 5}, {0x40, 1}));
    proto_put_bytes(&result, 13, LIST(arena, BARRIER, {0x10, 3}));
    proto_put_bytes(&result, 13, LIST(arena, BARRIER_NOT_ISSUED, {0x10, 3}));
    Profile profile = read_report(
        arena, report_of(arena, source_of(arena, cubin_bytes_of(arena, INL)), &result, 1));
    assert_true(has_line(arena, &profile, "8 800 5 3 x8 saxpy (" AT ":12)"));
    assert_true(has_line(arena, &profile, "1 100 1 0 x1 saxpy (" AT ":13)"));
}

static void a_kernel_without_lines_has_its_numbers_as_a_whole(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf results[2] = {result_of(arena, S("_Z5saxpyifPKfPf"), S("saxpy"), 900),
                         result_of(arena, S("_Z5saxpyifPKfPf"), S("saxpy"), 1100)};
    proto_put_bytes(&results[1], 13, scalar_of(arena, REGISTERS, 40));
    Profile profile = read_report(arena, report_of(arena, source_of(arena, (Str){0}), results, 2));
    assert_true(has_line(arena, &profile, "metric gpu_time in ns, exact: total 2000"));
    assert_true(has_line(arena, &profile, "2000 x2 saxpy"));
    assert_true(has_line(arena, &profile, "fact saxpy: launches = 2 count"));
    assert_true(has_line(arena, &profile, "fact saxpy: duration = 1100 ns"));
    assert_true(has_line(arena, &profile, "fact saxpy: registers per thread = 40 count"));
    assert_true(has_line(arena, &profile,
                         "note: saxpy: no numbers per line; ncu collects them with --section "
                         "SourceCounters, or --set full"));
    proto_put_bytes(&results[1], 13, LIST(arena, SAMPLES, {0x10, 30}));
    profile = read_report(arena, report_of(arena, source_of(arena, (Str){0}), results, 2));
    assert_true(has_line(arena, &profile,
                         "note: saxpy: built without -lineinfo, so its numbers are the whole "
                         "kernel's"));
}

static void rules_are_findings_where_they_point(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf result = result_of(arena, S("_Z5saxpyifPKfPf"), S("saxpy"), 900);
    StrBuf text = strbuf_new(arena), item = strbuf_new(arena), speedup = strbuf_new(arena);
    proto_put_bytes(&text, 1,
                    S("See @section:Occupancy:the Occupancy section@ and "
                      "@url:the guide:https://example.org/a@, a@b."));
    proto_put_number(&text, 2, 4);
    proto_put_number(&speedup, 1, 1);
    proto_put_double(&speedup, 2, 12.5);
    proto_put_bytes(&item, 1, strbuf_str(&text));
    proto_put_bytes(&item, 10, strbuf_str(&speedup));
    StrBuf marker = strbuf_new(arena), rule = strbuf_new(arena);
    proto_put_number(&marker, 3, START + 0xd0);
    proto_put_bytes(&marker, 4, S("all of it is far apart"));
    proto_put_bytes(&rule, 2, S("Uncoalesced Global Accesses"));
    proto_put_bytes(&rule, 3, message_with(arena, 1, strbuf_str(&item)));
    proto_put_bytes(&rule, 5, strbuf_str(&marker));
    proto_put_bytes(&rule, 5, strbuf_str(&marker));
    proto_put_bytes(&result, 19, strbuf_str(&rule));
    Profile profile = read_report(
        arena, report_of(arena, source_of(arena, cubin_bytes_of(arena, INL)), &result, 1));
    assert_true(
        has_line(arena, &profile,
                 "optimization saxpy :0 Uncoalesced Global Accesses (12.5 % local): See the "
                 "Occupancy section and the guide, a@b."));
    assert_true(has_line(arena, &profile,
                         "optimization saxpy " AT
                         ":5 Uncoalesced Global Accesses: all of it is far apart"));
    assert_int_equal(profile.findings_len, 2);
}

/* A marker of a source line, with its own type; addresses in the text; a rule that failed. */
static void rules_point_in_three_ways(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf result = result_of(arena, S("_Z5saxpyifPKfPf"), S("saxpy"), 900);
    StrBuf marker = strbuf_new(arena);
    proto_put_number(&marker, 1, 1);
    proto_put_number(&marker, 2, 77);
    proto_put_bytes(&marker, 4, S("this line is slow"));
    proto_put_number(&marker, 5, 2);
    proto_put_bytes(&marker, 6, S("/src/other.cuh"));
    Str markers[] = {strbuf_str(&marker)};
    proto_put_bytes(&result, 19, rule_of(arena, S("Warp Stall"), S("It waits."), 0, markers, 1));
    proto_put_bytes(&result, 19,
                    rule_of(arena, S("Old Rule"),
                            S("Uncoalesced global access, expected 4, got 8 at PC "
                              "@source:100d0:0x100d0@"),
                            0, NULL, 0));
    proto_put_bytes(&result, 19,
                    rule_of(arena, S("Elsewhere"), S("Far away at PC @source:9:0x9@"), 0, NULL, 0));
    StrBuf message = strbuf_new(arena), item = strbuf_new(arena), failed = strbuf_new(arena);
    proto_put_bytes(&message, 1, S("Metric x not found\nTraceback"));
    proto_put_number(&message, 2, 3);
    proto_put_bytes(&item, 1, strbuf_str(&message));
    StrBuf markers_alone = strbuf_new(arena);
    proto_put_bytes(&markers_alone, 2, S("Markers"));
    proto_put_bytes(&markers_alone, 5, markers[0]);
    proto_put_bytes(&result, 19, strbuf_str(&markers_alone));
    proto_put_bytes(&failed, 2, S("Occupancy"));
    proto_put_bytes(&failed, 3, message_with(arena, 1, strbuf_str(&item)));
    proto_put_bytes(&result, 19, strbuf_str(&failed));
    Profile profile = read_report(
        arena, report_of(arena, source_of(arena, cubin_bytes_of(arena, INL)), &result, 1));
    assert_true(has_line(arena, &profile, "optimization saxpy :0 Warp Stall: It waits."));
    assert_true(
        has_line(arena, &profile, "warning saxpy /src/other.cuh:77 Warp Stall: this line is slow"));
    assert_true(has_line(arena, &profile,
                         "optimization saxpy " AT
                         ":5 Old Rule: Uncoalesced global access, expected 4, got 8"));
    assert_true(has_line(arena, &profile, "optimization saxpy :0 Elsewhere: Far away"));
    assert_true(
        has_line(arena, &profile, "note: ncu's rule Occupancy did not run: Metric x not found"));
    assert_true(
        has_line(arena, &profile, "warning saxpy /src/other.cuh:77 Markers: this line is slow"));
    assert_int_equal(profile.findings_len, 5);
}

/* In the words of the longest launch, with the count of those it is said of. */
static void a_rule_of_several_launches_is_told_once(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf results[3], marker = strbuf_new(arena);
    const double ns[] = {900, 1100, 1000};
    proto_put_number(&marker, 3, START + 0xd0);
    proto_put_bytes(&marker, 4, S("here"));
    Str markers[] = {strbuf_str(&marker)};
    for (size_t i = 0; i < 3; i++) {
        results[i] = result_of(arena, S("_Z5saxpyifPKfPf"), S("saxpy"), ns[i]);
        Str text = str_fmt(arena, "It took %.0f ns.", ns[i]);
        if (i)
            proto_put_bytes(&results[i], 19, rule_of(arena, S("R"), text, 8, markers, 1));
    }
    Profile profile = read_report(
        arena, report_of(arena, source_of(arena, cubin_bytes_of(arena, INL)), results, 3));
    assert_true(has_line(arena, &profile,
                         "optimization saxpy :0 R (8 %): It took 1100 ns. (in 2 of 3 launches)"));
    assert_true(
        has_line(arena, &profile, "optimization saxpy " AT ":5 R: here (in 2 of 3 launches)"));
    assert_int_equal(profile.findings_len, 2);
}

static void memory_accesses_are_notes_of_their_lines(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf result = result_of(arena, S("_Z5saxpyifPKfPf"), S("saxpy"), 900);
    proto_put_bytes(&result, 13, LIST(arena, SPACE, {0x10, 4}, {0x20, 4}, {0xd0, 20}, {0x40, 0}));
    proto_put_bytes(&result, 13, LIST(arena, OPERATION, {0x10, 2}, {0x20, 2}, {0xd0, 6}));
    proto_put_bytes(&result, 13, LIST(arena, SIZE, {0x10, 32}, {0x20, 32}, {0x40, 32}));
    Profile profile = read_report(
        arena, report_of(arena, source_of(arena, cubin_bytes_of(arena, INL)), &result, 1));
    assert_true(
        has_line(arena, &profile, "note saxpy " AT ":12 memory access: global load, 32-bit × 2"));
    assert_true(has_line(arena, &profile,
                         "note saxpy " AT ":5 memory access: global to shared load and store"));
    assert_int_equal(profile.findings_len, 2);
}

/* As 2020.2 calls it; and of a number that is there twice, the second, as ncu shows it. */
static void versions_differ_in_names_and_order(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf result = result_of(arena, S("_Z5saxpyifPKfPf"), S("saxpy"), 900);
    proto_put_bytes(&result, 13, LIST(arena, TRANSACTIONS, {0x10, 64}));
    proto_put_bytes(&result, 13, scalar_of(arena, DURATION, 800));
    Profile profile = read_report(
        arena, report_of(arena, source_of(arena, cubin_bytes_of(arena, INL)), &result, 1));
    assert_true(has_line(arena, &profile, "metric global_sectors in count, exact: total 64"));
    assert_true(has_line(arena, &profile, "fact saxpy: duration = 800 ns"));
}

/* --metrics: by their own names, also those that an expression stands for. */
static void metrics_asked_for_are_facts(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf result = result_of(arena, S("_Z5saxpyifPKfPf"), S("saxpy"), 900);
    StrBuf list = strbuf_new(arena), section = strbuf_new(arena), metrics = strbuf_new(arena);
    proto_put_number(&list, 1, GROUP);
    proto_put_bytes(&list, 2, message_with(arena, 1, S("lts__t_bytes.sum.per_second,none")));
    proto_put_bytes(&metrics, 1, message_with(arena, 1, NAMES[GROUP]));
    proto_put_bytes(&metrics, 1, message_with(arena, 1, NAMES[DURATION]));
    proto_put_bytes(&section, 2, S("Command line profiler metrics"));
    proto_put_bytes(&section, 6, strbuf_str(&metrics));
    proto_put_bytes(&result, 13, strbuf_str(&list));
    proto_put_bytes(&result, 13, scalar_of(arena, ASKED, 2e9));
    proto_put_bytes(&result, 17, strbuf_str(&section));
    Profile profile = read_report(arena, report_of(arena, source_of(arena, (Str){0}), &result, 1));
    assert_true(
        has_line(arena, &profile, "fact saxpy: lts__t_bytes.sum.per_second = 2e+09 bytes/s"));
    assert_int_equal(profile.facts_len, 6); /* and the kernel, launches, two times, the grid */
}

static void instances_of_a_template_share_a_place(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf results[2] = {result_of(arena, S("_Z4fillIiEvPi"), S("fill"), 900),
                         result_of(arena, S("_Z4fillIfEvPf"), S("fill"), 1100)};
    Profile profile = read_report(arena, report_of(arena, source_of(arena, (Str){0}), results, 2));
    assert_true(has_line(arena, &profile, "fact fill: template instances = 2 count"));
    assert_true(has_line(arena, &profile, "fact fill: duration = 1100 ns"));
    assert_int_equal(profile.facts_len, 6);
}

/* Numba's, as ncu 2021.1 wrote them. */
static void a_name_that_is_none_is_taken_from_the_long_one(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf result = result_of(arena, S("_ZN3add"), S("cw51cXTLSUwv1kAPW1tQ_3d]"), 900);
    proto_put_bytes(&result, 7, S("add[cw51cXTLSUwv1kAPW1tQ_3d](Array<float, 2, C>, int)"));
    Profile profile = read_report(arena, report_of(arena, source_of(arena, (Str){0}), &result, 1));
    assert_true(has_line(arena, &profile, "900 x1 add"));
}

static void results_of_other_kinds_are_named(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf result = result_of(arena, S("_Z5saxpyifPKfPf"), S("saxpy"), 900);
    Str bytes = report_of(arena, source_of(arena, (Str){0}), &result, 1);
    StrBuf out = strbuf_new(arena), head = strbuf_new(arena);
    strbuf_add(&out, bytes);
    proto_put_number(&head, 5, 0);
    proto_put_number(&head, 7, 2);
    proto_put_number(&head, 9, 1);
    put_part(&out, head);
    Profile profile = read_report(arena, strbuf_str(&out));
    assert_true(has_line(arena, &profile,
                         "note: 2 results of ranges of launches (--replay-mode range) are not "
                         "read, only those of kernels"));
    assert_true(has_line(arena, &profile,
                         "note: 1 results of CUDA graphs as a whole (--graph-profiling graph) are "
                         "not read, only those of kernels"));
}

/* The interpreter's own frames are left out between Python's and those of its extension. */
static void python_calls_what_launches(void **state)
{
    Arena *arena = test_arena(state);
    static const Str NATIVE[] = {STR_CONST("launch"), STR_CONST("_PyEval_EvalFrameDefault"),
                                 STR_CONST("main")};
    StrBuf result = result_of(arena, S("_Z5saxpyifPKfPf"), S("saxpy"), 900);
    StrBuf native = strbuf_new(arena), python = strbuf_new(arena), frame = strbuf_new(arena);
    for (size_t i = 0; i < 3; i++)
        proto_put_bytes(&native, 1, message_with(arena, 4, NATIVE[i]));
    proto_put_bytes(&frame, 3, S("/src/train.py"));
    proto_put_bytes(&frame, 4, S("step"));
    proto_put_number(&frame, 5, 12);
    proto_put_bytes(&python, 1, strbuf_str(&frame));
    proto_put_bytes(&result, 28, strbuf_str(&native));
    proto_put_bytes(&result, 32, strbuf_str(&python));
    Profile profile = read_report(arena, report_of(arena, source_of(arena, (Str){0}), &result, 1));
    assert_true(has_line(arena, &profile, "900 x1 step (/src/train.py:12);launch;saxpy"));
}

static void the_launching_stack_comes_first(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf result = result_of(arena, S("_Z5saxpyifPKfPf"), S("saxpy"), 900);
    StrBuf frames = strbuf_new(arena), inner = strbuf_new(arena), outer = strbuf_new(arena);
    proto_put_bytes(&inner, 1, S("/usr/lib/libcuda.so.1"));
    proto_put_number(&inner, 2, 0x1234);
    proto_put_bytes(&outer, 3, S("/src/main.cu"));
    proto_put_bytes(&outer, 4, S("main"));
    proto_put_number(&outer, 5, 31);
    proto_put_bytes(&frames, 1, strbuf_str(&inner));
    proto_put_bytes(&frames, 1, strbuf_str(&outer));
    proto_put_bytes(&result, 28, strbuf_str(&frames));
    Profile profile = read_report(arena, report_of(arena, source_of(arena, (Str){0}), &result, 1));
    assert_true(has_line(arena, &profile, "900 x1 main (/src/main.cu:31);[libcuda.so.1];saxpy"));
}

/* Texts in a list of numbers, ids out of range, values beyond measure: left out, not believed. */
static void strange_values_do_no_harm(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf result = result_of(arena, S("_Z5saxpyifPKfPf"), S("saxpy"), 1e300);
    StrBuf list = strbuf_new(arena), item = strbuf_new(arena);
    proto_put_number(&list, 1, EXECUTED);
    proto_put_bytes(&item, 1, message_of(arena, 5, START));
    proto_put_bytes(&item, 2, message_with(arena, 1, S("Load")));
    proto_put_bytes(&list, 3, strbuf_str(&item));
    proto_put_bytes(&result, 13, strbuf_str(&list));
    proto_put_bytes(&result, 13, LIST(arena, 9999, {0, 1}));
    proto_put_bytes(&result, 13, LIST(arena, SAMPLES, {0, UINT64_MAX}, {0, INT64_MAX}));
    Profile profile = read_report(
        arena, report_of(arena, source_of(arena, cubin_bytes_of(arena, INL)), &result, 1));
    assert_int_equal(profile_total(&profile, profile_metric(&profile, S("instructions"))), 0);
    assert_int_equal(profile_total(&profile, profile_metric(&profile, S("gpu_time"))), 0);
}

static void a_cut_report_gives_what_is_there(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf results[2] = {result_of(arena, S("_Z1av"), S("a"), 900),
                         result_of(arena, S("_Z1bv"), S("b"), 1100)};
    Str bytes = report_of(arena, source_of(arena, (Str){0}), results, 2);
    Profile profile = read_report(arena, str_head(bytes, bytes.len - 5));
    assert_true(has_line(arena, &profile, "note: the report is cut off; 1 launches could be read"));
    Profile none;
    Err err = {0};
    assert_false(read_ncu(arena, str_head(bytes, 300), &none, &err));
    assert_string_equal(err.msg, "a report without a profiled kernel, and cut off");
    for (size_t len = 0; len < bytes.len; len += 3) {
        err = (Err){0};
        (void)!read_ncu(arena, str_copy(arena, str_head(bytes, len)), &none, &err);
    }
}

/* Figures of samples/INDEX.md. All lines are compared in tests/e2e/run_ncu.sh. */
static void samples_have_the_figures_of_their_index(void **state)
{
    Arena *arena = test_arena(state);
    Str path = test_shared_path(arena, "samples/ncu/branch.ncu-rep"), bytes;
    Err err = {0};
    if (!path.len)
        skip();
    assert_ok(file_read(arena, path, 64 << 20, &bytes, &err), &err);
    Profile profile = read_report(arena, bytes);
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){.kernel = S("reduceNeighbored")});
    assert_int_equal(spots.lines[0].line, 33);
    assert_int_equal(spots.lines[0].self, 203028);
    assert_int_equal(spots.lines[1].self, 201777);
    assert_int_equal(spots.lines[2].self, 144410);
    assert_true(has_line(arena, &profile, "fact reduceNeighbored: duration = 1.74241e+07 ns"));
}

TEST_MAIN(TEST(instructions_become_stacks_of_what_was_inlined),
          TEST(without_a_count_samples_are_the_sum_of_their_reasons),
          TEST(a_kernel_without_lines_has_its_numbers_as_a_whole),
          TEST(rules_are_findings_where_they_point), TEST(rules_point_in_three_ways),
          TEST(a_rule_of_several_launches_is_told_once),
          TEST(memory_accesses_are_notes_of_their_lines), TEST(versions_differ_in_names_and_order),
          TEST(metrics_asked_for_are_facts), TEST(instances_of_a_template_share_a_place),
          TEST(a_name_that_is_none_is_taken_from_the_long_one),
          TEST(results_of_other_kinds_are_named), TEST(python_calls_what_launches),
          TEST(the_launching_stack_comes_first), TEST(strange_values_do_no_harm),
          TEST(a_cut_report_gives_what_is_there), TEST(samples_have_the_figures_of_their_index))
