#include "analysis/profile/readers.h"
#include "tests/lib/use_profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena *arena = arena_new("fuzz");
    Profile profile;
    Err err = {0};
    Str bytes = {(const char *)data, size};
    ProfileReader *read = is_memory_stacks(bytes) ? read_memory_stacks : read_memray_csv;
    if (read(arena, bytes, &profile, &err))
        use_profile(arena, &profile);
    arena_free(arena);
    return 0;
}
