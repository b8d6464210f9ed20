#include "analysis/profile/readers.h"

#include "analysis/hotspots/hotspot.h"
#include "analysis/hotspots/rank.h"
#include "analysis/profile/format.h"
#include "analysis/stats/random.h"
#include "base/file.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"
#include "tests/lib/profiles.h"

/* An oracle without cleverness: the sum of the counts of all lines that contain the text. */
static int64_t grep_sum(Str text, Str needle)
{
    int64_t sum = 0;
    for (Str line; str_next_line(&text, &line);) {
        Str stack, number;
        uint64_t count;
        if (str_cut_last(line, ' ', &stack, &number) && str_to_u64(number, &count) &&
            str_has(stack, needle))
            sum += (int64_t)count;
    }
    return sum;
}

static void a_table_of_numbers_is_no_stack(void **state)
{
    Profile profile;
    Err err = {0};
    assert_false(profile_read(test_arena(state), S("table.txt"),
                              S("# disk   tps  util\n# Idx     n     %\n    0    61    42\n"),
                              &profile, &err));
    assert_true(str_starts(str_from_c(err.msg), S("table.txt: not a profile perfloop knows")));
    profile = test_reading(test_arena(state), S("1;2 3\n"));
    assert_int_equal(profile_total(&profile, 0), 3);
}

/* As memray names them: without the function they stand in, and without where they begin. */
static void comprehensions_of_one_file_are_not_added_up(void **state)
{
    Profile profile = test_reading(test_arena(state), S("f (m.py:3);<listcomp> (m.py:3) 8\n"
                                                        "g (m.py:7);<listcomp> (m.py:7) 2\n"
                                                        "g (m.py:8) 1\ng (m.py:9) 1\n"));
    HotSpots spots = hotspots_of(test_arena(state), &profile, (HotOptions){0});
    assert_int_equal(spots.functions_len, 4);
    assert_int_equal(spots.functions[0].self, 8);
    assert_int_equal(spots.functions[0].line, 3);
}

static void stacks_share_their_beginnings(void **state)
{
    Profile profile =
        test_reading(test_arena(state), S("a;b;c 3\na;b 2\na;bc 1\na;b;c;d 4\na 5\n"));
    assert_int_equal(profile.stacks_len, 6);
    assert_int_equal(profile_total(&profile, 0), 15);
    assert_str(profile_print(test_arena(state), &profile),
               S("profile: tool unknown, format folded, stacks\n"
                 "frames 5, stacks 5, threads 1, samples 5 of 15\n"
                 "metric samples in count, sampled: total 15\n"
                 "5 x5 a\n"
                 "4 x4 a;b;c;d\n"
                 "3 x3 a;b;c\n"
                 "2 x2 a;b\n"
                 "1 x1 a;bc\n"));
}

static void frames_are_taken_apart_from_the_right(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        test_reading(arena, S("process 7:\"python a (b:1).py\";f (x) (/a b/m.py:12);"
                              "import (<frozen importlib._bootstrap>:4);"
                              "operator() (int);sum (lib/x.so);do_sys_[k];[libc.so.6];"
                              "inl_[i];<lambda> (m.py) 8\n"));
    static const struct {
        Str function, file;
        uint32_t line;
        FrameKind kind;
        bool inlined;
    } want[] = {
        {STR_CONST("process 7:\"python a (b:1).py\""), STR_CONST(""), 0, FRAME_LABEL, false},
        {STR_CONST("f (x)"), STR_CONST("/a b/m.py"), 12, FRAME_USER, false},
        {STR_CONST("import"), STR_CONST("<frozen importlib._bootstrap>"), 4, FRAME_FROZEN, false},
        {STR_CONST("operator() (int)"), STR_CONST(""), 0, FRAME_USER, false},
        {STR_CONST("sum"), STR_CONST("lib/x.so"), 0, FRAME_NATIVE, false},
        {STR_CONST("do_sys"), STR_CONST(""), 0, FRAME_KERNEL, false},
        {STR_CONST("[libc.so.6]"), STR_CONST(""), 0, FRAME_NATIVE, false},
        {STR_CONST("inl"), STR_CONST(""), 0, FRAME_USER, true},
        {STR_CONST("<lambda>"), STR_CONST("m.py"), 0, FRAME_USER, false},
    };
    assert_int_equal(profile.frames_len, sizeof(want) / sizeof(want[0]));
    for (size_t i = 0; i < profile.frames_len; i++) {
        assert_str(profile_text(&profile, profile.frames[i].function), want[i].function);
        assert_str(profile_text(&profile, profile.frames[i].file), want[i].file);
        assert_int_equal(profile.frames[i].line, want[i].line);
        assert_int_equal(profile.frames[i].kind, want[i].kind);
        assert_int_equal(profile.frames[i].inlined, want[i].inlined);
    }
}

