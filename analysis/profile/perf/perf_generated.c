#include "analysis/profile/perf/perf_generated.h"

#include "base/path.h"

bool perf_is_map_file(Str module)
{
    Str base = path_base(module);
    return str_starts(base, S("perf-")) && str_ends(base, S(".map"));
}

Str perf_map_file(Arena *arena, uint32_t pid)
{
    return str_fmt(arena, "/tmp/perf-%u.map", pid);
}

/* What perf itself takes for it, and the names of memory since Linux 5.17. */
bool perf_is_anonymous(Str module)
{
    static const Str STARTS[] = {STR_CONST("//anon"),      STR_CONST("/dev/zero"),
                                 STR_CONST("[anon"),       STR_CONST("/anon_hugepage"),
                                 STR_CONST("[heap]"),      STR_CONST("/SYSV"),
                                 STR_CONST("anon_inode:"), STR_CONST("/memfd:")};
    for (size_t i = 0; i < sizeof(STARTS) / sizeof(STARTS[0]); i++)
        if (str_starts(module, STARTS[i]))
            return true;
    return !module.len;
}

static bool is_python(ProfileBuilder *build, Str name, ProfileFrame *frame)
{
    Str function, file;
    if (!str_starts(name, S("py::")) || !str_cut(str_from(name, 4), ':', &function, &file))
        return false;
    frame->function = profile_add_text(build, function);
    frame->file = profile_add_text(build, file);
    frame->kind = (uint16_t)frame_kind_of(function, file);
    return true;
}

size_t perf_generated_frames(ProfileBuilder *build, Str name, ProfileFrame frame,
                             uint32_t frames[PERF_GENERATED_MAX])
{
    size_t end = name.len, len = 0;
    if (is_python(build, name, &frame)) {
        frames[0] = profile_add_frame(build, frame);
        return 1;
    }
    for (size_t at = name.len; at > 1 && len + 1 < PERF_GENERATED_MAX; at--)
        if (name.ptr[at - 2] == '-' && name.ptr[at - 1] == '>') {
            ProfileFrame inner = frame;
            inner.inlined = 1;
            inner.function = profile_add_text(build, (Str){name.ptr + at, end - at});
            frames[len++] = profile_add_frame(build, inner);
            end = at - 2;
            at--;
        }
    frame.function = profile_add_text(build, str_head(name, end));
    frames[len++] = profile_add_frame(build, frame);
    return len;
}
