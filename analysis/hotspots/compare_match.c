#include "analysis/hotspots/compare_match.h"

#include "analysis/hotspots/function_pairs.h"
#include "analysis/source/linemap.h"
#include "base/array.h"
#include "base/idmap.h"
#include "base/map.h"

typedef Array(CompareRow) Rows;

/* A file that one of the profiles names. */
typedef struct FileMatch {
    uint32_t id;
    bool known; /* both texts are */
    bool same;  /* and equal */
    const CompareFile *file;
    uint32_t then_len, now_len;
    uint32_t *to;   /* by line of then: the line of now; 0: gone */
    uint32_t *from; /* and back */
    bool *changed;  /* by line of then */
    FunctionPairs pairs;
} FileMatch;

typedef struct Matcher {
    Arena *arena;
    Arena *scratch;
    const CompareOptions *options;
    Comparison *out;
    Map *given; /* path to CompareFile */
    Map *files; /* path to FileMatch */
} Matcher;

/* ------------------------------------------------------------------ files */

/* A line that would be in another function than it was in is gone. */
static void take_anchors(FileMatch *match, const Anchors *anchors)
{
    for (int round = 0; round < 2; round++) /* the certain ones choose first */
        for (size_t i = 0; i < anchors->len; i++) {
            const Anchor *anchor = &anchors->items[i];
            bool sure = anchor->state == ANCHOR_EXACT || anchor->state == ANCHOR_MOVED;
            if (anchor->now.n == 0 || sure != (round == 0) || match->from[anchor->now.n] ||
                (!sure && !function_pairs_allow(&match->pairs, anchor->was, anchor->now)))
                continue;
            match->to[anchor->was.n] = anchor->now.n;
            match->from[anchor->now.n] = anchor->was.n;
            match->changed[anchor->was.n] = !sure;
        }
}

static void match_texts(Matcher *matcher, FileMatch *match)
{
    Arena *scratch = matcher->scratch;
    const AnchorSide *then = &match->file->then, *now = &match->file->now;
    match->then_len = text_lines(then->text);
    match->now_len = text_lines(now->text);
    match->to = NEW_ARRAY(scratch, uint32_t, match->then_len + 1);
    match->from = NEW_ARRAY(scratch, uint32_t, match->now_len + 1);
    match->changed = NEW_ARRAY(scratch, bool, match->then_len + 1);
    LineNo *lines = NEW_ARRAY(scratch, LineNo, match->then_len);
    for (uint32_t i = 0; i < match->then_len; i++)
        lines[i] = (LineNo){i + 1};
    LineMap map = linemap_of(scratch, then->text, now->text);
    match->pairs = function_pairs_of(scratch, then->outline, now->outline, &map);
    Anchors anchors = anchors_find(scratch, then, now, lines, match->then_len);
    take_anchors(match, &anchors);
}

static FileMatch *file_match(Matcher *matcher, Str path)
{
    FileMatch *match = map_get(matcher->files, path);
    if (match)
        return match;
    match = NEW(matcher->scratch, FileMatch);
    match->id = (uint32_t)map_len(matcher->files) + 1;
    match->file = map_get(matcher->given, path);
    match->known = match->file && match->file->then.text && match->file->now.text;
    match->same =
        match->known && digest_eq(text_id(match->file->then.text), text_id(match->file->now.text));
    if (match->known && !match->same)
        match_texts(matcher, match);
    map_put(matcher->files, path, match);
    return match;
}

static ComparePlace unmoved(const FileMatch *match)
{
    return match->same ? COMPARE_SAME : COMPARE_RECORDED;
}

/* ------------------------------------------------------------------ rows */

static void put_costs(CompareRow *row)
{
    const HotSpot *then = row->then, *now = row->now;
    row->file = now ? now->file : then->file;
    row->function = now ? now->function : then->function;
    if (then) {
        row->here.then_cost = hot_spot_cost(then);
        row->here.then_samples = hot_spot_samples(then);
        row->self.then_cost = then->self;
        row->self.then_samples = then->self_samples;
        row->total.then_cost = then->total;
        row->total.then_samples = then->samples;
    }
    if (now) {
        row->here.now_cost = hot_spot_cost(now);
        row->here.now_samples = hot_spot_samples(now);
        row->self.now_cost = now->self;
        row->self.now_samples = now->self_samples;
        row->total.now_cost = now->total;
        row->total.now_samples = now->samples;
    }
}

