/*
 * Any bytes, in any pieces: the framer gives the same messages as for the whole at once, and never
 * keeps more than the input.
 */

#include <stdint.h>
#include <stdlib.h>

#include "base/digest.h"
#include "lsp/framer.h"

static void run(Str bytes, size_t step, Digester *seen)
{
    Framer *framer = framer_new(4096);
    while (bytes.len) {
        framer_feed(framer, str_head(bytes, step));
        bytes = str_from(bytes, bytes.len < step ? bytes.len : step);
        Str body;
        Err why = {0};
        for (Frame frame; (frame = framer_next(framer, &body, &why)) != FRAME_NONE;)
            digester_add(seen, frame == FRAME_BODY ? body : S("bad"));
        if (framer_pending(framer) > FRAMER_HEADER_MAX + 4096 + step)
            abort();
    }
    framer_free(framer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t step = data[0] % 37 + 1;
    Str bytes = {(const char *)data + 1, size - 1};
    Arena *arena = arena_new("fuzz");
    Digester *whole = digester_new(arena), *pieces = digester_new(arena);
    run(bytes, bytes.len, whole);
    run(bytes, step, pieces);
    if (!digest_eq(digester_done(whole), digester_done(pieces)))
        abort();
    arena_free(arena);
    return 0;
}
