#include "analysis/profile/nvidia/gpu_timeline.h"

#include "analysis/profile/nvidia/nsys_parts.h"
#include "tests/lib/check.h"
#include "tests/lib/nsys_exports.h"

static GpuTimeline timeline_of(Arena *arena, const char *sql)
{
    Profile profile;
    GpuTimeline timeline = {0};
    Err err = {0};
    Str bytes = export_of(arena, sql);
    NsysDb *db = nsys_db_open(arena, bytes, &err);
    assert_ok(db && nsys_read(arena, db, bytes.len, &profile, &timeline, &err), &err);
    nsys_db_close(db);
    return timeline;
}

#define COPIES                                                                              \
    "CREATE TABLE CUPTI_ACTIVITY_KIND_MEMCPY (start INT, end INT, deviceId INT, streamId "  \
    "INT, correlationId INT, globalPid INT, bytes INT, copyKind INT, srcKind INT, dstKind " \
    "INT);"
#define COPY(start, end, stream, bytes)                                                       \
    "INSERT INTO CUPTI_ACTIVITY_KIND_MEMCPY VALUES (" #start "," #end ",0," #stream ",0," PID \
    "," #bytes ",1,1,2);"

/* Kernels of stream 7: 100-200 and 150-300 overlap, then 500-600; stream 8 copies from 250 to 400. */
static void what_overlaps_counts_once(void **state)
{
    Arena *arena = test_arena(state);
    GpuTimeline timeline =
        timeline_of(arena, STRINGS KERNELS KERNEL(100, 200, 7, 1, 1) KERNEL(150, 300, 7, 2, 1)
                               KERNEL(500, 600, 7, 3, 13) COPIES COPY(250, 400, 8, 1000));
    assert_int_equal(timeline.devices_len, 1);
    const GpuDevice *device = &timeline.devices[0];
    assert_int_equal(device->busy_ns, 400);
    assert_int_equal(device->kernel_ns, 300);
    assert_int_equal(device->kernels_sum_ns, 350);
    assert_int_equal(device->copy_ns, 150);
    assert_int_equal(device->copies_beside_ns, 50);
    assert_int_equal(device->streams_at_once_ns, 50);
    assert_int_equal(timeline.streams_len, 2);
    const GpuStream *stream = &timeline.streams[0];
    assert_int_equal(stream->stream, 7);
    assert_int_equal(stream->busy_ns, 300);
    assert_int_equal(stream->idle_ns, 200);
    assert_int_equal(stream->gaps, 1);
    assert_int_equal(stream->others_ns, 100);
    assert_int_equal(stream->unknown_ns, 200);
    assert_false(stream->calls_known);
    assert_str(gpu_stream_reason(arena, stream), S("the host's calls were not recorded"));
    assert_int_equal(timeline.streams[1].copied_bytes, 1000);
}

/* The gap from 200 to 500: 3 is launched at 400, when nothing was queued for 200 ns. */
static void a_gap_is_split_at_the_launch_of_what_comes_next(void **state)
{
    Arena *arena = test_arena(state);
    GpuTimeline timeline =
        timeline_of(arena, STRINGS KERNELS KERNEL(100, 200, 7, 1, 1) KERNEL(500, 600, 7, 3, 13)
                               KERNEL(650, 700, 7, 4, 13) CALLS CALL(50, 60, 1, 3, 1)
                                   CALL(400, 450, 3, 3, 1) CALL(455, 470, 4, 3, 1));
    const GpuStream *stream = &timeline.streams[0];
    assert_int_equal(stream->gaps, 2);
    assert_int_equal(stream->idle_ns, 350);
    assert_int_equal(stream->unqueued_ns, 200);
    assert_int_equal(stream->starting_ns, 100);
    assert_int_equal(stream->queued_ns, 50);
    assert_int_equal(stream->longest[0].launched, 400);
    assert_str(stream->longest[0].next, S("scale"));
    assert_int_equal(stream->calls_len, 2);
    assert_str(stream->calls[0].call, S(""));
    assert_int_equal(stream->calls[0].ns, 285);
    assert_str(stream->calls[1].call, S("cudaLaunchKernel"));
    assert_int_equal(stream->calls[1].ns, 65);
    assert_str(gpu_stream_reason(arena, stream),
               S("host-bound: the host was in no CUDA call for 81.4 % of the idle time"));
}

static void the_longest_gaps_are_kept(void **state)
{
    Arena *arena = test_arena(state);
    GpuTimeline timeline =
        timeline_of(arena, STRINGS KERNELS KERNEL(0, 10, 7, 0, 1) KERNEL(20, 30, 7, 0, 1) /* 10 */
                    KERNEL(70, 80, 7, 0, 1)                                               /* 40 */
                    KERNEL(100, 110, 7, 0, 1)                                             /* 20 */
                    KERNEL(170, 180, 7, 0, 1)                                             /* 60 */
                    KERNEL(210, 220, 7, 0, 1)                                             /* 30 */
                    KERNEL(270, 280, 7, 0, 1) KERNEL(285, 290, 7, 0, 1) /* 50 and 5 */);
    const GpuStream *stream = &timeline.streams[0];
    static const int64_t LONGEST[] = {60, 50, 40, 30, 20};
    assert_int_equal(stream->gaps, 7);
    assert_int_equal(stream->longest_len, GPU_GAPS);
    for (size_t i = 0; i < GPU_GAPS; i++)
        assert_int_equal(stream->longest[i].end - stream->longest[i].start, LONGEST[i]);
}

