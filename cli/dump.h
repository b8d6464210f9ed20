/*
 * Dump: one function per stage of the two flows; each prints its value as text.
 *
 * `perfloop dump STAGE ...` is the debugging aid and the format of the golden tests at once. To
 * add one: a cli/dump_X.c, its prototype here, a row in cmd_dump.c.
 */
#ifndef CLI_DUMP_H
#define CLI_DUMP_H

#include "cli/commands.h"

CommandFn dump_anchors;
CommandFn dump_gpu;
CommandFn dump_hotspots;
CommandFn dump_outline;
CommandFn dump_profile;
CommandFn dump_samples;
CommandFn dump_timeline;
CommandFn dump_toml;
CommandFn dump_verdict;

#endif
