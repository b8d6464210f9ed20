#include "analysis/profile/address.h"

#include <inttypes.h>
#include <stdio.h>

static Str base_name(Str path)
{
    Str folder, name;
    return str_cut_last(path, '/', &folder, &name) ? name : path;
}

uint64_t address_in_file(const AddressRange *range, uint64_t address)
{
    bool file = str_starts(range->file, S("/")) && !str_starts(range->file, S("//"));
    if (!file || address < range->start || (range->end && address >= range->end))
        return 0;
    return address - range->start + range->offset;
}

ProfileFrame address_frame(ProfileBuilder *build, const AddressRange *range, uint64_t address,
                           uint64_t back)
{
    enum {
        NAME_MAX_BYTES = 200
    };
    char text[NAME_MAX_BYTES + 20];
    Str name = range ? str_head(base_name(range->file), NAME_MAX_BYTES) : (Str){0};
    uint64_t place = range ? address_in_file(range, address) : 0;
    int len;
    if (name.len)
        len = snprintf(text, sizeof(text), STR_FMT "+0x%" PRIx64, STR_ARG(name),
                       address - range->start + range->offset);
    else
        len = snprintf(text, sizeof(text), "0x%" PRIx64, address);
    return (ProfileFrame){
        .function = profile_add_text(build, (Str){text, (size_t)len}),
        .module = range ? profile_add_text(build, range->file) : 0,
        .kind = str_starts(name, S("[kernel")) ? FRAME_KERNEL : FRAME_NATIVE,
        .address = place > back ? place - back : place,
    };
}
