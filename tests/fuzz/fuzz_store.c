/* The seeds are of an older version than today's: what says so is written anew, so that the rest is read. */
#include "analysis/profile/store.h"

#include <string.h>

#include "tests/lib/use_profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    VERSION_END = 12, /* magic and version */
};

static Str of_this_version(Arena *arena, Str bytes)
{
    ProfileBuilder *build = profile_builder_new(arena);
    int64_t weight = 1;
    profile_add_metric(build, S("cpu"), S("ns"), true);
    profile_add_sample(build, (ProfileSample){.count = 1}, &weight);
    Profile profile = profile_build(build, S("fuzz"), S("fuzz"));
    Str ours = profile_store_write(arena, &profile);
    char *copy = str_cstr(arena, bytes);
    memcpy(copy, ours.ptr, bytes.len < VERSION_END ? bytes.len : VERSION_END);
    return (Str){copy, bytes.len};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena *arena = arena_new("fuzz");
    Profile profile;
    Err err = {0};
    Str copy = of_this_version(arena, (Str){(const char *)data, size});
    if (profile_store_map(arena, copy, &profile, &err))
        use_profile(arena, &profile);
    arena_free(arena);
    return 0;
}
