#include "analysis/hotspots/hotspot.h"

#include "analysis/hotspots/rank.h"
#include "analysis/profile/readers.h"
#include "analysis/stats/random.h"
#include "tests/lib/check.h"

enum {
    FUNCTIONS = 4,
    LINES = 3, /* of each function */
    DEPTH = 7,
    SAMPLES = 600,
};

/* What a naive reader of stacks adds up: one array of seen flags per sample. */
typedef struct Naive {
    int64_t line_self[FUNCTIONS * LINES], line_total[FUNCTIONS * LINES];
    int64_t function_self[FUNCTIONS], function_total[FUNCTIONS];
    int64_t edge[FUNCTIONS][FUNCTIONS];
} Naive;

static void naive_add(Naive *naive, const unsigned *places, size_t depth, int64_t weight)
{
    bool lines[FUNCTIONS * LINES] = {0}, functions[FUNCTIONS] = {0};
    bool edges[FUNCTIONS][FUNCTIONS] = {{0}};
    for (size_t i = 0; i < depth; i++) {
        unsigned function = places[i] / LINES;
        if (!lines[places[i]])
            naive->line_total[places[i]] += weight;
        if (!functions[function])
            naive->function_total[function] += weight;
        lines[places[i]] = functions[function] = true;
        if (i == 0)
            continue;
        unsigned caller = places[i - 1] / LINES;
        if (!edges[caller][function])
            naive->edge[caller][function] += weight;
        edges[caller][function] = true;
    }
    naive->line_self[places[depth - 1]] += weight;
    naive->function_self[places[depth - 1] / LINES] += weight;
}

static uint32_t frame_of(ProfileBuilder *build, Arena *arena, unsigned place)
{
    Str name = str_fmt(arena, "f%u", place / LINES);
    return profile_add_frame(build, (ProfileFrame){.function = profile_add_text(build, name),
                                                   .file = profile_add_text(build, S("m.py")),
                                                   .line = 1 + place});
}

static void rollups_equal_a_naive_count(void **state)
{
    Arena *arena = test_arena(state);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        Naive naive = {0};
        uint64_t next = 0;
        ProfileBuilder *build = profile_builder_new(arena);
        profile_add_metric(build, S("cpu"), S("ns"), true);
        for (int sample = 0; sample < SAMPLES; sample++) {
            unsigned places[DEPTH];
            size_t depth = 1 + random_below(seed, next++, DEPTH);
            int64_t weight = (int64_t)random_below(seed, next++, 9);
            uint32_t stack = 0;
            for (size_t i = 0; i < depth; i++) {
                places[i] = (unsigned)random_below(seed, next++, FUNCTIONS * LINES);
                stack = profile_add_stack(build, stack, frame_of(build, arena, places[i]));
            }
            naive_add(&naive, places, depth, weight);
            profile_add_sample(build, (ProfileSample){.stack = stack, .count = 1}, &weight);
        }
        Profile profile = profile_build(build, S("test"), S("test"));
        HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
        assert_int_equal(spots.lines_len, FUNCTIONS * LINES);
        for (size_t i = 0; i < spots.lines_len; i++) {
            const HotSpot *line = &spots.lines[i];
            assert_int_equal(line->self, naive.line_self[line->line - 1]);
            assert_int_equal(line->total, naive.line_total[line->line - 1]);
            assert_str(spots.functions[line->owner].function, line->function);
        }
        for (size_t i = 0; i < spots.functions_len; i++) {
            size_t f = (size_t)(spots.functions[i].function.ptr[1] - '0');
            assert_int_equal(spots.functions[i].self, naive.function_self[f]);
            assert_int_equal(spots.functions[i].total, naive.function_total[f]);
            assert_int_equal(spots.functions[i].line, f * LINES + 1);
        }
        for (size_t i = 0; i < spots.edges_len; i++) {
            const HotEdge *edge = &spots.edges[i];
            size_t caller = (size_t)(spots.functions[edge->caller].function.ptr[1] - '0');
            size_t callee = (size_t)(spots.functions[edge->callee].function.ptr[1] - '0');
            assert_int_equal(edge->cost, naive.edge[caller][callee]);
        }
    }
}

/* Two kernels launched from one Python line, in two metrics, with an inlined device function. */
static Profile gpu_profile(Arena *arena)
{
    ProfileBuilder *build = profile_builder_new(arena);
    profile_add_metric(build, S("samples"), S("count"), true);
    profile_add_metric(build, S("instructions"), S("count"), false);
    uint32_t host = frame_of(build, arena, 0), root = profile_add_stack(build, 0, host);
    const Str kernels[] = {S("saxpy"), S("reduce")};
    for (size_t i = 0; i < 2; i++) {
        ProfileFrame frame = {.function = profile_add_text(build, kernels[i]),
                              .module = profile_add_text(build, kernels[i]),
                              .file = profile_add_text(build, S("k.cu")),
                              .line = 10 + (uint32_t)i,
                              .kind = FRAME_GPU};
        uint32_t stack = profile_add_stack(build, root, profile_add_frame(build, frame));
        frame.function = profile_add_text(build, S("mul"));
        frame.line = 3;
        frame.inlined = 1;
        uint32_t inner = profile_add_stack(build, stack, profile_add_frame(build, frame));
        ProfileSample sample = {.stack = stack, .count = 5};
        profile_add_sample(build, sample, (int64_t[]){5, 100});
        sample = (ProfileSample){.stack = inner, .count = 7 + i};
        profile_add_sample(build, sample, (int64_t[]){(int64_t)(7 + i), 1000});
    }
    return profile_build(build, S("ncu"), S("test"));
}

