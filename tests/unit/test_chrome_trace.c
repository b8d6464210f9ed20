#include "analysis/profile/readers.h"

#include <math.h>

#include "analysis/hotspots/hotspot.h"
#include "base/json_scan.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"
#include "tests/lib/profiles.h"

static Profile read_text(Arena *arena, Str text)
{
    Profile profile = test_reading(arena, text);
    assert_str(profile.format, S("Chrome trace"));
    return profile;
}

/* What profile_print says from the first sample on; a note, too, when there is one. */
static Str body(Arena *arena, const Profile *profile)
{
    Str rest = profile_print(arena, profile);
    StrBuf out = strbuf_new(arena);
    for (Str line; str_next_line(&rest, &line);) {
        if (!str_starts(line, S("profile:")) && !str_starts(line, S("frames ")) &&
            !str_starts(line, S("metric ")) && !str_starts(line, S("thread ")))
            strbuf_fmt(&out, STR_FMT "\n", STR_ARG(line));
    }
    return strbuf_str(&out);
}

static Str body_of(Arena *arena, Str text)
{
    Profile profile = read_text(arena, text);
    return body(arena, &profile);
}

#define EV(ph, name, rest) "{\"ph\":\"" ph "\",\"name\":\"" name "\",\"pid\":1,\"tid\":1," rest "}"
#define B(name, ts)        EV("B", name, "\"ts\":" ts)
#define E(name, ts)        EV("E", name, "\"ts\":" ts)
#define X(name, ts, dur)   EV("X", name, "\"ts\":" ts ",\"dur\":" dur)

static void self_time_is_what_nested_events_leave(void **state)
{
    Arena *arena = test_arena(state);
    Str want = S("6000 x1 a\n3000 x1 a;b\n1000 x1 a;b;c\n");
    assert_str(body_of(arena, S("[" B("a", "0") "," B("b", "2") "," B("c", "3") "," E(
                                  "c", "4") "," E("b", "6") "," E("a", "10") "]")),
               want);
    assert_str(
        body_of(arena, S("[" X("a", "0", "10") "," X("b", "2", "4") "," X("c", "3", "1") "]")),
        want);
}

static void events_come_in_any_order(void **state)
{
    Arena *arena = test_arena(state);
    Str want = S("6000 x1 a\n3000 x1 a;b\n1000 x1 a;b;c\n");
    assert_str(
        body_of(arena, S("[" X("c", "3", "1") "," X("b", "2", "4") "," X("a", "0", "10") "]")),
        want);
    assert_str(body_of(arena, S("[" E("a", "10") "," E("c", "4") "," B("a", "0") "," B(
                                  "b", "2") "," E("b", "6") "," B("c", "3") "]")),
               want);
    assert_str(body_of(arena, S("[" X("b", "2", "4") "," E("a", "10") "," B("c", "3") "," E(
                                  "c", "4") "," B("a", "0") "]")),
               want);
}

static void a_trace_may_end_anywhere(void **state)
{
    Arena *arena = test_arena(state);
    Str whole = S("[" B("a", "0") ",\n" B("b", "2") ",\n" E("b", "6") ",\n" E("a", "10") ",\n]");
    assert_str(body_of(arena, whole), S("6000 x1 a\n4000 x1 a;b\n"));
    assert_str(body_of(arena, str_head(whole, whole.len - 3)),
               S("note: the trace ends early: line 4, column 46: expected ',' or ']', but the text "
                 "ends\n6000 x1 a\n4000 x1 a;b\n"));
    for (size_t len = 60; len < whole.len; len++) {
        Profile profile = {0};
        Err err = {0};
        assert_ok(read_chrome_trace(arena, str_head(whole, len), &profile, &err), &err);
        assert_true(profile.notes_len > 0);
    }
}

static void what_is_not_balanced_is_counted(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(body_of(arena, S("[" B("a", "0") "," B("b", "1") "," E("a", "9") "]")),
               S("8000 x1 a;b\n1000 x1 a\n"));
    assert_str(
        body_of(arena, S("[" B("a", "0") "," E("c", "4") "," E("a", "9") "," E("a", "11") "]")),
        S("note: 2 ends have no begin and were left out\n9000 x1 a\n"));
    assert_str(body_of(arena, S("[" B("a", "0") "," B("b", "1") "," X("c", "3", "1") "]")),
               S("note: 2 events have no end; they end with the last event\n2000 x1 a;b\n"
                 "1000 x1 a\n1000 x1 a;b;c\n"));
    assert_str(body_of(arena, S("[" X("a", "0", "10") "," X("b", "5", "10") "]")),
               S("note: 1 event reaches beyond what it began in and was cut there\n"
                 "5000 x1 a\n5000 x1 a;b\n"));
}