static void add_row(Matcher *matcher, Rows *rows, CompareRow row)
{
    put_costs(&row);
    *array_push(matcher->arena, rows) = row;
}

/* ------------------------------------------------------------------ lines */

static CompareRow line_then(const FileMatch *match, uint32_t line)
{
    CompareRow row = {.then_line = line, .now_line = line, .place = unmoved(match)};
    if (!match->to || line > match->then_len)
        return row;
    row.now_line = match->to[line];
    row.place = !row.now_line          ? COMPARE_GONE
                : match->changed[line] ? COMPARE_CHANGED
                : row.now_line == line ? COMPARE_SAME
                                       : COMPARE_MOVED;
    return row;
}

static CompareRow line_now(const FileMatch *match, uint32_t line)
{
    if (!match->from || line > match->now_len)
        return (CompareRow){.then_line = line, .now_line = line, .place = unmoved(match)};
    if (!match->from[line])
        return (CompareRow){.now_line = line, .place = COMPARE_NEW};
    return line_then(match, match->from[line]);
}

static void match_lines(Matcher *matcher, Rows *rows)
{
    const HotSpots *then = matcher->out->then, *now = matcher->out->now;
    IdMap at = idmap_new(matcher->scratch);
    bool *taken = NEW_ARRAY(matcher->scratch, bool, now->lines_len + 1);
    for (size_t i = 0; i < now->lines_len; i++) {
        uint32_t file = file_match(matcher, now->lines[i].file)->id;
        *idmap_slot(&at, idmap_pair(file, now->lines[i].line)) = (uint32_t)i + 1;
    }
    for (size_t i = 0; i < then->lines_len; i++) {
        const FileMatch *match = file_match(matcher, then->lines[i].file);
        CompareRow row = line_then(match, then->lines[i].line);
        uint32_t found = row.now_line ? idmap_get(&at, idmap_pair(match->id, row.now_line)) : 0;
        if (found && !taken[found - 1]) {
            row.now = &now->lines[found - 1];
            taken[found - 1] = true;
        }
        row.then = &then->lines[i];
        add_row(matcher, rows, row);
    }
    for (size_t i = 0; i < now->lines_len; i++) {
        if (taken[i])
            continue;
        const FileMatch *match = file_match(matcher, now->lines[i].file);
        CompareRow row = line_now(match, now->lines[i].line);
        row.now = &now->lines[i];
        add_row(matcher, rows, row);
    }
}

/* ------------------------------------------------------------------ functions */

/* The item a function of a profile is, as an index; OUTLINE_NONE for what has no name there. */
static uint32_t item_of(const Outline *outline, const HotSpot *spot)
{
    const OutlineItem *item = outline_find_function(outline, spot->function, (LineNo){spot->line});
    return item && item->kind == OUTLINE_FUNCTION ? (uint32_t)(item - outline->items)
                                                  : OUTLINE_NONE;
}

static CompareRow function_pair(const FileMatch *match, uint32_t then, uint32_t now)
{
    const OutlineItem *a = &match->pairs.then->items[then], *b = &match->pairs.now->items[now];
    ComparePlace place = !digest_eq(a->body, b->body) ? COMPARE_CHANGED
                         : a->first.n != b->first.n   ? COMPARE_MOVED
                                                      : COMPARE_SAME;
    return (CompareRow){.then_line = a->first.n, .now_line = b->first.n, .place = place};
}

/* Where the function is in the other text, without regard to what it costs there. */
static CompareRow function_place(const FileMatch *match, const HotSpot *spot, bool is_then,
                                 uint32_t *other)
{
    CompareRow row = {.then_line = spot->line, .now_line = spot->line, .place = unmoved(match)};
    *other = OUTLINE_NONE;
    if (!match->to)
        return row;
    const FunctionPairs *pairs = &match->pairs;
    uint32_t item = item_of(is_then ? pairs->then : pairs->now, spot);
    if (item == OUTLINE_NONE)
        return row;
    *other = is_then ? pairs->to[item] : pairs->from[item];
    if (*other != OUTLINE_NONE)
        return is_then ? function_pair(match, item, *other) : function_pair(match, *other, item);
    const OutlineItem *self = &(is_then ? pairs->then : pairs->now)->items[item];
    return is_then ? (CompareRow){.then_line = self->first.n, .place = COMPARE_GONE}
                   : (CompareRow){.now_line = self->first.n, .place = COMPARE_NEW};
}

