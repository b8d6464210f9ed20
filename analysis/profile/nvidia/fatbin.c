#include "analysis/profile/nvidia/fatbin.h"

#include <stdbool.h>
#include <stdint.h>

#include "analysis/profile/nvidia/cubin.h"

/* Sizes and places of what we read; little endian, everything at multiples of 8. */
enum {
    ALIGN = 8,
    HEAD = 16, /* u32 magic, u16 version, u16 bytes of this, u64 bytes of all entries */
    KIND_PTX = 1,
    ENTRY_HEAD = 16, /* u16 kind, u16, u32 bytes of the entry's head, u64 bytes behind it */
    IMAGES_MAX = 4096,
};
static const uint32_t MAGIC = 0xBA55ED50;

static uint64_t take(Str bytes, size_t at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)(unsigned char)bytes.ptr[at + i] << (8 * i);
    return value;
}

static void look_image(Arena *scratch, Str image, FatbinFacts *out)
{
    Cubin cubin;
    Err err = {0};
    ArenaMark mark = arena_mark(scratch);
    if (str_starts(image, S("\177ELF")) && cubin_read(scratch, image, &cubin, &err)) {
        out->images++;
        out->with_lines += cubin.has_lines;
    } else {
        out->hidden++;
    }
    arena_rollback(scratch, mark);
}

/* The container's length, so that what is inside is not searched again; at least ALIGN. */
static size_t look_container(Arena *scratch, Str bytes, FatbinFacts *out)
{
    uint64_t head = take(bytes, 6, 2), all = take(bytes, 8, 8);
    if (head < HEAD || head > bytes.len || all > bytes.len - head)
        return ALIGN;
    Str rest = str_head(str_from(bytes, head), all);
    while (rest.len >= ENTRY_HEAD && out->images + out->hidden < IMAGES_MAX) {
        uint64_t entry_head = take(rest, 4, 4), size = take(rest, 8, 8);
        if (entry_head < ENTRY_HEAD || entry_head > rest.len || size > rest.len - entry_head)
            break;
        if (take(rest, 0, 2) != KIND_PTX)
            look_image(scratch, str_head(str_from(rest, entry_head), size), out);
        rest = str_from(rest, entry_head + size);
    }
    return head + all < ALIGN ? ALIGN : (head + all) / ALIGN * ALIGN;
}

static bool is_cubin(Str bytes)
{
    enum {
        MACHINE_AT = 18,
        MACHINE_CUDA = 190
    };
    return bytes.len >= 64 && str_starts(bytes, S("\177ELF")) &&
           take(bytes, MACHINE_AT, 2) == MACHINE_CUDA;
}

FatbinFacts fatbin_look(Arena *scratch, Str bytes)
{
    FatbinFacts out = {0};
    if (is_cubin(bytes)) {
        look_image(scratch, bytes, &out);
        return out;
    }
    for (size_t at = 0; bytes.len >= HEAD && at <= bytes.len - HEAD;)
        at += take(bytes, at, 4) == MAGIC ? look_container(scratch, str_from(bytes, at), &out)
                                          : (size_t)ALIGN;
    return out;
}
