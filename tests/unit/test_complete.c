/* Completion and hover in workload files; | marks the cursor. */

#include "analysis/workload/complete.h"

#include "base/strbuf.h"
#include "tests/lib/check.h"

static Str without_mark(Arena *arena, const char *marked, size_t *offset)
{
    Str before, after;
    assert_true(str_cut(str_from_c(marked), '|', &before, &after));
    *offset = before.len;
    return str_fmt(arena, STR_FMT STR_FMT, STR_ARG(before), STR_ARG(after));
}

static WorkloadItems complete_in(Arena *arena, const char *file, const char *marked)
{
    size_t offset;
    Str text = without_mark(arena, marked, &offset);
    return workload_complete(arena, str_from_c(file), text, offset);
}

/* The labels, joined by blanks. */
static Str labels(Arena *arena, WorkloadItems items)
{
    StrBuf out = strbuf_new(arena);
    array_each (WorkloadItem, item, &items)
        strbuf_fmt(&out, "%s" STR_FMT, out.len ? " " : "", STR_ARG(item->label));
    return strbuf_str(&out);
}

/* The text after taking the item of that label. */
static Str taken(Arena *arena, const char *marked, Str label)
{
    size_t offset;
    Str text = without_mark(arena, marked, &offset);
    WorkloadItems items = workload_complete(arena, S("perfloop.toml"), text, offset);
    array_each (WorkloadItem, item, &items)
        if (str_eq(item->label, label))
            return str_fmt(arena, STR_FMT STR_FMT STR_FMT,
                           STR_ARG(str_head(text, item->replace.start)), STR_ARG(item->insert),
                           STR_ARG(str_from(text, item->replace.end)));
    print_error("no '" STR_FMT "' in: " STR_FMT "\n", STR_ARG(label),
                STR_ARG(labels(arena, items)));
    fail();
    return (Str){0};
}

#define HEAD "[workload.x]\n"

static void keys_are_offered_that_are_not_there_yet(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(labels(arena, complete_in(arena, "perfloop.toml",
                                         HEAD "benchmark = \"x\"\nmetric = \"wall\"\ntarget = "
                                              "\"8 ms\"\nload = {}\npath_map = {}\n|\n")),
               S("harness tests build shell inputs profilers constraints on_regression executor "
                 "[workload.NAME]"));
    assert_str(taken(arena, HEAD "har|", S("harness")), S(HEAD "harness = \"pytest-benchmark\""));
    assert_str(taken(arena, HEAD "har| = \"x\"\n", S("harness")), S(HEAD "harness = \"x\"\n"));
    assert_str(taken(arena, HEAD "load = { pe| }", S("peak")),
               S(HEAD "load = { peak = \"200 /s\" }"));
    assert_str(taken(arena, HEAD "load = { peak = \"2 /s\", | }", S("concurrency")),
               S(HEAD "load = { peak = \"2 /s\", concurrency = 4 }"));
    assert_str(taken(arena, HEAD "[workload.x.load]\nsus|", S("sustained")),
               S(HEAD "[workload.x.load]\nsustained = \"50 /s\""));
    assert_str(taken(arena, "[work|]", S("[workload.NAME]")), S("[workload.NAME]"));
    assert_str(taken(arena, "wor|", S("[workload.NAME]")),
               S("[workload.NAME]\nbenchmark = \"\"\n"));
}

static void values_fit_their_key(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(labels(arena, complete_in(arena, "perfloop.toml", HEAD "metric = |\n")),
               S("wall cpu_time peak_rss utilization"));
    assert_str(labels(arena, complete_in(arena, "perfloop.toml",
                                         HEAD "harness = \"pytest-benchmark\"\nmetric = \"|")),
               S("p50 p99 mean throughput"));
    assert_str(labels(arena, complete_in(arena, "perfloop.toml", HEAD "harness = \"|\"\n")),
               S("command pytest-benchmark pyperf criterion google-benchmark nvbench "
                 "metric-lines"));
    assert_str(labels(arena, complete_in(arena, "perfloop.toml",
                                         HEAD "metric = \"peak_rss\"\ntarget = |\n")),
               S("-30 % 200 MB"));
    assert_str(taken(arena, HEAD "metric = \"cp|u\" # x\n", S("cpu_time")),
               S(HEAD "metric = \"cpu_time\" # x\n"));
    assert_str(taken(arena, HEAD "metric = \"cp|\n", S("cpu_time")),
               S(HEAD "metric = \"cpu_time\"\n"));
    assert_str(taken(arena, HEAD "metric = cp|\n", S("cpu_time")),
               S(HEAD "metric = \"cpu_time\"\n"));
    assert_str(taken(arena, HEAD "profilers = |\n", S("py-spy")),
               S(HEAD "profilers = [\"py-spy\"]\n"));
    assert_str(taken(arena, HEAD "profilers = [\"memray\",\n \"py|\n]\n", S("py-spy")),
               S(HEAD "profilers = [\"memray\",\n \"py-spy\"\n]\n"));
    assert_str(taken(arena, HEAD "shell = t|\n", S("true")), S(HEAD "shell = true\n"));
    assert_str(taken(arena, HEAD "on_regression = \n\ninputs = [\nmetric = |\n", S("wall")),
               S(HEAD "on_regression = \n\ninputs = [\nmetric = \"wall\"\n"));
}

static void nothing_is_offered_elsewhere(void **state)
{
    Arena *arena = test_arena(state);
    assert_int_equal(complete_in(arena, "perfloop.toml", HEAD "# met|").len, 0);
    assert_int_equal(complete_in(arena, "pyproject.toml", "[project]\nna|").len, 0);
    assert_int_equal(complete_in(arena, "other.toml", HEAD "met|").len, 0);
    assert_int_equal(complete_in(arena, "perfloop.toml", HEAD "path_map = { \"/a\" = \"|\" }").len,
                     0);
    assert_true(complete_in(arena, "pyproject.toml", "[tool.perfloop.workload.x]\nme|").len > 0);
    assert_true(
        complete_in(arena, "Cargo.toml", "[package.metadata.perfloop.workload.x]\nme|").len > 0);
}

static Str hover_in(Arena *arena, const char *marked)
{
    size_t offset;
    WorkloadHover hover;
    Str text = without_mark(arena, marked, &offset);
    return workload_hover(arena, S("perfloop.toml"), text, offset, &hover) ? hover.markdown
                                                                           : (Str){0};
}

static void hover_explains_keys_and_values(void **state)
{
    Arena *arena = test_arena(state);
    assert_true(str_starts(hover_in(arena, HEAD "tar|get = \"8 ms\"\n"), S("**target**")));
    assert_has(hover_in(arena, HEAD "metric = \"cpu_|time\"\n"), S("user and system"));
    assert_has(hover_in(arena, HEAD "harness = \"com|mand\"\n"), S("`peak_rss`"));
    assert_has(hover_in(arena, HEAD "profilers = [\"py-|spy\"]\n"), S("sampling"));
    assert_has(hover_in(arena, HEAD "load = { pe|ak = \"1 /s\" }\n"), S("highest"));
    assert_has(hover_in(arena, "[workload.to|ken]\n"), S("perfloop measure token"));
    assert_int_equal(hover_in(arena, HEAD "target = \"8 |ms\"\n").len, 0);
    assert_int_equal(hover_in(arena, HEAD "# comm|ent\n").len, 0);
}

TEST_MAIN(TEST(keys_are_offered_that_are_not_there_yet), TEST(values_fit_their_key),
          TEST(nothing_is_offered_elsewhere), TEST(hover_explains_keys_and_values))
