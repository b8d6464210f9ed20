/* Rust rules: work that a loop repeats and that shows in the text of the line. */

#include "analysis/hints/hint_rules.h"

/* x.clone() in a loop: an allocation per pass, unless the type is Copy or Rc. */
static bool clone_in_loop(const HintPlace *place, Hint *out)
{
    static const Str CALLS[] = {STR_CONST(".clone()"), STR_CONST(".to_string()"),
                                STR_CONST(".to_owned()"), STR_CONST(".to_vec()")};
    for (size_t i = 0; place->n_loops && i < sizeof(CALLS) / sizeof(CALLS[0]); i++) {
        size_t at = str_find(place->code, CALLS[i], 0);
        if (at == SIZE_MAX)
            continue;
        Str name = hint_name_before(place->code, at);
        out->title = name.len ? str_fmt(place->arena, "borrow `" STR_FMT "` instead of copying it",
                                        STR_ARG(name))
                              : S("borrow instead of copying");
        out->why = str_fmt(place->arena, STR_FMT " allocates on every pass of the loop",
                           STR_ARG(CALLS[i]));
        return true;
    }
    return false;
}

/* Vec::new() outside, push in the loop: the vector grows and moves. */
static bool push_without_capacity(const HintPlace *place, Hint *out)
{
    size_t at = str_find(place->code, S(".push("), 0);
    if (at == SIZE_MAX || place->n_loops == 0)
        return false;
    Str name = hint_name_before(place->code, at);
    for (uint32_t n = place->function.n; n && n < place->loops[place->n_loops - 1].n; n++) {
        Str code = hint_code(place->text, (LineNo){n}, S("//"));
        if (hint_word(code, name, 0) == SIZE_MAX ||
            (!str_has(code, S("Vec::new()")) && !str_has(code, S("vec![]"))))
            continue;
        out->title = str_fmt(place->arena, "give `" STR_FMT "` its size with Vec::with_capacity",
                             STR_ARG(name));
        out->why = S("it starts empty and is moved to a larger place again and again as it grows");
        return true;
    }
    return false;
}

HintRules hints_rust(void)
{
    static const HintRule RULES[] = {
        {clone_in_loop, HINT_UNNECESSARY_WORK, STR_CONST("rust-clone-in-loop")},
        {push_without_capacity, HINT_MEMORY, STR_CONST("rust-push-without-capacity")},
    };
    return (HintRules){RULES, sizeof(RULES) / sizeof(RULES[0])};
}
