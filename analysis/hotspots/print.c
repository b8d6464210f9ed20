/* hotspots_print: hot spots as text, for people and for golden files. */

#include "analysis/hotspots/hotspot.h"
#include "analysis/hotspots/rank.h"
#include "base/strbuf.h"

static void print_spot(Arena *arena, StrBuf *out, const HotSpots *spots, const HotSpot *spot)
{
    RankShare share = rank_share(spots, spot->self, spot->self_samples);
    strbuf_fmt(out, "%lld %lld x%llu ", (long long)spot->self, (long long)spot->total,
               (unsigned long long)spot->samples);
    if (spot->file.len)
        strbuf_fmt(out, STR_FMT ":%u ", STR_ARG(spot->file), spot->line);
    strbuf_fmt(out, STR_FMT, STR_ARG(spot->function));
    if (spot->kind != FRAME_USER)
        strbuf_fmt(out, " [" STR_FMT "]", STR_ARG(frame_kind_name(spot->kind)));
    if (spot->mapped)
        strbuf_add(out, S(" mapped"));
    if (spot->library.len)
        strbuf_fmt(out, " {" STR_FMT "}", STR_ARG(spot->library));
    if (spot->self > 0)
        strbuf_fmt(out, " %s" STR_FMT, rank_is_resolvable(share) ? "" : "noise ",
                   STR_ARG(rank_share_text(arena, share)));
    strbuf_char(out, '\n');
    if (spot->callee <= 0)
        return;
    strbuf_fmt(out, "  in callee %lld x%llu", (long long)spot->callee,
               (unsigned long long)spot->callee_samples);
    for (size_t i = 0; i < spot->callees_len; i++) {
        const HotCallee *callee = &spots->callees[spot->callees_first + i];
        strbuf_fmt(out, "%s" STR_FMT " %lld", i ? ", " : ": ",
                   STR_ARG(spots->functions[callee->function].function), (long long)callee->cost);
        if (callee->file.len && callee->line)
            strbuf_fmt(out, " at " STR_FMT ":%u", STR_ARG(callee->file), callee->line);
    }
    strbuf_char(out, '\n');
}

Str hotspots_print(Arena *arena, const HotSpots *spots)
{
    StrBuf out = strbuf_new(arena);
    strbuf_fmt(&out, "metric " STR_FMT " in " STR_FMT ": total %lld, unmapped %lld, samples %llu\n",
               STR_ARG(spots->metric), STR_ARG(spots->unit), (long long)spots->total,
               (long long)spots->unmapped, (unsigned long long)spots->samples);
    strbuf_fmt(&out, "lines %zu: self, total, samples\n", spots->lines_len);
    for (size_t i = 0; i < spots->lines_len; i++)
        print_spot(arena, &out, spots, &spots->lines[i]);
    strbuf_fmt(&out, "functions %zu\n", spots->functions_len);
    for (size_t i = 0; i < spots->functions_len; i++)
        print_spot(arena, &out, spots, &spots->functions[i]);
    strbuf_fmt(&out, "calls %zu\n", spots->edges_len);
    for (size_t i = 0; i < spots->edges_len; i++) {
        const HotEdge *edge = &spots->edges[i];
        Str caller = spots->functions[edge->caller].function;
        Str callee = spots->functions[edge->callee].function;
        strbuf_fmt(&out, "%lld x%llu " STR_FMT " -> " STR_FMT "\n", (long long)edge->cost,
                   (unsigned long long)edge->samples, STR_ARG(caller), STR_ARG(callee));
    }
    return strbuf_str(&out);
}
