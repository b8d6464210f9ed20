#include "analysis/symbols/beside.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/file.h"
#include "base/hash64.h"

int beside_open(Arena *arena, Str path)
{
    struct stat info;
    int fd = open(str_cstr(arena, path), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0 && (fstat(fd, &info) || !S_ISREG(info.st_mode))) {
        close(fd);
        return -1;
    }
    return fd;
}

uint64_t beside_state(Arena *arena, Str path)
{
    struct stat info;
    if (stat(str_cstr(arena, path), &info) || !S_ISREG(info.st_mode))
        return 0;
    const uint64_t facts[] = {(uint64_t)info.st_ino, (uint64_t)info.st_size,
                              (uint64_t)info.st_mtim.tv_sec, (uint64_t)info.st_mtim.tv_nsec};
    return hash64_bytes((const char *)facts, sizeof(facts)) | 1;
}

bool beside_read(Arena *arena, Str path, size_t limit, Str *out)
{
    struct stat info;
    CLEANUP(fd_close) int fd = beside_open(arena, path);
    if (fd < 0 || fstat(fd, &info) || (info.st_uid != 0 && info.st_uid != geteuid()) ||
        info.st_size < 0)
        return false;
    size_t room = (uint64_t)info.st_size < limit ? (size_t)info.st_size : limit, len = 0;
    char *bytes = NEW_ARRAY(arena, char, room + 1);
    for (ssize_t got; len < room && (got = read(fd, bytes + len, room - len)) > 0;)
        len += (size_t)got;
    *out = (Str){bytes, len};
    return true;
}
