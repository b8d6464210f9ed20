/*
 * Python rules. Each looks at one hot line; none guesses at types it cannot see: a rule that needs
 * to know that `seen` is a list looks for the line that makes it one.
 */

#include "analysis/hints/hint_rules.h"

static bool is_list_literal(Str code, Str name)
{
    Str left, right;
    if (!str_cut(code, '=', &left, &right) || !str_eq(str_trim(left), name))
        return false;
    right = str_trim(right);
    return str_starts(right, S("[")) || str_starts(right, S("list("));
}

/* Does a line of this function make `name` a list, or else one at module level? */
static bool is_made_a_list(const HintPlace *place, Str name)
{
    LineNo last = {text_lines(place->text)};
    for (uint32_t n = place->function.n; n && n <= place->function_end.n; n++)
        if (is_list_literal(hint_code(place->text, (LineNo){n}, S("#")), name))
            return true;
    if (place->function.n && hint_assigns(place, place->function, place->function_end, name))
        return false; /* a local of the same name */
    for (LineNo n = {1}; n.n <= last.n; n.n++)
        if (str_starts(text_line(place->text, n), name) &&
            is_list_literal(hint_code(place->text, n, S("#")), name))
            return true;
    return false;
}

/* `x in names` where names is a list: every test walks it. */
static bool list_membership(const HintPlace *place, Hint *out)
{
    Str code = place->code;
    for (size_t at = hint_word(code, S("in"), 0); at != SIZE_MAX;
         at = hint_word(code, S("in"), at + 1)) {
        size_t name_at = at + 2;
        while (name_at < code.len && code.ptr[name_at] == ' ')
            name_at++;
        Str name = hint_name_at(code, name_at);
        bool is_for = hint_word(code, S("for"), 0) != SIZE_MAX && hint_word(code, S("for"), 0) < at;
        if (name.len == 0 || is_for || place->n_loops == 0 || !is_made_a_list(place, name))
            continue;
        out->title = str_fmt(place->arena, "make `" STR_FMT "` a set", STR_ARG(name));
        out->why = str_fmt(place->arena,
                           "`in` walks the list `" STR_FMT
                           "` from its start each time; a set answers in constant time",
                           STR_ARG(name));
        return true;
    }
    return false;
}

/* list.insert(0, …) and list.pop(0) move every other item. */
static bool list_front(const HintPlace *place, Hint *out)
{
    if (place->n_loops == 0)
        return false;
    size_t at = str_find(place->code, S(".pop(0)"), 0);
    if (at == SIZE_MAX)
        at = str_find(place->code, S(".insert(0,"), 0);
    if (at == SIZE_MAX)
        return false;
    Str name = hint_name_before(place->code, at);
    out->title = str_fmt(place->arena, "make `" STR_FMT "` a collections.deque", STR_ARG(name));
    out->why = S("the front of a list moves all other items; a deque has two open ends");
    return true;
}

/* text += piece in a loop, where text began as a string. */
static bool string_append(const HintPlace *place, Hint *out)
{
    size_t at = str_find(place->code, S("+="), 0);
    if (at == SIZE_MAX || place->n_loops == 0)
        return false;
    Str name = str_trim(str_head(place->code, at));
    LineNo first = place->function.n ? place->function : (LineNo){1};
    for (uint32_t n = first.n; n < place->line.n; n++) {
        Str code = hint_code(place->text, (LineNo){n}, S("#")), left, right;
        if (!str_cut(code, '=', &left, &right) || !str_eq(str_trim(left), name))
            continue;
        right = str_trim(right);
        if (!str_starts(right, S("\"")) && !str_starts(right, S("'")) &&
            !str_starts(right, S("str(")))
            continue;
        out->title =
            str_fmt(place->arena,
                    "collect the pieces of `" STR_FMT "` in a list and join them after the loop",
                    STR_ARG(name));
        out->why = S("each += may copy the whole string that was built so far");
        return true;
    }
    return false;
}

