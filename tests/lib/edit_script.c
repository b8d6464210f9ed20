#include "tests/lib/edit_script.h"

#include <ctype.h>
#include <string.h>

#include "base/strbuf.h"

uint64_t edit_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

uint32_t edit_random_below(uint64_t *seed, uint32_t limit)
{
    return (uint32_t)((edit_random(seed) >> 16) % limit);
}

static uint32_t pick(EditScript *script, uint32_t limit)
{
    return edit_random_below(&script->seed, limit);
}

/* ------------------------------------------------------------------ the model */

EditScript edit_script_new(Arena *arena, Str source, uint64_t seed)
{
    EditScript script = {.arena = arena, .seed = seed * 2654435761U + 1, .eol = S("\n")};
    Array(Str) first = {0};
    for (Str line; str_cut(source, '\n', &line, &source);)
        *array_push(arena, &first) = line;
    *array_push(arena, &first) = source;
    script.first = first.items;
    script.first_count = (uint32_t)first.len;
    for (uint32_t i = 0; i < first.len; i++)
        *array_push(arena, &script.lines) = (ModelLine){first.items[i], i + 1, i + 1};
    return script;
}

bool edit_script_unchanged(const EditScript *script, const ModelLine *line)
{
    return line->origin && str_eq(line->content, script->first[line->origin - 1]);
}

static Str join(Arena *arena, const ModelLine *lines, size_t count, Str eol)
{
    StrBuf out = strbuf_new(arena);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            strbuf_add(&out, eol);
        strbuf_add(&out, lines[i].content);
    }
    return strbuf_str(&out);
}

Str edit_script_text(const EditScript *script)
{
    return join(script->arena, script->lines.items, script->lines.len, script->eol);
}

/* Replaces `drop` lines from `at` on. */
static void splice(EditScript *script, size_t at, size_t drop, const ModelLine *lines, size_t count)
{
    Array(ModelLine) out = {0};
    for (size_t i = 0; i < at; i++)
        *array_push(script->arena, &out) = script->lines.items[i];
    for (size_t i = 0; i < count; i++)
        *array_push(script->arena, &out) = lines[i];
    for (size_t i = at + drop; i < script->lines.len; i++)
        *array_push(script->arena, &out) = script->lines.items[i];
    script->lines.items = out.items;
    script->lines.len = out.len;
    script->lines.cap = out.cap;
}

static size_t indent_of(Str line)
{
    size_t at = 0;
    while (at < line.len && line.ptr[at] == ' ')
        at++;
    return at;
}

static bool is_blank(Str line)
{
    return indent_of(line) == line.len;
}

/* ------------------------------------------------------------------ edits */

typedef struct Step {
    EditScript *script;
    PositionEncoding encoding;
    EditList edits;
} Step;

/* Bytes as characters of an encoding: continuation bytes open no character, F0 and up are pairs. */
static uint32_t units(Str prefix, PositionEncoding encoding)
{
    uint32_t count = 0;
    for (size_t i = 0; i < prefix.len; i++) {
        unsigned char c = (unsigned char)prefix.ptr[i];
        if (encoding == ENCODING_UTF8)
            count++;
        else if ((c & 0xC0) != 0x80)
            count += encoding == ENCODING_UTF16 && c >= 0xF0 ? 2 : 1;
    }
    return count;
}

static LspPosition place(const Step *step, size_t line, size_t byte)
{
    Str content = step->script->lines.items[line].content;
    return (LspPosition){(uint32_t)line, units(str_head(content, byte), step->encoding)};
}

static void replace(Step *step, LspPosition start, LspPosition end, Str text)
{
    *array_push(step->script->arena, &step->edits) = (ScriptEdit){{start, end}, text};
}

/* Replaces part of one line, in the model too. Identity and origin stay. */
static void edit_line(Step *step, size_t line, size_t from, size_t to, Str text)
{
    ModelLine *at = &step->script->lines.items[line];
    replace(step, place(step, line, from), place(step, line, to), text);
    at->content =
        str_fmt(step->script->arena, STR_FMT STR_FMT STR_FMT, STR_ARG(str_head(at->content, from)),
                STR_ARG(text), STR_ARG(str_from(at->content, to)));
}

