/* What an outline has where the parser gave up: the functions and launches that cuda_scan.h finds. */

#include "analysis/source/cuda_scan.h"
#include "analysis/source/outline_scan.h"
#include "base/map.h"

/* Where names of functions and launches end, as the parser sees them. */
static Map *known_names(Arena *arena, const OutlineItems *items)
{
    Map *known = map_new(arena);
    array_each (OutlineItem, item, items)
        if (item->kind == OUTLINE_FUNCTION || item->kind == OUTLINE_LAUNCH)
            map_put(known, str_fmt(arena, "%d %u", (int)item->kind, item->name_range.end.n), item);
    return known;
}

static OutlineItem item_of(const CudaTokens *tokens, const CudaPiece *piece, const Text *text)
{
    const CudaToken *at = tokens->items;
    OutlineItem item = {
        .kind = piece->launch ? OUTLINE_LAUNCH : OUTLINE_FUNCTION,
        .parent = OUTLINE_NONE,
        .range = {{at[piece->first].start}, {at[piece->last].end}},
        .name_range = {{at[piece->name].start}, {at[piece->name_last].end}},
        .body_start = {piece->launch ? at[piece->last].end : at[piece->body].start},
        .guessed = true,
    };
    item.first = text_line_at(text, item.range.start);
    item.last = text_line_at(text, (ByteOffset){item.range.end.n - 1});
    return item;
}

void outline_guess(Arena *arena, const Text *text, OutlineItems *items)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("outline guess");
    Map *known = known_names(scratch, items);
    CudaTokens tokens = cuda_tokens(scratch, text_bytes(text));
    CudaPieces pieces = cuda_scan(scratch, &tokens);
    array_each (CudaPiece, piece, &pieces) {
        OutlineItem item = item_of(&tokens, piece, text);
        size_t name_last = piece->launch ? piece->body - 1 : piece->name_last; /* "(kernel)" */
        Str key = str_fmt(scratch, "%d %u", (int)item.kind, tokens.items[name_last].end);
        if (!map_has(known, key))
            *array_push(arena, items) = item;
    }
}
