/* Which recordings of nvidia-smi stand beside a profile of the ledger, and what is told of them. */
#include "runners/profiling/gpu_beside.h"

#include "base/path.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"

static const Str HEADER = STR_CONST(
    "timestamp, index, utilization.gpu [%], clocks.sm [MHz], clocks_event_reasons.active\n");

static Places places_in(Arena *arena)
{
    Str top = test_temp_dir(arena), git = path_join(arena, top, S(".git"));
    return (Places){.root = top,
                    .git_top = top,
                    .git_dir = git,
                    .git_common = git,
                    .state = path_join(arena, git, S("perfloop"))};
}

static LedgerProfile add_profile(Arena *arena, const Places *places, const char *tool,
                                 const char *snapshot)
{
    Err err = {0};
    LedgerProfile row = {.workload = S("w"),
                         .tool = str_from_c(tool),
                         .cache = digest_of(S("x")),
                         .snapshot = str_from_c(snapshot)};
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(places, LEDGER_WRITE, &err);
    assert_ok(ledger_add_profile(ledger, &row, &row.id, &err), &err);
    (void)arena;
    return row;
}

/* A second of work at this clock. */
static void keep(Arena *arena, const Places *places, LedgerGpus row, int clock, const char *reasons)
{
    Err err = {0};
    Str text = str_fmt(arena,
                       STR_FMT "2026/01/04 13:54:35.0, 0, 50, %d, 0x0\n"
                               "2026/01/04 13:54:35.5, 0, 50, %d, %s\n",
                       STR_ARG(HEADER), clock, clock, reasons);
    assert_ok(gpu_beside_keep(places, row, text, &err), &err);
}

static GpuBesides beside(Arena *arena, const Places *places, const LedgerProfile *profile)
{
    Err err = {0};
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(places, LEDGER_READ, &err);
    assert_ok(ledger != NULL, &err);
    return gpu_besides(arena, places, ledger, profile);
}

static void a_profile_has_its_own_and_those_of_its_version(void **state)
{
    Arena *arena = test_arena(state);
    Places places = places_in(arena);
    LedgerProfile first = add_profile(arena, &places, "nsys", "aaaa"),
                  second = add_profile(arena, &places, "nsys", "bbbb"),
                  unknown = add_profile(arena, &places, "nsys", "");
    const LedgerGpus own = {.profile = first.id, .workload = S("w"), .origin = S("profiler")};
    const LedgerGpus alone = {.workload = S("w"), .snapshot = S("aaaa"), .origin = S("alone")};
    const LedgerGpus nowhere = {.workload = S("w"), .origin = S("alone")};
    const LedgerGpus other = {.workload = S("v"), .snapshot = S("aaaa"), .origin = S("alone")};
    keep(arena, &places, own, 1000, "0x4");
    keep(arena, &places, alone, 1100, "0x4");
    keep(arena, &places, alone, 1200, "0x4");
    keep(arena, &places, nowhere, 1300, "0x4");
    keep(arena, &places, other, 1400, "0x4");
    GpuBesides seen = beside(arena, &places, &first);
    assert_int_equal(seen.lines.len, 2);
    assert_str(seen.lines.items[1], S("GPU 0, in a run without a profiler: kernels ran 50 % of the "
                                      "time (up to 50 %) in 2 samples, SM "
                                      "clock 1200 MHz, throttled for 0.50 of 1.0 s (power cap)"));
    assert_str(seen.lines.items[0], S("GPU 0, meanwhile: kernels ran 50 % of the time (up to 50 %) "
                                      "in 2 samples, SM clock 1000 MHz, "
                                      "throttled for 0.50 of 1.0 s (power cap)"));
    assert_int_equal(seen.notes.len, 1);
    assert_str(seen.notes.items[0],
               S("GPU 0 was throttled for 0.50 of 1.0 s (power cap) while this "
                 "was recorded: its times are of lower clocks"));
    assert_int_equal(beside(arena, &places, &second).lines.len, 0);
    assert_int_equal(beside(arena, &places, &unknown).lines.len, 0);
}

