/*
 * The text that `perf script` made of a recording, and the recording: stacks from the one, build ids
 * of the modules from the other, so that a program that was built anew since is told apart.
 */

#include "analysis/profile/perf/perf_file.h"
#include "analysis/profile/perf/perf_parts.h"
#include "analysis/profile/readers.h"

enum {
    MISC_MMAP_BUILD_ID = 1 << 14,
    BEFORE_BUILD_ID = 32, /* process, thread, address, length, offset */
    BUILD_ID_BYTES = 20,
    MAP_FLAGS = 8,
};

static void add_module(Arena *arena, ProfileBuilder *build, const PerfRecord *record)
{
    PerfBytes body = perf_record_body(record);
    perf_skip(&body, BEFORE_BUILD_ID);
    size_t len = perf_u32(&body) & 0xff;
    Str id = {body.at, body.left < BUILD_ID_BYTES ? 0 : len};
    perf_skip(&body, BUILD_ID_BYTES + MAP_FLAGS);
    Str module = perf_text(&body, body.left);
    if (!body.cut && module.len && len && len <= BUILD_ID_BYTES)
        profile_add_module(build, profile_add_text(build, module),
                           profile_add_text(build, perf_hex(arena, id)));
}

bool read_perf_unwound(Arena *arena, Str data, Str text, Profile *out, Err *err)
{
    PerfFile file;
    ProfileBuilder *build = profile_builder_new(arena);
    if (!perf_file_open(arena, data, &file, err))
        return false;
    array_each (PerfBuildId, id, &file.build_ids)
        profile_add_module(build, profile_add_text(build, id->module),
                           profile_add_text(build, id->hex));
    for (size_t i = 0; i < file.records_len; i++)
        if (perf_record_type(&file.records[i]) == PERF_RECORD_MMAP2 &&
            (perf_record_misc(&file.records[i]) & MISC_MMAP_BUILD_ID))
            add_module(arena, build, &file.records[i]);
    array_each (Str, note, &file.notes)
        profile_note(build, STR_FMT, STR_ARG(*note));
    if (!perf_script_into(arena, text, build, err))
        return err_wrap(err, "perf script");
    Profile profile = profile_build(build, S("perf"), S("perf script"));
    if (profile.frames_len == 0) /* programs gone: the recording itself has the innermost frames */
        return err_set(err, ERR_INPUT, "perf script walked no stack");
    *out = profile;
    return true;
}
