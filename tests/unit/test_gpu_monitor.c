#include "analysis/profile/nvidia/gpu_summary.h"

#include <math.h>

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
               S("GPU 0: 2 samples in 2.0 s\n"
                 "  kernels running mean 64, 30 to 98 %\n"
                 "  memory busy     mean 60, 27 to 93 %\n"
                 "  memory used     mean 858.5, 239 to 1478 MiB\n"
                 "  power           mean 183, 86 to 280 W\n"
                 "  temperature     mean 52, 33 to 71 C\n"
                 "  SM clock        mean 1605, 1500 to 1710 MHz\n"
                 "  memory clock    mean 6250, 6250 to 6250 MHz\n"
                 "  the SM clock changed at work: 1500 to 1710 MHz\n"
                 "  throttled for 0.12 of 2.0 s (power cap)\n"
                 "GPU 1: 1 sample\n"
                 "  kernels running mean 0, 0 to 0 %\n"
                 "  memory busy     mean 0, 0 to 0 %\n"
                 "  memory used     mean 7, 7 to 7 MiB\n"
                 "  SM clock        mean 210, 210 to 210 MHz\n"
                 "  memory clock    mean 405, 405 to 405 MHz\n"
                 "1 row could not be read\n"));
}

static void a_query_is_read_with_and_without_units(void **state)
{
    Arena *arena = test_arena(state);
    GpuMonitor monitor = read_own(arena, "query");
    assert_str(gpu_monitor_text(arena, &monitor),
               S("GPU 0, NVIDIA A10G: 2 samples in 2.0 s\n"
                 "  kernels running mean 72, 45 to 99 %\n"
                 "  memory used     mean 358.5, 239 to 478 MiB\n"
                 "  power           mean 60.12, 60.12 to 60.12 W\n"
                 "  SM clock        mean 1552, 1410 to 1695 MHz\n"
                 "  the SM clock changed at work: 1410 to 1695 MHz\n"
                 "  throttled for 1.0 of 2.0 s (power cap, heat, hardware slowdown)\n"));
    monitor = read_own(arena, "nounits");
    GpuSummary gpu = gpu_summary_of(arena, &monitor.gpus.items[0]);
    assert_true(gpu.values[GPU_SM_CLOCK].count == 1 && gpu.values[GPU_SM_CLOCK].max == 1695);
    assert_int_equal(monitor.gpus.items[0].samples.items[0].reasons, GPU_IDLE);
    assert_int_equal(gpu.reasons, 0);
    assert_int_equal(gpu.sm_clock.count, 0);
    assert_true(isnan(gpu.lasts_s));
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

/* The lines of the six files, by hand from their rows. */
static void recordings_of_others_are_one_line_each(void **state)
{
    static const struct {
        const char *name, *line;
    } FILES[] = {
        {"dmon_default_driver5xx.txt", "GPU 0: kernels ran 78 % of the time (up to 100 %) in 4 "
                                       "samples, 229 W (up to 284), SM clock 1710 MHz, "
                                       "up to 42 °C"},
        {"dmon_gb10_c1.txt", "GPU 0: no kernel was seen in 1 sample, 3 W (up to 3), up to 38 °C"},
        {"dmon_gpm_hopper.txt", "GPU 0: kernels ran 1 % of the time (up to 2 %) in 4 samples, 11 W "
                                "(up to 12), SM clock 495 to 502 MHz "
                                "(median 498), up to 43 °C"},
        {"dmon_mutc_TD_driver545.txt",
         "GPU 0: kernels ran 4 % of the time (up to 13 %), up to 501 MB in use, SM clock 1695 MHz, "
         "PCIe up to 217 MB/s in and 677 out"},
        {"dmon_pucet_DT_driver418.txt", "GPU 0: no kernel was seen in 3 samples, 38 W (up to 39), "
                                        "up to 19 °C, PCIe up to 0 MB/s in and 1 out"},
        {"dmon_pucm_4090.txt",
         "GPU 0: kernels ran 30 % of the time (up to 36 %) in 2 samples, up to 454 MB in use, 21 W "
         "(up to 21), "
         "SM clock 645 to 675 MHz (median 660), memory clock 405 to 810 MHz (median 608), up to 37 "
         "°C"},
    };
    static const double LASTS[] = {NAN, NAN, NAN, 6, 6, NAN};
    Arena *arena = test_arena(state);
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        Str name = str_fmt(arena, "samples/nvidia-smi-dmon/%s", FILES[i].name);
        Str path = test_shared_path(arena, str_cstr(arena, name));
        if (!path.len)
            skip();
        GpuMonitor monitor = read_path(arena, path);
        GpuSummary gpu = gpu_summary_of(arena, &monitor.gpus.items[0]);
        assert_str(gpu_summary_line(arena, &gpu, S(""), true), str_from_c(FILES[i].line));
        assert_true(isnan(LASTS[i]) ? isnan(gpu.lasts_s) : gpu.lasts_s == LASTS[i]);
        assert_str(gpu_summary_throttled(arena, &gpu), S(""));
    }
}

static GpuSummary summary(Arena *arena, const char *text)
{
    GpuMonitor monitor;
    Err err = {0};
    assert_ok(gpu_monitor_read(arena, str_from_c(text), &monitor, &err), &err);
    return gpu_summary_of(arena, &monitor.gpus.items[0]);
}