static void an_end_without_a_name_closes_the_innermost(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(body_of(arena, S("[" B("a", "0") "," B("b", "1") "," E("", "3") "," E("", "4") "]")),
               S("2000 x1 a\n2000 x1 a;b\n"));
}

static void an_end_may_stand_before_its_begin_of_the_same_time(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(
        body_of(arena, S("[" B("a", "0") "," E("b", "2") "," B("b", "2") "," E("a", "5") "]")),
        S("5000 x1 a\n0 x1 a;b\n"));
}

static void threads_and_processes_have_stacks_of_their_own(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_text(
        arena, S("{\"displayTimeUnit\":\"ns\",\"traceEvents\":["
                 "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":1,\"args\":{\"name\":\"p\"}},"
                 "{\"args\":{\"name\":\"w\\u00f6rker\"},\"ph\":\"M\",\"name\":\"thread_name\","
                 "\"pid\":1,\"tid\":2},"
                 "{\"ph\":\"B\",\"name\":\"a\",\"pid\":1,\"tid\":1,\"ts\":0},"
                 "{\"ph\":\"B\",\"name\":\"b\",\"pid\":1,\"tid\":2,\"ts\":1},"
                 "{\"ph\":\"E\",\"name\":\"a\",\"pid\":1,\"tid\":1,\"ts\":4},"
                 "{\"ph\":\"E\",\"name\":\"b\",\"pid\":1,\"tid\":2,\"ts\":9},"
                 "{\"ph\":\"X\",\"name\":\"c\",\"pid\":\"x\",\"tid\":\"y\",\"ts\":0,\"dur\":2}]}"));
    assert_str(body(arena, &profile), S("8000 x1 @2 b\n4000 x1 @0 a\n2000 x1 @1 c\n"));
    assert_str(profile_text(&profile, profile.threads[2].name), S("w\xc3\xb6rker"));
    assert_str(profile_text(&profile, profile.threads[0].process), S("p "));
    assert_int_equal(profile.threads[2].tid, 2);
}

static void places_of_every_writer_are_found(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_text(
        arena,
        S("{\"traceEvents\":["
          "{\"ph\":\"X\",\"cat\":\"FEE\",\"name\":\"f "
          "(/a.py:3)\",\"pid\":1,\"tid\":1,\"ts\":0,\"dur\":9},"
          "{\"ph\":\"X\",\"cat\":\"FEE\",\"name\":\"b.py(4).g\",\"pid\":1,\"tid\":2,\"ts\":0,"
          "\"dur\":8},"
          "{\"ph\":\"X\",\"cat\":\"FEE\",\"name\":\"h "
          "(short.py:1)\",\"pid\":1,\"tid\":3,\"ts\":0,\"dur\":7},"
          "{\"ph\":\"X\",\"cat\":\"FEE\",\"name\":\"builtins.len\",\"pid\":1,\"tid\":4,\"ts\":0,"
          "\"dur\":6},"
          "{\"ph\":\"X\",\"cat\":\"python_function\",\"name\":\"c.py(5): "
          "i\",\"pid\":1,\"tid\":5,\"ts\":0,\"dur\":5},"
          "{\"ph\":\"X\",\"cat\":\"py-spy\",\"name\":\"j\",\"pid\":1,\"tid\":6,\"ts\":0,\"dur\":4,"
          "\"args\":{\"filename\":\"/d.py\",\"line\":6}},"
          "{\"ph\":\"X\",\".file\":\"src/"
          "e.rs\",\".line\":7,\"name\":\"k\",\"pid\":1,\"tid\":7,\"ts\":0,\"dur\":3}"
          "],\"viztracer_metadata\":{\"overflow\":true},"
          "\"file_info\":{\"files\":{},\"functions\":{\"h "
          "(short.py:1)\":[\"/long/short.py\",11]}}}"));
    assert_str(profile.tool, S("viztracer"));
    assert_str(body(arena, &profile),
               S("note: viztracer's buffer was full: the oldest events are missing "
                 "(a shorter run fits; --tracer_entries makes it larger)\n"
                 "9000 x1 @0 f (/a.py:3)\n8000 x1 @1 g (b.py:4)\n7000 x1 @2 h (/long/short.py:11)\n"
                 "6000 x1 @3 builtins.len\n5000 x1 @4 i (c.py:5)\n4000 x1 @5 j (/d.py:6)\n"
                 "3000 x1 @6 k (src/e.rs:7)\n"));
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_int_equal(test_function(&spots, S(""), S("builtins.len"))->kind, FRAME_BUILTIN);
    assert_true(test_function(&spots, S(""), S("h"))->is_definition);
    assert_false(test_function(&spots, S(""), S("j"))->is_definition);
}

