/* What perf says when it may not record: of perf 6.1 as a user, and of the scripts around perf. */

#include "runners/tools_native.h"

#include "tests/lib/check.h"

static const Str REFUSED =
    STR_CONST("Error:\n"
              "Access to performance monitoring and observability operations is limited.\n"
              "Consider adjusting /proc/sys/kernel/perf_event_paranoid setting to open\n"
              "access to performance monitoring and observability operations for processes\n"
              "without CAP_PERFMON, CAP_SYS_PTRACE or CAP_SYS_ADMIN Linux capability.\n"
              "perf_event_paranoid setting is 2:\n"
              "  -1: Allow use of (almost) all events by all users\n"
              "      Ignore mlock limit after perf_event_mlock_kb without CAP_IPC_LOCK\n");
static const Str LOCKED = STR_CONST("Permission error mapping pages.\n"
                                    "Consider increasing /proc/sys/kernel/perf_event_mlock_kb,\n"
                                    "or try again with a smaller value of -m/--mmap_pages.\n"
                                    "(current value: 65536,0)\n");
static const Str UBUNTU =
    STR_CONST("WARNING: perf not found for kernel 5.15.0-91\n\n"
              "  You may need to install the following packages for this specific kernel:\n"
              "    linux-tools-5.15.0-91-generic\n");
static const Str DEBIAN = STR_CONST("/usr/bin/perf: line 13: exec: perf_5.10: not found\n"
                                    "E: linux-perf-5.10 is not installed.\n");

static void a_refusal_is_told_from_a_failed_benchmark(void **state UNUSED)
{
    assert_true(tool_perf_refused(REFUSED));
    assert_true(tool_perf_refused(LOCKED));
    assert_true(tool_perf_refused(UBUNTU));
    assert_true(tool_perf_refused(DEBIAN));
    assert_false(tool_perf_refused(S("thread 'main' panicked at src/main.rs:3:5:\nno input\n")));
    assert_false(tool_perf_refused(S("[ perf record: Woken up 1 times to write data ]\n")));
}

static void each_refusal_has_its_sentence_and_command(void **state)
{
    Arena *arena = test_arena(state);
    Str problem = {0}, mend = {0};
    tool_explain_perf(arena, LOCKED, &problem, &mend);
    assert_str(problem, S("perf may not lock enough memory (kernel.perf_event_mlock_kb)"));
    assert_str(mend, S("sudo sysctl kernel.perf_event_mlock_kb=8192"));
    tool_explain_perf(arena, UBUNTU, &problem, &mend);
    assert_str(problem, S("perf is not installed for the kernel that runs"));
    tool_explain_perf(arena, DEBIAN, &problem, &mend);
    assert_str(problem, S("perf is not installed for the kernel that runs"));
    tool_explain_perf(arena, S("Error:\nInvalid event (cycles) in per-thread mode\n"), &problem,
                      &mend);
    assert_str(problem, S("perf: Invalid event (cycles) in per-thread mode"));
    assert_int_equal(mend.len, 0);
    tool_explain_perf(arena, S(""), &problem, &mend);
    assert_str(problem, S("perf: ended without a recording"));
}

TEST_MAIN(TEST(a_refusal_is_told_from_a_failed_benchmark),
          TEST(each_refusal_has_its_sentence_and_command))
