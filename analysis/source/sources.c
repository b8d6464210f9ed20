#include "analysis/source/sources.h"

#include "base/map.h"

struct Sources {
    Arena *arena;
    SourcesRead *read;
    void *data;
    Map *open;
    Map *seen; /* read from disk */
};

Sources *sources_new(Arena *arena, SourcesRead *read, void *data)
{
    Sources *sources = NEW(arena, Sources);
    *sources = (Sources){arena, read, data, map_new(arena), map_new(arena)};
    return sources;
}

void sources_put(Sources *sources, Str path, const Text *text)
{
    map_put(sources->open, str_copy(sources->arena, path), (void *)(uintptr_t)text);
}

const Text *sources_open(const Sources *sources, Str path)
{
    return map_get(sources->open, path);
}

const Text *sources_text(Sources *sources, Str path, Err *err)
{
    const Text *text = sources_open(sources, path);
    if (!text)
        text = map_get(sources->seen, path);
    if (text)
        return text;
    Str bytes;
    if (!sources->read) {
        err_set(err, ERR_NOT_FOUND, STR_FMT ": not open", STR_ARG(path));
        return NULL;
    }
    if (!sources->read(sources->data, sources->arena, path, &bytes, err))
        return NULL;
    text = text_new(sources->arena, bytes);
    map_put(sources->seen, str_copy(sources->arena, path), (void *)(uintptr_t)text);
    return text;
}
