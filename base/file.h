/*
 * File: whole files in and out.
 *
 * Reading takes a limit, so that a path given by somebody else cannot fill the memory. Writing is
 * atomic: a temporary file beside the target, then rename; readers see the old text or the new.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

enum {
    FILE_LIMIT_TEXT = 64 * 1024 * 1024, /* sources, settings, small outputs */
};

/* The path "-" is standard input. ERR_NOT_FOUND when there is no such file. */
bool file_read(Arena *arena, Str path, size_t limit, Str *out, Err *err) MUST_CHECK;
bool file_write(Str path, Str bytes, Err *err) MUST_CHECK;
bool file_exists(Str path);
bool file_is_dir(Str path);
/* Makes the folder and those above it; no error when it is there. */
bool file_make_dirs(Str path, Err *err) MUST_CHECK;
/* Removes a file or a whole folder; symbolic links are removed, not followed. */
bool file_remove_tree(Str path, Err *err) MUST_CHECK;
/* Seconds since 1970 of the last change and the size; false when there is no such file. */
bool file_stat(Str path, int64_t *changed_s, uint64_t *bytes);

/* For CLEANUP: closes what is open, nothing when negative. */
void fd_close(int *fd);
/* Every byte, in as many pieces as a file, pipe or socket takes; false leaves errno. */
bool fd_write(int fd, Str bytes) MUST_CHECK;

/* A file mapped read-only; zero-length files give an empty view. Unmap it yourself. */
typedef struct FileMap {
    Str bytes;
} FileMap;
bool file_map(Str path, FileMap *out, Err *err) MUST_CHECK;
void file_unmap(FileMap *map);
/* So many bytes from `from` on leave memory, and come back when they are looked at again. */
void file_map_forget(const FileMap *map, size_t from, size_t bytes);

#endif
