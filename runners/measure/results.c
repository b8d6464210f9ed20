#include "runners/measure/results.h"

#include <dirent.h>
#include <stdlib.h>

#include "analysis/stats/readers.h"
#include "base/file.h"
#include "base/path.h"

enum {
    REPORT_LIMIT = 256 * 1024 * 1024,
    DEPTH_MAX = 8, /* criterion/GROUP/FUNCTION/VALUE/new, and some above */
    FOLDERS_MAX = 100000,
};

typedef struct Walk {
    Arena *arena;
    Samples *samples;
    size_t folders;
} Walk;

typedef Array(Str) Names;

static int by_text(const void *a, const void *b)
{
    return str_cmp(*(const Str *)a, *(const Str *)b);
}

static Names folders_in(Arena *arena, Str folder)
{
    Names out = {0};
    DIR *dir = opendir(str_cstr(arena, folder));
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        Str name = str_copy(arena, str_from_c(entry->d_name));
        if (entry->d_name[0] != '.' && entry->d_type != DT_LNK &&
            file_is_dir(path_join(arena, folder, name)))
            *array_push(arena, &out) = name;
    }
    if (dir)
        closedir(dir);
    if (out.len)
        qsort(out.items, out.len, sizeof(Str), by_text);
    return out;
}

/* Empty when it is not there. */
static Str text_of(Arena *arena, Str folder, const char *name)
{
    Str text = {0};
    Err err = {0};
    if (!file_read(arena, path_join(arena, folder, str_from_c(name)), REPORT_LIMIT, &text, &err))
        return (Str){0};
    return text;
}

/* A benchmark's folder has the files in `new`; what is broken is noted. */
static void add_benchmark(Walk *walk, Str folder)
{
    Str now = path_join(walk->arena, folder, S("new"));
    CriterionFiles files = {.benchmark = text_of(walk->arena, now, "benchmark.json"),
                            .estimates = text_of(walk->arena, now, "estimates.json"),
                            .sample = text_of(walk->arena, now, "sample.json"),
                            .name = path_base(folder)};
    Err err = {0};
    if (!files.estimates.len && !files.sample.len)
        return;
    if (!criterion_add(walk->arena, &files, walk->samples, &err)) {
        *array_push(walk->arena, &walk->samples->notes) =
            str_fmt(walk->arena, STR_FMT ": %s", STR_ARG(now), err.msg);
        return;
    }
    BenchmarkSamples *added = &walk->samples->benchmarks.items[walk->samples->benchmarks.len - 1];
    Str newest = files.estimates.len ? S("estimates.json") : S("sample.json");
    if (!file_stat(path_join(walk->arena, now, newest), &added->time_s, NULL))
        added->time_s = 0;
}

static void walk_folder(Walk *walk, Str folder, int depth)
{
    if (depth > DEPTH_MAX || ++walk->folders > FOLDERS_MAX)
        return;
    Names names = folders_in(walk->arena, folder);
    array_each (Str, name, &names) {
        if (str_eq(*name, S("new")))
            add_benchmark(walk, folder);
        else if (!str_eq(*name, S("base")) && !str_eq(*name, S("change")) &&
                 !str_eq(*name, S("report")))
            walk_folder(walk, path_join(walk->arena, folder, *name), depth + 1);
    }
}

/* "a/b/run.json-bin/0.bin": the last two parts; empty when they would lead elsewhere. */
static Str beside(Arena *arena, Str report, Str name)
{
    Str folder = path_base(path_dir(name)), file = path_base(name);
    if (!folder.len || !file.len || str_eq(folder, S("..")) || str_eq(file, S("..")))
        return (Str){0};
    return path_join(arena, path_join(arena, path_dir(report), folder), file);
}

void results_take_files(Arena *arena, Str report, Samples *samples)
{
    size_t missing = 0, left = REPORT_LIMIT;
    array_each (const SampleFile, file, &samples->files) {
        Str path = beside(arena, report, file->name), bytes = {0};
        uint64_t size = 0;
        Err ignored = {0};
        bool there = path.len && file_stat(path, NULL, &size) && size <= left &&
                     file_read(arena, path, left, &bytes, &ignored);
        if (there)
            left -= bytes.len;
        missing += !there || !nvbench_take_times(arena, samples, file, bytes);
    }
    if (missing)
        *array_push(arena, &samples->notes) = str_fmt(
            arena,
            "%zu of %zu files of samples are not beside the report, or not as it says: of those "
            "benchmarks there are the means",
            missing, samples->files.len);
    samples->files.len = 0;
}

bool results_remove(Str report, Err *err)
{
    static const Str ENDS[] = {STR_CONST(""), STR_CONST("-bin"), STR_CONST("-freqs-bin")};
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("results");
    for (size_t i = 0; i < sizeof(ENDS) / sizeof(ENDS[0]); i++) {
        Str path = str_fmt(scratch, STR_FMT STR_FMT, STR_ARG(report), STR_ARG(ENDS[i]));
        if (file_exists(path) && !file_remove_tree(path, err))
            return false;
    }
    return true;
}

bool results_read(Arena *arena, Str path, Samples *out, Err *err)
{
    Str bytes;
    if (!file_is_dir(path)) {
        if (!file_read(arena, path, REPORT_LIMIT, &bytes, err) ||
            !samples_read(arena, bytes, out, err))
            return false;
        results_take_files(arena, path, out);
        return true;
    }
    Samples samples = {.harness = S("criterion")};
    Walk walk = {.arena = arena, .samples = &samples};
    walk_folder(&walk, path, 0);
    if (samples.benchmarks.len == 0)
        return err_set(err, ERR_NOT_FOUND,
                       "no results of criterion (GROUP/FUNCTION/new/sample.json)%s" STR_FMT,
                       samples.notes.len ? ": " : "",
                       STR_ARG(samples.notes.len ? samples.notes.items[0] : S("")));
    *out = samples;
    return true;
}
