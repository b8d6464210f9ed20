/*
 * Commands: the table of subcommands.
 *
 * Each cli/cmd_NAME.c has one function of this type. It parses its own arguments with argp, does
 * the work through runners and analysis, prints the result, and returns the exit status.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

typedef enum ExitStatus {
    EXIT_OK = 0,
    EXIT_FAILED = 1,  /* could not do it: one sentence on standard error */
    EXIT_USAGE = 64,  /* the arguments make no sense */
    EXIT_SLOWER = 3,  /* measure: the candidate is slower */
    EXIT_UNCLEAR = 4, /* measure: no verdict */
} ExitStatus;

typedef int CommandFn(int argc, char **argv);

typedef struct Command {
    const char *name;
    CommandFn *run;
    const char *summary;
} Command;

CommandFn cmd_convert;
CommandFn cmd_dump;
CommandFn cmd_doctor;
CommandFn cmd_export;
CommandFn cmd_hot;
CommandFn cmd_import;
CommandFn cmd_init;
CommandFn cmd_lsp;
CommandFn cmd_profile;
CommandFn cmd_trust;
CommandFn cmd_version;
CommandFn cmd_baseline;
CommandFn cmd_measure;
CommandFn cmd_keep;
CommandFn cmd_revert;
CommandFn cmd_restore;
CommandFn cmd_status;
CommandFn cmd_log;

#endif
