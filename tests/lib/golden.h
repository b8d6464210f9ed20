/*
 * Golden: compare a text with a committed file. With PERFLOOP_UPDATE set the file is written
 * instead; read the diff as you would read code.
 */
#ifndef TESTS_LIB_GOLDEN_H
#define TESTS_LIB_GOLDEN_H

#include "base/arena.h"
#include "base/str.h"

/* The path is relative to the source tree; a difference shows the first line that differs. */
void check_golden(Arena *arena, Str got, const char *path, const char *file, int line);
#define assert_golden(arena, got, path) check_golden((arena), (got), (path), __FILE__, __LINE__)

#endif
