/*
 * Beside: files that a profile names: programs, their debug information, lists of names. The paths
 * are hostile: only plain files are opened, nothing waits for a pipe or a device.
 */
#ifndef ANALYSIS_SYMBOLS_BESIDE_H
#define ANALYSIS_SYMBOLS_BESIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* A descriptor, or -1. */
int beside_open(Arena *arena, Str path);
/* The text of a file that this user or root wrote; /tmp is everybody's. At most `limit` bytes. */
bool beside_read(Arena *arena, Str path, size_t limit, Str *out);
/* A number that changes when the file does; 0 when there is no plain file. */
uint64_t beside_state(Arena *arena, Str path);

#endif
