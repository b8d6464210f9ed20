/* Runs real commands: the system's sh and Python, and this test itself as a child (hog). */
#include "runners/process.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "tests/lib/check.h"

static ProcessResult run(Arena *arena, const ProcessOptions *options)
{
    ProcessResult result = {0};
    Err err = {0};
    assert_ok(process_run(arena, options, &result, &err), &err);
    return result;
}

static ProcessResult shell(Arena *arena, const char *text)
{
    const Str argv[] = {S("/bin/sh"), S("-c"), str_from_c(text)};
    return run(arena, &(ProcessOptions){.argv = argv, .argc = 3});
}

static void output_status_and_errors_are_captured(void **state)
{
    ProcessResult result = shell(test_arena(state), "echo out; echo err >&2; exit 7");
    assert_str(result.out, S("out\n"));
    assert_str(result.errors, S("err\n"));
    assert_int_equal(result.status, 7);
    assert_int_equal(result.signal, 0);
    assert_int_equal(result.left, 0);
    Err err = {0};
    assert_false(process_check(&result, S("sh"), &err));
    assert_string_equal(err.msg, "sh exited with status 7: err");
}

static void a_signal_is_told_apart_from_a_status(void **state)
{
    ProcessResult result = shell(test_arena(state), "kill -SEGV $$");
    assert_int_equal(result.status, -1);
    assert_int_equal(result.signal, 11);
}

