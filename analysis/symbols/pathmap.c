#include "analysis/symbols/pathmap.h"

#include "analysis/symbols/library.h"
#include "base/array.h"
#include "base/map.h"
#include "base/path.h"

typedef Array(Str) Files;

struct PathMap {
    Arena *arena;
    PathMapOptions options;
    Map *exact;   /* workspace files */
    Map *by_name; /* last part of a path to Files */
    Map *found;   /* recorded path to PathPlace */
};

PathMap *pathmap_new(Arena *arena, PathMapOptions options)
{
    PathMap *map = NEW(arena, PathMap);
    map->arena = arena;
    map->options = options;
    map->exact = map_new(arena);
    map->by_name = map_new(arena);
    map->found = map_new(arena);
    if (!map->options.run_dir.len)
        map->options.run_dir = options.root;
    for (size_t i = 0; i < options.files_len; i++) {
        void **slot = map_slot(map->by_name, path_base(options.files[i]));
        if (!*slot)
            *slot = NEW(arena, Files);
        Files *same_name = *slot;
        *array_push(arena, same_name) = options.files[i];
        map_put(map->exact, options.files[i], same_name);
    }
    return map;
}

/* An absolute, normal path as a place: inside the root, or outside. */
static bool inside(const PathMap *map, Str path, Str *rest)
{
    return path_inside(map->options.root, path, rest) && rest->len > 0;
}

static PathPlace place(PathHow how, Str path, Str reason)
{
    bool mapped =
        how == PATH_INSIDE || how == PATH_RULE || how == PATH_RUN_DIR || how == PATH_SUFFIX;
    return (PathPlace){.mapped = mapped, .how = how, .path = path, .reason = reason};
}

static bool by_rule(PathMap *map, Str recorded, PathPlace *out)
{
    const PathRule *best = NULL;
    Str rest = {0}, best_rest = {0}, below;
    for (size_t i = 0; i < map->options.rules_len; i++) {
        const PathRule *rule = &map->options.rules[i];
        if (rule->from.len && path_inside(path_normal(map->arena, rule->from), recorded, &rest) &&
            (!best || rule->from.len > best->from.len)) {
            best = rule;
            best_rest = rest;
        }
    }
    if (!best)
        return false;
    Str to = path_join(map->arena, map->options.root, best->to);
    Str path = best_rest.len ? path_join(map->arena, to, best_rest) : to;
    if (!inside(map, path, &below))
        return false;
    *out = place(PATH_RULE, below,
                 str_fmt(map->arena, "path_map: " STR_FMT " = " STR_FMT, STR_ARG(best->from),
                         STR_ARG(best->to)));
    return true;
}

static bool by_folder(PathMap *map, Str recorded, PathPlace *out)
{
    Str below;
    if (path_is_absolute(recorded)) {
        if (!inside(map, recorded, &below))
            return false;
        *out = place(PATH_INSIDE, below, S("inside the workspace"));
        return true;
    }
    Str folders[2] = {map->options.run_dir, map->options.root};
    for (size_t i = 0; i < 2; i++)
        if (inside(map, path_join(map->arena, folders[i], recorded), &below) &&
            map_has(map->exact, below)) {
            *out = place(PATH_RUN_DIR, below,
                         str_fmt(map->arena, "relative to " STR_FMT, STR_ARG(folders[i])));
            return true;
        }
    return false;
}

static bool by_suffix(PathMap *map, Str recorded, PathPlace *out)
{
    const Files *same_name = map_get(map->by_name, path_base(recorded));
    if (!same_name)
        return false;
    size_t best = 0, ties = 0;
    Str winner = {0};
    for (size_t i = 0; i < same_name->len; i++) {
        size_t shared = path_shared_suffix(recorded, same_name->items[i]);
        if (shared > best) {
            best = shared;
            ties = 0;
            winner = same_name->items[i];
        } else if (shared == best) {
            ties++;
        }
    }
    bool whole = str_eq(path_base(winner), winner) || best > 1 || !path_is_absolute(recorded);
    if (ties) {
        *out = place(PATH_AMBIGUOUS, recorded,
                     str_fmt(map->arena, "%zu workspace files end like this; say which in path_map",
                             ties + 1));
        return true;
    }
    if (!whole)
        return false;
    *out = place(PATH_SUFFIX, winner,
                 str_fmt(map->arena, "moved: ends like " STR_FMT, STR_ARG(recorded)));
    return true;
}

static bool is_no_file(Str recorded)
{
    return recorded.len == 0 || str_eq(recorded, S("~")) ||
           (recorded.ptr[0] == '<' && recorded.ptr[recorded.len - 1] == '>');
}

static bool is_copy(const Library *library, Str key)
{
    bool commit = str_eq(library->name, S("std")) && key.len >= 7;
    return str_eq(library->key, key) || (commit && str_starts(library->key, key));
}

/* The copy of this machine that a key names, else the recorded path when it can be one. */
static Str library_source(const PathMap *map, const Library *library, Str recorded)
{
    for (size_t i = 0; library->key.len && i < map->options.libraries_len; i++)
        if (is_copy(library, map->options.libraries[i].from)) {
            Str below = library->path, first;
            if (str_starts(below, library->key) && !str_cut(below, '/', &first, &below))
                return S("");
            return path_join(map->arena, map->options.libraries[i].to, below);
        }
    bool stands_for_another = str_starts(recorded, S("/rustc/"));
    return path_is_absolute(recorded) && !stands_for_another ? recorded : S("");
}

static PathPlace in_library(Str recorded, const Library *library)
{
    PathPlace out = place(PATH_LIBRARY, recorded, library->name);
    out.library = library->name;
    out.below = library->path;
    return out;
}

static PathPlace look(PathMap *map, Str recorded)
{
    PathPlace out;
    if (is_no_file(recorded))
        return place(PATH_NO_FILE, recorded, S("not a file"));
    Str normal = path_normal(map->arena, recorded);
    if (by_rule(map, normal, &out) || by_folder(map, normal, &out)) {
        /* With a slash: whoever works on Rust's own library has it in library/. */
        Library library =
            library_of(map->arena, str_fmt(map->arena, "/" STR_FMT, STR_ARG(out.path)));
        out.library = library.name;
        out.below = library.path;
        if (library.name.len)
            out.source = path_join(map->arena, map->options.root, out.path);
        return out;
    }
    Library library = library_of(map->arena, normal);
    if (library.name.len) {
        out = in_library(recorded, &library);
        out.source = library_source(map, &library, normal);
        return out;
    }
    if (by_suffix(map, normal, &out))
        return out;
    library = library_of_source(normal);
    return library.name.len ? in_library(recorded, &library)
                            : place(PATH_OUTSIDE, recorded, S("not a file of this workspace"));
}

PathPlace pathmap_find(PathMap *map, Str recorded)
{
    PathPlace *known = map_get(map->found, recorded);
    if (!known) {
        known = NEW(map->arena, PathPlace);
        Str key = str_copy(map->arena, recorded);
        *known = look(map, key);
        map_put(map->found, key, known);
    }
    return *known;
}
