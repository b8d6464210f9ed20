#include "analysis/profile/heap/allocator.h"

#include <stddef.h>
#include <stdint.h>

static bool is_one_of(Str text, const Str *names, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (str_eq(text, names[i]))
            return true;
    return false;
}

/*
 * Names of Rust that were left mangled: _RNvCsHASH_7___rustc12___rust_alloc and
 * _RNvNtCsHASH_5alloc5alloc5alloc. The first crate named is the one the function lies in; others
 * follow where its types have parameters.
 */
static bool is_mangled_allocator(Str function)
{
    size_t crate = str_find(function, S("Cs"), 0), end;
    if (str_starts(function, S("_ZN5alloc5alloc")) || str_starts(function, S("_Zn")))
        return true;
    if (!str_starts(function, S("_R")) || crate == SIZE_MAX ||
        (end = str_find(function, S("_"), crate)) == SIZE_MAX)
        return false;
    Str path = str_from(function, end + 1);
    return str_starts(path, S("5alloc5alloc")) || str_starts(path, S("7___rustc"));
}

bool is_allocator(Str function)
{
    static const Str NAMES[] = {
        STR_CONST("malloc"),
        STR_CONST("calloc"),
        STR_CONST("realloc"),
        STR_CONST("reallocarray"),
        STR_CONST("aligned_alloc"),
        STR_CONST("posix_memalign"),
        STR_CONST("memalign"),
        STR_CONST("valloc"),
        STR_CONST("__rust_alloc"),
        STR_CONST("__rdl_alloc"),
        STR_CONST("__rust_realloc"),
        STR_CONST("__rdl_realloc"),
        STR_CONST("__rg_alloc"),
        STR_CONST("__rg_realloc"),
        STR_CONST("__rust_alloc_zeroed"),
        STR_CONST("__rdl_alloc_zeroed"),
    };
    static const Str STARTS[] = {
        STR_CONST("operator new"),
        STR_CONST("alloc::alloc::"),
        STR_CONST("<alloc::alloc::Global"),
        STR_CONST("__rustc::__r"),
    };
    if (is_one_of(function, NAMES, sizeof(NAMES) / sizeof(NAMES[0])))
        return true;
    for (size_t i = 0; i < sizeof(STARTS) / sizeof(STARTS[0]); i++)
        if (str_starts(function, STARTS[i]))
            return true;
    /* What stands between, such as the dhat crate's: <dhat::Alloc as core::alloc::...>::alloc */
    return str_has(function, S("GlobalAlloc>::")) || is_mangled_allocator(function);
}
