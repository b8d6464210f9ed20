/* perfloop convert: the child that reads one foreign profile (runners/profiling/convert.h). */

#include <stdio.h>

#include "cli/commands.h"
#include "runners/profiling/convert.h"

int cmd_convert(int argc, char **argv)
{
    Err err = {0};
    if (argc != 3) {
        fprintf(stderr, "usage: perfloop convert PROFILE OUTPUT\n");
        return EXIT_USAGE;
    }
    if (convert_here(str_from_c(argv[1]), str_from_c(argv[2]), &err))
        return EXIT_OK;
    fprintf(stderr, "perfloop: %s\n", err.msg);
    return EXIT_FAILED;
}
