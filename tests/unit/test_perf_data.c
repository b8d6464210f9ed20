#include "analysis/profile/readers.h"

#include "analysis/profile/perf/perf_maps.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"
#include "tests/lib/profiles.h"

static Str read_ours(Arena *arena, const char *name)
{
    return test_bytes(
        arena, test_source_path(arena, str_cstr(arena, str_fmt(arena, "tests/profiles/%s", name))));
}

/* Function names are module and address alone, the kernel is one frame, metrics by name. */
static Str addresses_of(Arena *arena, const Profile *profile)
{
    ProfileBuilder *build = profile_builder_new(arena);
    static const char *const METRICS[] = {"cpu-clock", "page-faults"};
    uint32_t *stacks = NEW_ARRAY(arena, uint32_t, profile->stacks_len);
    for (size_t i = 0; i < 2; i++)
        profile_add_metric(build, str_from_c(METRICS[i]), S("count"), true);
    for (size_t i = 0; i < profile->threads_len; i++) {
        ProfileThread thread = profile->threads[i];
        thread.name = profile_add_text(build, profile_text(profile, thread.name));
        profile_add_thread(build, thread);
    }
    for (size_t i = 1; i < profile->stacks_len; i++) {
        const ProfileFrame *frame = &profile->frames[profile->stacks[i].frame];
        uint32_t parent = profile->stacks[i].parent;
        bool kernel = frame->kind == FRAME_KERNEL;
        Str module = path_base(profile_text(profile, frame->module));
        Str name = kernel ? S("[kernel]")
                          : str_fmt(arena, STR_FMT "+0x%llx", STR_ARG(module),
                                    (unsigned long long)frame->address);
        uint32_t id =
            profile_add_frame(build, (ProfileFrame){.function = profile_add_text(build, name)});
        bool again =
            kernel && parent && profile->frames[profile->stacks[parent].frame].kind == FRAME_KERNEL;
        stacks[i] = again ? stacks[parent] : profile_add_stack(build, stacks[parent], id);
    }
    for (size_t i = 0; i < profile->samples_len; i++) {
        int64_t weights[2] = {0};
        for (size_t m = 0; m < 2; m++) {
            size_t from = profile_metric(profile, str_from_c(METRICS[m]));
            weights[m] = from == SIZE_MAX ? 0 : profile->weights[from][i];
        }
        profile_add_sample(build,
                           (ProfileSample){.stack = stacks[profile->sample_stack[i]],
                                           .thread = profile->sample_thread[i],
                                           .count = profile->sample_count[i]},
                           weights);
    }
    Profile out = profile_build(build, S("perf"), S("test"));
    Str text = profile_print(arena, &out), head, rest;
    return str_cut(text, '\n', &head, &text) && str_cut(text, '\n', &head, &rest) ? rest : text;
}

/*
 * Recorded here with perf 6.1 on the two programs of samples/perf; the texts are what
 * `perf script --no-inline -F comm,pid,tid,time,event,period,ip,sym,symoff,dso` printed.
 */
static void addresses_are_those_of_perf_script(void **state)
{
    static const char *const NAMES[] = {"zstd", "two_events", "pipe"};
    Arena *arena = test_arena(state);
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        Profile data = test_reading(
            arena,
            read_ours(arena, str_cstr(arena, str_fmt(arena, "perf_data/%s.data", NAMES[i]))));
        Profile text = test_reading(
            arena, read_ours(arena, str_cstr(arena, str_fmt(arena, "perf_data/%s.txt", NAMES[i]))));
        assert_str(data.format, S("perf.data"));
        assert_true(data.samples_len > 5);
        assert_str(addresses_of(arena, &data), addresses_of(arena, &text));
    }
}

static void events_are_metrics_and_modules_have_build_ids(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_reading(arena, read_ours(arena, "perf_data/two_events.data"));
    assert_int_equal(profile.metrics_len, 2);
    assert_str(profile_text(&profile, profile.metrics[0].name), S("cpu-clock"));
    assert_str(profile_text(&profile, profile.metrics[0].unit), S("ns"));
    assert_str(profile_text(&profile, profile.metrics[1].name), S("page-faults"));
    bool found = false;
    for (size_t i = 0; i < profile.modules_len; i++)
        if (str_ends(profile_text(&profile, profile.modules[i].module), S("/workc"))) {
            assert_int_equal(profile_text(&profile, profile.modules[i].build_id).len, 40);
            found = true;
        }
    assert_true(found);
}

/* Totals and counts as `perf script -F event,period` of perf 6.1 gives them, where it can read
 * the file; those of perf 6.16 are refused by it and were summed by a decoder in Python. */
static void samples_of_other_versions_are_read(void **state)
{
    static const struct {
        const char *name;
        int64_t total;
        uint64_t count;
    } FILES[] = {
        {"rust_dwarf_5.15.perf.data", 40417512, 8},
        {"sleep.compressed.pipe.data", 2171147, 8},
        {"true.v2.perf.data", 250000, 1},
        {"sleep.data", 668601, 7},
        {"sleep.compressed.data", 2201546, 8},
        {"sleep.compressed2.data", 692634, 7},
        {"sleep.compressed2.pipe.data", 4949523, 7},
    };
    Arena *arena = test_arena(state);
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        Str path = test_shared_path(
            arena, str_cstr(arena, str_fmt(arena, "samples/perf/%s", FILES[i].name)));
        if (!path.len)
            skip();
        Profile profile = test_reading(arena, test_bytes(arena, path));
        assert_int_equal(profile_total(&profile, 0), FILES[i].total);
        assert_int_equal(profile_count(&profile), FILES[i].count);
        assert_int_equal(profile.metrics_len, 1);
    }
}