static Str with_eol(EditScript *script, Str text, bool before)
{
    return before ? str_fmt(script->arena, STR_FMT STR_FMT, STR_ARG(script->eol), STR_ARG(text))
                  : str_fmt(script->arena, STR_FMT STR_FMT, STR_ARG(text), STR_ARG(script->eol));
}

static size_t line_end(const EditScript *script, size_t line)
{
    return script->lines.items[line].content.len;
}

/* ------------------------------------------------------------------ steps */

typedef struct Block {
    size_t at;
    size_t count;
} Block;

static Block pick_block(EditScript *script, uint32_t most)
{
    Block block = {.at = pick(script, (uint32_t)script->lines.len)};
    block.count = 1 + pick(script, most);
    if (block.count > script->lines.len - block.at)
        block.count = script->lines.len - block.at;
    return block;
}

static ModelLine fresh_line(EditScript *script, size_t like)
{
    Str content = script->lines.items[like].content;
    uint32_t number = ++script->fresh;
    Str argument = number % 3 ? S("") : S("\"\U0001D4B3\"");
    return (ModelLine){
        .content =
            str_fmt(script->arena, STR_FMT "fresh_%u(" STR_FMT ");",
                    STR_ARG(str_head(content, indent_of(content))), number, STR_ARG(argument)),
    };
}

static void insert_lines(Step *step, size_t at, const ModelLine *lines, size_t count)
{
    EditScript *script = step->script;
    Str text = join(script->arena, lines, count, script->eol);
    replace(step, place(step, at, 0), place(step, at, 0), with_eol(script, text, false));
    splice(script, at, 0, lines, count);
}

static void append_lines(Step *step, size_t after, const ModelLine *lines, size_t count)
{
    EditScript *script = step->script;
    Str text = join(script->arena, lines, count, script->eol);
    LspPosition end = place(step, after, line_end(script, after));
    replace(step, end, end, with_eol(script, text, true));
    splice(script, after + 1, 0, lines, count);
}

static void step_insert(Step *step)
{
    EditScript *script = step->script;
    ModelLine lines[3];
    size_t at = pick(script, (uint32_t)script->lines.len), count = 1 + pick(script, 3);
    for (size_t i = 0; i < count; i++)
        lines[i] = fresh_line(script, at);
    if (pick(script, 2))
        insert_lines(step, at, lines, count);
    else
        append_lines(step, at, lines, count);
}

static void step_delete(Step *step)
{
    EditScript *script = step->script;
    Block block = pick_block(script, pick(script, 8) ? 3 : 25);
    size_t end = block.at + block.count;
    if (end < script->lines.len)
        replace(step, place(step, block.at, 0), place(step, end, 0), S(""));
    else if (block.at > 0 && !is_blank(script->lines.items[block.at - 1].content))
        replace(step, place(step, block.at - 1, line_end(script, block.at - 1)),
                place(step, end - 1, line_end(script, end - 1)), S(""));
    else
        return;
    splice(script, block.at, block.count, NULL, 0);
}

static void step_duplicate(Step *step)
{
    EditScript *script = step->script;
    Block block = pick_block(script, pick(script, 4) ? 4 : 20);
    ModelLine *copies = NEW_ARRAY(script->arena, ModelLine, block.count);
    for (size_t i = 0; i < block.count; i++) {
        copies[i] = script->lines.items[block.at + i];
        copies[i].id = 0;
    }
    if (pick(script, 2))
        insert_lines(step, block.at, copies, block.count);
    else if (!is_blank(copies[block.count - 1].content))
        append_lines(step, block.at + block.count - 1, copies, block.count);
}

