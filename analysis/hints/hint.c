#include "analysis/hints/hint.h"

#include <ctype.h>

#include "analysis/hints/hint_rules.h"

bool hint_is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (c & 0x80);
}

/* Cuts a trailing comment; a sign inside a string stays. */
static Str without_comment(Str line, Str sign)
{
    char quote = 0;
    for (size_t i = 0; i < line.len; i++) {
        char c = line.ptr[i];
        if (quote) {
            if (c == '\\')
                i++;
            else if (c == quote)
                quote = 0;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (sign.len && str_starts(str_from(line, i), sign)) {
            return str_head(line, i);
        }
    }
    return line;
}

Str hint_code(const Text *text, LineNo line, Str comment)
{
    return str_trim(without_comment(text_line(text, line), comment));
}

size_t hint_word(Str code, Str word, size_t start)
{
    for (size_t at = str_find(code, word, start); at != SIZE_MAX;
         at = str_find(code, word, at + 1)) {
        bool left = at == 0 || !hint_is_name_char(code.ptr[at - 1]);
        size_t end = at + word.len;
        if (left && (end >= code.len || !hint_is_name_char(code.ptr[end])))
            return at;
    }
    return SIZE_MAX;
}

Str hint_name_before(Str code, size_t end)
{
    size_t start = end;
    while (start > 0 && (hint_is_name_char(code.ptr[start - 1]) || code.ptr[start - 1] == '.'))
        start--;
    return (Str){code.ptr + start, end - start};
}

Str hint_name_at(Str code, size_t start)
{
    size_t end = start;
    while (end < code.len && (hint_is_name_char(code.ptr[end]) || code.ptr[end] == '.'))
        end++;
    return (Str){code.ptr + start, end - start};
}

bool hint_is_loop_head(const HintPlace *place)
{
    return place->n_loops && place->loops[0].n == place->line.n;
}

/* "name =", "name +=", "name:" with a type, but not "name ==". */
static bool is_assigned(Str code, Str name)
{
    for (size_t at = hint_word(code, name, 0); at != SIZE_MAX; at = hint_word(code, name, at + 1)) {
        if (at > 0 && code.ptr[at - 1] == '.')
            continue;
        Str before = str_trim(str_head(code, at));
        if (str_ends(before, S("for")) || str_ends(before, S(" as")) ||
            str_ends(before, S("let")) || str_ends(before, S("mut")))
            return true;
        if (str_starts(code, S("for ")) && hint_word(code, S("in"), at) != SIZE_MAX)
            return true;
        Str after = str_trim(str_from(code, at + name.len));
        if (after.len > 1 && after.ptr[0] == '=' && after.ptr[1] != '=')
            return true;
        if (after.len > 1 && after.ptr[1] == '=' &&
            str_find(S("+-*/%|&^@:"), str_head(after, 1), 0) != SIZE_MAX)
            return true;
        if (after.len && after.ptr[0] == ',' && str_find(code, S(" = "), at) != SIZE_MAX)
            return true;
    }
    return false;
}

bool hint_assigns(const HintPlace *place, LineNo first, LineNo last, Str name)
{
    for (uint32_t n = first.n; n <= last.n; n++)
        if (is_assigned(str_trim(text_line(place->text, (LineNo){n})), name))
            return true;
    return false;
}

Str hint_class_name(HintClass class)
{
    static const Str NAMES[] = {
        [HINT_ALGORITHM] = STR_CONST("algorithm"),
        [HINT_UNNECESSARY_WORK] = STR_CONST("unnecessary work"),
        [HINT_MEMORY] = STR_CONST("memory layout"),
        [HINT_CONCURRENCY] = STR_CONST("concurrency"),
        [HINT_IO] = STR_CONST("I/O"),
        [HINT_LANGUAGE] = STR_CONST("language"),
    };
    return NAMES[class];
}

/* Function and loops around the line, innermost first, by climbing the outline. */
static void find_surroundings(HintPlace *place, const Outline *outline)
{
    const OutlineItem *item = outline_statement_at(outline, place->line);
    const OutlineItem *function = outline_function_at(outline, place->line);
    if (function) {
        place->function = function->first;
        place->function_end = function->last;
    }
    for (; item && item != function; item = outline_parent(outline, item)) {
        if (item->kind != OUTLINE_LOOP || place->n_loops == HINT_LOOPS_MAX)
            continue;
        place->loops[place->n_loops] = item->first;
        place->loop_ends[place->n_loops++] = item->last;
    }
}

/* The signature says so: it may take a few lines. */
static bool is_device_code(const HintPlace *place)
{
    for (uint32_t n = place->function.n; n && n <= place->line.n && n < place->function.n + 4;
         n++) {
        Str code = text_line(place->text, (LineNo){n});
        if (str_has(code, S("__global__")) || str_has(code, S("__device__")))
            return true;
    }
    return false;
}

static HintRules rules_of(LangId lang)
{
    switch (lang) {
    case LANG_PYTHON:
        return hints_python();
    case LANG_RUST:
        return hints_rust();
    case LANG_CUDA:
        return hints_cuda();
    default:
        return (HintRules){0};
    }
}

Hints hints_for_line(Arena *arena, LangId lang, const HintSource *source, LineNo line)
{
    Hints out = {0};
    HintRules rules = rules_of(lang);
    if (rules.len == 0 || line.n == 0 || line.n > text_lines(source->text))
        return out;
    HintPlace place = {.arena = arena, .text = source->text, .line = line};
    place.code = hint_code(source->text, line, lang_get(lang)->comment);
    find_surroundings(&place, source->outline);
    place.in_kernel = lang == LANG_CUDA && is_device_code(&place);
    for (HintClass class = HINT_ALGORITHM; class <= HINT_LANGUAGE; class ++)
        for (size_t i = 0; i < rules.len; i++) {
            Hint hint = {.class = class, .code = rules.items[i].code};
            if (rules.items[i].class == class && rules.items[i].fn(&place, &hint))
                *array_push(arena, &out) = hint;
        }
    return out;
}
