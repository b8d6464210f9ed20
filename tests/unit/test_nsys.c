#include "analysis/profile/readers.h"

#include "analysis/profile/format.h"
#include "analysis/profile/nvidia/nsys_timeline.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"
#include "tests/lib/nsys_exports.h"

static Profile read_export(Arena *arena, const char *sql)
{
    Profile profile = {0};
    Err err = {0};
    assert_ok(profile_read(arena, S("test.sqlite"), export_of(arena, sql), &profile, &err), &err);
    return profile;
}

static void check_refused(Arena *arena, Str bytes, const char *message)
{
    Profile profile;
    Err err = {0};
    assert_false(read_nsys(arena, bytes, &profile, &err));
    assert_string_equal(err.msg, message);
}

static void check_line(Arena *arena, const Profile *profile, const char *line)
{
    Str text = profile_print(arena, profile);
    if (!str_has(text, str_fmt(arena, "%s\n", line)))
        fail_msg("no \"%s\" in\n" STR_FMT, line, STR_ARG(text));
}

/* ------------------------------------------------------------------ tests */

static void a_kernel_has_the_stack_that_launched_it(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_export(arena, STRINGS KERNELS KERNEL(200, 500, 7, 1, 1)
                                             CALLS CALL(100, 150, 1, 3, 1) CHAINS);
    check_line(arena, &profile, "300 0 0 x1 @1 main;run;reduce");
    check_line(arena, &profile, "0 50 0 x1 @0 main;run;cudaLaunchKernel");
    check_line(arena, &profile, "fact reduce: kernel = void reduce<128>(float*)");
    check_line(arena, &profile, "fact reduce: grid = 8 × 4 × 1");
    assert_int_equal(profile.modules_len, 1);
    assert_int_equal(profile.modules[0].loaded, 1);
}

/* The same correlation in another process is another launch. */
static void launches_are_told_apart_by_process(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        read_export(arena, STRINGS KERNELS
                    "INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES (200,500,0,7,1,(4001 << "
                    "24),2,1,40,8,4,1,128,1,1,512,0);" CALLS CALL(100, 150, 1, 3, 1) CHAINS);
    check_line(arena, &profile, "300 0 0 x1 @1 reduce");
}

/* Short names leave out what sets kernels apart; instances of a template are one. */
static void kernels_of_one_short_name_are_told_apart(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_export(
        arena, STRINGS
        "INSERT INTO StringIds VALUES (20,'void a::scale<float>(T1 *)'),(21,'void a::scale<int>(T1 "
        "*)'),(22,'b::scale(int *)');" KERNELS KERNEL(200, 500, 7, 1, 13) KERNEL(500, 900, 7, 2, 13)
            KERNEL(900, 1000, 7, 3,
                   13) "UPDATE CUPTI_ACTIVITY_KIND_KERNEL SET demangledName = 19 + correlationId;");
    check_line(arena, &profile, "700 x2 scale");
    check_line(arena, &profile, "100 x1 scale");
    check_line(arena, &profile, "fact scale: kernel = void a::scale<float>(T1 *)");
    check_line(arena, &profile, "fact scale: kernel = b::scale(int *)");
}

/* The clocks of the device and of the host disagree a little. */
static void a_kernel_may_begin_before_its_call(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        read_export(arena, STRINGS KERNELS KERNEL(90, 500, 7, 1, 1) KERNEL(600, 650, 7, 9, 13)
                               CALLS CALL(100, 150, 1, 3, 1) CHAINS);
    check_line(arena, &profile, "410 0 0 x1 @0 main;run;reduce");
    check_line(arena, &profile, "50 0 0 x1 @0 scale");
}

