#include "runners/profiling/convert.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/profile/format.h"
#include "analysis/profile/readers.h"
#include "analysis/profile/store.h"
#include "analysis/symbols/beside.h"
#include "analysis/symbols/symbolize.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "runners/process.h"
#include "runners/profiling/sandbox.h"
#include "runners/profiling/symbols.h"
#include "runners/profiling/unwind.h"

enum {
    LEAST_TIME_S = 60,
    BYTES_PER_SECOND = 4 * 1000 * 1000, /* what the slowest reader does on a slow machine */
    MEMORY_FACTOR = 64,                 /* of the file: tables, text and what a gzip holds */
    KEPT_DAYS = 90,
};

static const uint64_t LEAST_MEMORY = 1024 * 1024 * 1024;

Str profile_cache_path(Arena *arena, Str cache, Digest id)
{
    Str hex = digest_hex(arena, id);
    return str_fmt(arena, STR_FMT "/profiles/" STR_FMT ".plp", STR_ARG(cache), STR_ARG(hex));
}

static uint64_t most_bytes(uint64_t bytes)
{
    return LEAST_MEMORY + bytes * MEMORY_FACTOR;
}

/* A server of debug information that does not answer must not use up the child's time. */
static bool wants_debuginfod(void)
{
    const char *urls = getenv("DEBUGINFOD_URLS");
    setenv("DEBUGINFOD_TIMEOUT", "5", 0);
    setenv("DEBUGINFOD_MAXTIME", "20", 0);
    return urls && *urls;
}

/* errno says why; the name of a file in the cache tells nobody anything. */
static bool cache_refuses(Str file, Err *err)
{
    Str folder = path_dir(file);
    return err_set(err, ERR_IO,
                   "the cache " STR_FMT " cannot be written (%s): make it writable, or set "
                   "XDG_CACHE_HOME to another folder",
                   STR_ARG(folder), strerror(errno));
}

