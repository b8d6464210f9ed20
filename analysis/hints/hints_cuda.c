/* CUDA rules: two costs that the text of a line shows by itself. */

#include "analysis/hints/hint_rules.h"

/* cudaDeviceSynchronize or a blocking cudaMemcpy inside a host loop. */
static bool sync_in_loop(const HintPlace *place, Hint *out)
{
    static const Str CALLS[] = {STR_CONST("cudaDeviceSynchronize"),
                                STR_CONST("cudaStreamSynchronize"), STR_CONST("cudaMemcpy")};
    for (size_t i = 0; place->n_loops && i < sizeof(CALLS) / sizeof(CALLS[0]); i++) {
        if (hint_word(place->code, CALLS[i], 0) == SIZE_MAX)
            continue;
        out->title = str_fmt(place->arena, "move `" STR_FMT "` out of the loop, or use a stream",
                             STR_ARG(CALLS[i]));
        out->why = S(
            "the host waits for the device on every pass, so the two never work at the same time");
        return true;
    }
    return false;
}

/* A double literal in device code turns a float expression into double arithmetic. */
static bool double_literal(const HintPlace *place, Hint *out)
{
    if (!place->in_kernel)
        return false;
    for (size_t at = str_find(place->code, S("."), 0); at != SIZE_MAX;
         at = str_find(place->code, S("."), at + 1)) {
        size_t start = at, end = at + 1;
        while (start > 0 && place->code.ptr[start - 1] >= '0' && place->code.ptr[start - 1] <= '9')
            start--;
        while (end < place->code.len && place->code.ptr[end] >= '0' && place->code.ptr[end] <= '9')
            end++;
        bool is_number =
            end - start > 1 && (start == 0 || !hint_is_name_char(place->code.ptr[start - 1]));
        char suffix = end < place->code.len ? place->code.ptr[end] : ' ';
        if (!is_number || suffix == 'f' || suffix == 'F' || hint_is_name_char(suffix))
            continue;
        Str number = {place->code.ptr + start, end - start};
        out->title = str_fmt(place->arena, "write `" STR_FMT "f` if single precision is enough",
                             STR_ARG(number));
        out->why =
            S("a literal without f is a double and pulls the expression to double arithmetic, "
              "which most GPUs do at a fraction of the rate");
        return true;
    }
    return false;
}

HintRules hints_cuda(void)
{
    static const HintRule RULES[] = {
        {sync_in_loop, HINT_CONCURRENCY, STR_CONST("cuda-sync-in-loop")},
        {double_literal, HINT_LANGUAGE, STR_CONST("cuda-double-literal")},
    };
    return (HintRules){RULES, sizeof(RULES) / sizeof(RULES[0])};
}
