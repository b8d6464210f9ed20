#include "base/path.h"

#include "base/array.h"
#include "base/strbuf.h"

bool path_is_absolute(Str path)
{
    return path.len && path.ptr[0] == '/';
}

Str path_normal(Arena *arena, Str path)
{
    typedef Array(Str) Parts;
    Parts parts = {0};
    bool absolute = path_is_absolute(path);
    for (Str rest = path, part; rest.len;) {
        if (!str_cut(rest, '/', &part, &rest)) {
            part = rest;
            rest = (Str){0};
        }
        if (part.len == 0 || str_eq(part, S(".")))
            continue;
        bool up = str_eq(part, S(".."));
        if (up && parts.len && !str_eq(parts.items[parts.len - 1], S("..")))
            parts.len--;
        else if (!up || !absolute)
            *array_push(arena, &parts) = part;
    }
    StrBuf out = strbuf_new(arena);
    for (size_t i = 0; i < parts.len; i++) {
        if (i || absolute)
            strbuf_char(&out, '/');
        strbuf_add(&out, parts.items[i]);
    }
    if (parts.len == 0)
        strbuf_char(&out, absolute ? '/' : '.');
    return strbuf_str(&out);
}

Str path_join(Arena *arena, Str folder, Str name)
{
    if (path_is_absolute(name) || folder.len == 0)
        return path_normal(arena, name);
    return path_normal(arena, str_fmt(arena, STR_FMT "/" STR_FMT, STR_ARG(folder), STR_ARG(name)));
}

Str path_base(Str path)
{
    Str before, after;
    return str_cut_last(path, '/', &before, &after) ? after : path;
}

Str path_dir(Str path)
{
    Str before, after;
    if (!str_cut_last(path, '/', &before, &after))
        return S(".");
    return before.len ? before : S("/");
}

Str path_extension(Str path)
{
    Str base = path_base(path), before, after;
    if (!str_cut_last(base, '.', &before, &after) || before.len == 0)
        return (Str){0};
    return str_from(base, before.len);
}

bool path_inside(Str root, Str path, Str *rest)
{
    if (str_eq(root, S("/")) && path_is_absolute(path)) {
        *rest = str_from(path, 1);
        return true;
    }
    if (!str_starts(path, root) || (path.len > root.len && path.ptr[root.len] != '/'))
        return false;
    *rest = str_from(path, root.len + 1);
    return true;
}

size_t path_shared_suffix(Str a, Str b)
{
    size_t shared = 0;
    while (a.len && b.len && str_eq(path_base(a), path_base(b))) {
        Str head_a, head_b, tail;
        shared++;
        a = str_cut_last(a, '/', &head_a, &tail) ? head_a : (Str){0};
        b = str_cut_last(b, '/', &head_b, &tail) ? head_b : (Str){0};
    }
    return shared;
}