static void what_cannot_be_read_is_one_sentence(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile;
    Err err = {0};
    assert_false(read_perf_data(arena, S("PERFFILE0123456789"), &profile, &err));
    assert_string_equal(err.msg, "perf.data of the first kind (PERFFILE): save it with "
                                 "`perf script` as text");
    err = (Err){0};
    assert_false(read_perf_data(arena, S("2ELIFREP0123456789"), &profile, &err));
    err = (Err){0};
    assert_false(read_perf_data(arena, S("PERFILE2\x68\0\0\0\0\0\0\0"), &profile, &err));
    assert_string_equal(err.msg, "perf.data ends inside its header");
}

static bool has_note(const Profile *profile, Str start)
{
    for (size_t i = 0; i < profile->notes_len; i++)
        if (str_starts(profile->notes[i], start))
            return true;
    return false;
}

static void of_a_cut_file_the_whole_records_are_read(void **state)
{
    static const struct {
        const char *name;
        size_t before; /* so many bytes hold no sample */
        size_t within; /* and so many some */
    } FILES[] = {{"two_events", 1000, 3000}, {"pipe", 1000, 4000}};
    Arena *arena = test_arena(state);
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        Profile profile;
        Err err = {0};
        Str bytes =
            read_ours(arena, str_cstr(arena, str_fmt(arena, "perf_data/%s.data", FILES[i].name)));
        assert_false(read_perf_data(arena, str_head(bytes, FILES[i].before), &profile, &err));
        assert_string_equal(err.msg, "perf.data is cut off before its first sample: copy it "
                                     "again, or record again");
        profile = test_reading(arena, str_head(bytes, FILES[i].within));
        uint64_t some = profile_count(&profile);
        assert_true(has_note(&profile, S("the file is cut off: ")) ||
                    has_note(&profile, S("what follows the last whole record")));
        profile = test_reading(arena, bytes);
        assert_true(some > 0 && some < profile_count(&profile));
        assert_false(has_note(&profile, S("the file is cut off: ")));
    }
}

static void every_cut_and_changed_byte_is_survived(void **state)
{
    static const char *const NAMES[] = {"zstd", "two_events", "pipe"};
    Arena *arena = test_arena(state);
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        Str bytes =
            read_ours(arena, str_cstr(arena, str_fmt(arena, "perf_data/%s.data", NAMES[i])));
        for (size_t at = 1; at < bytes.len; at += 13) {
            ArenaMark mark = arena_mark(arena);
            Profile profile;
            Err err = {0};
            Str copy = str_copy(arena, bytes);
            char *changed = (char *)(uintptr_t)copy.ptr;
            if (read_perf_data(arena, str_head(copy, at), &profile, &err))
                assert_true(profile_count(&profile) > 0);
            changed[at] = (char)~changed[at];
            if (read_perf_data(arena, copy, &profile, &err))
                assert_true(profile_count(&profile) > 0);
            arena_rollback(arena, mark);
        }
    }
}

/* An array of one byte each is what the mappings must agree with, whatever covers what. */
static void mappings_are_as_a_naive_table(void **state)
{
    enum {
        SPACE = 200,
        ROUNDS = 3000
    };
    PerfMaps *maps = perf_maps_new(test_arena(state), 1000000);
    uint32_t table[SPACE] = {0}, seed = 7;
    uint64_t offsets[SPACE] = {0};
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        uint32_t pid = round % 50 == 0 ? round : round / 50 * 50;
        if (round % 50 == 0)
            perf_process_fork(maps, round, round - 50 ? round - 50 : 0);
        seed = seed * 1664525 + 1013904223;
        uint32_t start = seed >> 8 & 127, len = 1 + (seed >> 16 & 63);
        perf_map_add(
            maps, perf_process(maps, pid),
            (PerfMap){.start = start, .end = start + len, .offset = 1000, .module = round});
        for (uint32_t i = start; i < start + len; i++) {
            table[i] = round;
            offsets[i] = 1000 + i - start;
        }
        for (uint32_t i = 0; i < SPACE; i++) {
            const PerfMap *map = perf_map_find(perf_process(maps, pid), i);
            assert_int_equal(map ? map->module : 0, table[i]);
            if (map)
                assert_int_equal(i - map->start + map->offset, offsets[i]);
        }
    }
}

TEST_MAIN(TEST(addresses_are_those_of_perf_script),
          TEST(events_are_metrics_and_modules_have_build_ids),
          TEST(samples_of_other_versions_are_read), TEST(what_cannot_be_read_is_one_sentence),
          TEST(of_a_cut_file_the_whole_records_are_read),
          TEST(every_cut_and_changed_byte_is_survived), TEST(mappings_are_as_a_naive_table))
