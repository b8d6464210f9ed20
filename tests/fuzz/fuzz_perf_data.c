#include "analysis/profile/perf/perf_look.h"
#include "analysis/profile/readers.h"
#include "tests/lib/use_profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena *arena = arena_new("fuzz");
    Profile profile;
    Err err = {0};
    PerfLook look;
    (void)perf_look((Str){(const char *)data, size}, &look);
    if (read_perf_data(arena, (Str){(const char *)data, size}, &profile, &err))
        use_profile(arena, &profile);
    arena_free(arena);
    return 0;
}
