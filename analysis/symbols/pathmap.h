/*
 * PathMap: from the path a profiler recorded to the file in the workspace, with the reason.
 *
 * A recording may come from another machine, another checkout or another folder. In this order:
 *
 *  1. not a file at all (~, <string>, <frozen x>): named, never mapped;
 *  2. a rule of path_map (the longest that fits);
 *  3. below the workspace root;
 *  4. relative: against the folder of the run, then against the root;
 *  5. the end of the path: the one workspace file that shares the most trailing parts, at least
 *     two, or one when no other workspace file has that name and the path is relative.
 *
 * A path of a library (library.h) is named after it. It is never guessed to be a workspace file by
 * its end; where the same copy lies on this machine is said in `source`.
 *
 * Nothing here looks at the disk: whoever makes a PathMap lists the workspace's files. Results
 * are remembered, so a PathMap belongs to one thread.
 *
 *     PathMap *map = pathmap_new(arena, (PathMapOptions){.root = root, .files = files, ...});
 *     PathPlace place = pathmap_find(map, S("/build/src/t.py"));
 *     place.path   "src/t.py"     place.reason   "path_map: /build/src = src"
 */
#ifndef ANALYSIS_SYMBOLS_PATHMAP_H
#define ANALYSIS_SYMBOLS_PATHMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

typedef struct PathRule {
    Str from; /* as recorded */
    Str to;   /* relative to the root, or absolute inside it */
} PathRule;

typedef struct PathMapOptions {
    Str root;         /* absolute and normal */
    Str run_dir;      /* where the profiled command ran; the root when empty */
    const Str *files; /* workspace files, relative to the root */
    size_t files_len;
    const PathRule *rules;
    size_t rules_len;
    /* Library.key, or the first digits of a commit → the folder of that copy on this machine. */
    const PathRule *libraries;
    size_t libraries_len;
} PathMapOptions;

typedef enum PathHow {
    PATH_INSIDE,    /* below the root already */
    PATH_RULE,      /* path_map */
    PATH_RUN_DIR,   /* relative to the run's folder */
    PATH_SUFFIX,    /* the same trailing parts */
    PATH_LIBRARY,   /* a file of a library (library.h), whoever's workspace this is */
    PATH_OUTSIDE,   /* a file, but not of this workspace */
    PATH_AMBIGUOUS, /* several workspace files would do */
    PATH_NO_FILE,   /* <frozen x>, ~, <string>, empty */
} PathHow;

typedef struct PathPlace {
    bool mapped;
    PathHow how;
    Str path;    /* relative to the root when mapped, else as recorded */
    Str reason;  /* "moved: shares src/t.py with /home/x/src/t.py" */
    Str library; /* "crate serde_json 1.0.1", "std", "numpy"; empty: not of a library. A virtual
                    environment below the root is mapped and of a library */
    Str below;   /* libraries: the path inside it, "json/decoder.py" */
    Str source;  /* libraries: where this copy is read here, absolute; empty when not known */
} PathPlace;

typedef struct PathMap PathMap;

/* The options' texts and arrays are used, not copied. */
PathMap *pathmap_new(Arena *arena, PathMapOptions options);
PathPlace pathmap_find(PathMap *map, Str recorded);

#endif