static void how_long_it_was_throttled_is_told(void **state)
{
    Arena *arena = test_arena(state);
    /* Four tenths of a second, over the end of a year, two of them throttled. */
    GpuSummary gpu =
        summary(arena, "timestamp, index, name, utilization.gpu [%], memory.used [MiB], "
                       "memory.total [MiB], power.draw [W], power.limit [W], clocks.sm "
                       "[MHz], clocks.max.sm [MHz], clocks_event_reasons.active\n"
                       "2027/12/31 23:59:59.800, 0, NVIDIA L4, 0, 10, 23034, 20.1, 72.0, "
                       "210, 2040, 0x0000000000000001\n"
                       "2027/12/31 23:59:59.900, 0, NVIDIA L4, 90, 4000, 23034, 72.4, "
                       "72.0, 1500, 2040, 0x0000000000000004\n"
                       "2028/01/01 00:00:00.000, 0, NVIDIA L4, 100, 4000, 23034, 71.5, "
                       "72.0, 1410, 2040, 0x0000000000000024\n"
                       "2028/01/01 00:00:00.100, 0, NVIDIA L4, 50, 4000, 23034, 60.0, "
                       "72.0, 2040, 2040, 0x0000000000000000\n");
    assert_str(gpu_summary_line(arena, &gpu, S(""), true),
               S("GPU 0 NVIDIA L4: kernels ran 60 % of the time (up to 100 %) in 4 samples, up to "
                 "4.19 GB of "
                 "24.2 GB in "
                 "use, 56 W (up to 72 of 72), SM clock 1410 to 2040 MHz (median 1500 of 2040), "
                 "throttled for 0.20 of 0.40 s (power cap, heat)"));
    assert_str(gpu_summary_throttled(arena, &gpu),
               S("GPU 0 was throttled for 0.20 of 0.40 s (power cap, heat)"));
}

static void the_load_is_told_without_what_was_around_it(void **state)
{
    Arena *arena = test_arena(state);
    GpuSummary gpu =
        summary(arena, "# gpu sm pclk\n# Idx % MHz\n0 0 210\n0 0 210\n0 80 900\n0 90 900\n"
                       "0 0 900\n0 90 900\n0 90 900\n0 0 210\n");
    assert_true(gpu.between.count == 5 && gpu.between.mean == 70 && gpu.between.min == 0);
    assert_str(gpu_summary_line(arena, &gpu, S("meanwhile"), true),
               S("GPU 0, meanwhile: kernels ran 44 % of the time (up to 90 %, and 70 % from the "
                 "first to the last), SM clock 900 MHz"));
}

static void without_times_samples_are_counted(void **state)
{
    Arena *arena = test_arena(state);
    GpuSummary gpu = summary(arena, "# gpu sm pviol tviol pclk\n# Idx % % bool MHz\n"
                                    "0 10 0 0 1000\n0 20 30 0 900\n0 20 0 1 900\n");
    assert_str(gpu_summary_throttled(arena, &gpu),
               S("GPU 0 was throttled in 2 of 3 samples (power cap, heat)"));
}

/* Of a GPU in parts (MIG) the load is not told, and who may not look is told so in each cell. */
static void what_is_not_told_is_left_out(void **state)
{
    Arena *arena = test_arena(state);
    GpuSummary gpu = summary(
        arena, "index, utilization.gpu [%], memory.used [MiB], power.draw [W], clocks.sm [MHz], "
               "clocks_throttle_reasons.active\n"
               "0, [N/A], 512 MiB, [Not Supported], [Insufficient Permissions], [Unknown Error]\n"
               "0, [N/A], 512 MiB, [Not Supported], ERR!, N/A\n");
    assert_str(gpu_summary_line(arena, &gpu, S(""), true),
               S("GPU 0: its load is not told, up to 537 MB in use"));
    assert_false(gpu_summary_is_idle(&gpu));
}

/* Two recordings in one file: what lies between them is in neither. */
static void a_gap_is_no_part_of_it(void **state)
{
    Arena *arena = test_arena(state);
    GpuSummary gpu = summary(arena, "#Date Time gpu sm pviol\n#YYYYMMDD HH:MM:SS Idx % %\n"
                                    "20260101 10:00:00 0 1 0\n20260101 10:00:01 0 1 0\n"
                                    "20260101 10:00:02 0 1 50\n20260101 12:00:00 0 1 0\n"
                                    "20260101 12:00:01 0 1 0\n20260101 09:00:01 0 1 0\n");
    assert_true(gpu.step_s == 1 && gpu.lasts_s == 6 && gpu.throttled_s == 0.5);
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
        GpuSummary gpu = gpu_summary_of(arena, &monitor.gpus.items[0]);
        GpuRange range = gpu.values[FILES[i].quantity];
        assert_true(range.mean > FILES[i].mean - 1e-9 && range.mean < FILES[i].mean + 1e-9);
        assert_true(range.min == FILES[i].min && range.max == FILES[i].max);
    }
}

TEST_MAIN(TEST(dmon_is_read_by_the_names_of_its_columns),
          TEST(a_query_is_read_with_and_without_units),
          TEST(what_is_no_such_file_is_not_taken_for_one), TEST(a_profile_it_is_not),
          TEST(recordings_of_others_have_their_figures),
          TEST(recordings_of_others_are_one_line_each), TEST(how_long_it_was_throttled_is_told),
          TEST(the_load_is_told_without_what_was_around_it),
          TEST(without_times_samples_are_counted), TEST(what_is_not_told_is_left_out),
          TEST(a_gap_is_no_part_of_it))
