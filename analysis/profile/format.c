#include "analysis/profile/format.h"

#include <string.h>

#include "analysis/profile/readers.h"
#include "base/strbuf.h"

typedef struct Format {
    Str name; /* for people */
    bool (*is_it)(Str bytes);
    ProfileReader *read;
} Format;

/* The first line that holds anything ends in a number: the weakest sign, so it is asked last. */
static bool is_collapsed(Str bytes)
{
    for (Str line; str_next_line(&bytes, &line);) {
        line = str_trim(line);
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        Str before, number;
        double count;
        return str_cut_last(line, ' ', &before, &number) && str_to_double(number, &count);
    }
    return false;
}

static const Format FORMATS[] = {
    {STR_CONST("folded stacks (py-spy raw, flamegraph)"), is_collapsed, read_collapsed},
};

Str profile_formats(Arena *arena)
{
    StrBuf out = strbuf_new(arena);
    for (size_t i = 0; i < sizeof(FORMATS) / sizeof(FORMATS[0]); i++)
        strbuf_fmt(&out, "%s" STR_FMT, i ? ", " : "", STR_ARG(FORMATS[i].name));
    return strbuf_str(&out);
}

bool profile_read(Arena *arena, Str name, Str bytes, Profile *out, Err *err)
{
    for (size_t i = 0; i < sizeof(FORMATS) / sizeof(FORMATS[0]); i++) {
        if (!FORMATS[i].is_it(bytes))
            continue;
        return FORMATS[i].read(arena, bytes, out, err) || err_wrap(err, STR_FMT, STR_ARG(name));
    }
    Str known = profile_formats(arena);
    return err_set(err, ERR_UNSUPPORTED,
                   STR_FMT ": not a profile perfloop knows; it reads " STR_FMT, STR_ARG(name),
                   STR_ARG(known));
}
