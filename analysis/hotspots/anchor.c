#include "analysis/hotspots/anchor.h"

#include <stdlib.h>

#include "analysis/hotspots/function_pairs.h"
#include "analysis/source/linemap.h"
#include "base/digest.h"

static const Str STATE_NAMES[] = {
    [ANCHOR_EXACT] = STR_CONST("exact"),
    [ANCHOR_MOVED] = STR_CONST("moved"),
    [ANCHOR_CHANGED] = STR_CONST("changed"),
    [ANCHOR_GONE] = STR_CONST("gone"),
};

Str anchor_state_name(AnchorState state)
{
    return STATE_NAMES[state];
}

static uint64_t line_hash(const Text *text, LineNo line)
{
    return digest_of(text_line(text, line)).low;
}

static AnchorState unchanged(const Anchor *anchor)
{
    return anchor->was.n == anchor->now.n ? ANCHOR_EXACT : ANCHOR_MOVED;
}

const Anchor *anchors_at(const Anchors *anchors, LineNo was)
{
    size_t low = 0, high = anchors->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (anchors->items[middle].was.n < was.n)
            low = middle + 1;
        else
            high = middle;
    }
    return low < anchors->len && anchors->items[low].was.n == was.n ? &anchors->items[low] : NULL;
}

/* ------------------------------------------------------------------ finding again */

static int compare_lines(const void *a, const void *b)
{
    const Anchor *x = a, *y = b;
    return (x->was.n > y->was.n) - (x->was.n < y->was.n);
}

static Anchors anchors_new(Arena *arena, const Text *text, const LineNo *lines, size_t count)
{
    Anchors anchors = {.items = NEW_ARRAY(arena, Anchor, count + 1)};
    for (size_t i = 0; i < count; i++)
        if (lines[i].n > 0 && lines[i].n <= text_lines(text))
            anchors.items[anchors.len++].was = lines[i];
    qsort(anchors.items, anchors.len, sizeof(Anchor), compare_lines);
    size_t kept = 0;
    for (size_t i = 0; i < anchors.len; i++)
        if (kept == 0 || anchors.items[kept - 1].was.n != anchors.items[i].was.n)
            anchors.items[kept++] = anchors.items[i];
    anchors.len = kept;
    for (size_t i = 0; i < anchors.len; i++)
        anchors.items[i].hash = line_hash(text, anchors.items[i].was);
    return anchors;
}

static void place(Anchor *anchor, LineNo now, bool certain, bool same)
{
    anchor->now = now;
    anchor->certain = certain;
    anchor->state = now.n == 0 ? ANCHOR_GONE : same ? unchanged(anchor) : ANCHOR_CHANGED;
}

static void find_one(Anchor *anchor, const AnchorSide *then, const AnchorSide *now,
                     const LineMap *map, const FunctionPairs *pairs)
{
    LineTo line = map->lines[anchor->was.n - 1];
    bool allowed = line.to.n && function_pairs_allow(pairs, anchor->was, line.to);
    if (line.certain && allowed) {
        place(anchor, line.to, true, line.fate == LINE_SAME);
        return;
    }
    LineNo found = function_pairs_find(pairs, then->text, now->text, anchor->was);
    place(anchor, found.n ? found : line.to, found.n > 0, found.n > 0);
}

Anchors anchors_find(Arena *arena, const AnchorSide *then, const AnchorSide *now,
                     const LineNo *lines, size_t count)
{
    Anchors anchors = anchors_new(arena, then->text, lines, count);
    if (digest_eq(text_id(then->text), text_id(now->text))) {
        for (size_t i = 0; i < anchors.len; i++)
            place(&anchors.items[i], anchors.items[i].was, true, true);
        return anchors;
    }
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("anchors");
    LineMap map = linemap_of(scratch, then->text, now->text);
    FunctionPairs pairs = function_pairs_of(scratch, then->outline, now->outline, &map);
    for (size_t i = 0; i < anchors.len; i++)
        find_one(&anchors.items[i], then, now, &map, &pairs);
    return anchors;
}

/* ------------------------------------------------------------------ following an edit */

static Anchor follow(const Anchor *old, const TextChange *change, const LineMap *map,
                     const Text *now)
{
    Anchor anchor = *old;
    uint32_t offset = old->now.n - change->first.n;
    if (anchor.state == ANCHOR_GONE || old->now.n < change->first.n)
        return anchor;
    if (offset >= change->old_lines) {
        anchor.now.n += change->new_lines - change->old_lines;
        if (anchor.state != ANCHOR_CHANGED)
            anchor.state = unchanged(&anchor);
        return anchor;
    }
    LineTo line = map->lines[offset];
    anchor.now = line.to;
    /* In place of a line stands what the user made of it; only a doubtful copy loses the thread. */
    anchor.certain = anchor.certain && line.to.n && (line.certain || !line.aligned);
    if (line.to.n == 0) {
        anchor.state = ANCHOR_GONE;
    } else if (anchor.certain && line_hash(now, anchor.now) == anchor.hash) {
        anchor.state = unchanged(&anchor);
    } else {
        anchor.state = ANCHOR_CHANGED;
    }
    return anchor;
}

/* The rules in anchor.h: the kept last line, the kept first line, and a diff of what is between. */
static LineMap map_touched(Arena *arena, const TextChange *change, const Text *now)
{
    LineMap map = {.len = change->old_lines};
    map.lines = NEW_ARRAY(arena, LineTo, change->old_lines + 1);
    uint32_t old_len = change->old_lines, now_len = change->new_lines, head = 0;
    LineNo first = change->first;
    LineNo old_last = {first.n + old_len - 1}, now_last = {first.n + now_len - 1};
    if (text_line_range(change->before, old_last).start.n == change->old_end.n &&
        text_line_range(now, now_last).start.n == change->new_end.n) {
        map.lines[old_len - 1].to = now_last;
        old_len--, now_len--;
    }
    if (old_len && now_len && text_line_range(change->before, first).end.n <= change->start.n &&
        str_eq(text_line(change->before, first), text_line(now, first))) {
        map.lines[0].to = first;
        head = 1;
    }
    LineMap inner =
        linemap_between(arena, change->before, (LineSpan){{first.n + head}, old_len - head}, now,
                        (LineSpan){{first.n + head}, now_len - head});
    for (uint32_t i = 0; i < inner.len; i++)
        map.lines[head + i] = inner.lines[i];
    return map;
}

Anchors anchors_carry(Arena *arena, const Anchors *old, const TextChange *change, const Text *now)
{
    Anchors anchors = {.len = old->len, .items = NEW_ARRAY(arena, Anchor, old->len + 1)};
    LineMap map = map_touched(arena, change, now);
    for (size_t i = 0; i < old->len; i++)
        anchors.items[i] = follow(&old->items[i], change, &map, now);
    return anchors;
}
