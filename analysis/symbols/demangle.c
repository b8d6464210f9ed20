#include "analysis/symbols/demangle.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_MAX_BYTES = 16 * 1024,
    RUST_HASH = 19, /* "::h" and 16 digits */
};

static bool has_rust_hash(Str name)
{
    if (name.len <= RUST_HASH || memcmp(name.ptr + name.len - RUST_HASH, "::h", 3) != 0)
        return false;
    for (size_t i = name.len - RUST_HASH + 3; i < name.len; i++)
        if (!memchr("0123456789abcdef", name.ptr[i], 16))
            return false;
    return true;
}

bool is_mangled(Str name)
{
    return str_starts(name, S("_Z")) || str_starts(name, S("_R")) || str_starts(name, S("__Z")) ||
           str_starts(name, S("__R")) || has_rust_hash(name);
}

static void free_name(char **name)
{
    free(*name);
}

Str demangle(Arena *arena, Str name)
{
    if (!is_mangled(name) || name.len > NAME_MAX_BYTES)
        return name;
    if (has_rust_hash(name) && name.ptr[0] != '_')
        return str_head(name, name.len - RUST_HASH);
    Str symbol = str_starts(name, S("__")) ? str_from(name, 1) : name; /* macOS adds one */
    ArenaMark mark = arena_mark(arena);
    char *text = str_cstr(arena, symbol);
    CLEANUP(free_name) char *rust = rust_demangle(text, 0);
    CLEANUP(free_name) char *plain = rust ? NULL : cplus_demangle_v3(text, 0);
    arena_rollback(arena, mark);
    if (!rust && !plain)
        return name;
    return str_copy(arena, str_from_c(rust ? rust : plain));
}
