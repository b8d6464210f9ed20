#include "runners/loop/build.h"

#include "base/file.h"
#include "base/path.h"
#include "runners/measure/harness.h"
#include "runners/process.h"

enum {
    BUILD_TIMEOUT_S = 3600,
    PROGRAM_BYTES_MAX = 1 << 30,
};

bool build_side(Loop *loop, ObjectId tree, const Workload *workload, size_t side, Str *dir,
                Err *err)
{
    HarnessEnv env = {0};
    const Harness *harness = harness_find(workload->harness, err);
    if (!harness)
        return false;
    harness_env(loop->arena, harness, side, (Str){0}, &env);
    if (!loop_freeze(loop, tree, workload, dir, err))
        return false;
    if (workload->build.argc == 0)
        return true;
    report_progress(loop->report, -1, "building " STR_FMT ": " STR_FMT,
                    STR_ARG(str_head(object_id_hex(loop->arena, tree), 10)),
                    STR_ARG(workload->build.text));
    ProcessOptions options = {
        .argv = workload->build.argv,
        .argc = workload->build.argc,
        .cwd = *dir,
        .env = env.items,
        .env_count = env.len,
        .timeout_s = BUILD_TIMEOUT_S,
        .cancel = &report_cancelled,
    };
    ProcessResult result;
    return process_run(loop->arena, &options, &result, err) &&
           process_check(&result, workload->build.text, err);
}

bool build_is_identical(Arena *arena, const Workload *workload, Str base, Str candidate)
{
    Str program = workload->benchmark.argc ? workload->benchmark.argv[0] : S("");
    Str a, b;
    Err ignored = {0};
    if (path_is_absolute(program) || !str_has(program, S("/")) || workload->benchmark.shell)
        return false;
    return file_read(arena, path_join(arena, base, program), PROGRAM_BYTES_MAX, &a, &ignored) &&
           file_read(arena, path_join(arena, candidate, program), PROGRAM_BYTES_MAX, &b,
                     &ignored) &&
           str_starts(a, S("\x7f"
                           "ELF")) &&
           str_eq(a, b);
}