static void under_ncu_the_load_is_not_told(void **state)
{
    Arena *arena = test_arena(state);
    Places places = places_in(arena);
    LedgerProfile ncu = add_profile(arena, &places, "ncu", "aaaa");
    keep(arena, &places, (LedgerGpus){.profile = ncu.id, .origin = S("profiler")}, 1000, "0x0");
    keep(arena, &places,
         (LedgerGpus){.profile = ncu.id, .origin = S("imported"), .source = S("/a/b.csv")}, 1100,
         "0x0");
    GpuBesides seen = beside(arena, &places, &ncu);
    assert_int_equal(seen.lines.len, 2);
    assert_str(seen.lines.items[1], S("GPU 0, by b.csv: kernels ran 50 % of the time (up to 50 %) "
                                      "in 2 samples, SM clock 1100 MHz"));
    assert_str(seen.lines.items[0], S("GPU 0, meanwhile: SM clock 1000 MHz"));
    StrBuf text = strbuf_new(arena);
    JsonOut out = json_out(&text);
    json_open(&out, '{');
    gpu_besides_fields(&out, &seen);
    json_close(&out, '}');
    Str json = strbuf_str(&text);
    size_t second = str_find(json, S("\"origin\":\"imported\""), 0);
    assert_true(second < json.len && str_has(str_from(json, second), S("kernels_running")));
    assert_false(str_has(str_head(json, second), S("kernels_running")));
}

static void what_ran_beside_nsys_stands_beside_ncu_of_the_same_version(void **state)
{
    Arena *arena = test_arena(state);
    Places places = places_in(arena);
    LedgerProfile nsys = add_profile(arena, &places, "nsys", "aaaa"),
                  ncu = add_profile(arena, &places, "ncu", "aaaa"),
                  other = add_profile(arena, &places, "ncu", "bbbb");
    LedgerGpus row = {
        .profile = nsys.id, .workload = S("w"), .snapshot = S("aaaa"), .origin = S("profiler")};
    keep(arena, &places, row, 1000, "0x4");
    row.profile = ncu.id;
    keep(arena, &places, row, 1100, "0x0");
    GpuBesides seen = beside(arena, &places, &ncu);
    assert_int_equal(seen.lines.len, 2);
    assert_str(seen.lines.items[0], S("GPU 0, meanwhile: SM clock 1100 MHz"));
    assert_true(str_starts(seen.lines.items[1], S("GPU 0, under nsys: kernels ran 50 %")));
    assert_int_equal(seen.notes.len, 0);
    assert_int_equal(beside(arena, &places, &nsys).lines.len, 1);
    assert_int_equal(beside(arena, &places, &other).lines.len, 0);
}

static void gpus_that_did_nothing_are_counted(void **state)
{
    Arena *arena = test_arena(state);
    GpuBesides seen = {0};
    Err err = {0};
    GpuBeside one = {.origin = S("alone"), .load_is_ours = true};
    Str text = str_fmt(arena,
                       STR_FMT "2026/01/04 13:54:35.0, 0, 0, 210, 0x1\n"
                               "2026/01/04 13:54:35.0, 1, 99, 1410, 0x0\n"
                               "2026/01/04 13:54:35.0, 2, 0, 210, 0x1\n",
                       STR_ARG(HEADER));
    assert_ok(gpu_besides_of(arena, &one, text, &seen, &err), &err);
    assert_int_equal(seen.lines.len, 2);
    assert_true(
        str_starts(seen.lines.items[0], S("GPU 1, in a run without a profiler: kernels ran")));
    assert_str(seen.lines.items[1],
               S("2 more GPUs, in a run without a profiler: no kernel was seen"));
    assert_false(gpu_besides_of(arena, &one, S("nothing\n"), &seen, &err));
}

static void a_ledger_without_recordings_has_none(void **state)
{
    Arena *arena = test_arena(state);
    Places places = places_in(arena);
    LedgerProfile row = add_profile(arena, &places, "nsys", "aaaa");
    assert_int_equal(beside(arena, &places, &row).lines.len, 0);
    LedgerProfile found;
    assert_false(
        gpu_beside_find(arena, &places, S("w"), &found)); /* its profile is not in the cache */
}

TEST_MAIN(TEST(a_profile_has_its_own_and_those_of_its_version),
          TEST(under_ncu_the_load_is_not_told),
          TEST(what_ran_beside_nsys_stands_beside_ncu_of_the_same_version),
          TEST(gpus_that_did_nothing_are_counted), TEST(a_ledger_without_recordings_has_none))
