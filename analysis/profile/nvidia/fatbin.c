#include "analysis/profile/nvidia/fatbin.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "analysis/profile/nvidia/cubin.h"
#include "base/unpack.h"

/* Sizes and places of what we read; little endian, everything at multiples of 8. */
enum {
    ALIGN = 8,
    HEAD = 16, /* u32 magic, u16 version, u16 bytes of this, u64 bytes of all entries */
    KIND_PTX = 1,
    ENTRY_HEAD = 16, /* u16 kind, u16, u32 bytes of the entry's head, u64 bytes behind it */
    /* A longer head goes on so; checked with what nvcc 11.8, 12.4 and 13.5 write. */
    PACKED_AT = 16,   /* u32: of the bytes behind it, how many are packed */
    FLAGS_AT = 40,    /* u64 */
    UNPACKED_AT = 56, /* u64 */
    PACKED_HEAD = 64,
    FLAG_LZ4 = 0x2000,  /* up to CUDA 12.7, and later for --compress-mode=speed */
    FLAG_ZSTD = 0x8000, /* from CUDA 12.8 on */
    IMAGES_MAX = 4096,
    UNPACKED_MAX = 64 * 1024 * 1024,
};
static const uint32_t MAGIC = 0xBA55ED50;

static uint64_t take(Str bytes, size_t at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)(unsigned char)bytes.ptr[at + i] << (8 * i);
    return value;
}

/* ---------------------------------------------------------------- packed images */

/* 15 in the token means that more bytes follow, each added, until one is not 255. */
static bool lz4_length(Str in, size_t *at, size_t *length)
{
    enum {
        MORE = 15
    };
    if (*length < MORE)
        return true;
    for (unsigned char byte = 255; byte == 255; *length += byte) {
        if (*at >= in.len || *length > UNPACKED_MAX)
            return false;
        byte = (unsigned char)in.ptr[(*at)++];
    }
    return true;
}

/*
 * One LZ4 block (github.com/lz4/lz4, doc/lz4_Block_format.md): tokens, each with literal bytes and then a
 * place in what is already written (two bytes, how far back) to copy from; the last has literals only.
 */
static bool lz4_block(Str in, char *out, size_t size)
{
    enum {
        LEAST_MATCH = 4
    };
    size_t at = 0, made = 0;
    while (at < in.len) {
        unsigned token = (unsigned char)in.ptr[at++];
        size_t literals = token >> 4, match = token & 15;
        if (!lz4_length(in, &at, &literals) || literals > in.len - at || literals > size - made)
            return false;
        memcpy(out + made, in.ptr + at, literals);
        made += literals, at += literals;
        if (at == in.len)
            break;
        if (in.len - at < 2)
            return false;
        size_t back = (size_t)take(in, at, 2);
        at += 2;
        if (!lz4_length(in, &at, &match) || back == 0 || back > made)
            return false;
        match += LEAST_MATCH;
        if (match > size - made)
            return false;
        for (; match; match--, made++)
            out[made] = out[made - back];
    }
    return made == size;
}

/* The image of an entry, unpacked if need be. False: packed in a way that we do not know. */
static bool unpack_image(Arena *scratch, Str head, Str *image)
{
    if (head.len < PACKED_HEAD)
        return true;
    uint64_t packed = take(head, PACKED_AT, 4), flags = take(head, FLAGS_AT, 8),
             size = take(head, UNPACKED_AT, 8);
    if (!(flags & (FLAG_LZ4 | FLAG_ZSTD)))
        return true;
    if (!packed || packed > image->len || !size || size > UNPACKED_MAX)
        return false;
    Str bytes = str_head(*image, packed);
    if (flags & FLAG_ZSTD) {
        Err err = {0};
        return unpack_kind(bytes) == PACKING_ZSTD && unpack(scratch, bytes, size, image, &err);
    }
    char *out = NEW_ARRAY(scratch, char, size);
    *image = (Str){out, size};
    return lz4_block(bytes, out, size);
}

/* ---------------------------------------------------------------- what is in it */

static void look_cubin(Arena *scratch, Str image, FatbinFacts *out)
{
    Cubin cubin;
    Err err = {0};
    if (str_starts(image, S("\177ELF")) && cubin_read(scratch, image, &cubin, &err)) {
        out->images++;
        out->with_lines += cubin.has_lines;
    } else {
        out->hidden++;
    }
}

/* PTX is text, in which a line of the source is a word ".loc". */
static void look_entry(Arena *scratch, Str head, Str image, FatbinFacts *out)
{
    ArenaMark mark = arena_mark(scratch);
    bool ptx = take(head, 0, 2) == KIND_PTX;
    if (!unpack_image(scratch, head, &image)) {
        out->hidden++;
    } else if (ptx) {
        out->texts++;
        out->texts_with_lines += str_has(image, S(".loc"));
    } else {
        look_cubin(scratch, image, out);
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
    while (rest.len >= ENTRY_HEAD && out->images + out->hidden + out->texts < IMAGES_MAX) {
        uint64_t entry_head = take(rest, 4, 4), size = take(rest, 8, 8);
        if (entry_head < ENTRY_HEAD || entry_head > rest.len || size > rest.len - entry_head)
            break;
        look_entry(scratch, str_head(rest, entry_head), str_head(str_from(rest, entry_head), size),
                   out);
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
        look_cubin(scratch, bytes, &out);
        return out;
    }
    for (size_t at = 0; bytes.len >= HEAD && at <= bytes.len - HEAD;)
        at += take(bytes, at, 4) == MAGIC ? look_container(scratch, str_from(bytes, at), &out)
                                          : (size_t)ALIGN;
    return out;
}

FatbinLines fatbin_lines(const FatbinFacts *facts)
{
    if (facts->with_lines || (!facts->images && facts->texts_with_lines))
        return FATBIN_LINES;
    if (facts->hidden)
        return FATBIN_UNKNOWN;
    return facts->images || facts->texts ? FATBIN_NO_LINES : FATBIN_NO_KERNELS;
}