static void kernels_are_a_metric_below_their_launch(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        read_text(arena, S("["
                           "{\"ph\":\"X\",\"cat\":\"cpu_op\",\"name\":\"aten::add\",\"pid\":1,"
                           "\"tid\":1,\"ts\":0,\"dur\":9,"
                           "\"args\":{\"Call stack\":\"a.py(7): step;a.py(20): main\"}},"
                           "{\"ph\":\"X\",\"cat\":\"cuda_runtime\",\"name\":\"cudaLaunchKernel\","
                           "\"pid\":1,\"tid\":1,"
                           "\"ts\":2,\"dur\":3,\"args\":{\"correlation\":5}},"
                           "{\"ph\":\"X\",\"cat\":\"kernel\",\"name\":\"add<int>\",\"pid\":0,"
                           "\"tid\":7,\"ts\":4,\"dur\":50,"
                           "\"args\":{\"correlation\":5}},"
                           "{\"ph\":\"X\",\"cat\":\"gpu_user_annotation\",\"name\":\"x\",\"pid\":0,"
                           "\"tid\":7,\"ts\":4,\"dur\":50},"
                           "{\"ph\":\"X\",\"cat\":\"Trace\",\"name\":\"all\",\"pid\":\"Spans\","
                           "\"tid\":\"p\",\"ts\":0,\"dur\":99}]"));
    assert_str(profile.tool, S("PyTorch"));
    assert_str(
        body(arena, &profile),
        S("6000 0 x1 @0 main (a.py:20);step (a.py:7);aten::add\n"
          "3000 0 x1 @0 main (a.py:20);step (a.py:7);aten::add;cudaLaunchKernel\n"
          "0 50000 x1 @1 main (a.py:20);step (a.py:7);aten::add;cudaLaunchKernel;add<int>\n"));
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){.metric = 1});
    assert_str(spots.metric, S("gpu_time"));
    assert_int_equal(test_function(&spots, S(""), S("step"))->total, 50000);
    assert_int_equal(test_function(&spots, S(""), S("add<int>"))->kind, FRAME_GPU);
    spots = hotspots_of(arena, &profile, (HotOptions){.metric = 1, .kernel = S("add<int>")});
    assert_int_equal(spots.total, 50000);
}

/* aten::item copies one number to the host, which takes until the kernel before it has ended. */
static void a_line_that_waits_for_a_kernel_says_so(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_text(
        arena, S("["
                 "{\"ph\":\"X\",\"cat\":\"kernel\",\"name\":\"add<int>\",\"pid\":0,\"tid\":7,"
                 "\"ts\":1,\"dur\":50,\"args\":{\"correlation\":5}},"
                 "{\"ph\":\"X\",\"cat\":\"kernel\",\"name\":\"mul\",\"pid\":0,\"tid\":7,"
                 "\"ts\":60,\"dur\":10,\"args\":{\"correlation\":6,\"External id\":3}},"
                 "{\"ph\":\"X\",\"cat\":\"python_function\",\"name\":\"t.py(3): step\",\"pid\":1,"
                 "\"tid\":1,\"ts\":0,\"dur\":99},"
                 "{\"ph\":\"X\",\"cat\":\"cuda_runtime\",\"name\":\"cudaLaunchKernel\",\"pid\":1,"
                 "\"tid\":1,\"ts\":2,\"dur\":3,\"args\":{\"correlation\":5}},"
                 "{\"ph\":\"X\",\"cat\":\"cpu_op\",\"name\":\"aten::mul\",\"pid\":1,\"tid\":1,"
                 "\"ts\":6,\"dur\":2,\"args\":{\"External id\":3}},"
                 "{\"ph\":\"X\",\"cat\":\"cpu_op\",\"name\":\"aten::item\",\"pid\":1,\"tid\":1,"
                 "\"ts\":10,\"dur\":45,\"args\":{\"External id\":4}},"
                 "{\"ph\":\"X\",\"cat\":\"cuda_runtime\",\"name\":\"cudaMemcpyAsync\",\"pid\":1,"
                 "\"tid\":1,\"ts\":12,\"dur\":40,\"args\":{\"correlation\":8}},"
                 "{\"ph\":\"X\",\"cat\":\"cuda_runtime\",\"name\":\"cudaDeviceSynchronize\","
                 "\"pid\":1,\"tid\":2,\"ts\":52,\"dur\":40}]"));
    Str text = profile_print(arena, &profile);
    assert_has(text, S("0 50000 x1 @1 step (t.py:3);cudaLaunchKernel;add<int>\n"));
    assert_has(text, S("0 10000 x1 @1 step (t.py:3);aten::mul;mul\n"));
    assert_has(text, S("waits step :0 add<int>: waits for kernel add<int>: 0.04 ms in 1 "
                       "call of aten::item\n"));
    assert_has(text, S("waits cudaDeviceSynchronize :0 mul: waits for kernel mul: 0.04 ms "
                       "in 1 call of cudaDeviceSynchronize\n"));
    assert_int_equal(profile.findings_len, 2);
}