static void without_processes_launches_are_found_by_correlation(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_export(
        arena, STRINGS
        "CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INT, end INT, shortName "
        "INT, correlationId INT);"
        "INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES (200,500,1,1);" CALLS CALL(100, 150, 1, 3, 1)
            CHAINS);
    check_line(arena, &profile, "300 0 0 x1 @1 main;run;reduce");
    check_line(arena, &profile,
               "note: no column globalPid in CUPTI_ACTIVITY_KIND_KERNEL: without it is not known: "
               "which process launched a kernel");
}

/* Slow copies wait for it: a finding where they are called, or on the copy itself. */
static void copies_of_pageable_memory_are_a_finding(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_export(
        arena, STRINGS
        "INSERT INTO StringIds VALUES (30,'cudaMemcpy_v3020');"
        "CREATE TABLE CUPTI_ACTIVITY_KIND_MEMCPY (start INT, end INT, deviceId INT, streamId "
        "INT, correlationId INT, globalPid INT, bytes INT, copyKind INT, srcKind INT, "
        "dstKind INT);"
        "INSERT INTO CUPTI_ACTIVITY_KIND_MEMCPY VALUES (200,1200,0,7,1," PID ",4000,1,0,2),"
        "(2000,2500,0,7,2," PID ",6000,1,1,2),(3000,4000,0,7,0," PID
        ",500,2,2,0);" CALLS CALL(100, 1250, 1, 30, 1) CALL(1900, 1950, 2, 30, 1) CHAINS);
    check_line(arena, &profile, "0 0 1500 10000 x2 @1 main;run;[copy host to device]");
    check_line(arena, &profile,
               "warning run :0 pageable memory: pageable host memory: use pinned. 1 copy to the "
               "device, 4 kB in 1 µs (4 GB/s): cudaMallocHost or cudaHostRegister make them "
               "faster, and let them run beside the host");
    check_line(arena, &profile,
               "note run :0 memory copy: 1 copy to the device, 6 kB in 500 ns (12 GB/s)");
    check_line(arena, &profile,
               "warning [copy device to host] :0 pageable memory: pageable host memory: use "
               "pinned. 1 copy to the host, 500 B in 1 µs (500 MB/s): cudaMallocHost or "
               "cudaHostRegister make them faster, and let them run beside the host");
    check_line(arena, &profile,
               "note: 2 copies to the device, 10 kB in 1.5 µs (6.67 GB/s); 4 kB of it pageable "
               "host memory: use pinned");
    assert_int_equal(profile.findings_len, 3);
    check_line(arena, &profile, "fact [copy host to device]: bytes = 10000 bytes");
    check_line(arena, &profile,
               "fact [copy host to device]: from or to pageable host memory = 4000 bytes");
}

static void a_call_waits_for_the_kernel_that_ends_last_in_it(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        read_export(arena, STRINGS KERNELS KERNEL(200, 500, 7, 1, 1) KERNEL(500, 900, 7, 2, 13)
                               CALLS CALL(100, 150, 1, 3, 1) CALL(150, 160, 2, 3, 1)
                                   CALL(160, 950, 3, 4, 2) CALL(960, 970, 4, 4, 2) CHAINS);
    check_line(arena, &profile, "metric gpu_wait_time in ns, exact: total 800");
    check_line(arena, &profile,
               "waits main :0 scale: waits for kernel scale: 0.00079 ms in 1 call of "
               "cudaDeviceSynchronize");
    assert_int_equal(profile.findings_len, 1);
    check_line(arena, &profile, "fact scale: host waits for it = 790 ns");
}

static void overlapping_kernels_keep_the_device_busy_once(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_export(arena, STRINGS KERNELS KERNEL(3000000, 7000000, 8, 2, 13)
                                             KERNEL(1000000, 5000000, 7, 1, 1)
                                                 KERNEL(9000000, 10000000, 7, 3, 1));
    check_line(arena, &profile,
               "note: GPU 0: kernels ran 9 ms in all, at once for a part of it: the device was "
               "busy with them for 7 of 9 ms");
    check_line(arena, &profile, "thread 1: GPU 0 stream 8");
}

