/*
 * Contents: texts that were profiled or measured, kept by content id in the state folder, so that
 * hot lines can be found again after saves, branch switches and restarts.
 *
 *     Digest id;
 *     contents_put(&places, text, &id, err);      a text that is there is not written again
 *     contents_get(arena, &places, id, &text, err)
 *
 * A file is named by the digest of what it holds, so readers check it and a damaged file counts as
 * absent. Nothing is ever removed: a text is stored once however often it is profiled.
 */
#ifndef RUNNERS_LEDGER_CONTENTS_H
#define RUNNERS_LEDGER_CONTENTS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/str.h"
#include "runners/places.h"

bool contents_put(const Places *places, Str text, Digest *id, Err *err) MUST_CHECK;
/* ERR_NOT_FOUND when it was never put, was swept, or is damaged. */
bool contents_get(Arena *arena, const Places *places, Digest id, Str *text, Err *err) MUST_CHECK;

#endif
