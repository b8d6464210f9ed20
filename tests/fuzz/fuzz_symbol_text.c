/* Lists of names: /proc/kallsyms and /tmp/perf-PID.map. What is found holds the address asked for. */
#include <stdlib.h>

#include "analysis/profile/perf/perf_generated.h"
#include "analysis/symbols/symbol_text.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);

static void look(Arena *arena, const SymbolText *symbols, uint64_t address)
{
    const SymbolName *name = symbol_text_find(symbols, address);
    uint32_t frames[PERF_GENERATED_MAX];
    if (!name)
        return;
    if (address < name->low || address >= name->high)
        abort();
    perf_generated_frames(profile_builder_new(arena), name->name, (ProfileFrame){0}, frames);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
    CLEANUP(arena_cleanup) Arena *arena = arena_new("fuzz");
    Str text = {(const char *)bytes, len};
    static uint64_t ADDRESSES[] = {0, 1, 0x7f0000001090, 0xffffffff81000101, UINT64_MAX};
    const Addresses wanted = {.items = ADDRESSES, .len = 5};
    const SymbolText *lists[] = {symbol_text_kernel(arena, text, NULL),
                                 symbol_text_kernel(arena, text, &wanted),
                                 symbol_text_map(arena, text)};
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < sizeof(ADDRESSES) / sizeof(ADDRESSES[0]); k++)
            look(arena, lists[i], ADDRESSES[k]);
    return 0;
}
