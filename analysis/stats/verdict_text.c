/* The words of a verdict: for files, for people, and the sentence. */
#include "analysis/stats/verdict.h"

#include <math.h>

#include "base/strbuf.h"

static const struct {
    Str word;
    Str status;
} WORDS[] = {
    [VERDICT_INCONCLUSIVE] = {STR_CONST("inconclusive"), STR_CONST("unclear")},
    [VERDICT_IMPROVEMENT] = {STR_CONST("improvement"), STR_CONST("faster")},
    [VERDICT_REGRESSION] = {STR_CONST("regression"), STR_CONST("slower")},
    [VERDICT_SAME] = {STR_CONST("same"), STR_CONST("same")},
    [VERDICT_UNSTABLE] = {STR_CONST("unstable"), STR_CONST("unclear")},
    [VERDICT_INVALID] = {STR_CONST("invalid"), STR_CONST("unclear")},
    [VERDICT_MIXED] = {STR_CONST("mixed"), STR_CONST("unclear")},
    [VERDICT_CONDITIONS] = {STR_CONST("conditions differ"), STR_CONST("unclear")},
};

Str verdict_word(VerdictKind kind)
{
    return WORDS[kind].word;
}

Str verdict_status(VerdictKind kind)
{
    return WORDS[kind].status;
}

static const struct {
    Str word;
    Str text;
} FLAGS[] = {
    [FLAG_NONE] = {STR_CONST(""), STR_CONST("")},
    [FLAG_ABOVE] = {STR_CONST("above"), STR_CONST("5 % or more")},
    [FLAG_BELOW] = {STR_CONST("below"), STR_CONST("below 5 %")},
    [FLAG_ABOVE_ABOUT] = {STR_CONST("above?"), STR_CONST("about 5 % or more")},
    [FLAG_BELOW_ABOUT] = {STR_CONST("below?"), STR_CONST("about 5 % or less")},
};

Str verdict_flag_word(VerdictFlag flag)
{
    return FLAGS[flag].word;
}

static Str flag_text(VerdictFlag flag)
{
    return FLAGS[flag].text;
}

double verdict_change(double ln_ratio, bool more_is_better)
{
    return expm1(more_is_better ? -ln_ratio : ln_ratio);
}

/* "-32 % [-35, -29] 99 %"; the ends of a throughput's interval change places. */
static void add_change(StrBuf *out, const Verdict *verdict, bool inverted)
{
    double low = verdict_change(inverted ? verdict->high : verdict->low, inverted) * 100;
    double high = verdict_change(inverted ? verdict->low : verdict->high, inverted) * 100;
    strbuf_add(out, units_delta(out->arena, verdict_change(verdict->estimate, inverted)));
    if (isfinite(low) && isfinite(high)) {
        int decimals = fabs(low) >= 9.95 && fabs(high) >= 9.95 ? 0 : 1;
        strbuf_fmt(out, " [%+.*f, %+.*f]", decimals, low, decimals, high);
        strbuf_add(out, verdict->quick ? S(" 95 %") : S(" 99 %"));
    }
}

static Str first_word(const Verdict *verdict, const VerdictFacts *facts)
{
    if (facts->unit == UNIT_BYTES && verdict->kind == VERDICT_IMPROVEMENT)
        return S("less memory");
    if (facts->unit == UNIT_BYTES && verdict->kind == VERDICT_REGRESSION)
        return S("more memory");
    return verdict_status(verdict->kind);
}

Str verdict_sentence(Arena *arena, const Verdict *verdict, const VerdictFacts *facts)
{
    StrBuf out = strbuf_new(arena);
    strbuf_add(&out, first_word(verdict, facts));
    if (verdict->kind >= VERDICT_UNSTABLE)
        strbuf_fmt(&out, " (" STR_FMT ")", STR_ARG(verdict_word(verdict->kind)));
    if (verdict->n == 0) {
        strbuf_fmt(&out, ": " STR_FMT, STR_ARG(facts->reason));
        return strbuf_str(&out);
    }
    if (verdict->kind == VERDICT_SAME)
        strbuf_fmt(&out, ": no difference within %.0f %%, ",
                   (facts->same > 0 ? facts->same : 0.02) * 100);
    else
        strbuf_add(&out, S(": "));
    Str before = units_text(arena, facts->before, facts->unit);
    Str after = units_text(arena, facts->after, facts->unit);
    strbuf_fmt(&out, STR_FMT " → " STR_FMT ", ", STR_ARG(before), STR_ARG(after));
    add_change(&out, verdict, facts->more_is_better);
    strbuf_fmt(&out, ", %zu pairs, " STR_FMT, verdict->n, STR_ARG(facts->metric));
    if (facts->design.len)
        strbuf_fmt(&out, ", " STR_FMT, STR_ARG(facts->design));
    if (verdict->flag == FLAG_BELOW || verdict->flag == FLAG_BELOW_ABOUT)
        strbuf_fmt(&out, "; " STR_FMT ": worth its complexity?", STR_ARG(flag_text(verdict->flag)));
    if (facts->reason.len)
        strbuf_fmt(&out, "; " STR_FMT, STR_ARG(facts->reason));
    if (verdict->kind == VERDICT_INCONCLUSIVE && verdict->needed)
        strbuf_fmt(&out, "; about %zu pairs may settle it", verdict->needed);
    return strbuf_str(&out);
}
