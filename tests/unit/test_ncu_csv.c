#include "analysis/profile/readers.h"

#include "analysis/hotspots/hotspot.h"
#include "analysis/profile/format.h"
#include "analysis/profile/nvidia/ncu_csv.h"
#include "base/file.h"
#include "tests/lib/check.h"

static Profile read_page(Arena *arena, const char *name)
{
    Profile profile = {0};
    Str bytes = {0};
    Err err = {0};
    Str path = test_source_path(
        arena, str_cstr(arena, str_fmt(arena, "tests/fuzz/corpus/ncu_csv/%s", name)));
    assert_ok(file_read(arena, path, FILE_LIMIT_TEXT, &bytes, &err), &err);
    assert_ok(profile_read(arena, S("page.csv"), bytes, &profile, &err), &err);
    assert_str(profile.format, S("ncu csv"));
    return profile;
}

static const ProfileFact *fact(const Profile *profile, Str name)
{
    for (size_t i = 0; i < profile->facts_len; i++)
        if (str_eq(profile_text(profile, profile->facts[i].name), name))
            return &profile->facts[i];
    fail_msg("no fact " STR_FMT, STR_ARG(name));
    return NULL;
}

static void assert_number(const Profile *profile, Str name, double value, Str unit)
{
    const ProfileFact *found = fact(profile, name);
    assert_true(found->value > value * 0.9999 && found->value < value * 1.0001);
    assert_str(profile_text(profile, found->unit), unit);
}

static int64_t total(const Profile *profile, Str metric)
{
    size_t number = profile_metric(profile, metric);
    assert_true(number != SIZE_MAX);
    return profile_total(profile, number);
}

/* Of the file's line, in the metric. */
static int64_t on_line(Arena *arena, const Profile *profile, Str metric, Str file, uint32_t line)
{
    HotSpots spots =
        hotspots_of(arena, profile, (HotOptions){.metric = profile_metric(profile, metric)});
    for (size_t i = 0; i < spots.lines_len; i++)
        if (spots.lines[i].line == line && str_eq(spots.lines[i].file, file))
            return spots.lines[i].self;
    return -1;
}

static void details_of_a_live_run_become_facts_and_findings(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_page(arena, "details");
    assert_int_equal(total(&profile, S("gpu_time")), 1234500);
    assert_number(&profile, S("launches"), 2, S("count"));
    assert_number(&profile, S("duration"), 1234500, S("ns"));
    assert_number(&profile, S("memory throughput"), 12.5, S("%"));
    assert_number(&profile, S("DRAM bandwidth"), 31.42e9, S("bytes/s"));
    const ProfileFrame *frame = &profile.frames[fact(&profile, S("duration"))->frame];
    assert_str(profile_text(&profile, frame->function), S("saxpy"));
    assert_str(profile_text(&profile, frame->module), S("saxpy"));
    assert_int_equal(frame->kind, FRAME_GPU);
    assert_int_equal(profile.findings_len, 1);
    const ProfileFinding *finding = &profile.findings[0];
    assert_str(profile_text(&profile, finding->rule), S("Warp Stall"));
    assert_str(profile_text(&profile, finding->message),
               S("Waiting \"long\", see the Guide. More\nof it. (in 1 of 2 launches)"));
    assert_int_equal(finding->kind, FINDING_OPTIMIZATION);
    assert_true(finding->speedup > 23.2 && finding->speedup < 23.3);
    assert_str(profile.notes[0], S("1 row could not be read"));
}

static void a_raw_page_has_its_units_in_a_row(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_page(arena, "raw");
    assert_int_equal(total(&profile, S("gpu_time")), 2000);
    assert_int_equal(total(&profile, S("instructions")), 4096);
    assert_int_equal(total(&profile, S("gpu_samples")), 100);
    assert_number(&profile, S("SM clock"), 1.25e9, S("Hz"));
    assert_number(&profile, S("registers per thread"), 16, S("count"));
    assert_str(profile_text(&profile, fact(&profile, S("device"))->text), S("NVIDIA T4"));
    assert_str(profile_text(&profile, fact(&profile, S("grid"))->text), S("16 × 2 × 1"));
}

/* Instructions count, once each; ncu's sums of a line count where there is nothing else. */
static void lines_are_the_sums_of_their_instructions(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_page(arena, "lines");
    assert_int_equal(on_line(arena, &profile, S("gpu_samples"), S("/w/a.cu"), 9), 30);
    assert_int_equal(on_line(arena, &profile, S("instructions"), S("/w/a.cu"), 9), 2048);
    assert_int_equal(on_line(arena, &profile, S("stall_long_scoreboard"), S("/w/a.cu"), 9), 14);
    assert_int_equal(on_line(arena, &profile, S("gpu_samples"), S("/w/a.cu"), 10), 7);
    assert_int_equal(on_line(arena, &profile, S("gpu_samples"), S("/w/b.cuh"), 3), 5);
    assert_true(profile_metric(&profile, S("gpu_time")) == SIZE_MAX);
}

static void a_table_printed_twice_counts_once(void **state)
{
    Profile profile = read_page(test_arena(state), "sass");
    assert_int_equal(total(&profile, S("gpu_samples")), 30 + 31);
    assert_int_equal(total(&profile, S("stall_wait")), 14 + 15);
    assert_has(profile.notes[0], S("--print-source cuda,sass"));
}

static bool has_line(Arena *arena, const Profile *profile, const char *line)
{
    Str text = profile_print(arena, profile);
    if (str_has(text, str_fmt(arena, "%s\n", line)))
        return true;
    print_message("no \"%s\" in\n" STR_FMT "\n", line, STR_ARG(text));
    return false;
}