static void bad_lines_are_noted_and_left_out(void **state)
{
    Profile profile =
        test_reading(test_arena(state), S("# made by hand\r\na;b 2\r\nno count here\r\n"
                                          "\r\na;c 2.6\r\n;;a;;b 1\r\n 4\r\n"));
    assert_int_equal(profile_total(&profile, 0), 10);
    assert_int_equal(profile.notes_len, 1);
    assert_str(profile.notes[0], S("line 3: no count at the end"));
    assert_int_equal(profile.frames_len, 3);
}

static void nothing_that_is_a_stack_is_one_error(void **state)
{
    Profile profile;
    Err err = {0};
    assert_false(read_collapsed(test_arena(state), S("hello\nworld\n"), &profile, &err));
    assert_string_equal(err.msg, "no line of it is a folded stack: `a;b;c 12`");
    assert_false(read_collapsed(test_arena(state), S("a;b 1\na;\0c 2\n"), &profile, &err));
    assert_string_equal(err.msg, "line 2: a NUL byte; this is no text");
}

static void a_difference_has_two_metrics(void **state)
{
    Profile profile = test_reading(test_arena(state), S("a;b 10 12\na;c 4 0\n"));
    assert_int_equal(profile.metrics_len, 2);
    assert_int_equal(profile_total(&profile, profile_metric(&profile, S("before"))), 14);
    assert_int_equal(profile_total(&profile, profile_metric(&profile, S("after"))), 12);
}

static void a_very_deep_stack_is_cut(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf text = strbuf_new(arena);
    for (int i = 0; i < 30000; i++)
        strbuf_fmt(&text, "f%d;", i);
    strbuf_add(&text, S("leaf 1\n"));
    Profile profile = test_reading(arena, strbuf_str(&text));
    assert_int_equal(profile.stacks_len, 10001);
    assert_str(profile.notes[0], S("1 stack was cut: it is deeper than 10000 frames"));
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_int_equal(spots.functions_len, 10000);
}

static void totals_count_recursion_once(void **state)
{
    Arena *arena = test_arena(state);
    Str text = S("main (m.py:9);f (m.py:2);f (m.py:3);f (m.py:2);g (m.py:5) 4\n"
                 "main (m.py:9);f (m.py:2) 3\n"
                 "main (m.py:9);g (m.py:5);f (m.py:3) 2\n"
                 "main (m.py:9);len (~) 1\n");
    Profile profile = test_reading(arena, text);
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_int_equal(spots.total, 10);
    assert_int_equal(spots.unmapped, 1);
    uint32_t lines[] = {2, 3, 5, 9};
    for (size_t i = 0; i < 4; i++) {
        const HotSpot *spot = test_line(&spots, S("m.py"), lines[i]);
        assert_int_equal(spot->total, grep_sum(text, str_fmt(arena, "m.py:%u)", lines[i])));
        assert_int_equal(spot->samples, spot->total);
    }
    assert_str(spots.functions[0].function, S("f"));
    assert_int_equal(spots.functions[0].self, 5);
    assert_int_equal(spots.functions[0].total, 9);
    assert_int_equal(spots.functions[0].line, 2);
    assert_str(spots.functions[spots.edges[0].caller].function, S("main"));
    assert_str(spots.functions[spots.edges[0].callee].function, S("f"));
    assert_int_equal(spots.edges[0].cost, 7);
    HotStacks top = hot_stacks(arena, &profile, (HotOptions){0}, &spots.functions[0], 2);
    assert_int_equal(top.len, 2);
    assert_int_equal(top.items[1].cost, 3);
    assert_str(top.items[1].text, S("main (m.py:9) → f (m.py:2)"));
}

static void periods_are_not_taken_for_samples(void **state)
{
    Profile profile =
        test_reading(test_arena(state), S("a;b 10101010\na;c 30303030\na;d 10101010\n"));
    assert_int_equal(profile_total(&profile, 0), 50505050);
    assert_in_range(profile_count(&profile), 4, 7);
}

static Str stack_text(Arena *arena, const Profile *profile, uint32_t stack)
{
    Str text = {0};
    for (; stack; stack = profile->stacks[stack].parent) {
        Str frame = profile_frame_text(arena, profile, profile->stacks[stack].frame);
        text =
            text.len ? str_fmt(arena, STR_FMT ";" STR_FMT, STR_ARG(frame), STR_ARG(text)) : frame;
    }
    return text;
}

