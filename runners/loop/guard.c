#include "runners/loop/guard.h"

#include <string.h>

#include "analysis/source/outline.h"
#include "analysis/source/syntax.h"
#include "analysis/source/text.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "runners/loop/loop.h"

/* One side of a file: its text and its functions by name. */
typedef struct Side {
    const Text *text;
    Outline outline;
    Digest *own;  /* of each item's own text; zero for what is no function */
    Map *by_name; /* name → index + 1 */
} Side;

typedef struct Comparing {
    Arena *arena;
    Repo *repo;
    LedgerChanges *out;
    const TreeChange *change;
    Side old, now;
    bool has_outline;
} Comparing;

/* Without carriage returns and blank lines: changes of line ends and spacing are none. */
static void add_piece(StrBuf *buf, Str piece)
{
    for (Str line; str_next_line(&piece, &line);) {
        if (line.len && line.ptr[line.len - 1] == '\r')
            line.len--;
        if (str_trim(line).len == 0)
            continue;
        strbuf_add(buf, line);
        strbuf_char(buf, '\n');
    }
}

/* The text of start..end without the functions in it; `first` is the first item to look at. */
static Str own_text(Arena *arena, const Side *side, uint32_t start, uint32_t end, size_t first)
{
    StrBuf buf = strbuf_new(arena);
    uint32_t at = start;
    for (size_t i = first; i < side->outline.len; i++) {
        const OutlineItem *item = &side->outline.items[i];
        if (item->range.start.n >= end)
            break;
        if (item->kind != OUTLINE_FUNCTION || item->range.start.n < at)
            continue;
        add_piece(&buf, text_slice(side->text, (ByteRange){{at}, item->range.start}));
        at = item->range.end.n;
    }
    if (at < end)
        add_piece(&buf, text_slice(side->text, (ByteRange){{at}, {end}}));
    return strbuf_str(&buf);
}

/* Of several functions with one name, the n-th is compared with the n-th. */
static Str unique_name(Arena *arena, Map *seen, Str name)
{
    Str unique = name;
    for (unsigned n = 2; map_has(seen, unique); n++)
        unique = str_fmt(arena, STR_FMT "#%u", STR_ARG(name), n);
    return unique;
}

static Side read_side(Arena *arena, LangId lang, Str bytes)
{
    Side side = {.text = text_new(arena, bytes), .by_name = map_new(arena)};
    Syntax *syntax = syntax_parse(lang, side.text, NULL, NULL, 0, NULL);
    if (!syntax)
        return side;
    side.outline = outline_of(arena, syntax, side.text);
    syntax_free(syntax);
    side.own = NEW_ARRAY(arena, Digest, side.outline.len + 1);
    for (size_t i = 0; i < side.outline.len; i++) {
        const OutlineItem *item = &side.outline.items[i];
        if (item->kind != OUTLINE_FUNCTION)
            continue;
        side.own[i] =
            digest_of(own_text(arena, &side, item->range.start.n, item->range.end.n, i + 1));
        map_put(side.by_name, unique_name(arena, side.by_name, item->name), &side.own[i]);
    }
    return side;
}

static const OutlineItem *item_of(const Side *side, const Digest *own)
{
    return &side->outline.items[own - side->own];
}

static void add(Comparing *comparing, Str kind, Str function, const OutlineItem *item)
{
    bool here = comparing->change->to.mode != 0;
    *array_push(comparing->arena, comparing->out) = (LedgerChange){
        .path = comparing->change->path,
        .kind = kind,
        .function = function,
        .first_line = item ? item->first.n : 0,
        .last_line = item ? item->last.n : 0,
        .content = here ? text_id(comparing->now.text) : (Digest){0},
    };
}

/* A function that is gone here and new there with the same body was renamed. */
static const MapEntry *find_renamed(const Comparing *comparing, const OutlineItem *now)
{
    map_each (entry, comparing->old.by_name) {
        const OutlineItem *old = item_of(&comparing->old, entry->value);
        if (!map_has(comparing->now.by_name, entry->key) && digest_eq(old->body, now->body))
            return entry;
    }
    return NULL;
}

static void compare_functions(Comparing *comparing)
{
    Map *renamed = map_new(comparing->arena);
    map_each (entry, comparing->now.by_name) {
        const Digest *own = entry->value, *old = map_get(comparing->old.by_name, entry->key);
        const OutlineItem *item = item_of(&comparing->now, own);
        const MapEntry *was = old ? NULL : find_renamed(comparing, item);
        if (was)
            map_put(renamed, was->key, entry);
        if (!old)
            add(comparing, was ? S("changed") : S("added"), item->name, item);
        else if (!digest_eq(*old, *own))
            add(comparing, S("changed"), item->name, item);
    }
    map_each (entry, comparing->old.by_name)
        if (!map_has(comparing->now.by_name, entry->key) && !map_has(renamed, entry->key))
            add(comparing, S("removed"), item_of(&comparing->old, entry->value)->name, NULL);
}

