#include "analysis/profile/nvidia/gpu_monitor.h"

#include "analysis/profile/format.h"
#include "base/file.h"
#include "tests/lib/check.h"

static GpuMonitor read_path(Arena *arena, Str path)
{
    GpuMonitor monitor = {0};
    Str bytes = {0};
    Err err = {0};
    assert_ok(file_read(arena, path, FILE_LIMIT_TEXT, &bytes, &err), &err);
    assert_true(is_gpu_monitor(bytes));
    assert_ok(gpu_monitor_read(arena, bytes, &monitor, &err), &err);
    return monitor;
}

static GpuMonitor read_own(Arena *arena, const char *name)
{
    Str path = str_fmt(arena, "tests/fuzz/corpus/gpu_monitor/%s", name);
    return read_path(arena, test_source_path(arena, str_cstr(arena, path)));
}

static void dmon_is_read_by_the_names_of_its_columns(void **state)
{
    Arena *arena = test_arena(state);
    GpuMonitor monitor = read_own(arena, "dmon");
    assert_str(gpu_monitor_text(arena, &monitor),
               S("GPU 0: 2 samples\n"
                 "  kernels running mean 64, 30 to 98 %\n"
                 "  memory busy     mean 60, 27 to 93 %\n"
                 "  memory used     mean 858.5, 239 to 1478 MB\n"
                 "  power           mean 183, 86 to 280 W\n"
                 "  temperature     mean 52, 33 to 71 C\n"
                 "  SM clock        mean 1605, 1500 to 1710 MHz\n"
                 "  memory clock    mean 6250, 6250 to 6250 MHz\n"
                 "  the SM clock changed at work: 1500 to 1710 MHz\n"
                 "  throttled: power cap\n"
                 "GPU 1: 1 samples\n"
                 "  kernels running mean 0, 0 to 0 %\n"
                 "  memory busy     mean 0, 0 to 0 %\n"
                 "  memory used     mean 7, 7 to 7 MB\n"
                 "  SM clock        mean 210, 210 to 210 MHz\n"
                 "  memory clock    mean 405, 405 to 405 MHz\n"
                 "1 rows could not be read\n"));
}

static void a_query_is_read_with_and_without_units(void **state)
{
    Arena *arena = test_arena(state);
    GpuMonitor monitor = read_own(arena, "query");
    assert_str(gpu_monitor_text(arena, &monitor),
               S("GPU 0, NVIDIA A10G: 2 samples\n"
                 "  kernels running mean 72, 45 to 99 %\n"
                 "  memory used     mean 358.5, 239 to 478 MB\n"
                 "  power           mean 60.12, 60.12 to 60.12 W\n"
                 "  SM clock        mean 1552, 1410 to 1695 MHz\n"
                 "  the SM clock changed at work: 1410 to 1695 MHz\n"
                 "  throttled: power cap, heat, hardware slowdown\n"));
    monitor = read_own(arena, "nounits");
    GpuRange clock = gpu_monitor_range(&monitor.gpus.items[0], GPU_SM_CLOCK);
    assert_true(clock.count == 1 && clock.max == 1695);
    assert_int_equal(monitor.gpus.items[0].samples.items[0].reasons, GPU_IDLE);
    assert_int_equal(gpu_monitor_throttled(&monitor.gpus.items[0]), 0);
}

static void what_is_no_such_file_is_not_taken_for_one(void **state)
{
    Arena *arena = test_arena(state);
    assert_false(is_gpu_monitor(S("# gpu pid type sm mem enc dec command\n0 7 C 1 1 - - app\n")));
    assert_false(is_gpu_monitor(S("name,index,value\na,1,2\n")));
    assert_false(is_gpu_monitor(S("# a comment about the gpu\nmain;work 12\n")));
    GpuMonitor monitor;
    Err err = {0};
    assert_false(gpu_monitor_read(arena, S("0, 1695 MHz\n"), &monitor, &err));
    assert_has(str_from_c(err.msg), S("noheader"));
}

static void a_profile_it_is_not(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile;
    Err err = {0};
    assert_false(profile_read(arena, S("d.txt"), S("# gpu pwr sm mem\n# Idx W % %\n 0 1 2 3\n"),
                              &profile, &err));
    assert_has(str_from_c(err.msg), S("perfloop dump gpu"));
}

/* Means and ranges of the rows as they stand in the six files, worked out by hand. */
static void recordings_of_others_have_their_figures(void **state)
{
    static const struct {
        const char *name;
        size_t samples;
        GpuQuantity quantity;
        double mean, min, max;
    } FILES[] = {
        {"dmon_default_driver5xx.txt", 4, GPU_SM_BUSY, 78.25, 30, 100},
        {"dmon_default_driver5xx.txt", 4, GPU_MEMORY_CLOCK, 6250, 6250, 6250},
        {"dmon_gb10_c1.txt", 1, GPU_SM_CLOCK, 208, 208, 208},
        {"dmon_gpm_hopper.txt", 4, GPU_POWER, 11, 9, 12},
        {"dmon_gpm_hopper.txt", 4, GPU_MEMORY_BUSY, 4, 1, 7},
        {"dmon_mutc_TD_driver545.txt", 6, GPU_MEMORY_USED, 145.33333333333334, 7, 478},
        {"dmon_mutc_TD_driver545.txt", 6, GPU_SM_CLOCK, 1695, 1695, 1695},
        {"dmon_pucet_DT_driver418.txt", 3, GPU_TEMPERATURE, 19, 19, 19},
        {"dmon_pucm_4090.txt", 2, GPU_SM_CLOCK, 660, 645, 675},
        {"dmon_pucm_4090.txt", 2, GPU_MEMORY_USED, 433, 433, 433},
    };
    Arena *arena = test_arena(state);
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        Str name = str_fmt(arena, "samples/nvidia-smi-dmon/%s", FILES[i].name);
        Str path = test_shared_path(arena, str_cstr(arena, name));
        if (!path.len)
            skip();
        GpuMonitor monitor = read_path(arena, path);
        assert_int_equal(monitor.gpus.len, 1);
        assert_int_equal(monitor.bad_rows, 0);
        assert_int_equal(monitor.gpus.items[0].samples.len, FILES[i].samples);
        GpuRange range = gpu_monitor_range(&monitor.gpus.items[0], FILES[i].quantity);
        assert_true(range.mean > FILES[i].mean - 1e-9 && range.mean < FILES[i].mean + 1e-9);
        assert_true(range.min == FILES[i].min && range.max == FILES[i].max);
    }
}

TEST_MAIN(TEST(dmon_is_read_by_the_names_of_its_columns),
          TEST(a_query_is_read_with_and_without_units),
          TEST(what_is_no_such_file_is_not_taken_for_one), TEST(a_profile_it_is_not),
          TEST(recordings_of_others_have_their_figures))
