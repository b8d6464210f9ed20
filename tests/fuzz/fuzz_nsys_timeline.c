#include "analysis/profile/nvidia/nsys_timeline.h"

#include <assert.h>
#include <stddef.h>

#include "base/json_in.h"
#include "base/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool keep(void *to, Str bytes, Err *err)
{
    StrBuf *text = to;
    strbuf_add(text, bytes);
    return text->len < (1 << 24) || err_set(err, ERR_INPUT, "too long");
}

/* Whatever the file holds, the text is JSON. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena *arena = arena_new("fuzz");
    StrBuf text = strbuf_new(arena);
    NsysTimeline told;
    Err err = {0};
    if (nsys_timeline_write(arena, (Str){(const char *)data, size}, keep, &text, &told, &err)) {
        JsonIn root;
        bool ok = json_parse(arena, strbuf_str(&text), &root, &err);
        assert(ok);
        json_done(root);
    }
    arena_free(arena);
    return 0;
}
