/* Frozen trees: a snapshot as files again, in a folder of its own (snapshot.h). */

#include "runners/git/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/path.h"

enum {
    NAME_DIGITS = 16, /* of the tree's name: every frozen tree's path is equally long */
};

static Str trees_folder(Arena *arena, const Places *places)
{
    return path_join(arena, places->state, S("trees"));
}

static bool set_errno(Err *err, Str path)
{
    return err_set(err, ERR_IO, STR_FMT ": %s", STR_ARG(path), strerror(errno));
}

static bool write_file(Arena *scratch, Str path, Str bytes, uint32_t mode, Err *err)
{
    int fd = open(str_cstr(scratch, path), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  mode == GIT_MODE_PROGRAM ? 0777 : 0666);
    if (fd < 0)
        return set_errno(err, path);
    bool ok = true;
    while (ok && bytes.len) {
        ssize_t put = write(fd, bytes.ptr, bytes.len);
        ok = put > 0 || (put < 0 && errno == EINTR);
        bytes = put > 0 ? str_from(bytes, (size_t)put) : bytes;
    }
    if (!ok)
        set_errno(err, path);
    close(fd);
    return ok;
}

/* `made` is the folder of the entry before: entries are sorted, so it is mostly the same one. */
static bool write_entry(Arena *scratch, Repo *repo, Str dir, const GitEntry *entry, Str *made,
                        Err *err)
{
    Str path = path_join(scratch, dir, entry->path), folder = path_dir(entry->path);
    Str bytes;
    if (entry->mode == GIT_MODE_SUBMODULE)
        return file_make_dirs(path, err);
    if (!str_eq(folder, *made) && !file_make_dirs(path_dir(path), err))
        return false;
    *made = folder;
    if (!repo_read_blob(scratch, repo, entry->blob, &bytes, err))
        return false;
    if (snapshot_is_note(bytes))
        bytes = path_join(scratch, repo_top(repo), entry->path);
    else if (entry->mode != GIT_MODE_LINK)
        return write_file(scratch, path, bytes, entry->mode, err);
    if (symlink(str_cstr(scratch, bytes), str_cstr(scratch, path)) < 0)
        return set_errno(err, path);
    return true;
}

bool snapshot_freeze(Arena *arena, Repo *repo, const Places *places, ObjectId tree, Str *dir,
                     Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("freeze");
    GitEntries entries;
    if (!repo_read_tree(scratch, repo, tree, &entries, err))
        return false;
    Str folder = path_join(arena, trees_folder(scratch, places),
                           str_head(object_id_hex(scratch, tree), NAME_DIGITS));
    if ((file_exists(folder) && !file_remove_tree(folder, err)) || !file_make_dirs(folder, err))
        return false;
    Str made = {0};
    array_each (GitEntry, entry, &entries) {
        CLEANUP(arena_cleanup) Arena *each = arena_new("file");
        if (!write_entry(each, repo, folder, entry, &made, err))
            return err_wrap(err, "frozen tree");
    }
    *dir = folder;
    return true;
}

void snapshot_thaw(const Places *places, Str keep_a, Str keep_b)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("thaw");
    Str folder = trees_folder(scratch, places);
    DIR *dir = opendir(str_cstr(scratch, folder));
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        Str name = str_from_c(entry->d_name);
        Str path = path_join(scratch, folder, name);
        Err problem = {0};
        if (str_eq(name, S(".")) || str_eq(name, S("..")) || str_eq(path, keep_a) ||
            str_eq(path, keep_b))
            continue;
        if (!file_remove_tree(path, &problem))
            log_warn("loop: %s", problem.msg);
    }
    closedir(dir);
}
