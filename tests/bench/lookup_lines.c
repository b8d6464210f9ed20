/*
 * lookup_lines FILE: for each offset (hexadecimal, a line each) on stdin, the frames that
 * symbols/dwarf.h finds there, innermost first: "1a2b|function|file|line", and a line "end".
 */
#include <stdio.h>

#include "analysis/symbols/dwarf.h"

int main(int argc, char **argv)
{
    CLEANUP(arena_cleanup) Arena *arena = arena_new("lookup_lines");
    DwarfProblem problem;
    unsigned long long offset;
    DwarfFile *file =
        dwarf_open(arena, (DwarfOptions){.path = str_from_c(argc > 1 ? argv[1] : "")}, &problem);
    if (!file) {
        fprintf(stderr, "lookup_lines: problem %d\n", (int)problem);
        return 1;
    }
    while (scanf("%llx", &offset) == 1) {
        DwarfFrame frames[DWARF_FRAMES_MAX];
        size_t len = dwarf_lookup(file, offset, frames, DWARF_FRAMES_MAX);
        for (size_t i = 0; i < len; i++)
            printf("%llx|" STR_FMT "|" STR_FMT "|%u\n", offset, STR_ARG(frames[i].function),
                   STR_ARG(frames[i].file), frames[i].line);
        printf("end\n");
    }
    dwarf_close(file);
    return 0;
}
