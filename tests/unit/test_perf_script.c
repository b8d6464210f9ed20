#include "analysis/profile/readers.h"

#include "analysis/hotspots/hotspot.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"
#include "tests/lib/golden.h"
#include "tests/lib/profiles.h"

static Profile read_text(Arena *arena, Str text)
{
    Profile profile = test_reading(arena, text);
    assert_str(profile.format, S("perf script"));
    return profile;
}

static Profile read_sample(Arena *arena, const char *name)
{
    Str path =
        test_shared_path(arena, str_cstr(arena, str_fmt(arena, "samples/perf-script/%s", name)));
    if (!path.len)
        skip();
    return read_text(arena, test_bytes(arena, path));
}

/* Weight of the samples whose innermost frame is named so. */
static int64_t leaf_weight(const Profile *profile, Str name)
{
    int64_t sum = 0;
    for (size_t i = 0; i < profile->samples_len; i++) {
        const ProfileFrame *leaf =
            &profile->frames[profile->stacks[profile->sample_stack[i]].frame];
        if (profile->sample_stack[i] && str_has(profile_text(profile, leaf->function), name))
            sum += profile->weights[0][i];
    }
    return sum;
}

static void oddities_are_read(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_text(
        arena, test_bytes(arena, test_source_path(arena, "tests/profiles/perf_script/odd.in")));
    assert_golden(arena, profile_print(arena, &profile), "tests/profiles/perf_script/odd.expect");
    assert_int_equal(profile.threads[0].pid, 77);
    assert_int_equal(profile.threads[0].tid, 78);
    assert_str(profile_text(&profile, profile.threads[0].name), S("my tool 12 b"));
    for (size_t i = 0; i < profile.frames_len; i++) {
        const ProfileFrame *frame = &profile.frames[i];
        Str name = profile_text(&profile, frame->function);
        if (str_eq(name, S("step<T>")) || str_eq(name, S("run (a, b)"))) {
            assert_int_equal(frame->address, 0x10ff);
            assert_str(profile_text(&profile, frame->module), S("/src/my (old)/work (deleted)"));
        }
        if (str_eq(name, S("hot")) || frame->kind == FRAME_KERNEL || frame->kind == FRAME_GENERATED)
            assert_int_equal(frame->address, 0);
        if (str_eq(name, S("main")))
            assert_int_equal(frame->address, 0x401b97);
    }
}

/*
 * Totals and counts: a Python program of 20 lines over the files (a Counter per event), and
 * inferno-collapse-perf 0.12 for the totals of the first event. Names of the first metric.
 */
