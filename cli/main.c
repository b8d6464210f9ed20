/* The program: picks the subcommand. What each one does stands in its own cmd_NAME.c. */

#include <stdio.h>
#include <string.h>

#include "cli/commands.h"

/* In the order of the loop. */
static const Command COMMANDS[] = {
    {"init", cmd_init, "look at the project and draft perfloop.toml"},
    {"trust", cmd_trust, "agree to the commands that may run in this workspace"},
    {"doctor", cmd_doctor, "which profilers are here, and what mends the others"},
    {"baseline", cmd_baseline, "measure the work tree as the state to compare with"},
    {"profile", cmd_profile, "run the benchmark under a profiler"},
    {"import", cmd_import, "read a profile file into the workspace"},
    {"hot", cmd_hot, "print the hot lines or functions of a profile"},
    {"export", cmd_export, "write the timeline of a GPU profile for Perfetto, chrome://tracing"},
    {"measure", cmd_measure, "is the work tree faster? exit 0 faster or same, 3 slower, 4 unclear"},
    {"keep", cmd_keep, "run the tests and commit what was measured"},
    {"revert", cmd_revert, "take the measured change out of the files"},
    {"restore", cmd_restore, "bring back what was reverted"},
    {"status", cmd_status, "where the loop stands"},
    {"log", cmd_log, "what was tried and what it said"},
    {"lsp", cmd_lsp, "the language server, for editors"},
    {"dump", cmd_dump, "print any stage as text: profile, hotspots, anchors, verdict, ..."},
    {"convert", cmd_convert, "read one profile into a file of ours (the child of import and hot)"},
    {"version", cmd_version, "print the version"},
};

static int usage(FILE *to)
{
    fprintf(to, "perfloop: the optimization loop in your editor\n\n"
                "usage: perfloop COMMAND [ARGUMENTS]     perfloop COMMAND --help\n\n");
    for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++)
        fprintf(to, "  %-10s %s\n", COMMANDS[i].name, COMMANDS[i].summary);
    return to == stdout ? EXIT_OK : EXIT_USAGE;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return usage(stderr);
    if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
        return usage(stdout);
    if (!strcmp(argv[1], "--version"))
        return cmd_version(argc - 1, argv + 1);
    for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++)
        if (!strcmp(argv[1], COMMANDS[i].name))
            return COMMANDS[i].run(argc - 1, argv + 1);
    fprintf(stderr, "perfloop: no command '%s'; see perfloop --help\n", argv[1]);
    return EXIT_USAGE;
}