/* Streams of two processes have the same number; the other one's calls are not this one's. */
static void processes_are_told_apart(void **state)
{
    Arena *arena = test_arena(state);
    GpuTimeline timeline = timeline_of(
        arena,
        STRINGS KERNELS KERNEL(100, 200, 7, 1, 1) KERNEL(
            400, 500, 7, 2,
            1) "INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES (250,300,0,7,1,(4001 << "
               "24),2,13,40,8,4,1,"
               "128,1,1,512,0),(600,700,0,7,2,(4001 << 24),2,13,40,8,4,1,128,1,1,512,0);" CALLS
                   CALL(50, 60, 1, 3, 1)
                       CALL(300, 390, 2, 3,
                            1) "CREATE TABLE PROCESSES (globalPid INT, pid INT, name TEXT);"
                               "INSERT INTO PROCESSES VALUES ((4001 << 24),4001,'other');");
    assert_int_equal(timeline.streams_len, 2);
    assert_int_equal(timeline.streams[0].pid, 4000);
    assert_int_equal(timeline.streams[0].calls[0].ns, 110);
    assert_int_equal(timeline.streams[0].others_ns, 50);
    assert_int_equal(timeline.streams[1].idle_ns, 300);
    assert_false(timeline.streams[1].calls_known);
    assert_str(timeline.streams[1].process, S("other"));
}

static void it_reads_as_text_and_json(void **state)
{
    Arena *arena = test_arena(state);
    GpuTimeline timeline = timeline_of(
        arena,
        STRINGS KERNELS KERNEL(1000000, 2000000, 7, 1, 1) KERNEL(5000000, 6000000, 7, 3, 13)
            CALLS CALL(500000, 600000, 1, 3, 1) CALL(1500000, 4500000, 9, 4, 1)
                CALL(4800000, 4900000, 3, 3,
                     1) "CREATE TABLE TARGET_INFO_GPU (id INT, name TEXT);"
                        "INSERT INTO TARGET_INFO_GPU VALUES (0,'T4');"
                        "CREATE TABLE NVTX_EVENTS (start INT, end INT, eventType INT, text TEXT, "
                        "textId INT, "
                        "globalTid INT);"
                        "INSERT INTO NVTX_EVENTS VALUES (4600000,9000000,59,'step 2',NULL," TID
                        ");");
    assert_str(gpu_timeline_text(arena, &timeline),
               S("GPU 0 T4: busy 40 % of 5 ms, 1 stream, each moment counted once\n"
                 "  kernels 40 % (2 ms, added up 2 ms), copies 0 %\n"
                 "process 4000\n"
                 "  GPU 0 T4, stream 7: 5 ms from 1 ms on\n"
                 "    busy 40 %: kernels 40 % (2)\n"
                 "    idle 60 %: 3 ms in 1 gap; synchronization: the host was in "
                 "cudaDeviceSynchronize for 83.3 % of the idle time\n"
                 "      nothing queued: the next launch came later     2.8 ms  93.3 %\n"
                 "      from that launch until it ran                  200 µs  6.67 %\n"
                 "    the host meanwhile (threads beside one another each count):\n"
                 "      cudaDeviceSynchronize                          2.5 ms  83.3 %\n"
                 "      no CUDA call                                   400 µs  13.3 %\n"
                 "      cudaLaunchKernel                               100 µs  3.33 %\n"
                 "    longest gaps:\n"
                 "          3 ms at 2 ms, before scale, launched 2.8 ms into it; the host: "
                 "cudaDeviceSynchronize 2.5 ms, no CUDA call 400 µs, cudaLaunchKernel 100 µs, in "
                 "\"step 2\"\n"));
    Str json = gpu_timeline_json(arena, &timeline);
    if (!str_has(json, S("\"idle_ns\":3000000,\"gaps\":1,\"unqueued_ns\":2800000")) ||
        !str_has(json, S("\"launched_ns\":4800000,\"range\":\"step 2\",\"host\":[{\"call\":"
                         "\"cudaDeviceSynchronize\",\"ns\":2500000}")))
        fail_msg(STR_FMT, STR_ARG(json));
}

TEST_MAIN(TEST(what_overlaps_counts_once), TEST(a_gap_is_split_at_the_launch_of_what_comes_next),
          TEST(the_longest_gaps_are_kept), TEST(processes_are_told_apart),
          TEST(it_reads_as_text_and_json))
