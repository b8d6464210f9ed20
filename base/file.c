#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/strbuf.h"

static void close_unless_standard(int *fd)
{
    if (*fd > STDERR_FILENO)
        close(*fd);
}

static bool fail(Err *err, Str path, const char *what)
{
    ErrKind kind = errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    return err_set(err, kind, STR_FMT ": %s: %s", STR_ARG(path), what, strerror(errno));
}

bool file_read(Arena *arena, Str path, size_t limit, Str *out, Err *err)
{
    bool from_stdin = str_eq(path, S("-"));
    CLEANUP(close_unless_standard)
    int fd = from_stdin ? STDIN_FILENO : open(str_cstr(arena, path), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(err, path, "open");
    struct stat info;
    if (fstat(fd, &info) < 0)
        return fail(err, path, "stat");
    if (S_ISDIR(info.st_mode))
        return err_set(err, ERR_IO, STR_FMT ": is a folder", STR_ARG(path));
    StrBuf bytes = strbuf_new(arena);
    size_t step = S_ISREG(info.st_mode) && info.st_size > 0 ? (size_t)info.st_size + 1 : 65536;
    for (;;) {
        if (bytes.len > limit)
            return err_set(err, ERR_INPUT, STR_FMT ": larger than %zu bytes", STR_ARG(path), limit);
        size_t room = step < limit - bytes.len + 1 ? step : limit - bytes.len + 1;
        ssize_t got = read(fd, strbuf_reserve(&bytes, room), room);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(err, path, "read");
        if (got == 0)
            break;
        bytes.len += (size_t)got;
        step = 65536;
    }
    *out = strbuf_str(&bytes);
    return true;
}

void fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

bool fd_write(int fd, Str bytes)
{
    while (bytes.len) {
        ssize_t wrote = write(fd, bytes.ptr, bytes.len);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        bytes = str_from(bytes, (size_t)wrote);
    }
    return true;
}

bool file_write(Str path, Str bytes, Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("file_write");
    char *target = str_cstr(scratch, path);
    char *temp = str_cstr(scratch, str_fmt(scratch, STR_FMT ".XXXXXX", STR_ARG(path)));
    struct stat old;
    mode_t mode = stat(target, &old) == 0 ? old.st_mode & 07777 : 0644;
    CLEANUP(fd_close) int fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0)
        return fail(err, path, "write");
    if (!fd_write(fd, bytes) || fchmod(fd, mode) < 0 || rename(temp, target) < 0) {
        fail(err, path, "write");
        unlink(temp);
        return false;
    }
    return true;
}

bool file_exists(Str path)
{
    return file_stat(path, NULL, NULL);
}

bool file_stat(Str path, int64_t *changed_s, uint64_t *bytes)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("file_stat");
    struct stat info;
    if (stat(str_cstr(scratch, path), &info) < 0)
        return false;
    if (changed_s)
        *changed_s = (int64_t)info.st_mtime;
    if (bytes)
        *bytes = (uint64_t)info.st_size;
    return true;
}

bool file_is_dir(Str path)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("file_is_dir");
    struct stat info;
    return stat(str_cstr(scratch, path), &info) == 0 && S_ISDIR(info.st_mode);
}

bool file_make_dirs(Str path, Err *err)
{
    if (file_is_dir(path))
        return true;
    Str parent = path_dir(path);
    if (!str_eq(parent, path) && !str_eq(parent, S(".")) && !file_make_dirs(parent, err))
        return false;
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("file_make_dirs");
    if (mkdir(str_cstr(scratch, path), 0777) < 0 && errno != EEXIST)
        return fail(err, path, "make folder");
    return true;
}

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *walk)
{
    (void)info;
    (void)flag;
    (void)walk;
    return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

bool file_remove_tree(Str path, Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("file_remove_tree");
    if (nftw(str_cstr(scratch, path), remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
        return fail(err, path, "remove");
    return true;
}

bool file_map(Str path, FileMap *out, Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("file_map");
    CLEANUP(fd_close)
    int fd =
        open(str_cstr(scratch, path), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* no pipe */
    struct stat info;
    if (fd < 0 || fstat(fd, &info) < 0)
        return fail(err, path, "open");
    if (!S_ISREG(info.st_mode))
        return err_set(err, ERR_IO, STR_FMT ": not a regular file", STR_ARG(path));
    *out = (FileMap){0};
    if (info.st_size == 0)
        return true;
    void *start = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (start == MAP_FAILED)
        return fail(err, path, "map");
    out->bytes = (Str){start, (size_t)info.st_size};
    return true;
}

void file_map_forget(const FileMap *map, size_t from, size_t bytes)
{
    enum {
        PAGE = 1 << 16 /* the largest there is, so that nothing beside is hit */
    };
    size_t start = (from + PAGE - 1) / PAGE * PAGE, end = (from + bytes) / PAGE * PAGE;
    if (start < end && end <= map->bytes.len)
        madvise((void *)(uintptr_t)(map->bytes.ptr + start), end - start, MADV_DONTNEED);
}

void file_unmap(FileMap *map)
{
    if (map->bytes.len)
        munmap((void *)(uintptr_t)map->bytes.ptr, map->bytes.len);
    *map = (FileMap){0};
}