static Str without_returns(Arena *arena, Str text)
{
    StrBuf buf = strbuf_new(arena);
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '\r')
            strbuf_char(&buf, text.ptr[i]);
    return strbuf_str(&buf);
}

/* The lines of a hunk that say something and stand in no function. */
static void add_lines(const Comparing *comparing, const GitHunk *hunk, OutlineItem *lines)
{
    const Side *now = &comparing->now;
    for (LineNo line = {hunk->new_first}; line.n < hunk->new_first + hunk->new_count; line.n++) {
        if (str_trim(text_line(now->text, line)).len == 0 ||
            (comparing->has_outline && outline_function_at(&now->outline, line)))
            continue;
        if (!lines->first.n)
            lines->first = line;
        lines->last = line;
    }
}

static bool add_rest(Comparing *comparing, Str old, Str now, Str kind, Err *err)
{
    GitHunks hunks;
    OutlineItem lines = {0};
    if (!diff_texts(comparing->arena, without_returns(comparing->arena, old),
                    without_returns(comparing->arena, now), &hunks, err))
        return false;
    array_each (const GitHunk, hunk, &hunks)
        add_lines(comparing, hunk, &lines);
    add(comparing, kind, S(""), lines.first.n ? &lines : NULL);
    return true;
}

static Str kind_of(const TreeChange *change)
{
    if (!change->from.mode)
        return S("added");
    return change->to.mode ? S("changed") : S("removed");
}

static bool read_blob(Comparing *comparing, const GitEntry *entry, Str *bytes, Err *err)
{
    *bytes = (Str){0};
    return !entry->mode ||
           repo_read_blob(comparing->arena, comparing->repo, entry->blob, bytes, err);
}

static bool is_text(Str bytes)
{
    return !bytes.len || !memchr(bytes.ptr, 0, bytes.len);
}

static bool compare_file(Comparing *comparing, Err *err)
{
    Str old, now;
    LangId lang = lang_of_path(comparing->change->path);
    if (!read_blob(comparing, &comparing->change->from, &old, err) ||
        !read_blob(comparing, &comparing->change->to, &now, err))
        return false;
    comparing->has_outline = lang != LANG_NONE && lang != LANG_TOML && is_text(old) &&
                             is_text(now) && comparing->change->to.mode != GIT_MODE_LINK;
    comparing->old = read_side(comparing->arena, comparing->has_outline ? lang : LANG_NONE, old);
    comparing->now = read_side(comparing->arena, comparing->has_outline ? lang : LANG_NONE, now);
    Arena *arena = comparing->arena;
    Str kind = kind_of(comparing->change);
    if (!is_text(old) || !is_text(now)) {
        add(comparing, kind, S(""), NULL);
        return true;
    }
    size_t before = comparing->out->len;
    compare_functions(comparing);
    Str rest_old = own_text(arena, &comparing->old, 0, (uint32_t)old.len, 0);
    Str rest_now = own_text(arena, &comparing->now, 0, (uint32_t)now.len, 0);
    bool only_the_file = comparing->out->len == before; /* mode, line ends, blank lines */
    if (str_eq(rest_old, rest_now) && !only_the_file)
        return true;
    return add_rest(comparing, old, now, kind, err);
}

bool guard_changes(Arena *arena, Repo *repo, const TreeChanges *changes, LedgerChanges *out,
                   Err *err)
{
    LedgerChanges found = {0};
    array_each (const TreeChange, change, changes) {
        Comparing comparing = {.arena = arena, .repo = repo, .out = &found, .change = change};
        if (!compare_file(&comparing, err))
            return err_wrap(err, STR_FMT, STR_ARG(change->path));
    }
    *out = found;
    return true;
}

Str guard_message(Arena *arena, const LedgerChanges *changes)
{
    SnapshotPaths names = {0};
    array_each (const LedgerChange, change, changes)
        if (change->function.len && !str_eq(change->kind, S("added")))
            *array_push(arena, &names) = change->function;
    if (names.len < 2)
        return (Str){0};
    return str_fmt(arena,
                   "%zu functions changed since the last checkpoint (" STR_FMT
                   "): measured together, nobody can tell which of them it was",
                   names.len, STR_ARG(loop_list(arena, &names)));
}