/* As one edit of the whole block, or as an edit per line. */
static void step_reindent(Step *step)
{
    EditScript *script = step->script;
    Block block = pick_block(script, 12);
    bool deeper = pick(script, 2), whole = pick(script, 2);
    for (size_t i = block.at; i < block.at + block.count && !deeper; i++)
        if (!is_blank(script->lines.items[i].content) &&
            indent_of(script->lines.items[i].content) < 4)
            deeper = true;
    LspPosition start = place(step, block.at, 0);
    size_t last = block.at + block.count - 1;
    LspPosition end = place(step, last, line_end(script, last));
    Step lines = *step;
    for (size_t i = block.at; i <= last; i++)
        if (!is_blank(script->lines.items[i].content))
            edit_line(&lines, i, 0, deeper ? 0 : 4, deeper ? S("    ") : S(""));
    if (whole)
        replace(step, start, end,
                join(script->arena, &script->lines.items[block.at], block.count, script->eol));
    else
        step->edits = lines.edits;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Offset of a whole word at or behind `from`, or SIZE_MAX. */
static size_t find_word(Str text, Str word, size_t from)
{
    for (size_t at = from; (at = str_find(text, word, at)) != SIZE_MAX; at++) {
        size_t end = at + word.len;
        if ((at == 0 || !is_word(text.ptr[at - 1])) && (end == text.len || !is_word(text.ptr[end])))
            return at;
    }
    return SIZE_MAX;
}

/* The name behind "def " or "fn ", or before the "(" of a line that starts at the margin. */
static Str defined_name(Str line)
{
    size_t start = str_find(line, S("def "), 0);
    start = start != SIZE_MAX ? start + 4 : str_find(line, S("fn "), 0);
    if (start == SIZE_MAX) {
        size_t end =
            line.len && isalpha((unsigned char)line.ptr[0]) ? str_find(line, S("("), 0) : SIZE_MAX;
        for (start = end; end != SIZE_MAX && start > 0 && is_word(line.ptr[start - 1]);)
            start--;
        return end == SIZE_MAX ? S("") : str_head(str_from(line, start), end - start);
    }
    start += str_starts(str_from(line, start), S("fn ")) ? 3 : 0;
    size_t end = start;
    while (end < line.len && is_word(line.ptr[end]))
        end++;
    return str_head(str_from(line, start), end - start);
}

static void step_rename(Step *step)
{
    EditScript *script = step->script;
    size_t from = pick(script, (uint32_t)script->lines.len);
    Str name = {0};
    for (size_t i = 0; i < script->lines.len && name.len < 3; i++)
        name = defined_name(script->lines.items[(from + i) % script->lines.len].content);
    if (name.len < 3)
        return;
    name = str_copy(script->arena, name);
    Str other = str_fmt(script->arena, STR_FMT "_%u", STR_ARG(name), ++script->fresh);
    for (size_t i = script->lines.len; i-- > 0;)
        for (size_t at = 0; (at = find_word(script->lines.items[i].content, name, at)) != SIZE_MAX;
             at++)
            edit_line(step, i, at, at + name.len, other);
}

static void replace_all(Step *step, Str text)
{
    size_t last = step->script->lines.len - 1;
    replace(step, (LspPosition){0}, place(step, last, line_end(step->script, last)), text);
}

static void step_line_ends(Step *step)
{
    EditScript *script = step->script;
    Str other = script->eol.len == 1 ? S("\r\n") : S("\n");
    if (pick(script, 2)) {
        script->eol = other;
        replace_all(step, edit_script_text(script));
        return;
    }
    for (size_t i = 0; i + 1 < script->lines.len; i++)
        replace(step, place(step, i, line_end(script, i)), place(step, i + 1, 0), other);
    script->eol = other;
}

static void step_resend(Step *step)
{
    replace_all(step, edit_script_text(step->script));
}

static size_t character_border(Str text, size_t at)
{
    while (at > 0 && at < text.len && ((unsigned char)text.ptr[at] & 0xC0) == 0x80)
        at--;
    return at;
}

static void step_type(Step *step)
{
    static const char *const TOKENS[] = {"t%u", " + %u", "\U0001F680%u", "(%u", "é%u", "\"%u"};
    EditScript *script = step->script;
    size_t line = pick(script, (uint32_t)script->lines.len);
    Str content = script->lines.items[line].content;
    size_t at = character_border(content, pick(script, (uint32_t)content.len + 1));
    size_t end = at;
    if (pick(script, 3) == 0)
        end = character_border(content, at + pick(script, (uint32_t)(content.len - at) + 1));
    const char *token = TOKENS[pick(script, sizeof(TOKENS) / sizeof(TOKENS[0]))];
    Str mark = str_from_c(strchr(token, '%'));
    Str text =
        str_fmt(script->arena, "%.*s%u", (int)(strlen(token) - mark.len), token, ++script->fresh);
    edit_line(step, line, at, end < at ? at : end, text);
}

/* What was typed is taken back, wherever the line is now. */
static void step_restore(Step *step)
{
    EditScript *script = step->script;
    size_t from = pick(script, (uint32_t)script->lines.len);
    for (size_t i = 0; i < script->lines.len; i++) {
        size_t line = (from + i) % script->lines.len;
        const ModelLine *at = &script->lines.items[line];
        if (!at->origin || edit_script_unchanged(script, at))
            continue;
        edit_line(step, line, 0, at->content.len, script->first[at->origin - 1]);
        return;
    }
}

static void step_split(Step *step)
{
    EditScript *script = step->script;
    size_t line = pick(script, (uint32_t)script->lines.len);
    Str content = script->lines.items[line].content;
    size_t indent = indent_of(content);
    if (content.len < indent + 2)
        return;
    size_t at = indent + 1 + pick(script, (uint32_t)(content.len - indent - 1));
    at = character_border(content, at);
    if (at <= indent)
        return;
    ModelLine parts[2] = {script->lines.items[line], {.content = str_from(content, at)}};
    parts[0].content = str_head(content, at);
    replace(step, place(step, line, at), place(step, line, at), script->eol);
    splice(script, line, 1, parts, 2);
}

static void step_join(Step *step)
{
    EditScript *script = step->script;
    size_t line = pick(script, (uint32_t)script->lines.len);
    if (line + 1 == script->lines.len || is_blank(script->lines.items[line].content) ||
        is_blank(script->lines.items[line + 1].content))
        return;
    ModelLine joined = script->lines.items[line];
    Str next = script->lines.items[line + 1].content;
    size_t indent = indent_of(next);
    replace(step, place(step, line, joined.content.len), place(step, line + 1, indent), S(" "));
    joined.content = str_fmt(script->arena, STR_FMT " " STR_FMT, STR_ARG(joined.content),
                             STR_ARG(str_from(next, indent)));
    splice(script, line, 2, &joined, 1);
}

/* Some lines by others in one edit: first by first, the rest is gone or new. */
static void step_replace(Step *step)
{
    EditScript *script = step->script;
    Block block = pick_block(script, 4);
    size_t count = 1 + pick(script, 4), last = block.at + block.count - 1;
    ModelLine lines[4];
    for (size_t i = 0; i < count; i++) {
        lines[i] = fresh_line(script, block.at);
        lines[i].id = i < block.count ? script->lines.items[block.at + i].id : 0;
    }
    replace(step, place(step, block.at, 0), place(step, last, line_end(script, last)),
            join(script->arena, lines, count, script->eol));
    splice(script, block.at, block.count, lines, count);
}

static const struct {
    void (*run)(Step *step);
    const char *name;
    uint32_t weight;
} STEPS[] = {
    {step_insert, "insert", 5},     {step_delete, "delete", 4},   {step_duplicate, "duplicate", 3},
    {step_reindent, "reindent", 3}, {step_rename, "rename", 1},   {step_line_ends, "line ends", 1},
    {step_type, "type", 6},         {step_restore, "restore", 1}, {step_split, "split", 2},
    {step_join, "join", 2},         {step_replace, "replace", 2}, {step_resend, "resend", 1},
};

EditList edit_script_step(EditScript *script, PositionEncoding encoding)
{
    uint32_t total = 0;
    for (size_t i = 0; i < sizeof(STEPS) / sizeof(STEPS[0]); i++)
        total += STEPS[i].weight;
    uint32_t chosen = pick(script, total);
    size_t at = 0;
    while (chosen >= STEPS[at].weight)
        chosen -= STEPS[at++].weight;
    Step step = {.script = script, .encoding = encoding};
    script->last_step = STEPS[at].name;
    STEPS[at].run(&step);
    return step.edits;
}