/* Below the line it came from and below the call; behind a cut warning, and text with its own quotes. */
static void what_was_inlined_counts_once_in_a_launch(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_page(arena, "inlined");
    assert_int_equal(on_line(arena, &profile, S("gpu_samples"), S("/w/b.cuh"), 3), 4 + 5);
    assert_int_equal(on_line(arena, &profile, S("gpu_samples"), S("/w/a.cu"), 9), 2);
    assert_int_equal(total(&profile, S("instructions")), 96);
    assert_true(
        has_line(arena, &profile, "note saxpy /w/b.cuh:3 memory access: global load, 32-bit"));
    assert_true(
        has_line(arena, &profile, "note saxpy /w/a.cu:9 memory access: shared store, 64-bit"));
}

static void a_rule_of_several_launches_is_told_once(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_page(arena, "rules");
    assert_true(has_line(arena, &profile,
                         "optimization saxpy :0 Occupancy (14 % local): Limited, 70 %. (in 2 of 2 "
                         "launches)"));
    assert_true(
        has_line(arena, &profile,
                 "warning saxpy :0 Uncoalesced Global Accesses: Expected 4, got 8 (in 1 of 2 "
                 "launches)"));
    assert_true(has_line(arena, &profile,
                         "note: ncu's rule Launch Configuration did not run: Metric x not found"));
    assert_int_equal(profile.findings_len, 2);
    for (size_t i = 0; i < profile.facts_len; i++)
        assert_false(str_has(profile_text(&profile, profile.facts[i].name), S("DRAM")));
}

/* Two pages one after the other: the time of the one is spread over the lines of the other. */
static void pages_belong_together(void **state)
{
    Arena *arena = test_arena(state);
    Str raw = {0}, lines = {0};
    Err err = {0};
    Profile profile = {0};
    Str folder = test_source_path(arena, "tests/fuzz/corpus/ncu_csv");
    assert_ok(file_read(arena, str_fmt(arena, STR_FMT "/raw", STR_ARG(folder)), 10000, &raw, &err),
              &err);
    assert_ok(
        file_read(arena, str_fmt(arena, STR_FMT "/lines", STR_ARG(folder)), 10000, &lines, &err),
        &err);
    Str both = str_fmt(arena, STR_FMT STR_FMT, STR_ARG(raw), STR_ARG(lines));
    assert_ok(profile_read(arena, S("both.csv"), both, &profile, &err), &err);
    assert_int_equal(total(&profile, S("gpu_samples")), 42);
    assert_int_equal(total(&profile, S("gpu_time")), 2000);
    assert_int_equal(on_line(arena, &profile, S("gpu_time"), S("/w/b.cuh"), 3), 238);
    assert_number(&profile, S("duration"), 2000, S("ns"));
}

static void a_comma_may_stand_before_the_decimals(void **state)
{
    Profile profile = read_page(test_arena(state), "comma");
    assert_int_equal(total(&profile, S("gpu_time")), 1234500000);
    assert_number(&profile, S("achieved occupancy"), 96.26, S("%"));
}

static void numbers_and_units_are_those_of_ncu(void **state UNUSED)
{
    double number;
    int64_t count;
    assert_true(ncu_csv_number(S("4,963,609,951.19"), false, &number) && number == 4963609951.19);
    assert_true(ncu_csv_number(S("1\xe2\x80\xaf"
                                 "234,5"),
                               true, &number) &&
                number == 1234.5);
    assert_true(ncu_csv_number(S("7 (1; 2)"), false, &number) && number == 7);
    assert_false(ncu_csv_number(S("n/a"), false, &number));
    assert_true(ncu_csv_count(S("1.234.567"), &count) && count == 1234567);
    assert_true(ncu_csv_count(S("12.5"), &count) && count == 13);
    assert_false(ncu_csv_count(S("-"), &count));
    assert_true(ncu_csv_unit(S("nsecond")).scale == 1 && ncu_csv_unit(S("ms")).scale == 1e6);
    assert_true(ncu_csv_unit(S("Kbyte/block")).scale == 1000);
    assert_str(ncu_csv_unit(S("Kbyte/block")).name, S("bytes"));
    assert_str(ncu_csv_unit(S("Ghz")).name, S("Hz"));
    assert_str(ncu_csv_unit(S("inst/cycle")).name, S("count"));
    assert_str(ncu_csv_unit(S("sectors")).name, S("count"));
}

static void what_holds_no_number_says_why(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile;
    Err err = {0};
    assert_false(
        profile_read(arena, S("a.csv"),
                     S("\"File Name\",\"/w/a.cu\"\n\"Line No\",\"Source\"\n\"1\",\"int a;\"\n"),
                     &profile, &err));
    assert_has(str_from_c(err.msg), S("--print-source cuda,sass"));
    err = (Err){0};
    assert_false(profile_read(arena, S("a.txt"),
                              S("==PROF== Connected to process 7\n==ERROR== ERR_NVGPUCTRPERM - The "
                                "user does not have permission\n"),
                              &profile, &err));
    assert_has(str_from_c(err.msg), S("measured nothing: ERR_NVGPUCTRPERM"));
}

TEST_MAIN(TEST(details_of_a_live_run_become_facts_and_findings),
          TEST(a_raw_page_has_its_units_in_a_row), TEST(lines_are_the_sums_of_their_instructions),
          TEST(a_table_printed_twice_counts_once), TEST(what_was_inlined_counts_once_in_a_launch),
          TEST(a_rule_of_several_launches_is_told_once), TEST(pages_belong_together),
          TEST(a_comma_may_stand_before_the_decimals), TEST(numbers_and_units_are_those_of_ncu),
          TEST(what_holds_no_number_says_why))
