/* Nsight Systems: names of calls and copies, as people know them. */

#include "analysis/profile/nvidia/nsys_parts.h"

Str nsys_call_name(Str name)
{
    Str before, after;
    uint64_t number;
    if (str_cut_last(name, '_', &before, &after) && after.len > 1 && after.ptr[0] == 'v' &&
        str_to_u64(str_from(after, 1), &number))
        return before;
    return name;
}

bool nsys_call_launches(Str name)
{
    static const Str PARTS[] = {STR_CONST("Launch"), STR_CONST("emcpy"), STR_CONST("emset"),
                                STR_CONST("emPrefetch"), STR_CONST("Batch")};
    for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++)
        if (str_has(name, PARTS[i]))
            return true;
    return !name.len;
}

Str nsys_memory_name(int64_t kind)
{
    static const Str NAMES[] = {STR_CONST("pageable"),      STR_CONST("pinned"),
                                STR_CONST("device"),        STR_CONST("array"),
                                STR_CONST("managed"),       STR_CONST("device static"),
                                STR_CONST("managed static")};
    return kind >= 0 && kind < (int64_t)(sizeof(NAMES) / sizeof(NAMES[0])) ? NAMES[kind] : (Str){0};
}

Str nsys_copy_name(int64_t kind)
{
    static const Str NAMES[] = {
        STR_CONST("[copy]"),
        STR_CONST("[copy host to device]"),
        STR_CONST("[copy device to host]"),
        STR_CONST("[copy host to array]"),
        STR_CONST("[copy array to host]"),
        STR_CONST("[copy array to array]"),
        STR_CONST("[copy array to device]"),
        STR_CONST("[copy device to array]"),
        STR_CONST("[copy device to device]"),
        STR_CONST("[copy host to host]"),
        STR_CONST("[copy device to other device]"),
        STR_CONST("[migrate host to device]"),
        STR_CONST("[migrate device to host]"),
        STR_CONST("[migrate device to device]"),
    };
    return kind >= 0 && kind < (int64_t)(sizeof(NAMES) / sizeof(NAMES[0])) ? NAMES[kind] : NAMES[0];
}

bool nsys_call_repeats(const NsysCall *outer, const NsysCall *call)
{
    return outer->correlation == call->correlation && outer->thread == call->thread &&
           outer->start <= call->start && call->end <= outer->end;
}
