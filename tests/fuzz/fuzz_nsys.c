#include "analysis/profile/readers.h"
#include "tests/lib/use_profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str bytes = {(const char *)data, size};
    use_reader(read_nsys, bytes);
    return 0;
}
