/*
 * Replays a corpus through a fuzz target without libFuzzer, so that every input that was ever
 * interesting is an ordinary test under every compiler and sanitizer.
 */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(Arena *arena, Str path)
{
    Err err = {0};
    Str bytes;
    if (!file_read(arena, path, FILE_LIMIT_TEXT, &bytes, &err)) {
        fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    LLVMFuzzerTestOneInput((const uint8_t *)bytes.ptr, bytes.len);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 1;
    DIR *folder = opendir(argv[1]);
    if (!folder) {
        perror(argv[1]);
        return 1;
    }
    int failed = 0, count = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        Arena *arena = arena_new("replay");
        failed |= replay(arena, path_join(arena, str_from_c(argv[1]), str_from_c(entry->d_name)));
        arena_free(arena);
        count++;
    }
    closedir(folder);
    printf("%d inputs replayed\n", count);
    return failed || count == 0;
}