static void one_kernel_alone_is_the_whole(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = gpu_profile(arena);
    HotSpots all = hotspots_of(arena, &profile, (HotOptions){0});
    assert_int_equal(all.total, 25);
    assert_str(all.lines[0].function, S("mul"));
    assert_int_equal(all.lines[0].self, 15);
    HotSpots one = hotspots_of(arena, &profile, (HotOptions){.kernel = S("reduce")});
    assert_int_equal(one.total, 13);
    assert_int_equal(one.samples, 13);
    assert_int_equal(one.lines[0].self, 8);
    one = hotspots_of(arena, &profile, (HotOptions){.metric = 1, .kernel = S("saxpy")});
    assert_int_equal(one.total, 1100);
    assert_false(one.sampled);
    HotStacks stacks = hot_stacks(arena, &profile, (HotOptions){.metric = 1}, &all.lines[0], 5);
    assert_int_equal(stacks.len, 2);
    assert_str(stacks.items[0].text, S("f0 (m.py:1) → saxpy (k.cu:10) → mul (k.cu:3)"));
}

static void merged_profiles_keep_their_metrics_apart(void **state)
{
    Arena *arena = test_arena(state);
    Profile gpu = gpu_profile(arena);
    ProfileBuilder *build = profile_builder_new(arena);
    profile_add_metric(build, S("cpu"), S("ns"), true);
    uint32_t stack = profile_add_stack(build, 0, frame_of(build, arena, 0));
    profile_add_sample(build, (ProfileSample){.stack = stack, .count = 1}, (int64_t[]){50});
    Profile cpu = profile_build(build, S("py-spy"), S("test"));
    const Profile *both[] = {&gpu, &cpu};
    Profile sum = profile_merge(arena, both, 2);
    assert_int_equal(sum.metrics_len, 3);
    assert_int_equal(profile_total(&sum, profile_metric(&sum, S("cpu"))), 50);
    assert_int_equal(profile_total(&sum, profile_metric(&sum, S("instructions"))), 2200);
    assert_int_equal(sum.frames_len, gpu.frames_len);
    assert_int_equal(sum.frames[sum.frames_len - 1].inlined, 1);
}

/* Files of random stacks: two of the user, two of libraries, one function without a file. */
static const Str OWNERS[] = {STR_CONST("a.py"), STR_CONST("b.py"),
                             STR_CONST("/usr/lib/python3.11/json/decoder.py"),
                             STR_CONST("/v/site-packages/numpy/core.py"), STR_CONST("")};

enum {
    OWNERS_LEN = sizeof(OWNERS) / sizeof(OWNERS[0]),
    OWN_FILES = 2,
};

static uint32_t owned_frame(ProfileBuilder *build, Arena *arena, unsigned place)
{
    unsigned owner = place / LINES;
    ProfileFrame frame = {
        .function = profile_add_text(build, str_fmt(arena, "f%u", owner)),
        .file = profile_add_text(build, OWNERS[owner]),
        .line = OWNERS[owner].len ? 1 + place : 0,
        .kind = OWNERS[owner].len ? FRAME_USER : FRAME_NATIVE,
    };
    return profile_add_frame(build, frame);
}

