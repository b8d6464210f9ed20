#include "runners/profiling/profiling.h"

#include "base/clock.h"
#include "runners/allow.h"

bool profile_workload(Arena *arena, Report *report, const Places *places, const Workload *workload,
                      const CaptureOptions *options, Profiled *out, Err *err)
{
    if (!allow_check(arena, report, places, &workload->build, err) ||
        !allow_check(arena, report, places, &workload->benchmark, err))
        return false;
    CaptureOptions run = *options;
    run.places = places;
    run.workload = workload;
    run.cancel = &report_cancelled;
    CLEANUP(capture_finish) Capture capture = {0};
    int64_t started_s = clock_unix_s();
    if (!capture_run(arena, report, &run, &capture, err))
        return false;
    ImportOptions import = {.file = capture.file,
                            .workload = workload->name,
                            .run_dir = capture.run_dir,
                            .recorded_s = started_s};
    out->version = capture.version;
    out->wall_s = capture.wall_s;
    return import_profile(arena, report, places, &import, &out->imported, err);
}