bool convert_here(Str from, Str unwound, Str to, Err *err)
{
    CLEANUP(arena_cleanup) Arena *arena = arena_new("convert");
    CLEANUP(file_unmap) FileMap map = {0}, text = {0};
    Profile profile;
    if (!file_map(from, &map, err) || (unwound.len && !file_map(unwound, &text, err)))
        return false;
    CLEANUP(fd_close)
    int fd = open(str_cstr(arena, to), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return cache_refuses(to, err);
    SandboxOptions sandbox = {.keep_fd = fd,
                              .file_bytes = most_bytes(map.bytes.len + text.bytes.len),
                              .debuginfod = wants_debuginfod()};
    if (CONVERT_SANDBOX && !sandbox_enter(sandbox))
        log_debug("convert: this kernel does not filter system calls");
    if (unwound.len ? !read_perf_unwound(arena, map.bytes, text.bytes, &profile, err)
                    : !profile_read_file(arena, from, map.bytes, &profile, err))
        return false;
    profile = symbols_of(arena, &profile);
    return fd_write(fd, profile_store_write(arena, &profile)) || cache_refuses(to, err);
}

ProcessOptions convert_limits(uint64_t bytes)
{
    return (ProcessOptions){.timeout_s = LEAST_TIME_S + (double)bytes / BYTES_PER_SECOND,
                            .memory_bytes = CONVERT_LIMITS_MEMORY ? most_bytes(bytes) : 0};
}

bool convert_child_failed(Str file, const ProcessResult *result, Err *err)
{
    Str name = path_base(file), said = str_trim(result->errors);
    Str prefix = S("perfloop: ");
    if (str_starts(said, S("out of memory")))
        return err_set(err, ERR_INPUT, STR_FMT ": needs too much memory for its size",
                       STR_ARG(name));
    if (result->timed_out || result->signal == SIGXCPU)
        return err_set(err, ERR_INPUT, STR_FMT ": reading it takes too long", STR_ARG(name));
    if (result->signal)
        return err_set(err, ERR_INPUT, STR_FMT ": the reader crashed with signal %d", STR_ARG(name),
                       result->signal);
    if (str_starts(said, prefix))
        said = str_from(said, prefix.len);
    return err_set(err, ERR_INPUT, STR_FMT, STR_ARG(said));
}

static bool run_reader(Arena *arena, const ConvertOptions *options, Str unwound, Str to,
                       uint64_t bytes, Err *err)
{
    Str program = options->program.len ? options->program : process_self(arena);
    const Str argv[] = {program, S("convert"), options->file, to, unwound};
    ProcessOptions child = convert_limits(bytes);
    child.argv = argv;
    child.argc = unwound.len ? 5 : 4;
    child.cancel = options->cancel;
    if (options->timeout_s > 0)
        child.timeout_s = options->timeout_s;
    if (options->memory_bytes && CONVERT_LIMITS_MEMORY)
        child.memory_bytes = options->memory_bytes;
    ProcessResult result;
    if (!process_run(arena, &child, &result, err))
        return false;
    return (result.status == 0 && file_exists(to)) ||
           convert_child_failed(options->file, &result, err);
}

/* Without what perf could do, and when its text is of no use, the recording is read as it is. */
static bool run_child(Arena *arena, const ConvertOptions *options, Str to, Str bytes, Err *err)
{
    PerfLook look;
    Err unused = {0};
    uint64_t more = 0;
    Str text = str_fmt(arena, STR_FMT ".script", STR_ARG(to));
    UnwindOptions unwind = {.file = options->file,
                            .bytes = bytes.len,
                            .to = text,
                            .report = options->report,
                            .cancel = options->cancel};
    bool unwound = unwind_wanted(bytes, &look) && unwind_perf(arena, &unwind, &look, &unused) &&
                   file_stat(text, NULL, &more);
    if (unused.kind == ERR_CANCELLED) {
        *err = unused;
        return false;
    }
    bool ok = unwound && run_reader(arena, options, text, to, bytes.len + more, &unused);
    if (unwound)
        unlink(str_cstr(arena, text));
    return ok || run_reader(arena, options, (Str){0}, to, bytes.len, err);
}

/* The child may not rename files, so it writes beside where the result belongs. */
static bool make_profile(Arena *arena, const ConvertOptions *options, Str to, Str bytes, Err *err)
{
    Str temp = str_fmt(arena, STR_FMT ".%d.plp", STR_ARG(to), (int)getpid());
    bool ok = run_child(arena, options, temp, bytes, err);
    if (ok && rename(str_cstr(arena, temp), str_cstr(arena, to)))
        ok = cache_refuses(to, err);
    if (!ok)
        unlink(str_cstr(arena, temp));
    return ok;
}

bool convert_is_stale(Arena *arena, const OpenProfile *open)
{
    return profile_store_is_older(open->map.bytes) || symbolize_again(arena, &open->profile);
}

typedef enum Cached {
    CACHED_NO, /* nothing that this version can map */
    CACHED_YES,
    CACHED_STALE, /* of other readers; or a program or its debug information has appeared */
} Cached;

static Cached is_cached(Arena *arena, Str cache, Digest id, Str bytes)
{
    OpenProfile open = {0};
    PerfLook look;
    Err ignored = {0};
    if (!profile_open(arena, cache, id, &open, &ignored))
        return CACHED_NO;
    bool again = convert_is_stale(arena, &open);
    bool flat = unwind_wanted(bytes, &look) && str_eq(open.profile.format, S("perf.data"));
    profile_close(&open);
    if (flat && unwind_possible(arena))
        return CACHED_NO;
    return again ? CACHED_STALE : CACHED_YES;
}

static bool awaits(const Profile *profile, Str path)
{
    for (size_t i = 0; i < profile->awaited_len; i++)
        if (profile->awaited[i].module &&
            str_eq(profile_text(profile, profile->awaited[i].path), path))
            return true;
    return false;
}

/* A program that was there the first time may have been built anew since. */
static bool knows_less(const Profile *now, const Profile *before)
{
    for (size_t i = 0; i < now->awaited_len; i++)
        if (now->awaited[i].module && !awaits(before, profile_text(now, now->awaited[i].path)))
            return true;
    return false;
}

/* The result of before, which from now on waits for other changes than these. */
static bool keep_before(Arena *arena, Str path, Profile before, Err *err)
{
    ProfileAwaited *awaited = NEW_ARRAY(arena, ProfileAwaited, before.awaited_len + 1);
    for (size_t i = 0; i < before.awaited_len; i++) {
        awaited[i] = before.awaited[i];
        awaited[i].state = beside_state(arena, profile_text(&before, awaited[i].path));
    }
    before.awaited = awaited;
    return file_write(path, profile_store_write(arena, &before), err);
}

/* True when the result in `again` took the place of the one before. */
static bool take_again(Arena *arena, const ConvertOptions *options, const Converted *old, Str again,
                       Err *err)
{
    CLEANUP(file_unmap) FileMap map = {0};
    OpenProfile before = {0};
    Profile now;
    if (!file_map(again, &map, err) || !profile_store_map(arena, map.bytes, &now, err) ||
        !profile_open(arena, options->cache, old->id, &before, err))
        return false;
    bool less = knows_less(&now, &before.profile);
    bool kept = less && keep_before(arena, old->path, before.profile, err);
    profile_close(&before);
    return !less && !kept && rename(str_cstr(arena, again), str_cstr(arena, old->path)) == 0;
}

/* Reads the file once more; the result of before stays when the new one fails or knows less. */
static void convert_again(Arena *arena, const ConvertOptions *options, const Converted *old,
                          Str bytes)
{
    Err ignored = {0};
    Str again = str_fmt(arena, STR_FMT ".%d.plp", STR_ARG(old->path), (int)getpid());
    if (!run_child(arena, options, again, bytes, &ignored) ||
        !take_again(arena, options, old, again, &ignored))
        unlink(str_cstr(arena, again));
}

bool convert_file(Arena *arena, const ConvertOptions *options, Converted *out, Err *err)
{
    CLEANUP(file_unmap) FileMap map = {0};
    if (!file_map(options->file, &map, err))
        return false;
    Converted result = {.id = digest_of_map(&map)};
    result.path = profile_cache_path(arena, options->cache, result.id);
    Cached cached = is_cached(arena, options->cache, result.id, map.bytes);
    if (cached != CACHED_NO) {
        if (cached == CACHED_STALE)
            convert_again(arena, options, &result, map.bytes);
        result.was_cached = cached == CACHED_YES;
        *out = result;
        return true;
    }
    Str folder = path_dir(result.path);
    Err ignored = {0};
    if (!file_make_dirs(folder, &ignored) || access(str_cstr(arena, folder), W_OK | X_OK) != 0)
        return cache_refuses(result.path, err);
    if (!make_profile(arena, options, result.path, map.bytes, err))
        return false;
    convert_sweep(options->cache, clock_unix_s() - (int64_t)KEPT_DAYS * 24 * 3600);
    *out = result;
    return true;
}

bool profile_open(Arena *arena, Str cache, Digest id, OpenProfile *out, Err *err)
{
    Str path = profile_cache_path(arena, cache, id);
    OpenProfile open = {0};
    if (!file_map(path, &open.map, err))
        return err->kind == ERR_NOT_FOUND
                   ? err_set(err, ERR_NOT_FOUND, "the profile is no longer in the cache")
                   : false;
    if (!profile_store_map(arena, open.map.bytes, &open.profile, err)) {
        profile_close(&open);
        err->kind = ERR_NOT_FOUND; /* read it again from its source */
        return false;
    }
    utimensat(AT_FDCWD, str_cstr(arena, path), NULL, 0);
    *out = open;
    return true;
}

void profile_close(OpenProfile *open)
{
    file_unmap(&open->map);
    *open = (OpenProfile){0};
}

size_t convert_sweep(Str cache, int64_t before_s)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("convert_sweep");
    Str folder = str_fmt(scratch, STR_FMT "/profiles", STR_ARG(cache));
    DIR *dir = opendir(str_cstr(scratch, folder));
    size_t removed = 0;
    if (!dir)
        return 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        Str name = str_from_c(entry->d_name);
        Str path = path_join(scratch, folder, name);
        int64_t changed_s;
        bool ours = str_has(name, S(".plp")) || str_starts(name, S("recording-"));
        if (ours && file_stat(path, &changed_s, NULL) && changed_s < before_s &&
            unlink(str_cstr(scratch, path)) == 0)
            removed++;
    }
    closedir(dir);
    return removed;
}
