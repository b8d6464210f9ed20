#include "runners/profiling/capture/capture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "runners/measure/turn.h"
#include "runners/process.h"
#include "runners/profiling/capture/capture_native.h"
#include "runners/profiling/capture/capture_tools.h"
#include "runners/profiling/capture/rust_env.h"
#include "runners/pylaunch.h"
#include "runners/said.h"
#include "runners/tools.h"

static const CaptureTool TOOLS[] = {
    {.name = STR_CONST("py-spy"),
     .file_name = STR_CONST("profile.speedscope.json"),
     .command = pyspy_command,
     .collect = pyspy_collect,
     .explain = pyspy_explain,
     .sees_native = true},
    {.name = STR_CONST("cprofile"),
     .file_name = STR_CONST("profile.prof"),
     .command = cprofile_command,
     .collect = cprofile_collect,
     .explain = cprofile_explain,
     .is_ours = cprofile_is_ours},
    {.name = STR_CONST("line_profiler"),
     .file_name = STR_CONST("profile.lprof"),
     .command = line_profiler_command,
     .explain = inside_explain},
    {.name = STR_CONST("tracemalloc"),
     .file_name = STR_CONST("profile.csv"),
     .command = tracemalloc_command,
     .explain = inside_explain},
    {.name = STR_CONST("memray"),
     .file_name = STR_CONST("profile.csv"),
     .command = memray_command,
     .collect = memray_collect,
     .explain = inside_explain,
     .sees_native = true,
     .sees_allocators = true},
    {.name = STR_CONST("viztracer"),
     .file_name = STR_CONST("profile.json"),
     .command = viztracer_command,
     .explain = inside_explain},
    {.name = STR_CONST("perf"),
     .file_name = STR_CONST("perf.data"),
     .command = perf_command,
     .collect = perf_collect,
     .explain = perf_explain,
     .is_ours = perf_is_ours,
     .native = true},
    {.name = STR_CONST("flamegraph"),
     .file_name = STR_CONST("profile.folded"),
     .command = flamegraph_command,
     .collect = flamegraph_collect,
     .explain = perf_explain,
     .is_ours = perf_is_ours,
     .native = true},
    {.name = STR_CONST("heaptrack"),
     .file_name = STR_CONST("heaptrack.out"),
     .command = heaptrack_command,
     .collect = heaptrack_collect,
     .explain = heaptrack_explain,
     .is_ours = heaptrack_is_ours,
     .native = true,
     .forget = heaptrack_forget},
    {.name = STR_CONST("dhat"),
     .file_name = STR_CONST("dhat.json"),
     .command = dhat_command,
     .collect = native_collect,
     .explain = valgrind_explain,
     .is_ours = valgrind_is_ours,
     .native = true},
    {.name = STR_CONST("callgrind"),
     .file_name = STR_CONST("callgrind.out"),
     .command = callgrind_command,
     .collect = native_collect,
     .explain = valgrind_explain,
     .is_ours = valgrind_is_ours,
     .native = true},
    {.name = STR_CONST("criterion"),
     .file_name = STR_CONST("perf.data"),
     .command = criterion_command,
     .collect = perf_collect,
     .explain = criterion_explain,
     .is_ours = criterion_is_ours,
     .native = true},
    {.name = STR_CONST("dhat-crate"),
     .file_name = STR_CONST("dhat-heap.json"),
     .command = dhat_crate_command,
     .collect = native_collect,
     .explain = dhat_crate_explain,
     .native = true,
     .forget = written_forget},
    {.name = STR_CONST("tracing-chrome"),
     .file_name = STR_CONST("trace.json"),
     .command = tracing_command,
     .collect = native_collect,
     .explain = tracing_explain,
     .native = true},
    {.name = STR_CONST("nsys"),
     .file_name = STR_CONST("profile.sqlite"),
     .command = nsys_command,
     .collect = nvidia_collect,
     .explain = nvidia_explain,
     .is_ours = nsys_is_ours,
     .native = true,
     .watches_gpus = true,
     .gather = nsys_gather},
    {.name = STR_CONST("ncu"),
     .file_name = STR_CONST("profile.ncu-rep"),
     .command = ncu_command,
     .collect = nvidia_collect,
     .explain = nvidia_explain,
     .is_ours = ncu_is_ours,
     .native = true,
     .sees_kernels = true,
     .watches_gpus = true,
     .gather = ncu_gather},
    {.name = STR_CONST("dmon"),
     .file_name = STR_CONST("gpus.txt"),
     .command = dmon_command,
     .collect = dmon_collect,
     .explain = dmon_explain,
     .watches_gpus = true,
     .only_asked = true},
};