/* re.compile, or re.match and its like with a pattern that is compiled or looked up every time. */
static bool regex_in_loop(const HintPlace *place, Hint *out)
{
    static const Str CALLS[] = {STR_CONST("re.compile("), STR_CONST("re.match("),
                                STR_CONST("re.search("),  STR_CONST("re.fullmatch("),
                                STR_CONST("re.sub("),     STR_CONST("re.split("),
                                STR_CONST("re.findall("), STR_CONST("re.finditer(")};
    for (size_t i = 0; i < sizeof(CALLS) / sizeof(CALLS[0]); i++) {
        size_t at = str_find(place->code, CALLS[i], 0);
        if (at == SIZE_MAX || (at > 0 && (hint_is_name_char(place->code.ptr[at - 1]) ||
                                          place->code.ptr[at - 1] == '.')))
            continue;
        Str call = str_head(CALLS[i], CALLS[i].len - 1);
        if (place->n_loops == 0 && place->function.n == 0)
            continue;
        out->title = S("compile the pattern once, at module level");
        out->why =
            i == 0
                ? S("re.compile runs here on every pass, if only to find the pattern in its cache")
                : str_fmt(place->arena,
                          STR_FMT " looks its pattern up in re's cache on every call; a "
                                  "compiled pattern's own method does not",
                          STR_ARG(call));
        return true;
    }
    return false;
}

/* sorted(…) or .sort() in a loop over the same data. */
static bool sort_in_loop(const HintPlace *place, Hint *out)
{
    size_t at = hint_word(place->code, S("sorted"), 0);
    if (place->n_loops == 0 || hint_is_loop_head(place))
        return false;
    Str name = {0};
    if (at != SIZE_MAX && at + 7 < place->code.len && place->code.ptr[at + 6] == '(')
        name = hint_name_at(place->code, at + 7);
    else if (str_ends(place->code, S(".sort()")))
        name = hint_name_before(place->code, place->code.len - 7);
    Str first = name, rest = {0};
    str_cut(name, '.', &first, &rest);
    if (name.len == 0 || hint_assigns(place, place->loops[0], place->loop_ends[0], first))
        return false;
    out->title =
        str_fmt(place->arena, "sort `" STR_FMT "` once, or keep it sorted with bisect or heapq",
                STR_ARG(name));
    out->why = S("it is sorted again on every pass of the loop");
    return true;
}

/* for i in range(len(xs)): the index is looked up again in every expression. */
static bool range_len(const HintPlace *place, Hint *out)
{
    size_t at = str_find(place->code, S("range(len("), 0);
    if (at == SIZE_MAX || hint_word(place->code, S("for"), 0) == SIZE_MAX)
        return false;
    Str name = hint_name_at(place->code, at + 10);
    if (name.len == 0)
        return false;
    out->title = str_fmt(
        place->arena, "iterate over `" STR_FMT "` itself, with enumerate where the index is needed",
        STR_ARG(name));
    out->why = S("range(len(…)) costs an index operation for every use of an item");
    return true;
}

/*
 * A name with two dots or more that is called, nothing of which is assigned in the innermost loop:
 * each attribute is looked up again on every pass, with the same result. One dot is left alone;
 * since Python 3.11 the interpreter remembers that look-up itself.
 */
static bool invariant_attribute(const HintPlace *place, Hint *out)
{
    Str code = place->code;
    for (size_t at = str_find(code, S("("), 0); at != SIZE_MAX && place->n_loops;
         at = str_find(code, S("("), at + 1)) {
        Str name = hint_name_before(code, at), first, rest, owner, method;
        if (!str_cut(name, '.', &first, &rest) || first.len == 0 ||
            !str_cut_last(name, '.', &owner, &method) || !str_has(owner, S(".")))
            continue;
        LineNo from = place->loops[0], to = place->loop_ends[0];
        if (hint_assigns(place, from, to, first) || hint_assigns(place, from, to, owner))
            continue;
        out->title = str_fmt(place->arena, "bind `" STR_FMT "` to a local name before the loop",
                             STR_ARG(name));
        out->why = str_fmt(place->arena,
                           "its attributes are looked up on every pass and `" STR_FMT
                           "` does not change in the loop",
                           STR_ARG(owner));
        return true;
    }
    return false;
}

HintRules hints_python(void)
{
    static const HintRule RULES[] = {
        {list_membership, HINT_ALGORITHM, STR_CONST("python-list-membership")},
        {list_front, HINT_ALGORITHM, STR_CONST("python-list-front")},
        {string_append, HINT_ALGORITHM, STR_CONST("python-string-append")},
        {sort_in_loop, HINT_UNNECESSARY_WORK, STR_CONST("python-sort-in-loop")},
        {regex_in_loop, HINT_UNNECESSARY_WORK, STR_CONST("python-regex-in-loop")},
        {range_len, HINT_LANGUAGE, STR_CONST("python-range-len")},
        {invariant_attribute, HINT_LANGUAGE, STR_CONST("python-invariant-attribute")},
    };
    return (HintRules){RULES, sizeof(RULES) / sizeof(RULES[0])};
}
