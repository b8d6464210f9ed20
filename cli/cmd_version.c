#include <stdio.h>

#include "base/attr.h"
#include "cli/commands.h"

int cmd_version(int argc UNUSED, char **argv UNUSED)
{
    printf("perfloop %s\n", PERFLOOP_VERSION);
    return EXIT_OK;
}