/* Functions of now, by item of the outline and by name. */
typedef struct Functions {
    IdMap by_item;
    Map *by_name;
    uint32_t *next; /* the next one of the same name, + 1 */
    bool *taken;
} Functions;

static Str name_key(const Matcher *matcher, const FileMatch *match, Str name)
{
    return str_fmt(matcher->scratch, "%u " STR_FMT, match->id, STR_ARG(name));
}

static Functions index_functions(Matcher *matcher)
{
    const HotSpots *now = matcher->out->now;
    Functions functions = {
        .by_item = idmap_new(matcher->scratch),
        .by_name = map_new(matcher->scratch),
        .next = NEW_ARRAY(matcher->scratch, uint32_t, now->functions_len + 1),
        .taken = NEW_ARRAY(matcher->scratch, bool, now->functions_len + 1),
    };
    for (size_t i = now->functions_len; i-- > 0;) {
        const FileMatch *match = file_match(matcher, now->functions[i].file);
        void **slot =
            map_slot(functions.by_name, name_key(matcher, match, now->functions[i].function));
        functions.next[i] = (uint32_t)(uintptr_t)*slot;
        *slot = (void *)(uintptr_t)(i + 1);
        uint32_t item = match->to ? item_of(match->pairs.now, &now->functions[i]) : OUTLINE_NONE;
        if (item != OUTLINE_NONE)
            *idmap_slot(&functions.by_item, idmap_pair(match->id, item)) = (uint32_t)i + 1;
    }
    return functions;
}

static uint32_t by_name(const Matcher *matcher, const Functions *functions, const FileMatch *match,
                        Str name)
{
    uint32_t at = (uint32_t)(uintptr_t)map_get(functions->by_name, name_key(matcher, match, name));
    while (at && functions->taken[at - 1])
        at = functions->next[at - 1];
    return at;
}

static void match_functions(Matcher *matcher, Rows *rows)
{
    const HotSpots *then = matcher->out->then, *now = matcher->out->now;
    Functions functions = index_functions(matcher);
    for (size_t i = 0; i < then->functions_len; i++) {
        uint32_t item, found;
        const HotSpot *spot = &then->functions[i];
        const FileMatch *match = file_match(matcher, spot->file);
        CompareRow row = function_place(match, spot, true, &item);
        if (item != OUTLINE_NONE)
            found = idmap_get(&functions.by_item, idmap_pair(match->id, item));
        else
            found =
                row.place == COMPARE_GONE ? 0 : by_name(matcher, &functions, match, spot->function);
        if (found && !functions.taken[found - 1]) {
            functions.taken[found - 1] = true;
            row.now = &now->functions[found - 1];
            if (item == OUTLINE_NONE)
                row.now_line = row.now->line;
        }
        row.then = spot;
        add_row(matcher, rows, row);
    }
    for (size_t i = 0; i < now->functions_len; i++) {
        uint32_t item;
        if (functions.taken[i])
            continue;
        const FileMatch *match = file_match(matcher, now->functions[i].file);
        CompareRow row = function_place(match, &now->functions[i], false, &item);
        row.now = &now->functions[i];
        add_row(matcher, rows, row);
    }
}

void compare_match(Arena *arena, const CompareOptions *options, Comparison *out)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("compare_match");
    Rows lines = {0}, functions = {0};
    Matcher matcher = {
        .arena = arena,
        .scratch = scratch,
        .options = options,
        .out = out,
        .given = map_new(scratch),
        .files = map_new(scratch),
    };
    for (size_t i = 0; i < options->files_len; i++)
        map_put(matcher.given, options->files[i].path,
                (void *)(uintptr_t)(const void *)&options->files[i]);
    match_lines(&matcher, &lines);
    match_functions(&matcher, &functions);
    out->lines = lines.items;
    out->lines_len = lines.len;
    out->functions = functions.items;
    out->functions_len = functions.len;
}
