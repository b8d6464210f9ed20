/* Benchmarks where they are defined: the number as one lens, Run as the other, both as actions. */

#include "analysis/hints/view_parts.h"

const BenchPlace *view_bench_at(const ViewInput *input, LineNo line)
{
    for (size_t i = 0; i < input->benches.len; i++)
        if (input->benches.items[i].line.n == line.n)
            return &input->benches.items[i];
    return NULL;
}

/* Two on one line share its lenses: the first has them. */
static bool is_first_of_line(const ViewMaker *maker, const BenchPlace *place)
{
    return view_bench_at(maker->in, place->line) == place;
}

void view_bench_lenses(ViewMaker *maker, FileView *out)
{
    for (size_t i = 0; i < maker->in->benches.len; i++) {
        const BenchPlace *place = &maker->in->benches.items[i];
        if (!is_first_of_line(maker, place))
            continue;
        ViewArgs args = {.bench = place->target, .line = place->line};
        if (place->n_numbers)
            *array_push(maker->arena, &out->lenses) = (ViewLens){
                .line = place->line,
                .title = bench_words(maker->arena, place),
                .command = S("perfloop.showDetails"),
                .args = args,
            };
        if (place->can_run)
            *array_push(maker->arena, &out->lenses) =
                view_job_runs(maker) ? view_cancel_lens(maker, place->line)
                                     : (ViewLens){
                                           .line = place->line,
                                           .title = S("Run"),
                                           .command = S("perfloop.runBenchmark"),
                                           .args = args,
                                       };
    }
}

static ViewAction *push(ViewMaker *maker, FileView *out, const BenchPlace *place)
{
    ViewAction *action = array_push(maker->arena, &out->actions);
    *action = (ViewAction){
        .first = place->line,
        .last = place->last,
        .kind = S("source.perfloop"),
        .args = {.bench = place->target, .line = place->line},
    };
    return action;
}

void view_bench_actions(ViewMaker *maker, FileView *out)
{
    for (size_t i = 0; i < maker->in->benches.len; i++) {
        const BenchPlace *place = &maker->in->benches.items[i];
        if (place->can_run && !view_job_runs(maker)) {
            ViewAction *run = push(maker, out, place);
            run->command = S("perfloop.runBenchmark");
            run->title = str_fmt(maker->arena, "perfloop: run " STR_FMT, STR_ARG(place->id));
        }
        if (place->n_numbers && is_first_of_line(maker, place)) {
            ViewAction *show = push(maker, out, place);
            show->command = S("perfloop.showDetails");
            show->title =
                str_fmt(maker->arena, "perfloop: show the numbers of " STR_FMT " (" STR_FMT ")",
                        STR_ARG(place->id), STR_ARG(bench_words(maker->arena, place)));
        }
    }
}
