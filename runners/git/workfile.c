#include "runners/git/workfile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"

enum {
    LINK_BYTES_MAX = 4096,
    PERMISSIONS_NEW = 0666,
    PERMISSIONS_PROGRAM = 0111,
};

bool workfile_eq(WorkFile a, WorkFile b)
{
    return a.kind == b.kind && a.program == b.program && str_eq(a.bytes, b.bytes);
}

/* The folder of path, reached without any symbolic link; -1 with errno. */
static int open_folder(Arena *scratch, Str top, Str path)
{
    CLEANUP(fd_close) int root = open(str_cstr(scratch, top), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return -1;
    struct open_how how = {
        .flags = O_DIRECTORY | O_CLOEXEC | O_RDONLY,
        .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH,
    };
    return (int)syscall(SYS_openat2, root, str_cstr(scratch, path_dir(path)), &how, sizeof how);
}

/* As open_folder, making what is missing. */
static int make_folder(Arena *scratch, Str top, Str path)
{
    int at = open(str_cstr(scratch, top), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    Str rest = path, part;
    while (at >= 0 && str_cut(rest, '/', &part, &rest)) {
        char *name = str_cstr(scratch, part);
        int next = mkdirat(at, name, 0777) < 0 && errno != EEXIST
                       ? -1
                       : openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int problem = errno;
        close(at);
        errno = problem;
        at = next;
    }
    return at;
}

static WorkFileKind kind_of(const struct stat *st)
{
    if (S_ISREG(st->st_mode))
        return WORKFILE_REGULAR;
    if (S_ISLNK(st->st_mode))
        return WORKFILE_LINK;
    return S_ISDIR(st->st_mode) ? WORKFILE_FOLDER : WORKFILE_OTHER;
}

WorkFileKind workfile_stat(Str top, Str path, struct stat *st)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("stat");
    struct stat here;
    CLEANUP(fd_close) int folder = open_folder(scratch, top, path);
    if (folder < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? WORKFILE_ABSENT
                                                                     : WORKFILE_OTHER;
    if (fstatat(folder, str_cstr(scratch, path_base(path)), &here, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? WORKFILE_ABSENT : WORKFILE_OTHER;
    if (st)
        *st = here;
    return kind_of(&here);
}

static bool set_errno(Err *err, Str path)
{
    return err_set(err, ERR_IO, STR_FMT ": %s", STR_ARG(path), strerror(errno));
}

static bool read_regular(Arena *arena, int folder, const char *name, Str path, size_t limit,
                         WorkFile *out, Err *err)
{
    CLEANUP(fd_close) int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return set_errno(err, path);
    size_t expected = (size_t)st.st_size;
    if (expected > limit)
        return err_set(err, ERR_UNSUPPORTED, STR_FMT ": larger than %zu MB", STR_ARG(path),
                       limit / 1000000);
    char *bytes = NEW_ARRAY(arena, char, expected + 1);
    size_t have = 0;
    while (have < expected) {
        ssize_t got = read(fd, bytes + have, expected - have);
        if (got < 0 && errno != EINTR)
            return set_errno(err, path);
        if (got == 0)
            break; /* it became shorter meanwhile */
        have += got > 0 ? (size_t)got : 0;
    }
    *out = (WorkFile){WORKFILE_REGULAR, (st.st_mode & S_IXUSR) != 0, {bytes, have}};
    return true;
}

static bool read_at(Arena *arena, int folder, const char *name, Str path, size_t limit,
                    WorkFile *out, Err *err)
{
    struct stat st;
    *out = (WorkFile){0};
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? true : set_errno(err, path);
    out->kind = kind_of(&st);
    if (out->kind == WORKFILE_REGULAR)
        return read_regular(arena, folder, name, path, limit, out, err);
    if (out->kind != WORKFILE_LINK)
        return true;
    char *target = NEW_ARRAY(arena, char, LINK_BYTES_MAX);
    ssize_t len = readlinkat(folder, name, target, LINK_BYTES_MAX);
    if (len < 0)
        return set_errno(err, path);
    out->bytes = (Str){target, (size_t)len};
    return true;
}

bool workfile_read(Arena *arena, Str top, Str path, size_t limit, WorkFile *out, Err *err)
{
    CLEANUP(fd_close) int folder = open_folder(arena, top, path);
    if (folder < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) {
        *out = (WorkFile){0};
        return true;
    }
    if (folder < 0)
        return set_errno(err, path);
    return read_at(arena, folder, str_cstr(arena, path_base(path)), path, limit, out, err);
}

/* ---- replacing */

typedef struct Swap {
    Arena *scratch;
    int folder;
    Str path;
    const char *name;
    const char *temporary;
    WorkFile expected, wanted;
} Swap;

static const char *temporary_name(Arena *scratch, Str path, Str token)
{
    return str_cstr(scratch, str_fmt(scratch, ".perfloop-" STR_FMT "-" STR_FMT, STR_ARG(token),
                                     STR_ARG(str_head(path_base(path), 180))));
}

/* The permissions of what is there now, or the usual ones, with the wanted program bit. */
static mode_t permissions(const Swap *swap)
{
    struct stat st;
    mode_t mask = umask(0);
    umask(mask);
    mode_t mode = PERMISSIONS_NEW & ~mask;
    if (fstatat(swap->folder, swap->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
        mode = st.st_mode & 07777;
    bool program = (mode & S_IXUSR) != 0;
    if (swap->wanted.program && !program)
        mode |= PERMISSIONS_PROGRAM & ~mask;
    if (!swap->wanted.program && program)
        mode &= (mode_t)~PERMISSIONS_PROGRAM;
    return mode;
}

static bool make_temporary(const Swap *swap, Err *err)
{
    unlinkat(swap->folder, swap->temporary, 0); /* of an earlier try with this token, tidied */
    if (swap->wanted.kind == WORKFILE_LINK) {
        if (symlinkat(str_cstr(swap->scratch, swap->wanted.bytes), swap->folder, swap->temporary))
            return set_errno(err, swap->path);
        return true;
    }
    CLEANUP(fd_close)
    int fd = openat(swap->folder, swap->temporary,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || !fd_write(fd, swap->wanted.bytes) || fchmod(fd, permissions(swap)) < 0 ||
        fsync(fd) < 0)
        return set_errno(err, swap->path);
    return true;
}

static bool changed_meanwhile(const Swap *swap, Err *err)
{
    return err_set(err, ERR_CONFLICT, STR_FMT " changed in this moment: try again",
                   STR_ARG(swap->path));
}

/* What the step took out must be what we expected; *same says so. */
static bool look_at(const Swap *swap, const char *name, bool *same, Err *err)
{
    WorkFile found;
    if (!read_at(swap->scratch, swap->folder, name, swap->path, SIZE_MAX, &found, err))
        return false;
    *same = workfile_eq(found, swap->expected);
    return true;
}

/* Nothing is there: the new file must not push anything away. */
static bool put_new(const Swap *swap, Err *err)
{
    if (renameat2(swap->folder, swap->temporary, swap->folder, swap->name, RENAME_NOREPLACE) == 0)
        return true;
    bool taken = errno == EEXIST;
    set_errno(err, swap->path);
    unlinkat(swap->folder, swap->temporary, 0);
    return taken ? changed_meanwhile(swap, err) : false;
}

static bool take_out(const Swap *swap, Err *err)
{
    bool same = false;
    if (renameat2(swap->folder, swap->name, swap->folder, swap->temporary, RENAME_NOREPLACE) < 0)
        return errno == ENOENT ? changed_meanwhile(swap, err) : set_errno(err, swap->path);
    if (look_at(swap, swap->temporary, &same, err) && same) {
        unlinkat(swap->folder, swap->temporary, 0);
        return true;
    }
    renameat2(swap->folder, swap->temporary, swap->folder, swap->name, RENAME_NOREPLACE);
    return same ? false : changed_meanwhile(swap, err);
}

/* File systems that cannot exchange: look, then rename over; the window is a few microseconds. */
static bool rename_over(const Swap *swap, Err *err)
{
    bool same = false;
    if (!look_at(swap, swap->name, &same, err) || !same) {
        unlinkat(swap->folder, swap->temporary, 0);
        return same ? false : changed_meanwhile(swap, err);
    }
    if (renameat(swap->folder, swap->temporary, swap->folder, swap->name) < 0)
        return set_errno(err, swap->path);
    return true;
}

static bool exchange(const Swap *swap, Err *err)
{
    bool same = false;
    if (renameat2(swap->folder, swap->temporary, swap->folder, swap->name, RENAME_EXCHANGE) < 0) {
        if (errno == EINVAL || errno == ENOSYS)
            return rename_over(swap, err);
        set_errno(err, swap->path);
        unlinkat(swap->folder, swap->temporary, 0);
        return false;
    }
    if (look_at(swap, swap->temporary, &same, err) && same) {
        unlinkat(swap->folder, swap->temporary, 0);
        return true;
    }
    renameat2(swap->folder, swap->temporary, swap->folder, swap->name, RENAME_EXCHANGE);
    unlinkat(swap->folder, swap->temporary, 0);
    return same ? false : changed_meanwhile(swap, err);
}

static bool run_swap(const Swap *swap, Err *err)
{
    if (swap->wanted.kind == WORKFILE_ABSENT)
        return swap->expected.kind == WORKFILE_ABSENT || take_out(swap, err);
    if (!make_temporary(swap, err)) {
        unlinkat(swap->folder, swap->temporary, 0);
        return false;
    }
    return swap->expected.kind == WORKFILE_ABSENT ? put_new(swap, err) : exchange(swap, err);
}

/* Folders above a removed file that are empty now. */
static void remove_empty_folders(Arena *scratch, Str top, Str path)
{
    for (Str dir = path_dir(path); dir.len && !str_eq(dir, S(".")); dir = path_dir(dir)) {
        CLEANUP(fd_close) int above = open_folder(scratch, top, dir);
        if (above < 0 || unlinkat(above, str_cstr(scratch, path_base(dir)), AT_REMOVEDIR) < 0)
            return;
    }
}

bool workfile_replace(Str top, Str path, WorkFile expected, WorkFile wanted, Str token, Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("swap");
    bool makes = wanted.kind != WORKFILE_ABSENT;
    CLEANUP(fd_close)
    int folder = makes ? make_folder(scratch, top, path) : open_folder(scratch, top, path);
    if (folder < 0)
        return makes || errno != ENOENT || expected.kind != WORKFILE_ABSENT ? set_errno(err, path)
                                                                            : true;
    Swap swap = {
        .scratch = scratch,
        .folder = folder,
        .path = path,
        .name = str_cstr(scratch, path_base(path)),
        .temporary = temporary_name(scratch, path, token),
        .expected = expected,
        .wanted = wanted,
    };
    if (!run_swap(&swap, err))
        return false;
    fsync(folder);
    if (!makes)
        remove_empty_folders(scratch, top, path);
    return true;
}

bool workfile_peek(Arena *arena, Str top, Str path, Str token, WorkFile *left, Err *err)
{
    *left = (WorkFile){0};
    CLEANUP(fd_close) int folder = open_folder(arena, top, path);
    if (folder < 0)
        return true;
    return read_at(arena, folder, temporary_name(arena, path, token), path, SIZE_MAX, left, err);
}

bool workfile_tidy(Str top, Str path, Str token, Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("tidy");
    CLEANUP(fd_close) int folder = open_folder(scratch, top, path);
    if (folder < 0)
        return true;
    if (unlinkat(folder, temporary_name(scratch, path, token), 0) < 0 && errno != ENOENT)
        return set_errno(err, path);
    return true;
}