static void asynchronous_spans_count_when_there_is_nothing_else(void **state)
{
    Arena *arena = test_arena(state);
    Str spans = S("[{\"ph\":\"b\",\"name\":\"a\",\"id\":1,\"pid\":1,\"ts\":0},"
                  "{\"ph\":\"b\",\"name\":\"b\",\"id\":2,\"pid\":1,\"ts\":1},"
                  "{\"ph\":\"e\",\"name\":\"a\",\"id\":1,\"pid\":1,\"ts\":5},"
                  "{\"ph\":\"e\",\"name\":\"b\",\"id\":2,\"pid\":1,\"ts\":4}");
    StrBuf both = strbuf_new(arena);
    strbuf_fmt(&both, STR_FMT "," X("c", "0", "1") "]", STR_ARG(spans));
    assert_str(body_of(arena, strbuf_str(&both)),
               S("note: 4 asynchronous events were left out: they overlap\n1000 x1 c\n"));
    strbuf_clear(&both);
    strbuf_fmt(&both, STR_FMT "]", STR_ARG(spans));
    assert_str(body_of(arena, strbuf_str(&both)), S("5000 x1 @0 a\n3000 x1 @1 b\n"));
}

/* Microseconds since 1970 have 16 digits; as nanoseconds they do not fit a double. */
static void large_clocks_stay_exact(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(body_of(arena, S("[" X("a", "1694039968955744.5",
                                      "3.25") "," X("b", "1694039968955745.5", "1") "]")),
               S("2250 x1 a\n1000 x1 a;b\n"));
}

static void deep_nesting_is_cut(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf out = strbuf_new(arena);
    strbuf_char(&out, '[');
    for (size_t i = 0; i < 10005; i++)
        strbuf_fmt(&out, "%s" EV("B", "f", "\"ts\":%zu"), i ? "," : "", i);
    for (size_t i = 0; i < 10005; i++)
        strbuf_fmt(&out, "," EV("E", "f", "\"ts\":%zu"), 10005 + i);
    strbuf_char(&out, ']');
    Profile profile = read_text(arena, strbuf_str(&out));
    assert_int_equal(profile.stacks_len, 10001);
    assert_int_equal(profile_total(&profile, 0), 20009 * 1000);
    assert_str(profile.notes[0], S("5 events were left out: they are nested deeper than 10000"));
}

static void times_that_are_none_are_left_out(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(body_of(arena, S("[" X("a", "0", "4") "," X("b", "1e300", "4") "," X(
                                  "c", "\"x\"", "1") "," X("d", "2", "-5") ",7,[1],null]")),
               S("note: 2 events have no usable time and were left out\n4000 x1 a\n0 x1 a;d\n"));
    Profile profile;
    Err err = {0};
    assert_false(read_chrome_trace(arena, S("[{\"ph\":\"i\",\"ts\":1}]"), &profile, &err));
    assert_string_equal(err.msg, "a trace without an event that has a duration");
}

