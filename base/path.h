/*
 * Path: file names as bytes. Nothing here looks at the disk.
 *
 * A normal path has no "." or ".." parts (except leading ".." of a relative one), no doubled and
 * no trailing slash.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

bool path_is_absolute(Str path);
Str path_normal(Arena *arena, Str path);
/* Normal; an absolute `name` stands alone. */
Str path_join(Arena *arena, Str folder, Str name);
/* The last part; the folder before it ("." when there is none). Views. */
Str path_base(Str path);
Str path_dir(Str path);
/* With its dot: ".py"; empty when there is none. */
Str path_extension(Str path);
/* True when path is root or below it; both normal. *rest is the part below root, without a slash. */
bool path_inside(Str root, Str path, Str *rest);
/* Number of whole trailing parts the two share: a/b/c.py and x/b/c.py share 2. */
size_t path_shared_suffix(Str a, Str b);

#endif
