/*
 * Address: a frame for code that a profile knows by address only, named through what was mapped
 * there: "libc-2.15.so+0x36d90", the offset being the one in the file, so that it can be looked up
 * with addr2line whatever address the file was loaded at. Without a mapping: "0x7f5e1454e5b0".
 *
 * Where the mapping is a file, the frame has the place in it as its address, so that functions and
 * lines can be looked up later (symbols/symbolize.h). `back` is 1 for a caller, whose address is
 * the one behind its call, or lies in the call already: either way one byte before it does.
 */
#ifndef ANALYSIS_PROFILE_ADDRESS_H
#define ANALYSIS_PROFILE_ADDRESS_H

#include <stdint.h>

#include "analysis/profile/profile.h"
#include "base/str.h"

typedef struct AddressRange {
    uint64_t start;
    uint64_t end;    /* 0: not known, everything from start */
    uint64_t offset; /* of start in the file */
    Str file;        /* empty: anonymous memory */
} AddressRange;

/* The place in the range's file; 0 when it is not in the range, or the range no file. */
uint64_t address_in_file(const AddressRange *range, uint64_t address);
/* The range may be NULL. */
ProfileFrame address_frame(ProfileBuilder *build, const AddressRange *range, uint64_t address,
                           uint64_t back);

#endif