static void a_stream_s_longest_pause_says_what_the_host_did(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_export(
        arena,
        STRINGS KERNELS KERNEL(1000000, 3000000, 7, 1, 1) KERNEL(2000000, 4000000, 7, 2, 1)
            KERNEL(9000000, 10000000, 7, 3, 13) KERNEL(9500000, 9600000, 8, 4, 13)
                CALLS CALL(3500000, 8000000, 5, 4, 2) CALL(8000000, 8500000, 6, 3, 1) CHAINS);
    check_line(arena, &profile,
               "note: GPU 0 stream 7: in 9 ms 3 kernels for 4 ms (44.4 %); synchronization: the "
               "host was in cudaDeviceSynchronize for 80 % of the idle time; longest pause 5 ms at "
               "4 ms, before scale, the host: cudaDeviceSynchronize 4 ms, cudaLaunchKernel 500 µs, "
               "no CUDA call 500 µs");
    check_line(arena, &profile,
               "note: GPU 0 stream 8: in 0.1 ms 1 kernel for 0.1 ms (100 %); no pause");
}

static void copies_are_no_kernel_s_time(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_export(
        arena,
        STRINGS KERNELS KERNEL(1000000, 3000000, 7, 1, 1)
            KERNEL(5000000, 6000000, 8, 2,
                   1) "CREATE TABLE CUPTI_ACTIVITY_KIND_MEMCPY (start INT, end INT, deviceId INT, "
                      "streamId INT, "
                      "correlationId INT, globalPid INT, bytes INT, copyKind INT);"
                      "INSERT INTO CUPTI_ACTIVITY_KIND_MEMCPY VALUES (3000000,7000000,0,7,3," PID
                      ",64,1),(8000000,11000000,0,7,4," PID ",64,2);");
    check_line(
        arena, &profile,
        "note: GPU 0: busy with kernels for 3 of 10 ms (30 %), with copies and fills for 7 ms "
        "(70 %), 14.3 % of that beside kernels");
    check_line(arena, &profile,
               "note: GPU 0 stream 7: in 10 ms 1 kernel for 2 ms (20 %), 2 copies for 7 ms (70 %); "
               "the host's calls were not recorded; longest pause 1 ms at 7 ms, before [copy "
               "device to host]");
}

static void named_ranges_stand_above_the_call_chain(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_export(
        arena, STRINGS KERNELS KERNEL(200, 500, 7, 1, 1) KERNEL(600, 700, 7, 2, 1)
                   CALLS CALL(100, 150, 1, 3, 1) CALL(450, 460, 2, 3, 1) CHAINS
        "CREATE TABLE NVTX_EVENTS (start INT, end INT, eventType INT, text TEXT, "
        "textId INT, globalTid INT);"
        "INSERT INTO NVTX_EVENTS VALUES (10,400,59,'loop',NULL," TID "),(90,200,59,NULL,11," TID
        "),(50,60,34,'mark',NULL," TID "),(1,NULL,59,'other thread',NULL,(4000 << 24 | 8));");
    check_line(arena, &profile, "300 0 0 x1 @1 loop;step;main;run;reduce");
    check_line(arena, &profile, "100 0 0 x1 @1 main;run;reduce");
}

static void chains_counted_from_nought_are_found(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_export(arena, STRINGS KERNELS KERNEL(200, 500, 7, 1, 1) CALLS CALL(
                                             100, 150, 1, 3, 0) CALL(160, 950, 3, 4, 1) CHAINS);
    check_line(arena, &profile, "300 0 0 x1 @1 main;run;reduce");
    check_line(arena, &profile, "0 790 790 x1 @0 main;cudaDeviceSynchronize");
}