static void totals_are_those_of_inferno(void **state)
{
    static const struct {
        const char *name;
        const char *metric, *unit;
        int64_t total;
        uint64_t count;
        const char *leaf;
        int64_t leaf_total;
    } FILES[] = {
        {"perf-rust-Yamakaky-dcpu.txt", "cycles", "count", 6850637, 58, "PartialOrd", 596862},
        {"here_c_fp.srcline.script.txt", "cpu-clock", "ns", 152457368, 152, "hot", 143430287},
        {"here_rust_dwarf.srcline.script.txt", "cpu-clock", "ns", 144433296, 144, "work::hot",
         6018054},
        {"here_rust_fp.script.txt", "cpu-clock", "ns", 136409224, 136, "work::hot", 122367098},
        {"inferno_cpp-stacks-std-function.txt", "cycles", "count", 80567950, 46,
         "[kernel.kallsyms]", 65753052},
        {"inferno_go-stacks.txt", "cpu-clock", "ns", 1250000, 5, "runtime.growslice", 500000},
        {"inferno_java-inline.txt", "cpu-clock", "ns", 222222220, 22, "__GI___libc_write",
         60606060},
        {"inferno_single-event.txt", "cpu-clock", "ns", 10101010, 1, "HashMap<K,V>", 10101010},
        {"inferno_versioned-vmlinux.txt", "cycles", "count", 20834821, 1, "bpf_prog_2b95",
         20834821},
        {"inferno_weird-stack-line.txt", "cpu-clock", "ns", 500000, 2, "main", 250000},
        {"perf-cycles-instructions-01.txt", "instructions", "count", 333, 444, "main", 274},
        {"perf-dd-stacks-01.txt", "cpu-clock", "ns", 111111110, 11, "__srcu_read_unlock", 30303030},
        {"perf-java-stacks-02.txt", "cycles", "count", 2, 2, "native_write_msr_safe", 2},
        {"rust-mangled.linux-perf.txt", "task-clock", "ns", 1627118592, 96,
         "_RNvXsb_NtCsfiKabdrepoq_5alloc3vecINtB5_3VecdE", 254237280},
        {"simple-with-header.linux-perf.txt", "cpu-clock", "ns", 136136136, 136, "_Z4betav",
         47047047},
        {"simple-with-pid.linux-perf.txt", "cpu-clock", "count", 137, 137, "_Z4betav", 58},
        {"simple.linux-perf.txt", "cpu-clock", "ns", 1001001, 1, "_Z4betav", 1001001},
    };
    Arena *arena = test_arena(state);
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        Profile profile = read_sample(arena, FILES[i].name);
        assert_str(profile_text(&profile, profile.metrics[0].name), str_from_c(FILES[i].metric));
        assert_str(profile_text(&profile, profile.metrics[0].unit), str_from_c(FILES[i].unit));
        assert_int_equal(profile_total(&profile, 0), FILES[i].total);
        assert_int_equal(profile_count(&profile), FILES[i].count);
        assert_int_equal(leaf_weight(&profile, str_from_c(FILES[i].leaf)), FILES[i].leaf_total);
    }
}

static void events_are_not_mixed(void **state)
{
    Profile profile = read_sample(test_arena(state), "perf-cycles-instructions-01.txt");
    assert_int_equal(profile.metrics_len, 2);
    assert_int_equal(profile_total(&profile, profile_metric(&profile, S("cycles"))), 111);
}

/* The chain that `perf script --inline -F +srcline` printed. */
static void inlined_places_are_read(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_sample(arena, "here_rust_dwarf.srcline.script.txt");
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
    Str printed = profile_print(arena, &profile);
    assert_has(printed, S("main.rs:34);work::hot"));
    assert_has(printed, S("main.rs:15);work::mix"));
    assert_true(spots.lines_len > 0);
    assert_true(str_ends(spots.lines[0].file, S("main.rs")));
    assert_in_range(spots.lines[0].line, 5, 8);
}

static void two_modifiers_of_an_event_are_two_metrics(void **state)
{
    Profile profile = read_text(test_arena(state), S("a 1 1.5: 2 cycles:u:\n\t12 f (/a)\n\n"
                                                     "a 1 1.6: 3 cycles:k:\n\t12 f (/a)\n\n"));
    assert_int_equal(profile_total(&profile, profile_metric(&profile, S("cycles"))), 2);
    assert_int_equal(profile_total(&profile, profile_metric(&profile, S("cycles:k"))), 3);
}

static void other_texts_are_no_perf_script(void **state)
{
    (void)state;
    assert_false(is_perf_script(S("main;run 12\nmain 3\n")));
    assert_false(is_perf_script(S("error: 12 things: x:\n\nmore\n")));
    assert_false(is_perf_script(S("# only a comment\n")));
    assert_true(is_perf_script(S("java 19983 cycles:\nffffffff8103d0ca native_write\n")));
    assert_true(is_perf_script(S("  a b 12 [001] 1.25: cycles: 12 f (/a)\n")));
}

TEST_MAIN(TEST(oddities_are_read), TEST(totals_are_those_of_inferno), TEST(events_are_not_mixed),
          TEST(inlined_places_are_read), TEST(two_modifiers_of_an_event_are_two_metrics),
          TEST(other_texts_are_no_perf_script))