/* Oracle: random trees of calls, written as complete events in random order. */
static void random_trees_come_back_whole(void **state)
{
    Arena *arena = test_arena(state);
    uint64_t seed = 42;
    for (int round = 0; round < 30; round++) {
        StrBuf out = strbuf_new(arena);
        int64_t self[8] = {0}, begin[64];
        size_t depth = 0, count = 0, name_of[64];
        Str events[600];
        int64_t now = 0;
        while (count < 500 || depth) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            int64_t step = 1 + (int64_t)(seed >> 60);
            if (depth)
                self[name_of[depth - 1]] += step * 1000;
            now += step;
            bool open = count + depth < 500 && depth < 60 && (depth == 0 || (seed >> 40) % 2);
            if (open) {
                name_of[depth] = (seed >> 30) % 8;
                begin[depth++] = now;
            } else if (depth) {
                depth--;
                events[count++] =
                    str_fmt(arena, EV("X", "f%zu", "\"ts\":%lld,\"dur\":%lld"), name_of[depth],
                            (long long)begin[depth], (long long)(now - begin[depth]));
            } else {
                break;
            }
        }
        for (size_t i = count; i-- > 1;) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            size_t other = (size_t)(seed >> 33) % (i + 1);
            Str kept = events[i];
            events[i] = events[other];
            events[other] = kept;
        }
        for (size_t i = 0; i < count; i++)
            strbuf_fmt(&out, "%s" STR_FMT, i ? "," : "[", STR_ARG(events[i]));
        strbuf_char(&out, ']');
        Profile profile = read_text(arena, strbuf_str(&out));
        HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
        assert_int_equal(spots.samples, count);
        for (size_t i = 0; i < 8; i++) {
            const HotSpot *found = test_function(&spots, S(""), str_fmt(arena, "f%zu", i));
            assert_int_equal(found ? found->self : 0, self[i]);
        }
    }
}

/* samples/INDEX.md, and sums taken from the files with Python's json. */
static void samples_have_the_figures_of_their_index(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_profile_shared(arena, "samples/viztracer/here_1.1.1.json");
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
    const HotSpot *module = test_function(&spots, S(""), S("<module>"));
    assert_int_equal(spots.samples, 3017); /* 3019 events less two names */
    assert_int_equal((module->total + 50) / 100, 160039);
    assert_int_equal(module->line, 1);
    assert_int_equal(spots.lines[0].line, 12);
    assert_int_equal(spots.lines[0].self, 8198364);

    profile = test_profile_shared(arena, "samples/viztracer/tests_multithread.json");
    spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_int_equal(test_function(&spots, S(""), S("time.sleep"))->self, 11196600);
    assert_int_equal(test_function(&spots, S(""), S("run"))->line, 15);
    profile = test_profile_shared(arena, "samples/viztracer/tests_old.json");
    spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_str(test_function(&spots, S(""), S("fib"))->file, S("scrabble.py"));

    profile = test_profile_shared(arena, "samples/tracing-chrome/here.json");
    spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_str(profile.tool, S("tracing-chrome"));
    assert_int_equal(spots.samples, 12);
    assert_int_equal(test_function(&spots, S(""), S("load"))->line, 10);
    assert_int_equal(test_function(&spots, S(""), S("item"))->line, 14);
    assert_int_equal(test_function(&spots, S(""), S("parse"))->line, 5);

    profile = test_profile_shared(arena, "samples/chrome-trace/hta_simple_add.json.gz");
    assert_int_equal(profile_total(&profile, profile_metric(&profile, S("gpu_time"))), 10728000);
    assert_int_equal(profile_total(&profile, profile_metric(&profile, S("gpu_copy_time"))),
                     39088000);
    assert_int_equal(profile_count(&profile), 359 + 331 + 79 + 16 + 8 + 3);
    profile = test_profile_shared(arena, "samples/chrome-trace/hta_triton_example.json.gz");
    assert_int_equal(profile_total(&profile, 1), 1760);
}