enum {
    TOOLS_LEN = sizeof(TOOLS) / sizeof(TOOLS[0]),
};

bool capture_is_pytest_benchmark(const CaptureJob *job)
{
    return str_eq(job->options->workload->harness, S("pytest-benchmark"));
}

void capture_add(CaptureJob *job, const Str *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        *array_push(job->arena, &job->argv) = words[i];
}

static const CaptureTool *find_row(Str name)
{
    for (size_t i = 0; i < TOOLS_LEN; i++)
        if (str_eq(TOOLS[i].name, name))
            return &TOOLS[i];
    return NULL;
}

/* ---------------------------------------------------------------- which tool */

static bool not_ready(const Tool *tool, Err *err)
{
    return err_set(err, ERR_TOOL, STR_FMT "%s" STR_FMT, STR_ARG(tool->problem),
                   tool->mend.len ? ": " : "", STR_ARG(tool->mend));
}

/* Whether the benchmark is machine code: it does not start Python in any way we know. */
static bool is_native(const CaptureJob *job)
{
    PyLaunch launch;
    Err not_python = {0};
    return !pylaunch_find(job->arena, &job->options->workload->benchmark,
                          job->options->places->root, &launch, &not_python);
}

static bool check_options(const CaptureJob *job, const CaptureTool *row, Err *err)
{
    if (job->options->native && !row->sees_native)
        return err_set(err, ERR_UNSUPPORTED,
                       STR_FMT " sees no native frames: --native is for py-spy and memray",
                       STR_ARG(row->name));
    if (job->options->python_allocators && !row->sees_allocators)
        return err_set(err, ERR_UNSUPPORTED,
                       STR_FMT " cannot trace Python's allocators: --python-allocators is for "
                               "memray",
                       STR_ARG(row->name));
    bool kernels = job->options->kernel.len || job->options->launches || job->options->launch_skip;
    if (kernels && !row->sees_kernels)
        return err_set(err, ERR_UNSUPPORTED,
                       STR_FMT " cannot choose kernels: --kernel, --launches and --launch-skip "
                               "are for ncu",
                       STR_ARG(row->name));
    return true;
}

/* The one asked for, or the first of the workload's and of ours that is there. */
static bool choose_tool(CaptureJob *job, const CaptureTool **row, Err *err)
{
    ToolSearch search = {.cwd = job->options->places->root,
                         .benchmark = &job->options->workload->benchmark,
                         .cancel = job->options->cancel};
    StrList names = {0};
    if (job->options->tool.len) {
        *array_push(job->arena, &names) = tool_real_name(job->options->tool);
    } else {
        array_each (Str, name, &job->options->workload->profilers) {
            const CaptureTool *found = find_row(*name);
            if (found && !found->only_asked)
                *array_push(job->arena, &names) = *name;
        }
        bool native = is_native(job);
        for (size_t i = 0; i < 2 * TOOLS_LEN; i++)
            if (TOOLS[i % TOOLS_LEN].native == (i < TOOLS_LEN ? native : !native) &&
                !TOOLS[i % TOOLS_LEN].only_asked)
                *array_push(job->arena, &names) = TOOLS[i % TOOLS_LEN].name;
    }
    for (size_t i = 0; i < names.len; i++) {
        Tool tool = tool_look(job->arena, names.items[i], &search);
        if (i == 0 || tool.ready)
            job->tool = tool;
        if (tool.ready)
            break;
    }
    if (job->tool.ready && !str_eq(job->tool.name, names.items[0])) {
        Tool wanted = tool_look(job->arena, names.items[0], &search);
        report_note(job->report, STR_FMT " (" STR_FMT "); " STR_FMT " is used instead",
                    STR_ARG(wanted.problem), STR_ARG(wanted.mend), STR_ARG(job->tool.name));
    }
    *row = find_row(job->tool.name);
    return (job->tool.ready || not_ready(&job->tool, err)) && check_options(job, *row, err);
}