static void cpu_samples_have_their_threads_and_ranges(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_export(
        arena,
        STRINGS "CREATE TABLE COMPOSITE_EVENTS (id INT, start INT, globalTid INT, cpuCycles INT);"
                "INSERT INTO COMPOSITE_EVENTS VALUES (1,100," TID ",1000),(2,200," TID ",500);"
                "CREATE TABLE SAMPLING_CALLCHAINS (id INT, symbol INT, module INT, unresolved INT, "
                "originalIP INT, stackDepth INT);"
                "INSERT INTO SAMPLING_CALLCHAINS VALUES (1,7,6,NULL,97,0),(1,5,6,NULL,96,1),"
                "(2,8,6,1,95,0),(2,5,6,NULL,96,1),(3,5,6,NULL,96,0);"
                "CREATE TABLE ThreadNames (nameId INT, globalTid INT);"
                "INSERT INTO ThreadNames VALUES (12," TID ");");
    check_line(arena, &profile, "1 1000 x1 main;run");
    check_line(arena, &profile, "1 500 x1 main;[app]");
    check_line(arena, &profile, "thread 0: worker");
}

static void tables_and_columns_that_are_missing_are_no_trouble(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        read_export(arena, STRINGS
                    "CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INT, end INT, shortName INT);"
                    "INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES (5,9,1);");
    check_line(arena, &profile, "4 x1 reduce");
    check_refused(arena, export_of(arena, STRINGS),
                  "an export of Nsight Systems without kernels, CUDA calls or CPU samples: record "
                  "with `nsys profile -t cuda --sample=process-tree`");
    check_refused(arena, export_of(arena, "CREATE TABLE users (name TEXT);"),
                  "a SQLite file, but no export of Nsight Systems: it has no table StringIds");
    check_refused(arena, S("SQLite"), "no SQLite file, or a damaged one");
}

/* Neither a view that never ends nor a virtual table is looked into. */
static void a_hostile_file_cannot_make_the_reader_run(void **state)
{
    Arena *arena = test_arena(state);
    Str bytes = export_of(
        arena, STRINGS
        "CREATE VIEW CUPTI_ACTIVITY_KIND_KERNEL AS WITH RECURSIVE c(start, end, shortName) AS "
        "(SELECT 1, 2, 1 UNION ALL SELECT start + 1, end, 1 FROM c) SELECT * FROM c;");
    check_refused(arena, bytes,
                  "an export of Nsight Systems without kernels, CUDA calls or CPU samples: record "
                  "with `nsys profile -t cuda --sample=process-tree`");
}

/* ------------------------------------------------------------------ the timeline */

static bool keep_text(void *to, Str bytes, Err *err)
{
    strbuf_add(to, bytes);
    return ((StrBuf *)to)->len < 1 << 20 || err_set(err, ERR_IO, "full");
}

static Str timeline_of(Arena *arena, const char *sql, NsysTimeline *told)
{
    StrBuf text = strbuf_new(arena);
    Err err = {0};
    assert_ok(nsys_timeline_write(arena, export_of(arena, sql), keep_text, &text, told, &err),
              &err);
    return strbuf_str(&text);
}

