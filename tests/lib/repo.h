/*
 * Repo: a scratch git repository for tests, driven by the git program and the shell.
 *
 *     Str top = test_repo(arena);
 *     test_sh(arena, top, "echo x > a && git add a && git commit -qm one");
 */
#ifndef TESTS_LIB_REPO_H
#define TESTS_LIB_REPO_H

#include "base/arena.h"
#include "base/str.h"
#include "runners/places.h"

/* An empty repository on branch main, with a name to commit by and no signing. */
Str test_repo(Arena *arena);
/* Runs a shell script in a folder; its output. The test fails when the script does. */
Str test_sh(Arena *arena, Str dir, const char *script);
/* The places of a folder, with cache and user state inside the test's own temporary folder. */
Places test_places(Arena *arena, Str dir);

#endif
