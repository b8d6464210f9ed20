#include "analysis/symbols/demangle.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

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

static bool is_symbol(Str name)
{
    return str_starts(name, S("_Z")) || str_starts(name, S("_R")) || str_starts(name, S("__Z")) ||
           str_starts(name, S("__R"));
}

bool is_mangled(Str name)
{
    return is_symbol(name) || has_rust_hash(name);
}

static void free_name(char **name)
{
    free(*name);
}

/* One escape of Rust's legacy names, as in `Vec$LT$T$GT$`; 0: it is none. `*len` is its length. */
static char escaped(Str text, size_t *len)
{
    static const struct {
        Str escape;
        char plain;
    } ESCAPES[] = {
        {STR_CONST("$LT$"), '<'},   {STR_CONST("$GT$"), '>'},  {STR_CONST("$LP$"), '('},
        {STR_CONST("$RP$"), ')'},   {STR_CONST("$RF$"), '&'},  {STR_CONST("$BP$"), '*'},
        {STR_CONST("$SP$"), '@'},   {STR_CONST("$C$"), ','},   {STR_CONST("$u20$"), ' '},
        {STR_CONST("$u5b$"), '['},  {STR_CONST("$u5d$"), ']'}, {STR_CONST("$u7b$"), '{'},
        {STR_CONST("$u7d$"), '}'},  {STR_CONST("$u3b$"), ';'}, {STR_CONST("$u2b$"), '+'},
        {STR_CONST("$u27$"), '\''}, {STR_CONST("$u22$"), '"'}, {STR_CONST("$u7e$"), '~'},
    };
    for (size_t i = 0; i < sizeof(ESCAPES) / sizeof(ESCAPES[0]); i++) {
        *len = ESCAPES[i].escape.len;
        if (str_starts(text, ESCAPES[i].escape))
            return ESCAPES[i].plain;
    }
    return 0;
}

/* A name that a demangler of C++ took apart: Rust's own escapes are still in it. */
static Str unescape(Arena *arena, Str name)
{
    if (!memchr(name.ptr, '$', name.len))
        return name;
    StrBuf out = strbuf_new(arena);
    for (size_t at = 0, len; at < name.len;) {
        Str rest = str_from(name, at);
        char plain = escaped(rest, &len);
        bool start = at == 0 || str_ends(str_head(name, at), S("::"));
        if (plain) {
            strbuf_char(&out, plain);
            at += len;
        } else if (str_starts(rest, S(".."))) {
            strbuf_add(&out, S("::"));
            at += 2;
        } else {
            if (!(start && str_starts(rest, S("_$"))))
                strbuf_char(&out, name.ptr[at]);
            at++;
        }
    }
    return strbuf_str(&out);
}

Str demangle(Arena *arena, Str name)
{
    if (!is_mangled(name) || name.len > NAME_MAX_BYTES)
        return name;
    if (!is_symbol(name))
        return unescape(arena, str_head(name, name.len - RUST_HASH));
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