static void speedscope_s_samples_are_read_as_their_names_say(void **state)
{
    Arena *arena = test_arena(state);
    static const struct {
        const char *path;
        Str want;
    } CASES[] = {
#define SAMPLE "samples/chrome-trace/speedscope_"
        {SAMPLE "simple.json",
         STR_CONST("5000 x1 alpha;beta;gamma\n4000 x1 alpha;beta;epsilon\n3000 x1 alpha;beta\n"
                   "2000 x1 alpha\n")},
        {SAMPLE "simple-object.json",
         STR_CONST("8000 x1 alpha;beta\n4000 x1 alpha;beta;(unnamed)\n2000 x1 alpha\n")},
        {SAMPLE "event-reordering-name-match.json",
         STR_CONST("9000 x1 alpha\n1000 x1 alpha;beta;gamma\n0 x1 alpha;beta\n")},
        {SAMPLE "matching-x.json",
         STR_CONST("8000 x1 alpha\n1000 x1 alpha;beta;gamma\n1000 x1 alpha;gamma;beta\n"
                   "0 x1 alpha;beta\n0 x1 alpha;gamma\n")},
        {SAMPLE "x-events-matching-start.json",
         STR_CONST("12000 x1 alpha\n2000 x2 alpha;beta\n2000 x2 alpha;beta;gamma\n"
                   "2000 x2 alpha;gamma\n2000 x2 alpha;gamma;beta\n")},
        {SAMPLE "zero-duration-events.json",
         STR_CONST("10000 x1 A\n0 x1 A;B\n0 x1 A;C\n0 x1 A;D\n")},
        {SAMPLE "too-many-end-events.json",
         STR_CONST("note: 2 ends have no begin and were left out\n12000 x1 alpha;beta\n"
                   "2000 x1 alpha\n")},
        {SAMPLE "not-enough-end-events.json",
         STR_CONST("note: 2 events have no end; they end with the last event\n9000 x1 A;A\n"
                   "1000 x1 A\n1000 x1 A;A;A\n")},
        {SAMPLE "multiprocess.json",
         STR_CONST("1000 x1 @0 alpha\n1000 x1 @1 beta\n1000 x1 @3 delta\n1000 x1 @4 epsilon\n"
                   "1000 x1 @7 eta\n1000 x1 @2 gamma\n1000 x1 @5 phi\n1000 x1 @6 zeta\n")},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        Profile profile = test_profile_shared(arena, CASES[i].path);
        assert_str(body(arena, &profile), CASES[i].want);
    }
    Profile whole = test_profile_shared(arena, SAMPLE "simple.json");
    Profile cut = test_profile_shared(arena, SAMPLE "simple-partial-trailing-comma.json");
    assert_int_equal(profile_total(&cut, 0), profile_total(&whole, 0));
    cut = test_profile_shared(arena, SAMPLE "simple-partial.json");
    assert_int_equal(profile_total(&cut, 0), profile_total(&whole, 0));
    cut = test_profile_shared(arena, SAMPLE "unbalanced-name.json");
    assert_int_equal(profile_total(&cut, 0), 9000);
    cut = test_profile_shared(arena, SAMPLE "only-begin-events.json");
    assert_int_equal(profile_total(&cut, 0), 2000);
    cut = test_profile_shared(arena, SAMPLE "invalid-x-nesting.json");
    assert_int_equal(profile_total(&cut, 0), 10000);
}

static void a_comma_behind_the_last_item_may_be_allowed(void **state)
{
    (void)state;
    JsonScan scan = json_scan(S("[[1,2,],3]"));
    double sum = 0;
    Err err = {0};
    assert_true(json_enter(&scan, '['));
    assert_true(json_next_item(&scan));
    assert_true(json_enter(&scan, '['));
    while (json_next_item(&scan) && !json_close_after_comma(&scan, ']'))
        sum += json_scan_double(&scan);
    while (json_next_item(&scan))
        sum += json_scan_double(&scan);
    assert_ok(json_scan_ok(&scan, &err), &err);
    assert_true(fabs(sum - 6) < 1e-9);
}

TEST_MAIN(TEST(self_time_is_what_nested_events_leave), TEST(events_come_in_any_order),
          TEST(a_trace_may_end_anywhere), TEST(what_is_not_balanced_is_counted),
          TEST(an_end_without_a_name_closes_the_innermost),
          TEST(an_end_may_stand_before_its_begin_of_the_same_time),
          TEST(threads_and_processes_have_stacks_of_their_own),
          TEST(places_of_every_writer_are_found), TEST(kernels_are_a_metric_below_their_launch),
          TEST(a_line_that_waits_for_a_kernel_says_so),
          TEST(asynchronous_spans_count_when_there_is_nothing_else), TEST(large_clocks_stay_exact),
          TEST(deep_nesting_is_cut), TEST(times_that_are_none_are_left_out),
          TEST(random_trees_come_back_whole), TEST(samples_have_the_figures_of_their_index),
          TEST(speedscope_s_samples_are_read_as_their_names_say),
          TEST(a_comma_behind_the_last_item_may_be_allowed))
