#include "analysis/hotspots/places.h"

#include "analysis/symbols/library.h"
#include "base/idmap.h"
#include "base/intern.h"

static bool frame_is_code(const ProfileFrame *frame)
{
    return frame->kind == FRAME_USER || frame->kind == FRAME_NATIVE ||
           frame->kind == FRAME_KERNEL || frame->kind == FRAME_GPU;
}

bool frame_has_line(const ProfileFrame *frame)
{
    return frame_is_code(frame) && frame->file && frame->line;
}

PathPlace places_file(const Places *places, uint32_t file)
{
    return places->files[file];
}

static PathPlace unmapped(Arena *arena, Str recorded)
{
    Library library = library_of(arena, recorded);
    if (!library.name.len)
        library = library_of_source(recorded);
    PathHow how = recorded.len == 0 || recorded.ptr[0] == '<' || str_eq(recorded, S("~"))
                      ? PATH_NO_FILE
                      : PATH_OUTSIDE;
    return (PathPlace){.path = recorded,
                       .how = library.name.len ? PATH_LIBRARY : how,
                       .library = library.name,
                       .below = library.path};
}

/* The id of each frame's file, after mapping. */
static uint32_t *map_files(Arena *arena, const Profile *profile, PathMap *map, PathPlace *files)
{
    Intern paths = intern_new(arena);
    uint32_t *ids = NEW_ARRAY(arena, uint32_t, profile->texts_len + 1);
    for (size_t i = 0; i < profile->frames_len; i++) {
        uint32_t file = profile->frames[i].file;
        if (!file || ids[file])
            continue;
        Str recorded = profile_text(profile, file);
        files[file] = map ? pathmap_find(map, recorded) : unmapped(arena, recorded);
        ids[file] = intern_id(&paths, files[file].path);
    }
    return ids;
}

/* Names libraries by file, else by module. */
static void find_libraries(Arena *arena, const Profile *profile, const Places *places)
{
    Str *of_module = NEW_ARRAY(arena, Str, profile->texts_len + 1);
    for (size_t i = 0; i < profile->frames_len; i++) {
        const ProfileFrame *frame = &profile->frames[i];
        places->library[i] = places->files[frame->file].library;
        if (places->library[i].len || frame->file || !frame->module)
            continue;
        Str *module = &of_module[frame->module];
        if (!module->ptr)
            *module = library_of_module(arena, profile_text(profile, frame->module));
        places->library[i] = *module;
    }
}

static void find_own(const Profile *profile, const Places *places)
{
    bool any_mapped = false;
    for (size_t i = 0; i < profile->frames_len; i++) {
        const ProfileFrame *frame = &profile->frames[i];
        places->own[i] = frame_is_code(frame) && frame->file && !places->library[i].len &&
                         places->files[frame->file].how != PATH_NO_FILE;
        any_mapped = any_mapped || (places->own[i] && places->files[frame->file].mapped);
    }
    for (size_t i = 0; any_mapped && i < profile->frames_len; i++)
        places->own[i] = places->own[i] && places->files[profile->frames[i].file].mapped;
}

static uint32_t id_of(IdMap *ids, uint32_t a, uint32_t b, size_t *count)
{
    uint32_t *slot = idmap_slot(ids, idmap_pair(a, b));
    if (!*slot)
        *slot = (uint32_t)++ * count;
    return *slot;
}

/*
 * Python calls every comprehension of a file by one name. Where a profile does not say on which
 * line each begins, the line that ran stands for it: two of them are not added up.
 */
static bool is_nameless(Str function)
{
    static const Str NAMES[] = {STR_CONST("<listcomp>"), STR_CONST("<dictcomp>"),
                                STR_CONST("<setcomp>"), STR_CONST("<genexpr>"),
                                STR_CONST("<lambda>")};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
        if (str_eq(function, NAMES[i]))
            return true;
    return false;
}

Places places_of(Arena *arena, const Profile *profile, PathMap *map)
{
    PathPlace *files = NEW_ARRAY(arena, PathPlace, profile->texts_len + 1);
    uint32_t *file_ids = map_files(arena, profile, map, files);
    Places places = {
        .profile = profile,
        .files = files,
        .line_of = NEW_ARRAY(arena, uint32_t, profile->frames_len + 1),
        .function_of = NEW_ARRAY(arena, uint32_t, profile->frames_len + 1),
        .own = NEW_ARRAY(arena, bool, profile->frames_len + 1),
        .library = NEW_ARRAY(arena, Str, profile->frames_len + 1),
    };
    find_libraries(arena, profile, &places);
    find_own(profile, &places);
    IdMap lines = idmap_new(arena), names = idmap_new(arena), functions = idmap_new(arena);
    size_t names_len = 0;
    for (size_t i = 0; i < profile->frames_len; i++) {
        const ProfileFrame *frame = &profile->frames[i];
        uint32_t file = file_ids[frame->file];
        uint32_t name = id_of(&names, file, frame->function, &names_len);
        uint32_t first = frame->def_line;
        if (!first && is_nameless(profile_text(profile, frame->function)))
            first = frame->line;
        places.function_of[i] = id_of(&functions, name, first, &places.functions_len) - 1;
        if (frame_has_line(frame))
            places.line_of[i] = id_of(&lines, file, frame->line, &places.lines_len);
    }
    return places;
}