static void a_missing_program_is_named(void **state)
{
    Err err = {0};
    ProcessResult result;
    const Str argv[] = {S("no-such-program-here")};
    assert_false(
        process_run(test_arena(state), &(ProcessOptions){.argv = argv, .argc = 1}, &result, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_string_equal(err.msg, "no program 'no-such-program-here' in PATH");
}

static void a_missing_folder_is_named(void **state)
{
    Err err = {0};
    ProcessResult result;
    const Str argv[] = {S("true")};
    assert_false(process_run(test_arena(state),
                             &(ProcessOptions){.argv = argv, .argc = 1, .cwd = S("/no/such")},
                             &result, &err));
    assert_string_equal(err.msg, "cannot enter /no/such: No such file or directory");
}

static void input_environment_and_folder_reach_the_command(void **state)
{
    Arena *arena = test_arena(state);
    Str dir = test_temp_dir(arena);
    const Str argv[] = {S("sh"), S("-c"), S("cat; echo \"$ADDED|$HOME|$(pwd -P)\"")};
    const Str env[] = {S("ADDED=a=b"), S("HOME")};
    ProcessResult result = run(
        arena,
        &(ProcessOptions){
            .argv = argv, .argc = 3, .cwd = dir, .env = env, .env_count = 2, .input = S("text\n")});
    assert_str(result.out, str_fmt(arena, "text\na=b||" STR_FMT "\n", STR_ARG(dir)));
}

static void long_output_is_cut_but_counted(void **state)
{
    Arena *arena = test_arena(state);
    const Str argv[] = {S("head"), S("-c"), S("3000000"), S("/dev/zero")};
    ProcessResult result =
        run(arena, &(ProcessOptions){.argv = argv, .argc = 4, .capture_bytes = 1000});
    assert_int_equal(result.out.len, 1000);
    assert_int_equal(result.out_bytes, 3000000);
}

static void repeats_are_summed_and_each_reads_the_input_from_its_start(void **state)
{
    Arena *arena = test_arena(state);
    const Str argv[] = {S("cat")};
    ProcessResult result =
        run(arena, &(ProcessOptions){.argv = argv, .argc = 1, .repeat = 3, .input = S("ab\n")});
    assert_str(result.out, S("ab\nab\nab\n"));
    assert_int_equal(result.runs, 3);
}

static bool is_alive(Str pid_file)
{
    CLEANUP(arena_cleanup) Arena *arena = arena_new("pid");
    Err err = {0};
    Str text;
    assert_ok(file_read(arena, pid_file, 100, &text, &err), &err);
    Str proc = str_fmt(arena, "/proc/" STR_FMT, STR_ARG(str_trim(text)));
    return file_exists(proc);
}

/* A grandchild that left the group, the session, and its parent, and ignores SIGTERM. */
#define HIDE "setsid sh -c 'trap \"\" TERM; echo $$ > pid; while :; do sleep 0.05; done' & "

static void a_timeout_ends_even_what_left_the_group(void **state)
{
    Arena *arena = test_arena(state);
    Str dir = test_temp_dir(arena);
    const Str argv[] = {S("sh"), S("-c"),
                        S(HIDE "while [ ! -s pid ]; do sleep 0.01; done; sleep 60")};
    uint64_t start = clock_now_ns();
    ProcessResult result = run(
        arena,
        &(ProcessOptions){.argv = argv, .argc = 3, .cwd = dir, .timeout_s = 1.0, .grace_ms = 50});
    assert_true(result.timed_out);
    assert_true(clock_now_ns() - start < 20000000000u);
    assert_false(is_alive(str_fmt(arena, STR_FMT "/pid", STR_ARG(dir))));
    Err err = {0};
    assert_false(process_check(&result, S("sleeper"), &err));
    assert_int_equal(err.kind, ERR_TOOL);
}

static void what_outlives_the_command_is_ended_and_counted(void **state)
{
    Arena *arena = test_arena(state);
    Str dir = test_temp_dir(arena);
    const Str argv[] = {S("sh"), S("-c"), S(HIDE "while [ ! -s pid ]; do sleep 0.01; done")};
    ProcessResult result =
        run(arena, &(ProcessOptions){.argv = argv, .argc = 3, .cwd = dir, .grace_ms = 20});
    assert_int_equal(result.status, 0);
    assert_true(result.left >= 1);
    assert_false(is_alive(str_fmt(arena, STR_FMT "/pid", STR_ARG(dir))));
}

static volatile sig_atomic_t cancel;

static void cancel_on_output(void *context, int stream, Str bytes)
{
    (void)stream;
    (void)bytes;
    *(volatile sig_atomic_t *)context = 1;
}

static void a_cancel_ends_it_and_is_an_error_of_its_own(void **state)
{
    Arena *arena = test_arena(state);
    Str dir = test_temp_dir(arena);
    const Str argv[] = {S("sh"), S("-c"),
                        S("sleep 60 & echo $! > pid; echo started; trap '' TERM; sleep 60")};
    ProcessOptions options = {.argv = argv,
                              .argc = 3,
                              .cwd = dir,
                              .grace_ms = 20,
                              .cancel = &cancel,
                              .on_output = cancel_on_output,
                              .context = (void *)(uintptr_t)&cancel};
    Err err = {0};
    ProcessResult result;
    cancel = 0;
    assert_false(process_run(arena, &options, &result, &err));
    assert_int_equal(err.kind, ERR_CANCELLED);
    assert_false(is_alive(str_fmt(arena, STR_FMT "/pid", STR_ARG(dir))));
}

static void peak_memory_does_not_start_at_ours(void **state)
{
    Arena *arena = test_arena(state);
    size_t bytes = 150u * 1024 * 1024;
    char *mine = malloc(bytes);
    memset(mine, 1, bytes);
    const Str argv[] = {S("sleep"), S("0")};
    ProcessResult result = run(arena, &(ProcessOptions){.argv = argv, .argc = 2});
    assert_true(mine[bytes - 1] == 1);
    free(mine);
    assert_in_range(result.peak_rss_bytes, 300 * 1024, 4 * 1024 * 1024);
}

static void peak_memory_counts_what_the_command_touches(void **state)
{
    const Str argv[] = {S("dd"), S("if=/dev/zero"), S("of=/dev/null"), S("bs=40M"), S("count=1")};
    ProcessResult result = run(test_arena(state), &(ProcessOptions){.argv = argv, .argc = 5});
    assert_in_range(result.peak_rss_bytes, 40 * 1024 * 1024, 46 * 1024 * 1024);
}

static void processor_time_includes_children_that_were_waited_for(void **state)
{
    ProcessResult result =
        shell(test_arena(state), "sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'; true");
    assert_true(result.cpu_s > 0.005);
    assert_true(result.wall_s >= result.cpu_s * 0.9);
}

static void two_together_share_one_processor(void **state)
{
    Arena *arena = test_arena(state);
    int cpus[64];
    size_t count = process_cpus(cpus, 64);
    assert_true(count >= 1);
    const Str argv[] = {S("sh"), S("-c"),
                        S("grep Cpus_allowed_list /proc/self/status; i=0; "
                          "while [ $i -lt 60000 ]; do i=$((i+1)); done")};
    ProcessOptions one = {
        .argv = argv, .argc = 3, .on_cpu = true, .cpu = cpus[count - 1], .repeat = 2};
    ProcessOptions two = one;
    ProcessResult results[2];
    Err err = {0};
    uint64_t start = clock_now_ns();
    assert_ok(process_together(arena, (const ProcessOptions *[]){&one, &two}, results, &err), &err);
    double wall = (double)(clock_now_ns() - start) * 1e-9;
    Str want = str_fmt(arena, "Cpus_allowed_list:\t%d\n", cpus[count - 1]);
    for (int i = 0; i < 2; i++) {
        assert_true(str_starts(results[i].out, want));
        assert_int_equal(results[i].runs, 2);
        assert_true(results[i].cpu_s > 0.005);
        assert_int_equal(results[i].status, 0);
    }
    /* One processor did the work of both. */
    assert_true(wall >= (results[0].cpu_s + results[1].cpu_s) * 0.95);
}

static void what_runs_beside_ends_with_the_first(void **state)
{
    Arena *arena = test_arena(state);
    /* Both have begun when the first one ends: it waits for a line of the other. */
    Str fifo = path_join(arena, test_temp_dir(arena), S("fifo"));
    Str name = str_fmt(arena, "FIFO=" STR_FMT, STR_ARG(fifo));
    const Str first[] = {S("sh"), S("-c"), S("mkfifo \"$FIFO\"; cat \"$FIFO\"; exit 3")};
    const Str second[] = {S("sh"), S("-c"),
                          S("echo seen; until [ -p \"$FIFO\" ]; do :; done; echo go >\"$FIFO\"; "
                            "sleep 60; echo never")};
    ProcessOptions one = {.argv = first, .argc = 3, .env = &name, .env_count = 1};
    ProcessOptions two = one;
    two.argv = second;
    ProcessResult results[2];
    Err err = {0};
    assert_ok(process_beside(arena, (const ProcessOptions *[]){&one, &two}, results, &err), &err);
    assert_int_equal(results[0].status, 3);
    assert_str(results[0].out, S("go\n"));
    assert_int_equal(results[0].left, 0);
    assert_true(results[0].wall_s < 30);
    assert_int_equal(results[1].signal, SIGTERM);
    assert_str(results[1].out, S("seen\n"));
}

static void what_cannot_run_beside_is_no_failure(void **state)
{
    Arena *arena = test_arena(state);
    Str script = path_join(arena, test_temp_dir(arena), S("script"));
    Err err = {0};
    assert_ok(file_write(script, S("no program\n"), &err), &err);
    assert_int_equal(chmod(str_cstr(arena, script), 0755), 0);
    const Str first[] = {S("true")};
    ProcessOptions one = {.argv = first, .argc = 1}, two = {.argv = &script, .argc = 1};
    ProcessResult results[2];
    assert_ok(process_beside(arena, (const ProcessOptions *[]){&one, &two}, results, &err), &err);
    assert_int_equal(results[0].status, 0);
    assert_int_equal(results[1].status, -1);
}

static void threads_and_processes_are_seen(void **state)
{
    const Str argv[] = {
        S("python3"), S("-c"),
        S("import threading, time, subprocess\n"
          "t = [threading.Thread(target=time.sleep, args=(0.3,)) for _ in range(3)]\n"
          "[x.start() for x in t]\n"
          "subprocess.run(['sleep', '0.2'])\n")};
    ProcessResult result =
        run(test_arena(state), &(ProcessOptions){.argv = argv, .argc = 3, .watch_ms = 5});
    assert_int_equal(result.threads, 4);
    assert_true(result.processes >= 2);
}

static void a_memory_limit_stops_the_command(void **state)
{
    const Str argv[] = {S("dd"), S("if=/dev/zero"), S("of=/dev/null"), S("bs=400M"), S("count=1")};
    ProcessResult result =
        run(test_arena(state),
            &(ProcessOptions){.argv = argv, .argc = 5, .memory_bytes = 100u * 1024 * 1024});
    assert_int_not_equal(result.status, 0);
}

TEST_MAIN(TEST(output_status_and_errors_are_captured), TEST(a_signal_is_told_apart_from_a_status),
          TEST(a_missing_program_is_named), TEST(a_missing_folder_is_named),
          TEST(input_environment_and_folder_reach_the_command),
          TEST(long_output_is_cut_but_counted),
          TEST(repeats_are_summed_and_each_reads_the_input_from_its_start),
          TEST(a_timeout_ends_even_what_left_the_group),
          TEST(what_outlives_the_command_is_ended_and_counted),
          TEST(a_cancel_ends_it_and_is_an_error_of_its_own),
          TEST(peak_memory_does_not_start_at_ours),
          TEST(peak_memory_counts_what_the_command_touches),
          TEST(processor_time_includes_children_that_were_waited_for),
          TEST(what_runs_beside_ends_with_the_first), TEST(what_cannot_run_beside_is_no_failure),
          TEST(two_together_share_one_processor), TEST(threads_and_processes_are_seen),
          TEST(a_memory_limit_stops_the_command))
