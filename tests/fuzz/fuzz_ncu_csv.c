#include "analysis/profile/readers.h"
#include "tests/lib/use_profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_with(ProfileReader *reader, Str bytes)
{
    Arena *arena = arena_new("fuzz");
    Profile profile;
    Err err = {0};
    if (reader(arena, bytes, &profile, &err))
        use_profile(arena, &profile);
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str bytes = {(const char *)data, size};
    read_with(read_ncu_csv, bytes);
    return 0;
}