/* Thousands of lines in any order, beside a map from the whole text of a stack to its sum. */
static void random_stacks_equal_a_naive_map(void **state)
{
    Arena *arena = test_arena(state);
    Map *sums = map_new(arena);
    StrBuf text = strbuf_new(arena), stack = strbuf_new(arena);
    uint64_t next = 0;
    for (int line = 0; line < 4000; line++) {
        strbuf_clear(&stack);
        size_t depth = 1 + random_below(4, next++, 9);
        for (size_t i = 0; i < depth; i++)
            strbuf_fmt(&stack, "%sf%.*s", i ? ";" : "", (int)random_below(4, next++, 3), "xx");
        int64_t count = (int64_t)random_below(4, next++, 5) + 1;
        Str key = str_copy(arena, strbuf_str(&stack));
        int64_t **sum = (int64_t **)map_slot(sums, key);
        if (!*sum)
            *sum = NEW(arena, int64_t);
        **sum += count;
        strbuf_fmt(&text, STR_FMT " %lld\n", STR_ARG(key), (long long)count);
    }
    Profile profile = test_reading(arena, strbuf_str(&text));
    assert_int_equal(profile.samples_len, map_len(sums));
    for (size_t i = 0; i < profile.samples_len; i++) {
        const int64_t *sum = map_get(sums, stack_text(arena, &profile, profile.sample_stack[i]));
        assert_non_null(sum);
        assert_int_equal(profile.weights[0][i], *sum);
    }
}

static void merge_adds_up_what_is_equal(void **state)
{
    Arena *arena = test_arena(state);
    Profile one = test_reading(arena, S("a;b 3\na 2\n")),
            two = test_reading(arena, S("x;b 1\na;b 4\n"));
    const Profile *both[] = {&one, &two};
    Profile sum = profile_merge(arena, both, 2);
    assert_int_equal(profile_total(&sum, 0), 10);
    assert_int_equal(sum.samples_len, 3);
    assert_int_equal(sum.frames_len, 3);
    assert_int_equal(sum.weights[0][0], 7);
}

/* The figures of samples/INDEX.md, which an independent tool read from the files. */
static void samples_have_the_figures_of_their_index(void **state)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    Str bytes;
    Str path = test_shared_path(arena, "samples/py-spy/vscode-flamegraph.raw.txt");
    if (!path.len)
        skip();
    assert_ok(file_read(arena, path, FILE_LIMIT_TEXT, &bytes, &err), &err);
    Profile profile = test_reading(arena, bytes);
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_str(profile.tool, S("py-spy"));
    assert_int_equal(spots.total, 129);
    assert_int_equal(test_line(&spots, S("/main.py"), 9)->self, 55);
    assert_int_equal(test_line(&spots, S("/main.py"), 10)->self, 31);
    assert_int_equal(test_line(&spots, S("/main.py"), 8)->self, 20);
    assert_int_equal(test_line(&spots, S("/main.py"), 14)->total, 106);
    path = test_shared_path(arena, "samples/folded/perf-rust-Yamakaky-dcpu-collapsed-all.txt");
    assert_ok(file_read(arena, path, FILE_LIMIT_TEXT, &bytes, &err), &err);
    profile = test_reading(arena, bytes);
    assert_int_equal(profile_total(&profile, 0), 6850637);
}

static void few_samples_are_noise(void **state)
{
    Arena *arena = test_arena(state);
    HotSpots spots = {.sampled = true, .total = 1000, .samples = 1000, .unit = S("count")};
    assert_false(rank_is_resolvable(rank_share(&spots, 3, 3)));
    assert_true(rank_is_resolvable(rank_share(&spots, 310, 310)));
    assert_str(rank_share_text(arena, rank_share(&spots, 310, 310)), S("31 % ±3"));
    /* 95 % score interval of 3 in 1000: 0.00102 to 0.00878 (the formula in Python). */
    RankShare few = rank_share(&spots, 3, 3);
    assert_float_equal(few.low, 0.00102, 0.00001);
    assert_float_equal(few.high, 0.00878, 0.00001);
    assert_float_equal(rank_floor(&spots), 0.015, 0.004);
    spots.sampled = false;
    assert_true(rank_is_resolvable(rank_share(&spots, 3, 3)));
    assert_str(rank_share_text(arena, rank_share(&spots, 3, 3)), S("0.3 %"));
}

TEST_MAIN(TEST(a_table_of_numbers_is_no_stack), TEST(comprehensions_of_one_file_are_not_added_up),
          TEST(stacks_share_their_beginnings), TEST(frames_are_taken_apart_from_the_right),
          TEST(bad_lines_are_noted_and_left_out), TEST(nothing_that_is_a_stack_is_one_error),
          TEST(a_difference_has_two_metrics), TEST(a_very_deep_stack_is_cut),
          TEST(totals_count_recursion_once), TEST(periods_are_not_taken_for_samples),
          TEST(random_stacks_equal_a_naive_map), TEST(merge_adds_up_what_is_equal),
          TEST(samples_have_the_figures_of_their_index), TEST(few_samples_are_noise))
