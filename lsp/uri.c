#include "lsp/uri.h"

#include <string.h>
#include <strings.h>

#include "base/path.h"
#include "base/strbuf.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Up to a query or a fragment, which no file has. */
static bool unescape(Str text, StrBuf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '?' || c == '#')
            break;
        if (c == '%' && i + 2 < text.len && hex_value(text.ptr[i + 1]) >= 0 &&
            hex_value(text.ptr[i + 2]) >= 0) {
            c = (char)(hex_value(text.ptr[i + 1]) * 16 + hex_value(text.ptr[i + 2]));
            i += 2;
        }
        if (c == '\0')
            return false;
        strbuf_char(out, c);
    }
    return true;
}

bool uri_to_path(Arena *arena, Str uri, Str *path)
{
    if (uri.len < 5 || strncasecmp(uri.ptr, "file:", 5) != 0)
        return false;
    Str rest = str_from(uri, 5);
    if (str_starts(rest, S("//")))
        rest = str_from(rest, 2);
    if (str_starts(rest, S("localhost/")))
        rest = str_from(rest, 9);
    if (!str_starts(rest, S("/")))
        return false;
    StrBuf out = strbuf_new(arena);
    if (!unescape(rest, &out))
        return false;
    *path = path_normal(arena, strbuf_str(&out));
    return true;
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("/-._~", c));
}

Str uri_from_path(Arena *arena, Str path)
{
    StrBuf out = strbuf_new(arena);
    strbuf_add(&out, S("file://"));
    for (size_t i = 0; i < path.len; i++) {
        if (is_plain(path.ptr[i]))
            strbuf_char(&out, path.ptr[i]);
        else
            strbuf_fmt(&out, "%%%02X", (unsigned char)path.ptr[i]);
    }
    return strbuf_str(&out);
}
