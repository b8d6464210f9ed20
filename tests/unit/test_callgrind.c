#include "analysis/profile/readers.h"

#include "analysis/hotspots/hotspot.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"
#include "tests/lib/profiles.h"

static Profile read_text(Arena *arena, Str text)
{
    Profile profile = test_reading(arena, text);
    assert_str(profile.format, S("callgrind"));
    return profile;
}

#define HEAD "# callgrind format\ncreator: callgrind-3.19.0\npositions: line\nevents: Ir\n"

static void lines_and_functions_have_their_own_totals(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_text(arena, S(HEAD "fl=(1) a.c\nfn=(1) main\n3 10\n4 5\n"
                                              "cfn=(2) work\ncalls=7 9\n4 700\n"
                                              "cfi=(2) b.c\ncfn=(3) far\ncalls=1 1\n5 40\n\n"
                                              "fn=(2)\n9 600\n10 100\n\nfl=(2)\nfn=(3)\n1 40\n"
                                              "totals: 755\n"));
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_true(profile.graph);
    assert_int_equal(profile.notes_len, 0);
    assert_str(profile.tool, S("callgrind"));
    assert_str(spots.metric, S("instructions"));
    assert_int_equal(spots.total, 755);
    assert_int_equal(spots.unmapped, 0);
    assert_int_equal(test_line(&spots, S("a.c"), 4)->self, 5);
    assert_int_equal(test_line(&spots, S("a.c"), 4)->total, 705);
    assert_int_equal(test_line(&spots, S("a.c"), 5)->total, 40);
    const HotSpot *main_spot = test_function(&spots, S("a.c"), S("main"));
    assert_int_equal(main_spot->self, 15);
    assert_int_equal(main_spot->total, 755);
    assert_int_equal(main_spot->line, 3);
    const HotSpot *work = test_function(&spots, S("a.c"), S("work"));
    assert_int_equal(work->samples, 7);
    assert_int_equal(work->total, 700);
    assert_non_null(test_function(&spots, S("b.c"), S("far")));
    assert_int_equal(spots.edges_len, 2);
    assert_int_equal(spots.edges[0].cost, 700);
}

static void inlined_code_belongs_to_its_own_file(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        read_text(arena, S(HEAD "fl=(1) a.c\nfn=(1) main\n3 10\nfi=(2) /usr/x.h\n50 90\n"
                                "0 5\nfe=(1)\n4 1\n0 2\n"));
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_int_equal(test_line(&spots, S("/usr/x.h"), 50)->self, 90);
    assert_int_equal(test_line(&spots, S("a.c"), 4)->self, 1);
    assert_int_equal(test_function(&spots, S("a.c"), S("main"))->total, 108);
    assert_int_equal(test_function(&spots, S("a.c"), S("main"))->self, 13);
    assert_int_equal(test_function(&spots, S("/usr/x.h"), S("main"))->self, 95);
    assert_int_equal(test_function(&spots, S("/usr/x.h"), S("main"))->total, 95);
    assert_int_equal(spots.unmapped, 7); /* compilers make code without a line */
}

#define CORE "/rustc/abc1234/library/core/src/"

/*
 * shuffle() of the user begins with inlined code of core, so callgrind names core's file after it;
 * it calls a function of core that has code of another file, and of the user's closure, in it.
 */
static void libraries_inlined_into_a_function_are_its_callees(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_text(
        arena, S(HEAD "fl=(1) a.rs\nfn=(1) app::main\n20 1\n"
                      "cfi=(2) " CORE "x.rs\ncfn=(2) app::shuffle\ncalls=1 10\n21 107\n\n"
                      "fl=(2)\nfn=(2)\n10 5\nfi=(1)\n3 2\nfi=(3) " CORE "sort.rs\n"
                      "cfn=(3) core::sort::quick\ncalls=1 7\n20 100\n\n"
                      "fl=(3)\nfn=(3)\n7 60\nfi=(4) " CORE "cmp.rs\n9 30\nfi=(1)\n5 10\n"));
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_int_equal(spots.total, 108);
    const HotSpot *shuffle = test_function(&spots, S("a.rs"), S("app::shuffle"));
    assert_int_equal(shuffle->self, 2);
    assert_int_equal(shuffle->callee, 95);
    assert_int_equal(shuffle->total, 107);
    const HotCallee *callee = &spots.callees[shuffle->callees_first];
    assert_str(spots.functions[callee->function].function, S("core::sort::quick"));
    assert_int_equal(callee->cost, 90);
    /* The call from main is to the user's own function, and line 20 is of core here. */
    assert_int_equal(test_function(&spots, S("a.rs"), S("app::main"))->callee, 0);
    assert_int_equal(test_line(&spots, S("a.rs"), 20)->callee, 0);
    assert_int_equal(test_line(&spots, S("a.rs"), 5)->self, 10);
}

