#include "analysis/profile/write_stacks.h"

#include "analysis/profile/format.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"

static bool keep_text(void *to, Str bytes, Err *err)
{
    strbuf_add(to, bytes);
    return ((StrBuf *)to)->len < 1 << 20 || err_set(err, ERR_IO, "full");
}

static uint32_t add_frame(ProfileBuilder *build, Str function, Str file, uint32_t line)
{
    return profile_add_frame(build, (ProfileFrame){.function = profile_add_text(build, function),
                                                   .file = profile_add_text(build, file),
                                                   .line = line});
}

/* Two threads and two metrics; the second stack costs nothing in the first metric. */
static Profile make_profile(Arena *arena)
{
    ProfileBuilder *build = profile_builder_new(arena);
    profile_add_metric(build, S("cpu"), S("ns"), false);
    profile_add_metric(build, S("memory"), S("bytes"), false);
    uint32_t worker =
        profile_add_thread(build, (ProfileThread){.process = profile_add_text(build, S("app")),
                                                  .name = profile_add_text(build, S("worker"))});
    uint32_t unnamed = profile_add_thread(build, (ProfileThread){.tid = 7});
    uint32_t root = profile_add_stack(build, 0, add_frame(build, S("main"), S("src/t.py"), 3));
    uint32_t leaf = profile_add_stack(build, root, add_frame(build, S("a \"b\" c"), S(""), 0));
    uint32_t other =
        profile_add_stack(build, root, add_frame(build, S("f(int; int)"), S("x.c"), 0));
    profile_add_sample(build, (ProfileSample){leaf, worker, 2}, (int64_t[]){1500, 10});
    profile_add_sample(build, (ProfileSample){other, worker, 1}, (int64_t[]){0, 64});
    profile_add_sample(build, (ProfileSample){root, unnamed, 1}, (int64_t[]){9000000001, 0});
    return profile_build(build, S("tool"), S("test"));
}

static Str folded_of(Arena *arena, const Profile *profile, size_t metric)
{
    StrBuf text = strbuf_new(arena);
    Err err = {0};
    assert_ok(write_folded(arena, profile, metric, keep_text, &text, &err), &err);
    return strbuf_str(&text);
}

static void folded_has_a_line_per_stack(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = make_profile(arena);
    assert_str(folded_of(arena, &profile, 0),
               S("main (src/t.py:3);a \"b\" c 1500\nmain (src/t.py:3) 9000000001\n"));
    assert_str(folded_of(arena, &profile, 1),
               S("main (src/t.py:3);a \"b\" c 10\nmain (src/t.py:3);f(int: int) (x.c) 64\n"));
}

static void speedscope_has_a_profile_per_thread(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = make_profile(arena), again = {0};
    StrBuf text = strbuf_new(arena);
    Err err = {0};
    assert_ok(write_speedscope(arena, &profile, 0, keep_text, &text, &err), &err);
    assert_str(
        strbuf_str(&text),
        S("{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\"exporter\":"
          "\"perfloop\",\"name\":\"cpu\",\"shared\":{\"frames\":[{\"name\":\"main\",\"file\":"
          "\"src/t.py\",\"line\":3},{\"name\":\"a \\\"b\\\" c\"},{\"name\":\"f(int; "
          "int)\",\"file\":"
          "\"x.c\"}]},\"profiles\":[{\"type\":\"sampled\",\"name\":\"app, worker\",\"unit\":"
          "\"nanoseconds\",\"startValue\":0,\"endValue\":1500,\"samples\":[[0,1]],\"weights\":"
          "[1500]},{\"type\":\"sampled\",\"name\":\"thread 7\",\"unit\":\"nanoseconds\","
          "\"startValue\":0,\"endValue\":9000000001,\"samples\":[[0]],\"weights\":[9000000001]}]"
          "}"));
    assert_ok(profile_read(arena, S("again"), strbuf_str(&text), &again, &err), &err);
    assert_str(again.format, S("speedscope"));
    assert_str(folded_of(arena, &again, 0), folded_of(arena, &profile, 0));
    assert_int_equal(again.threads_len, 2);
}

static void a_graph_of_functions_has_no_stacks(void **state)
{
    Arena *arena = test_arena(state);
    ProfileBuilder *build = profile_builder_new(arena);
    StrBuf text = strbuf_new(arena);
    Err err = {0};
    profile_add_metric(build, S("cpu"), S("ns"), false);
    profile_add_total(build, add_frame(build, S("f"), S(""), 0), (int64_t[]){5});
    Profile profile = profile_build(build, S("cProfile"), S("pstats"));
    assert_false(write_folded(arena, &profile, 0, keep_text, &text, &err));
    assert_string_equal(err.msg,
                        "pstats knows functions and who called them, and no stacks that could be "
                        "written");
}

TEST_MAIN(TEST(folded_has_a_line_per_stack), TEST(speedscope_has_a_profile_per_thread),
          TEST(a_graph_of_functions_has_no_stacks))
