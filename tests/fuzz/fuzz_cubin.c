#include "analysis/profile/nvidia/cubin.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const Cubin *cubin, const CubinFunction *function, uint64_t address)
{
    const CubinRow *row = cubin_row(function, address);
    cubin_inner(function, address);
    for (size_t depth = 0; row; row = cubin_caller(function, row))
        if (row->file >= cubin->files_len || depth++ > function->rows_len)
            abort(); /* a ring */
}

/* Every 16th byte of each function is asked about, as instructions are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum {
        PLACES = 2000
    };
    Arena *arena = arena_new("fuzz");
    Cubin cubin;
    Err err = {0};
    if (cubin_read(arena, (Str){(const char *)data, size}, &cubin, &err))
        for (size_t i = 0; i < cubin.functions_len; i++)
            for (uint64_t k = 0; k < PLACES; k++)
                walk(&cubin, &cubin.functions[i], cubin.functions[i].start + 16 * k);
    arena_free(arena);
    return 0;
}