/* Where the line of a call is the caller's own, it has the cost, too. */
static void a_call_into_a_library_is_at_its_line(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_text(arena, S(HEAD "fl=(1) a.c\nfn=(1) main\n3 10\n4 5\n"
                                              "cfi=(2) /usr/include/c++/12/bits/stl_algo.h\n"
                                              "cfn=(2) std::sort\ncalls=7 9\n4 700\n\n"
                                              "fl=(2)\nfn=(2)\n9 700\n"));
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_int_equal(spots.lines[0].line, 4);
    assert_int_equal(spots.lines[0].self, 5);
    assert_int_equal(spots.lines[0].callee, 700);
    assert_int_equal(test_line(&spots, S("a.c"), 3)->callee, 0);
    assert_str(spots.functions[spots.callees[spots.lines[0].callees_first].function].library,
               S("libstdc++"));
}

static void positions_and_costs_may_be_relative(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        read_text(arena, S("positions: instr line\nevents: Ir Dr\nfl=a.c\nfn=f\n0x10 5 100 7\n"
                           "+4 +1 7\n-2 * 3 1\n* -4 * *\njcnd=1/2 +9 8\n* 40\n+1 +2 1\n"));
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_int_equal(test_line(&spots, S("a.c"), 5)->self, 100);
    assert_int_equal(test_line(&spots, S("a.c"), 6)->self, 10);
    assert_int_equal(test_line(&spots, S("a.c"), 2)->self, 3);
    assert_int_equal(test_line(&spots, S("a.c"), 42)->self, 1); /* behind the jump's own line */
    assert_null(test_line(&spots, S("a.c"), 40));
    spots = hotspots_of(arena, &profile, (HotOptions){.metric = 1});
    assert_str(spots.metric, S("Dr"));
    assert_int_equal(spots.total, 9);
}

static void recursion_counts_once(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        read_text(arena, S(HEAD "fl=a.c\nfn=main\n1 1\ncfn=rec\ncalls=1 5\n2 100\n\nfn=rec\n5 60\n"
                                "cfn=rec\ncalls=9 5\n6 90\ncfn=other\ncalls=3 9\n7 95\n\n"
                                "fn=other\n9 40\ncfn=rec\ncalls=2 5\n10 80\n"));
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_int_equal(spots.total, 101);
    assert_int_equal(test_function(&spots, S("a.c"), S("rec"))->total, 101); /* not 155 */
    assert_int_equal(test_function(&spots, S("a.c"), S("main"))->total, 101);
    assert_int_equal(test_function(&spots, S("a.c"), S("rec"))->samples, 12);
}

static void events_with_units_are_times_and_bytes(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_text(arena, S("creator: xdebug 3.0.2 (PHP 7.4.14)\n"
                                         "events: Time_(10ns) Memory_(bytes)\nfl=(1) a.php\n"
                                         "fn=(1) main\n16 20 15000\n"));
    assert_str(profile.tool, S("xdebug"));
    assert_str(profile_print(arena, &profile),
               S("profile: tool xdebug, format callgrind, call graph\n"
                 "frames 2, stacks 2, threads 1, samples 2 of 0\n"
                 "metric Time in ns, exact: total 200\n"
                 "metric Memory in bytes, exact: total 15000\n"
                 "200 15000 x0 total 200 15000 main (a.php:16)\n"
                 "0 0 x0 total 200 15000 main (a.php)\n"));
}

static void what_cannot_be_read_is_noted(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_text(arena, S(HEAD "summary: 900\nfn=(1) f\n1 2\nnot a line\nfn=(9)\n"
                                              "3 4\n5\n1 99999999999999999999\nfn=(1)\n6 7\n"));
    assert_int_equal(profile_total(&profile, 0), 9);
    assert_str(profile.notes[0], S("5 lines could not be read, the first is line 8"));
    assert_str(profile.notes[1], S("the costs add up to 9 of the 900 that the file announces"));
    Profile out;
    Err err = {0};
    assert_false(read_callgrind(arena, S("# callgrind format\nfn=f\n1 2\n"), &out, &err));
    assert_string_equal(err.msg, "says nothing of what it measures: no line \"events:\"");
    assert_false(read_callgrind(arena, S("events: Ir\n"), &out, &err));
    assert_string_equal(err.msg, "line 1: ends without a function");
}

