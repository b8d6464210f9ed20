#include "runners/profiling/notes.h"

#include "base/map.h"

/* What a note says of its subject: "a.so is not here: …", "reduce: no numbers per line". */
static Str said_of_it(Str note)
{
    size_t at = str_find(note, S(" is not here"), 0);
    if (at == SIZE_MAX)
        at = str_find(note, S(": "), 0);
    return at == SIZE_MAX ? note : str_from(note, at);
}

Notes notes_fold(Arena *arena, const Str *notes, size_t len)
{
    Notes out = {0};
    Map *seen = map_new(arena);
    size_t *more = NEW_ARRAY(arena, size_t, len + 1);
    for (size_t i = 0; i < len; i++) {
        size_t *counted = map_get(seen, said_of_it(notes[i]));
        if (counted) {
            ++*counted;
        } else {
            map_put(seen, said_of_it(notes[i]), &more[out.len]);
            *array_push(arena, &out) = notes[i];
        }
    }
    for (size_t i = 0; i < out.len; i++)
        if (more[i])
            out.items[i] =
                str_fmt(arena, STR_FMT "; the same of %zu more", STR_ARG(out.items[i]), more[i]);
    return out;
}
