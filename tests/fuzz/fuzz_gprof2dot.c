#include "analysis/profile/readers.h"
#include "tests/lib/use_profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena *arena = arena_new("fuzz");
    Profile profile;
    Err err = {0};
    if (read_gprof2dot(arena, (Str){(const char *)data, size}, &profile, &err))
        use_profile(arena, &profile);
    arena_free(arena);
    return 0;
}