/* One sample's cost goes to the innermost line of the user, and to nobody else. */
static void callees_equal_a_naive_count(void **state)
{
    Arena *arena = test_arena(state);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        int64_t callee[OWNERS_LEN * LINES] = {0}, of_function[OWNERS_LEN] = {0}, nobody = 0;
        int64_t calls[OWNERS_LEN * LINES][OWNERS_LEN] = {{0}};
        uint64_t next = 0;
        ProfileBuilder *build = profile_builder_new(arena);
        profile_add_metric(build, S("cpu"), S("ns"), true);
        for (int sample = 0; sample < SAMPLES; sample++) {
            unsigned places[DEPTH];
            size_t depth = 1 + random_below(seed, next++, DEPTH), at = 0;
            int64_t weight = (int64_t)random_below(seed, next++, 9);
            uint32_t stack = 0;
            for (size_t i = 0; i < depth; i++) {
                places[i] = (unsigned)random_below(seed, next++, OWNERS_LEN * LINES);
                stack = profile_add_stack(build, stack, owned_frame(build, arena, places[i]));
            }
            for (at = depth; at > 0 && places[at - 1] / LINES >= OWN_FILES;)
                at--;
            nobody += at == 0 ? weight : 0;
            if (at > 0 && at < depth) {
                callee[places[at - 1]] += weight;
                of_function[places[at - 1] / LINES] += weight;
                calls[places[at - 1]][places[at] / LINES] += weight;
            }
            profile_add_sample(build, (ProfileSample){.stack = stack, .count = 1}, &weight);
        }
        Profile profile = profile_build(build, S("test"), S("test"));
        HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
        int64_t sum = nobody, ranked = 0;
        for (size_t i = 0; i < spots.lines_len; i++) {
            const HotSpot *line = &spots.lines[i];
            bool own = (line->line - 1) / LINES < OWN_FILES;
            assert_int_equal(line->own, own);
            assert_int_equal(line->callee, callee[line->line - 1]);
            assert_true(line->self + line->callee <= line->total);
            sum += own ? hot_spot_cost(line) : 0;
            if (i > 0)
                assert_true(hot_spot_rank(&spots.lines[i - 1]) >= hot_spot_rank(line));
            for (size_t k = 0; k < line->callees_len; k++) {
                const HotCallee *call = &spots.callees[line->callees_first + k];
                const HotSpot *called = &spots.functions[call->function];
                assert_int_equal(call->cost, calls[line->line - 1][called->function.ptr[1] - '0']);
                assert_false(called->own);
            }
        }
        assert_int_equal(sum, spots.total);
        for (size_t i = 0; i < spots.functions_len; i++) {
            ranked += hot_spot_rank(&spots.functions[i]);
            assert_int_equal(spots.functions[i].callee,
                             of_function[spots.functions[i].function.ptr[1] - '0']);
        }
        assert_int_equal(ranked, spots.total);
    }
}

/* All memory comes from one line of the allocator; what two lines of the user have of it is theirs. */
static void the_users_lines_come_before_the_library_that_they_call(void **state)
{
    Arena *arena = test_arena(state);
    Str text = S("main (work.rs:3);grow (/rustc/59807616e1/library/alloc/src/raw_vec.rs:9) 60\n"
                 "main (work.rs:4);grow (/rustc/59807616e1/library/alloc/src/raw_vec.rs:9) 40\n"
                 "start (/rustc/59807616e1/library/std/src/rt.rs:7) 50\n");
    Profile profile;
    Err err = {0};
    assert_ok(read_collapsed(arena, text, &profile, &err), &err);
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
    static const uint32_t LINES_IN_ORDER[] = {3, 7, 4, 9};
    size_t kept;
    HotSpot *ranked = rank_spots(arena, spots.lines, spots.lines_len, RANK_HERE, 0, &kept);
    assert_int_equal(kept, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(spots.lines[i].line, LINES_IN_ORDER[i]);
        assert_int_equal(ranked[i].line, LINES_IN_ORDER[i]);
    }
    assert_int_equal(spots.lines[3].self, 100);
    assert_int_equal(spots.lines[3].credited, 100);
}

/* load → json.loads (10 self, 80 total) → key, the user's, 70: only the 10 are the callee's. */
static void a_callback_is_not_counted_in_its_caller(void **state)
{
    Arena *arena = test_arena(state);
    ProfileBuilder *build = profile_builder_new(arena);
    profile_add_metric(build, S("wall"), S("ns"), false);
    const struct {
        Str function, file;
        int64_t self, total;
    } rows[] = {{STR_CONST("load"), STR_CONST("a.py"), 5, 85},
                {STR_CONST("loads"), STR_CONST("/usr/lib/python3.11/json/__init__.py"), 10, 80},
                {STR_CONST("key"), STR_CONST("a.py"), 70, 70}};
    uint32_t frames[3];
    for (size_t i = 0; i < 3; i++) {
        frames[i] = profile_add_frame(
            build, (ProfileFrame){.function = profile_add_text(build, rows[i].function),
                                  .file = profile_add_text(build, rows[i].file),
                                  .line = 10 * (uint32_t)i + 1});
        ProfileSample sample = {.stack = profile_add_stack(build, 0, frames[i]), .count = 1};
        profile_add_sample(build, sample, &rows[i].self);
        profile_add_total(build, frames[i], &rows[i].total);
    }
    for (size_t i = 0; i < 2; i++)
        profile_add_call(build, (ProfileCall){.caller = frames[i], .callee = frames[i + 1]},
                         &rows[i + 1].total);
    Profile profile = profile_build(build, S("cProfile"), S("pstats"));
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
    for (size_t i = 0; i < spots.functions_len; i++)
        assert_int_equal(spots.functions[i].callee,
                         str_eq(spots.functions[i].function, S("load")) ? 10 : 0);
}

TEST_MAIN(TEST(rollups_equal_a_naive_count), TEST(one_kernel_alone_is_the_whole),
          TEST(merged_profiles_keep_their_metrics_apart), TEST(callees_equal_a_naive_count),
          TEST(the_users_lines_come_before_the_library_that_they_call),
          TEST(a_callback_is_not_counted_in_its_caller))
