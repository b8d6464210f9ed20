#include <sys/mman.h>
#include <unistd.h>

#include "analysis/symbols/dwarf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes as a program: every 64th place of it is looked up. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena *arena = arena_new("fuzz");
    int fd = memfd_create("program", MFD_CLOEXEC);
    if (fd >= 0 && write(fd, data, size) == (ssize_t)size) {
        DwarfProblem problem;
        Str path = str_fmt(arena, "/proc/self/fd/%d", fd);
        DwarfFile *file = dwarf_open(arena, (DwarfOptions){.path = path}, &problem);
        DwarfFrame frames[DWARF_FRAMES_MAX];
        for (uint64_t offset = 0; file && offset < size; offset += 64) {
            size_t len = dwarf_lookup(file, offset, frames, DWARF_FRAMES_MAX);
            for (size_t i = 0; i < len; i++)
                str_copy(arena, str_fmt(arena, STR_FMT STR_FMT, STR_ARG(frames[i].function),
                                        STR_ARG(frames[i].file)));
        }
        dwarf_close(file);
    }
    if (fd >= 0)
        close(fd);
    arena_free(arena);
    return 0;
}