/* ---------------------------------------------------------------- the folder */

static int lock_folder(Arena *arena, Str folder, int flags)
{
    Str path = path_join(arena, folder, S("lock"));
    int fd = open(str_cstr(arena, path), O_RDWR | O_CLOEXEC | flags, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void forget(Arena *arena, Str folder)
{
    for (size_t i = 0; i < TOOLS_LEN; i++)
        if (TOOLS[i].forget)
            TOOLS[i].forget(arena, folder);
}

/* Folders whose run was killed: nobody holds their lock. */
static void remove_left_folders(Arena *arena, Str parent)
{
    DIR *dir = opendir(str_cstr(arena, parent));
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        Str name = str_from_c(entry->d_name), folder = path_join(arena, parent, name);
        Err err = {0};
        int lock = str_starts(name, S("capture-")) ? lock_folder(arena, folder, 0) : -1;
        if (lock < 0)
            continue;
        forget(arena, folder);
        if (!file_remove_tree(folder, &err))
            log_warn("capture: %s", err.msg);
        close(lock);
    }
    if (dir)
        closedir(dir);
}

static bool make_folder(Arena *arena, const Places *places, Capture *out, Err *err)
{
    Str parent = path_join(arena, places->cache, S("captures"));
    if (!file_make_dirs(parent, err))
        return false;
    remove_left_folders(arena, parent);
    char *folder = str_cstr(arena, path_join(arena, parent, S("capture-XXXXXX")));
    if (!mkdtemp(folder))
        return err_set(err, ERR_IO, "%s: %s", folder, strerror(errno));
    out->folder = str_from_c(folder);
    out->lock = lock_folder(arena, out->folder, O_CREAT);
    if (out->lock < 0)
        return err_set(err, ERR_IO, "%s: cannot be locked", folder);
    return true;
}

void capture_finish(Capture *capture)
{
    CLEANUP(arena_cleanup) Arena *arena = arena_new("capture_finish");
    Err err = {0};
    if (capture->folder.len)
        forget(arena, capture->folder);
    if (capture->folder.len && !file_remove_tree(capture->folder, &err))
        log_warn("capture: %s", err.msg);
    if (capture->lock > 0)
        close(capture->lock);
    *capture = (Capture){0};
}

/* ---------------------------------------------------------------- the run */

static void tick(void *context)
{
    CaptureJob *job = context;
    uint64_t seconds = (clock_now_ns() - job->started_ns) / 1000000000;
    if (seconds == job->told_s)
        return;
    job->told_s = seconds;
    report_progress(job->report, -1, STR_FMT ": " STR_FMT ", %llu s", STR_ARG(job->tool.name),
                    STR_ARG(job->options->workload->benchmark.text), (unsigned long long)seconds);
}

/* Keeps Python and pytest from writing into the work tree. */
static StrList environment(CaptureJob *job)
{
    StrList env = {0};
    Str options = str_from_c(getenv("PYTEST_ADDOPTS")), storage = {0};
    if (capture_is_pytest_benchmark(job)) {
        storage = str_fmt(job->arena, "--benchmark-storage=" STR_FMT "/storage",
                          STR_ARG(job->capture->folder));
        storage = workload_join(job->arena, &storage, 1);
    }
    *array_push(job->arena, &env) = S("PYTHONDONTWRITEBYTECODE=1");
    *array_push(job->arena, &env) =
        str_fmt(job->arena, "PYTEST_ADDOPTS=" STR_FMT " -p no:cacheprovider " STR_FMT STR_FMT,
                STR_ARG(options), STR_ARG(storage), STR_ARG(job->pytest_options));
    array_each (const Str, setting, &job->env)
        *array_push(job->arena, &env) = *setting;
    return env;
}

/* The benchmark's own exit status; -1 when it is not known because the profiler hid it. */
static int benchmark_status(const CaptureJob *job, const ProcessResult *result)
{
    Str text;
    Err err = {0};
    int64_t status;
    if (!job->status_file.len)
        return result->status;
    if (!file_read(job->arena, job->status_file, 64, &text, &err) ||
        !str_to_i64(str_trim(text), &status))
        return -1;
    return (int)status;
}

static Str before_own_words(const CaptureJob *job, Str text)
{
    size_t at = job->own_words.len ? str_find(text, job->own_words, 0) : text.len;
    return str_head(text, at < text.len ? at : text.len);
}

static bool check_run(CaptureJob *job, const CaptureTool *row, const ProcessResult *result,
                      Err *err)
{
    uint64_t bytes = 0;
    int status = benchmark_status(job, result);
    if (result->signal)
        return process_check(result, row->name, err);
    if (status > 0 && !(row->is_ours && row->is_ours(result))) {
        Str out = before_own_words(job, result->out),
            errors = before_own_words(job, result->errors), why = said_why(out, errors);
        return err_set(err, ERR_TOOL,
                       "the benchmark failed with status %d under " STR_FMT ": " STR_FMT, status,
                       STR_ARG(row->name), STR_ARG(why.len ? why : S("it said nothing")));
    }
    if (result->status == 0 && row->collect && !row->collect(job, err))
        return false;
    if (result->status == 0 && file_stat(job->capture->file, NULL, &bytes) && bytes > 0)
        return true;
    return row->explain(job, result, err);
}

static bool run_build(CaptureJob *job, Err *err)
{
    const WorkloadCommand *build = &job->options->workload->build;
    ProcessOptions process = {.argv = build->argv,
                              .argc = build->argc,
                              .cwd = job->options->places->root,
                              .env = job->env.items,
                              .env_count = job->env.len,
                              .cancel = job->options->cancel};
    ProcessResult result;
    if (build->argc == 0)
        return true;
    report_progress(job->report, -1, "building: " STR_FMT, STR_ARG(build->text));
    return process_run(job->arena, &process, &result, err) &&
           process_check(&result, build->text, err);
}

static void tell(void *context, Str message)
{
    CaptureJob *job = context;
    report_note(job->report, STR_FMT, STR_ARG(message));
}

static bool run_tool(CaptureJob *job, const CaptureTool *row, Err *err)
{
    Capture *capture = job->capture;
    CLEANUP(turn_finish) Turn turn = {.fd = -1};
    capture->tool = row->name;
    capture->version = job->tool.version;
    capture->run_dir = job->options->places->root;
    capture->file = path_join(job->arena, capture->folder, row->file_name);
    if (row->native)
        job->env = rust_env(job->arena, job->options->places, job->options->workload);
    /* Whoever measures meanwhile would measure our noise. */
    if (!turn_take(&turn, job->options->places->user_state, job->options->cancel, tell, job, err) ||
        !run_build(job, err) || (row->watches_gpus && !monitor_plan(job, row->only_asked, err)) ||
        !row->command(job, err))
        return false;
    StrList env = environment(job);
    ProcessOptions process = {.argv = job->argv.items,
                              .argc = job->argv.len,
                              .cwd = capture->run_dir,
                              .env = env.items,
                              .env_count = env.len,
                              .cancel = job->options->cancel,
                              .on_tick = tick,
                              .context = job};
    ProcessResult result;
    report_progress(job->report, -1, STR_FMT ": " STR_FMT, STR_ARG(row->name),
                    STR_ARG(job->options->workload->benchmark.text));
    job->started_ns = clock_now_ns();
    if (job->watch.argc ? !monitor_run(job, &process, &result, err)
                        : !process_run(job->arena, &process, &result, err))
        return false;
    capture->wall_s = result.wall_s;
    if (row->gather)
        row->gather(job, &result);
    job->said =
        str_fmt(job->arena, STR_FMT "\n" STR_FMT, STR_ARG(result.out), STR_ARG(result.errors));
    return check_run(job, row, &result, err);
}

bool capture_run(Arena *arena, Report *report, const CaptureOptions *options, Capture *out,
                 Err *err)
{
    const CaptureTool *row;
    Capture capture = {0};
    CaptureJob job = {.arena = arena, .report = report, .options = options, .capture = &capture};
    if (!choose_tool(&job, &row, err))
        return false;
    if (!make_folder(arena, options->places, &capture, err) || !run_tool(&job, row, err)) {
        capture_finish(&capture);
        return false;
    }
    *out = capture;
    return true;
}
