/* dump: print any stage of the program's two flows as text. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/dump.h"

static const Command STAGES[] = {
    {"anchors", dump_anchors, "PROFILED CURRENT [--lines 3,9-12]: where lines are now"},
    {"outline", dump_outline,
     "FILE...: functions, loops, calls and kernel launches of source files"},
    {"profile", dump_profile, "FILE: what a profile holds, stack by stack"},
    {"hotspots", dump_hotspots, "FILE: lines, functions and calls with their costs"},
    {"samples", dump_samples, "PATH: what a benchmark's report holds, or criterion's folder"},
    {"gpu", dump_gpu, "FILE: load, clocks and throttling of GPUs, as nvidia-smi wrote them"},
    {"timeline", dump_timeline, "FILE [--json]: how busy each GPU stream was, and why it was idle"},
    {"toml", dump_toml, "FILE...: values and problems of TOML files, a line of JSON each"},
    {"verdict", dump_verdict, "FILE or -: lines 'base,new' in seconds, in measuring order"},
};

int cmd_dump(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof(STAGES) / sizeof(STAGES[0]); i++)
        if (!strcmp(argv[1], STAGES[i].name))
            return STAGES[i].run(argc - 1, argv + 1);
    bool help = argc > 1 && !strcmp(argv[1], "--help");
    FILE *to = help ? stdout : stderr;
    fprintf(to, "usage: perfloop dump STAGE ARGUMENTS\n\n");
    for (size_t i = 0; i < sizeof(STAGES) / sizeof(STAGES[0]); i++)
        fprintf(to, "  %-10s %s\n", STAGES[i].name, STAGES[i].summary);
    return help ? EXIT_OK : EXIT_USAGE;
}
