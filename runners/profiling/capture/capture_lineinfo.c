#include "runners/profiling/capture/capture_lineinfo.h"

#include <fts.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/profile/nvidia/fatbin.h"
#include "analysis/symbols/needed.h"
#include "base/file.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/process.h"
#include "runners/pylaunch.h"

enum {
    FILES_MAX = 200,     /* looked at */
    WALKED_MAX = 100000, /* passed by on the way to extension modules */
    DEEP = 12,
    NAMES_SHOWN = 3,
};

typedef struct Look {
    CaptureJob *job;
    Str root;      /* of the workspace, without symbolic links */
    StrList files; /* to look at: without symbolic links, each once */
    StrList without, unknown;
} Look;

static void add_file(Look *look, Str path)
{
    char *real = realpath(str_cstr(look->job->arena, path), NULL);
    Str whole = real ? str_copy(look->job->arena, str_from_c(real)) : (Str){0};
    free(real);
    if (!whole.len || look->files.len >= FILES_MAX)
        return;
    array_each (const Str, known, &look->files)
        if (str_eq(*known, whole))
            return;
    *array_push(look->job->arena, &look->files) = whole;
}

static void add_inside(Look *look, Str path)
{
    char *real = realpath(str_cstr(look->job->arena, path), NULL);
    Str rest;
    if (real && path_inside(look->root, str_from_c(real), &rest))
        add_file(look, path);
    free(real);
}

/* ---------------------------------------------------------------- which files */

/* Behind `env` and its settings. */
static bool add_program(Look *look)
{
    CaptureJob *job = look->job;
    const WorkloadCommand *benchmark = &job->options->workload->benchmark;
    Str path;
    size_t at = 0;
    while (at < benchmark->argc && (str_eq(path_base(benchmark->argv[at]), S("env")) ||
                                    str_has(benchmark->argv[at], S("="))))
        at++;
    if (benchmark->shell || at == benchmark->argc ||
        !process_find(job->arena, benchmark->argv[at], (Str){0}, job->options->places->root, &path))
        return false;
    add_file(look, path);
    return true;
}

static void add_from(Look *look, Str name, Str folders)
{
    Str folder;
    while (folders.len) {
        if (!str_cut(folders, ':', &folder, &folders)) {
            folder = folders;
            folders = (Str){0};
        }
        if (folder.len)
            add_inside(look, path_join(look->job->arena, folder, name));
    }
}

/* The libraries of each file, of those libraries, and so on; the list grows on the way. */
static void add_libraries(Look *look)
{
    Str from_environment = str_from_c(getenv("LD_LIBRARY_PATH"));
    for (size_t i = 0; i < look->files.len; i++) {
        Needed needed;
        if (!needed_read(look->job->arena, look->files.items[i], &needed))
            continue;
        array_each (const Str, name, &needed.names) {
            if (str_has(*name, S("/")))
                add_inside(look, *name);
            array_each (const Str, folder, &needed.folders)
                add_inside(look, path_join(look->job->arena, *folder, *name));
            add_from(look, *name, from_environment);
        }
    }
}

static bool is_passed_by(const FTSENT *at)
{
    return at->fts_level > DEEP || (at->fts_level > 0 && at->fts_name[0] == '.') ||
           !strcmp(at->fts_name, "node_modules") || !strcmp(at->fts_name, "__pycache__") ||
           !strcmp(at->fts_name, "site-packages");
}

static void close_walk(FTS **walk)
{
    if (*walk)
        fts_close(*walk);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* *.so below the workspace; not what is installed into a virtual environment there. */
static void add_modules(Look *look)
{
    char *const roots[] = {str_cstr(look->job->arena, look->root), NULL};
    CLEANUP(close_walk)
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOSTAT | FTS_NOCHDIR, by_name);
    size_t walked = 0;
    for (FTSENT *at; walk && walked++ < WALKED_MAX && (at = fts_read(walk));) {
        if (at->fts_info == FTS_D && is_passed_by(at))
            fts_set(walk, at, FTS_SKIP);
        else if ((at->fts_info == FTS_F || at->fts_info == FTS_NSOK) &&
                 str_ends(str_from_c(at->fts_name), S(".so")))
            add_file(look, str_from_c(at->fts_path));
    }
}

/* ---------------------------------------------------------------- what is in them */

static void look_at(Look *look, Str path)
{
    CLEANUP(file_unmap) FileMap map = {0};
    Arena *arena = look->job->arena;
    Err err = {0};
    Str rest;
    if (!file_map(path, &map, &err))
        return;
    FatbinFacts facts = fatbin_look(arena, map.bytes);
    FatbinLines lines = fatbin_lines(&facts);
    Str name = path_inside(look->root, path, &rest) ? rest : path;
    if (lines == FATBIN_NO_LINES)
        *array_push(arena, &look->without) = name;
    else if (lines == FATBIN_UNKNOWN)
        *array_push(arena, &look->unknown) = name;
}

static Str names_of(Arena *arena, const StrList *names)
{
    StrBuf out = strbuf_new(arena);
    for (size_t i = 0; i < names->len && i < NAMES_SHOWN; i++)
        strbuf_fmt(&out, "%s" STR_FMT, i ? ", " : "", STR_ARG(names->items[i]));
    if (names->len > NAMES_SHOWN)
        strbuf_fmt(&out, " and %zu more", names->len - NAMES_SHOWN);
    return strbuf_str(&out);
}

static const char *mend(const Look *look, bool python)
{
    if (python)
        return "give nvcc -lineinfo (PyTorch: extra_compile_args={\"nvcc\": [\"-lineinfo\"]} of "
               "CUDAExtension, extra_cuda_cflags=[\"-lineinfo\"] of load)";
    if (file_exists(path_join(look->job->arena, look->root, S("CMakeLists.txt"))))
        return "build them with nvcc -lineinfo (CMake: target_compile_options(TARGET PRIVATE "
               "$<$<COMPILE_LANGUAGE:CUDA>:-lineinfo>))";
    return "build them with nvcc -lineinfo";
}

void lineinfo_note(CaptureJob *job)
{
    PyLaunch launch;
    Err not_python = {0};
    char *root = realpath(str_cstr(job->arena, job->options->places->root), NULL);
    Look look = {.job = job, .root = root ? str_copy(job->arena, str_from_c(root)) : (Str){0}};
    free(root);
    bool python = pylaunch_find(job->arena, &job->options->workload->benchmark,
                                job->options->places->root, &launch, &not_python);
    if (!look.root.len || !(add_program(&look) || python))
        return;
    if (python)
        add_modules(&look);
    add_libraries(&look);
    array_each (const Str, path, &look.files)
        look_at(&look, *path);
    if (look.without.len)
        report_note(job->report,
                    "the kernels in " STR_FMT " have no line numbers, so their cost stands on "
                    "their first line: %s",
                    STR_ARG(names_of(job->arena, &look.without)), mend(&look, python));
    if (look.unknown.len)
        report_note(job->report,
                    "whether the kernels in " STR_FMT " have line numbers cannot be told: they are "
                    "packed in a way that perfloop does not know",
                    STR_ARG(names_of(job->arena, &look.unknown)));
}