static void the_timeline_has_a_track_per_stream_and_an_arrow_per_launch(void **state)
{
    Arena *arena = test_arena(state);
    NsysTimeline told;
    Str text =
        timeline_of(arena,
                    STRINGS KERNELS KERNEL(2000, 5001, 7, 1, 1) CALLS CALL(1000, 1500, 1, 3, 1)
                        CALL(1600, 6000, 2, 4,
                             2) "CREATE TABLE TARGET_INFO_GPU (deviceId INT, name TEXT);"
                                "INSERT INTO TARGET_INFO_GPU VALUES (0,'T4');"
                                "CREATE TABLE NVTX_EVENTS (start INT, end INT, eventType INT, text "
                                "TEXT, textId INT, "
                                "globalTid INT);"
                                "INSERT INTO NVTX_EVENTS VALUES (10,9000,59,'lo\"op',NULL," TID
                                "),(90,900,60,NULL,11," TID ");",
                    &told);
    assert_int_equal(told.kernels, 1);
    assert_int_equal(told.calls, 2);
    assert_int_equal(told.ranges, 2);
    assert_has(text, S("\"name\":\"GPU 0 T4\""));
    assert_has(text, S("\"name\":\"stream 7 of process 4000\""));
    assert_has(text, S("{\"ph\":\"X\",\"name\":\"reduce\",\"cat\":\"kernel\",\"pid\":16777216,"
                       "\"tid\":1,\"ts\":2.000,\"dur\":3.001,\"args\":{\"correlation\":1,"));
    assert_has(text, S("{\"ph\":\"s\",\"name\":\"ac2g\",\"cat\":\"ac2g\",\"pid\":4000,\"tid\":7,"
                       "\"ts\":1.000,\"id\":1}"));
    assert_has(text, S("\"ts\":2.000,\"id\":1,\"bp\":\"e\"}"));
    assert_has(text, S("\"name\":\"cudaDeviceSynchronize\",\"cat\":\"cuda_runtime\",\"pid\":4000,"
                       "\"tid\":7,\"ts\":1.600,\"dur\":4.400,\"args\":{\"correlation\":2,"
                       "\"waits\":true}"));
    assert_has(text, S("\"name\":\"lo\\\"op\""));
    assert_has(text, S("{\"ph\":\"b\",\"name\":\"step\""));
}

/* Another process counts its launches from the same number. */
static void the_timeline_reads_back_to_the_same_kernels(void **state)
{
    Arena *arena = test_arena(state);
    NsysTimeline told;
    Profile profile = {0};
    Err err = {0};
    Str text = timeline_of(arena,
                           STRINGS KERNELS KERNEL(200, 500, 7, 1, 1) CALLS CALL(
                               100, 150, 1, 3, 1) "INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES "
                                                  "(200,900,0,7,1,(4001 << 24),2,13,40,8,4,1,"
                                                  "128,1,1,512,0);",
                           &told);
    assert_ok(profile_read(arena, S("timeline.json"), text, &profile, &err), &err);
    check_line(arena, &profile, "0 300 x1 @2 cudaLaunchKernel;reduce");
    check_line(arena, &profile, "0 700 x1 @1 scale");
}

static void the_timeline_of_nothing_is_refused(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf text = strbuf_new(arena);
    NsysTimeline told;
    Err err = {0};
    assert_false(
        nsys_timeline_write(arena, export_of(arena, STRINGS), keep_text, &text, &told, &err));
    assert_string_equal(err.msg,
                        "an export of Nsight Systems without kernels, CUDA calls or NVTX ranges: "
                        "record with `nsys profile -t cuda,nvtx`");
}

TEST_MAIN(TEST(the_timeline_has_a_track_per_stream_and_an_arrow_per_launch),
          TEST(the_timeline_reads_back_to_the_same_kernels),
          TEST(the_timeline_of_nothing_is_refused), TEST(a_kernel_has_the_stack_that_launched_it),
          TEST(launches_are_told_apart_by_process), TEST(a_kernel_may_begin_before_its_call),
          TEST(without_processes_launches_are_found_by_correlation),
          TEST(copies_of_pageable_memory_are_a_finding),
          TEST(kernels_of_one_short_name_are_told_apart),
          TEST(a_call_waits_for_the_kernel_that_ends_last_in_it),
          TEST(overlapping_kernels_keep_the_device_busy_once), TEST(copies_are_no_kernel_s_time),
          TEST(a_stream_s_longest_pause_says_what_the_host_did),
          TEST(named_ranges_stand_above_the_call_chain), TEST(chains_counted_from_nought_are_found),
          TEST(cpu_samples_have_their_threads_and_ranges),
          TEST(tables_and_columns_that_are_missing_are_no_trouble),
          TEST(a_hostile_file_cannot_make_the_reader_run))
