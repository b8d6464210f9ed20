/* What the editor shows, where a text file cannot say it: limits, order, carrying, every state. */

#include <math.h>

#include "analysis/hints/hot_file.h"
#include "analysis/hints/view.h"
#include "analysis/hints/words.h"
#include "analysis/profile/format.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"

typedef struct File {
    Str path;
    AnchorSide side;
    Outline outline;
    HotSpots spots;
    HotFile heat;
} File;

static void parse(Arena *arena, const Text *text, Outline *outline)
{
    Syntax *syntax = syntax_parse(LANG_PYTHON, text, NULL, NULL, 0, NULL);
    *outline = outline_of(arena, syntax, text);
    syntax_free(syntax);
}

/* A file t.py joined with a profile in folded stacks. */
static File *join(Arena *arena, Str source, Str folded)
{
    File *file = NEW(arena, File);
    Profile *profile = NEW(arena, Profile);
    Err err = {0};
    Str *files = NEW(arena, Str);
    *files = file->path = S("t.py");
    assert_ok(profile_read(arena, S("p.collapsed"), folded, profile, &err), &err);
    PathMap *map =
        pathmap_new(arena, (PathMapOptions){.root = S("/w"), .files = files, .files_len = 1});
    file->spots = hotspots_of(arena, profile, (HotOptions){.map = map});
    file->side.text = text_new(arena, source);
    file->side.outline = &file->outline;
    parse(arena, file->side.text, &file->outline);
    file->heat = hot_file_join(arena, &(HotSource){
                                          .path = file->path,
                                          .lang = LANG_PYTHON,
                                          .tool = S("py-spy"),
                                          .spots = &file->spots,
                                          .n_spots = 1,
                                          .profiled = file->side,
                                          .now = file->side,
                                      });
    return file;
}

/* def f(): and n lines in it, line i + 2 with cost 500 + i. */
static void many_lines(Arena *arena, uint32_t n, Str *source, Str *folded)
{
    StrBuf text = strbuf_new(arena), profile = strbuf_new(arena);
    strbuf_add(&text, S("def f(a):\n"));
    for (uint32_t i = 0; i < n; i++) {
        strbuf_fmt(&text, "    a += %u\n", i);
        strbuf_fmt(&profile, "f (t.py:%u) %u\n", i + 2, 500 + i);
    }
    *source = strbuf_str(&text);
    *folded = strbuf_str(&profile);
}

static void diagnostics_are_capped_and_sorted(void **state)
{
    Arena *arena = test_arena(state);
    Str source, folded;
    many_lines(arena, 800, &source, &folded);
    File *file = join(arena, source, folded);
    FileView view = view_of(arena, &(ViewInput){
                                       .path = file->path,
                                       .heat = &file->heat,
                                       .settings = {.mode = HEAT_ALL, .threshold = 1e-6},
                                   });
    assert_int_equal(view.diagnostics.len, VIEW_DIAGNOSTICS_MAX);
    assert_int_equal(view.hints.len, 800);
    for (size_t i = 1; i < view.diagnostics.len; i++)
        assert_true(view.diagnostics.items[i - 1].line.n <= view.diagnostics.items[i].line.n);
    for (size_t i = 1; i < view.hints.len; i++)
        assert_true(view.hints.items[i - 1].line.n < view.hints.items[i].line.n);
}

static void an_edit_above_moves_all_and_an_edit_inside_changes_one(void **state)
{
    Arena *arena = test_arena(state);
    Str source, folded;
    many_lines(arena, 10, &source, &folded);
    File *file = join(arena, source, folded);
    TextChange change;
    const Text *text =
        text_edit(arena, file->side.text, (ByteRange){{0}, {0}}, S("# new\n"), &change);
    HotFile moved = hot_file_carry(arena, &file->heat, &change, text);
    for (size_t i = 0; i < moved.n_lines; i++) {
        assert_int_equal(moved.lines[i].state, ANCHOR_MOVED);
        assert_int_equal(moved.lines[i].now.n, moved.lines[i].was.n + 1);
    }
    assert_int_equal(file->heat.lines[0].state, ANCHOR_EXACT);
    ByteRange line = text_line_range(text, (LineNo){5});
    text = text_edit(arena, text, (ByteRange){line.end, line.end}, S(" + 1"), &change);
    HotFile changed = hot_file_carry(arena, &moved, &change, text);
    for (size_t i = 0; i < changed.n_lines; i++)
        assert_int_equal(changed.lines[i].state,
                         changed.lines[i].now.n == 5 ? ANCHOR_CHANGED : ANCHOR_MOVED);
}

/* Carried step by step, the view is the one that opening the file afresh gives. */
static void a_carried_view_equals_a_fresh_one(void **state)
{
    Arena *arena = test_arena(state);
    Str source, folded;
    many_lines(arena, 20, &source, &folded);
    File *file = join(arena, source, folded);
    HotFile carried = file->heat;
    const Text *text = file->side.text;
    for (uint32_t i = 0; i < 5; i++) {
        TextChange change;
        ByteRange at = text_line_range(text, (LineNo){3 + 2 * i});
        text = text_edit(arena, text, (ByteRange){at.start, at.start}, S("    # note\n"), &change);
        carried = hot_file_carry(arena, &carried, &change, text);
    }
    Outline outline;
    parse(arena, text, &outline);
    HotFile fresh = hot_file_join(arena, &(HotSource){
                                             .path = file->path,
                                             .lang = LANG_PYTHON,
                                             .spots = &file->spots,
                                             .n_spots = 1,
                                             .profiled = file->side,
                                             .now = {text, &outline},
                                         });
    assert_int_equal(fresh.n_lines, carried.n_lines);
    for (size_t i = 0; i < fresh.n_lines; i++) {
        assert_int_equal(fresh.lines[i].now.n, carried.lines[i].now.n);
        assert_int_equal(fresh.lines[i].state, carried.lines[i].state);
    }
}