static void more_events_than_metrics_are_left_out(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf text = strbuf_new(arena);
    strbuf_add(&text, S("events:"));
    for (int i = 1; i <= PROFILE_METRICS_MAX + 2; i++)
        strbuf_fmt(&text, " e%d", i);
    strbuf_add(&text, S("\nfn=f\n1"));
    for (int i = 1; i <= PROFILE_METRICS_MAX + 2; i++)
        strbuf_fmt(&text, " %d", i);
    strbuf_char(&text, '\n');
    Profile profile = read_text(arena, strbuf_str(&text));
    assert_int_equal(profile.metrics_len, PROFILE_METRICS_MAX);
    assert_int_equal(profile_total(&profile, PROFILE_METRICS_MAX - 1), PROFILE_METRICS_MAX);
    assert_str(profile.notes[0],
               str_fmt(arena, "only the first %d kinds of events are kept", PROFILE_METRICS_MAX));
}

/* samples/INDEX.md, whose figures are callgrind_annotate's; tests/e2e/run_callgrind.sh asks it. */
static void samples_have_the_figures_of_their_index(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_profile_shared(arena, "samples/callgrind/here.c.callgrind.out");
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_int_equal(spots.total, 705335012);
    assert_int_equal(profile.notes_len, 0);
    assert_int_equal(test_function(&spots, S("work.c"), S("hot"))->self, 700001400);
    assert_int_equal(test_line(&spots, S("work.c"), 5)->self, 150000000);

    profile = test_profile_shared(arena, "samples/callgrind/here.rust.callgrind.out");
    spots = hotspots_of(arena, &profile, (HotOptions){0});
    /* The summary that INDEX.md gives is 2 above the totals line and the sum of all lines. */
    assert_int_equal(spots.total, 678230837);
    assert_int_equal(profile.metrics_len, 9);
    assert_int_equal(profile.notes_len, 0);
    assert_int_equal(test_function(&spots, S("src/main.rs"), S("work::hot"))->self, 441000120);
    assert_int_equal(test_function(&spots, S("core/src/iter/range.rs"), S("work::hot"))->self,
                     63000840);
}

/* The three forms of one profile; figures from the example in valgrind's manual. */
static void compressed_forms_say_the_same(void **state)
{
    Arena *arena = test_arena(state);
    Profile plain = test_profile_shared(arena, "samples/callgrind/speedscope.example.log");
    Profile names = test_profile_shared(arena, "samples/callgrind/speedscope.name-compression.log");
    Profile positions =
        test_profile_shared(arena, "samples/callgrind/speedscope.subposition-compression.log");
    assert_str(profile_print(arena, &names), profile_print(arena, &plain));
    assert_str(profile_print(arena, &positions), profile_print(arena, &plain));
    assert_int_equal(profile_total(&plain, 0), 820);
    HotSpots spots = hotspots_of(arena, &plain, (HotOptions){0});
    assert_int_equal(test_function(&spots, S("file1.c"), S("func1"))->total, 400);

    Profile reset = test_profile_shared(arena, "samples/callgrind/speedscope.cfn-reset.log");
    spots = hotspots_of(arena, &reset, (HotOptions){0});
    assert_int_equal(test_function(&spots, S("alpha.c"), S("gamma"))->samples, 2);
    assert_int_equal(test_function(&spots, S("beta.c"), S("beta"))->samples, 1);

    Profile tree = test_profile_shared(arena, "samples/callgrind/pprof.cpu.call_tree.callgrind");
    assert_int_equal(profile_total(&tree, 0), 1120000000);
    Profile php =
        test_profile_shared(arena, "samples/callgrind/speedscope.multiple-event-types.log");
    assert_int_equal(profile_total(&php, 0), 8200);
    assert_int_equal(profile_total(&php, 1), 38000);
}

TEST_MAIN(TEST(lines_and_functions_have_their_own_totals),
          TEST(inlined_code_belongs_to_its_own_file),
          TEST(libraries_inlined_into_a_function_are_its_callees),
          TEST(a_call_into_a_library_is_at_its_line), TEST(positions_and_costs_may_be_relative),
          TEST(recursion_counts_once), TEST(events_with_units_are_times_and_bytes),
          TEST(what_cannot_be_read_is_noted), TEST(more_events_than_metrics_are_left_out),
          TEST(samples_have_the_figures_of_their_index), TEST(compressed_forms_say_the_same))
