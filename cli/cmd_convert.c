/* perfloop convert: the child that reads one foreign profile (runners/profiling/convert.h). */

#include <stdio.h>

#include "cli/commands.h"
#include "runners/profiling/convert.h"

int cmd_convert(int argc, char **argv)
{
    Err err = {0};
    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: perfloop convert PROFILE OUTPUT [UNWOUND]\n");
        return EXIT_USAGE;
    }
    if (convert_here(str_from_c(argv[1]), argc > 3 ? str_from_c(argv[3]) : S(""),
                     str_from_c(argv[2]), &err))
        return EXIT_OK;
    fprintf(stderr, "perfloop: %s\n", err.msg);
    return EXIT_FAILED;
}