static void hint_labels_fit(void **state)
{
    Arena *arena = test_arena(state);
    File *file = join(arena, S("def f(a):\n    a += 1\n    a += 2\n"),
                      S("f (t.py:2) 700\nf (t.py:3) 300\n"));
    static const double BASES[] = {0, 0.001, 0.05, 0.5, 1};
    for (size_t i = 0; i < sizeof(BASES) / sizeof(BASES[0]); i++) {
        for (size_t k = 0; k < file->heat.n_lines; k++)
            file->heat.lines[k].since = (HotSince){.share = BASES[i], .apart = true};
        FileView view = view_of(arena, &(ViewInput){.path = file->path, .heat = &file->heat});
        assert_int_equal(view.hints.len, 2);
        for (size_t k = 0; k < view.hints.len; k++)
            assert_true(words_width(view.hints.items[k].label) <= VIEW_HINT_LABEL_MAX);
    }
}

/* Some clients find the chosen action by its title, and a lens list may never shrink to nothing. */
static void every_state_has_unique_titles_and_at_most_two_lenses(void **state)
{
    Arena *arena = test_arena(state);
    File *file = join(arena, S("def f(a):\n    a += 1\n    a += 2\n"),
                      S("f (t.py:2) 700\nf (t.py:3) 300\n"));
    ChangedPlace place = {S("t.py"), S("f"), {1}, {3}};
    for (int step = LOOP_IDLE; step <= LOOP_REVERTED; step++)
        for (int verdict = LOOP_NO_VERDICT; verdict <= LOOP_UNCLEAR; verdict++)
            for (int bits = 0; bits < 16; bits++) {
                WorkloadFacts workload = {
                    .name = S("w"),
                    .metric = S("p50"),
                    .trusted = bits & 1,
                    .has_baseline = bits & 2,
                    .last = {.id = 1,
                             .step = step,
                             .verdict = verdict,
                             .places = &place,
                             .n_places = 1},
                };
                LoopFacts loop = {
                    .workload_file = S("perfloop.toml"), .workloads = &workload, .n_workloads = 1};
                if (bits & 4)
                    loop.job = (JobFacts){.id = S("job-1"), .title = S("measure w")};
                FileView view = view_of(arena, &(ViewInput){
                                                   .path = file->path,
                                                   .heat = bits & 8 ? &file->heat : NULL,
                                                   .loop = &loop,
                                                   .had_lenses = true,
                                               });
                assert_true(view.lenses.len >= 1 && view.lenses.len <= 2);
                size_t preferred = 0;
                for (size_t i = 0; i < view.actions.len; i++) {
                    const ViewAction *action = &view.actions.items[i];
                    assert_true(str_starts(action->title, S("perfloop: ")));
                    preferred += action->preferred;
                    for (size_t k = 0; k < i; k++)
                        assert_false(str_eq(action->title, view.actions.items[k].title));
                }
                assert_true(preferred <= 1);
            }
}

static void an_unclear_verdict_never_offers_keep_or_revert(void **state)
{
    Arena *arena = test_arena(state);
    ChangedPlace place = {S("t.py"), S("f"), {1}, {3}};
    WorkloadFacts workload = {
        .name = S("w"),
        .has_baseline = true,
        .last = {.id = 1,
                 .step = LOOP_MEASURED,
                 .verdict = LOOP_UNCLEAR,
                 .places = &place,
                 .n_places = 1},
    };
    LoopFacts loop = {.workloads = &workload, .n_workloads = 1};
    FileView view = view_of(arena, &(ViewInput){.path = S("t.py"), .loop = &loop});
    for (size_t i = 0; i < view.actions.len; i++) {
        assert_false(str_eq(view.actions.items[i].command, S("perfloop.keep")));
        assert_false(str_eq(view.actions.items[i].command, S("perfloop.revert")));
    }
    assert_str(view.actions.items[0].command, S("perfloop.measureMore"));
}

static void shares_and_sparklines_read_well(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(words_share(arena, 0.314), S("31 %"));
    assert_str(words_share(arena, 0.0996), S("10 %"));
    assert_str(words_share(arena, 0.084), S("8.4 %"));
    assert_str(words_share(arena, 0.0001), S("0 %"));
    assert_str(words_share_change(arena, 0.45, 0.31), S("-14 pt"));
    assert_str(words_share_error(arena, 0.31, 0.031), S("31 % ±3"));
    assert_str(words_share_error(arena, 0.261, 0.004), S("26.1 % ±0.4"));
    assert_str(words_share_error(arena, 0.261, 0.0004), S("26 %"));
    assert_str(words_share_error(arena, 0.31, 0), S("31 %"));
    assert_str(words_sparkline(arena, (double[]){8, 4, 0}, 3), S("█▅▁"));
    assert_str(words_sparkline(arena, NULL, 0), S(""));
    assert_str(words_sparkline(arena, (double[]){2, NAN, 4}, 3), S("▅ █"));
    assert_str(words_sparkline(arena, (double[]){3, 3}, 2), S("██"));
}

TEST_MAIN(TEST(diagnostics_are_capped_and_sorted),
          TEST(an_edit_above_moves_all_and_an_edit_inside_changes_one),
          TEST(a_carried_view_equals_a_fresh_one), TEST(hint_labels_fit),
          TEST(every_state_has_unique_titles_and_at_most_two_lenses),
          TEST(an_unclear_verdict_never_offers_keep_or_revert),
          TEST(shares_and_sparklines_read_well))
