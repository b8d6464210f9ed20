#include "runners/loop/loop_text.h"

#include <math.h>

#include "analysis/hints/words.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "runners/loop/guard.h"

static Str value_text(Arena *arena, double value, Unit unit)
{
    return isnan(value) ? S("-") : units_text(arena, value, unit);
}

/* Why the loop may end here: the target is met, or little is left. Empty while it should go on. */
static Str stop_reason(Arena *arena, const LoopWorkload *loop, const Bottleneck *hot)
{
    if (loop->open)
        return (Str){0};
    if (!loop->target_met)
        return hot->stop;
    return str_fmt(arena, "target met: " STR_FMT " " STR_FMT ", " STR_FMT " wanted",
                   STR_ARG(loop->baseline.metric),
                   STR_ARG(value_text(arena, loop->now, loop->baseline.unit)),
                   STR_ARG(loop->workload.target));
}

/* What to do next, in one sentence: "run perfloop keep, or ...". */
static Str next_step(Arena *arena, const LoopWorkload *loop, const Bottleneck *hot)
{
    if (!loop->baseline.id)
        return S("perfloop baseline");
    Str stop = stop_reason(arena, loop, hot);
    if (stop.len)
        return str_fmt(arena, "nothing: " STR_FMT, STR_ARG(stop));
    if (!loop->open && !hot->known)
        return S("perfloop profile, then change one thing on a hot line and perfloop measure");
    if (!loop->open)
        return S("change one thing on a hot line (perfloop hot), then perfloop measure");
    Str status = loop->open->verdict.status;
    if (str_eq(status, S("faster")))
        return S("perfloop keep, or perfloop revert");
    if (str_eq(loop->open->verdict.kind, S("invalid")))
        return S("mend the change: only programs that do the same work can be compared");
    if (str_eq(status, S("unclear")))
        return S("perfloop measure --more");
    return S("perfloop revert");
}

static void add_open(StrBuf *out, const LoopWorkload *loop)
{
    const LedgerIteration *open = loop->open;
    if (!open)
        return;
    strbuf_fmt(out, "  open        iteration %lld, " STR_FMT "\n", (long long)open->id,
               STR_ARG(open->verdict.sentence));
    Str guard = guard_message(out->arena, &open->changes);
    if (guard.len)
        strbuf_fmt(out, "              " STR_FMT "\n", STR_ARG(guard));
}

static void add_status(StrBuf *out, const LoopWorkload *loop, const Bottleneck *hot)
{
    Arena *arena = out->arena;
    const LedgerBaseline *baseline = &loop->baseline;
    strbuf_fmt(out, STR_FMT "\n", STR_ARG(loop->workload.name));
    if (baseline->id)
        strbuf_fmt(
            out,
            "  baseline    " STR_FMT " " STR_FMT " [" STR_FMT ", " STR_FMT "], of " STR_FMT "\n",
            STR_ARG(baseline->metric), STR_ARG(value_text(arena, baseline->value, baseline->unit)),
            STR_ARG(value_text(arena, baseline->low, baseline->unit)),
            STR_ARG(value_text(arena, baseline->high, baseline->unit)), STR_ARG(baseline->origin));
    if (loop->history_len > 1)
        strbuf_fmt(out, "  now         " STR_FMT " " STR_FMT "\n",
                   STR_ARG(loop_summary(arena, loop)),
                   STR_ARG(words_sparkline(arena, loop->history, loop->history_len)));
    if (loop->workload.target.len)
        strbuf_fmt(out, "  target      " STR_FMT "%s\n", STR_ARG(loop->workload.target),
                   loop->target_met ? ", met" : ", not met yet");
    if (hot->known)
        strbuf_fmt(out, "  " STR_FMT "\n", STR_ARG(hot->sentence));
    add_open(out, loop);
    strbuf_fmt(out, "  next        " STR_FMT "\n", STR_ARG(next_step(arena, loop, hot)));
}

Str loop_status_text(Arena *arena, const LoopView *view, const Bottleneck *hot)
{
    StrBuf out = strbuf_new(arena);
    array_each (const LoopWorkload, loop, &view->workloads)
        add_status(&out, loop, &hot[loop - view->workloads.items]);
    if (!out.len)
        return S("nothing was measured here yet; next: perfloop baseline");
    return str_head(strbuf_str(&out), out.len - 1);
}

static void add_iteration(StrBuf *out, const LedgerIteration *iteration)
{
    Arena *arena = out->arena;
    Str day = str_head(clock_iso(arena, iteration->time_s), 16);
    strbuf_fmt(
        out, "  %-4lld " STR_FMT "  %-10.*s " STR_FMT "\n", (long long)iteration->id, STR_ARG(day),
        STR_ARG(iteration->state),
        STR_ARG(iteration->verdict.sentence.len ? iteration->verdict.sentence : S("no verdict")));
    if (iteration->checkpoint.len)
        strbuf_fmt(out, "       commit " STR_FMT "\n",
                   STR_ARG(str_head(iteration->checkpoint, 10)));
    array_each (const LedgerChange, change, &iteration->changes)
        strbuf_fmt(out, "       " STR_FMT " " STR_FMT "%s" STR_FMT "\n", STR_ARG(change->kind),
                   STR_ARG(change->path), change->function.len ? ": " : "",
                   STR_ARG(change->function));
}

Str loop_log_text(Arena *arena, const LoopView *view, size_t limit)
{
    StrBuf out = strbuf_new(arena);
    array_each (const LoopWorkload, loop, &view->workloads) {
        strbuf_fmt(&out, STR_FMT "  " STR_FMT "  " STR_FMT "\n", STR_ARG(loop->workload.name),
                   STR_ARG(words_sparkline(arena, loop->history, loop->history_len)),
                   STR_ARG(loop_summary(arena, loop)));
        for (size_t i = 0; i < loop->iterations.len && (!limit || i < limit); i++)
            add_iteration(&out, &loop->iterations.items[i]);
    }
    if (!out.len)
        return S("nothing was measured here yet");
    return str_head(strbuf_str(&out), out.len - 1);
}

/* ---- JSON */

static void put_iteration(JsonOut *out, const LedgerIteration *iteration)
{
    const LedgerVerdict *verdict = &iteration->verdict;
    json_open(out, '{');
    json_key_i64(out, "id", iteration->id);
    json_key_i64(out, "time", iteration->time_s);
    json_key_str(out, "state", iteration->state);
    json_key_str(out, "tests", iteration->tests);
    json_key_str(out, "commit", iteration->checkpoint);
    json_key_str(out, "status", verdict->status);
    json_key_str(out, "verdict", verdict->kind);
    json_key_str(out, "sentence", verdict->sentence);
    json_key_double(out, "before", verdict->id ? verdict->before : NAN);
    json_key_double(out, "after", verdict->id ? verdict->after : NAN);
    json_key_double(out, "low", verdict->low);
    json_key_double(out, "high", verdict->high);
    json_key_u64(out, "pairs", verdict->pairs);
    json_key_u64(out, "needed", verdict->needed);
    json_key_open(out, "changes", '[');
    array_each (const LedgerChange, change, &iteration->changes) {
        json_open(out, '{');
        json_key_str(out, "path", change->path);
        json_key_str(out, "kind", change->kind);
        json_key_str(out, "function", change->function);
        json_close(out, '}');
    }
    json_close(out, ']');
    json_close(out, '}');
}

static void put_workload(JsonOut *out, const LoopWorkload *loop)
{
    json_key_str(out, "workload", loop->workload.name);
    json_key_str(out, "metric", loop->baseline.metric);
    json_key_str(out, "unit", units_symbol(loop->baseline.unit));
    json_key_double(out, "baseline", loop->baseline.id ? loop->baseline.value : NAN);
    json_key_double(out, "now", loop->now);
    json_key_double(out, "change", loop->total_change);
    json_key_str(out, "target", loop->workload.target);
    json_key_double(out, "target_value", loop->workload.target_value);
    json_key_bool(out, "target_met", loop->target_met);
    json_key_open(out, "history", '[');
    for (size_t i = 0; i < loop->history_len; i++)
        json_put_double(out, loop->history[i]);
    json_close(out, ']');
}

static void put_next(JsonOut *out, Arena *arena, const LoopWorkload *loop, const Bottleneck *hot)
{
    json_key_str(out, "hottest", hot->sentence);
    json_key_str(out, "stop", stop_reason(arena, loop, hot));
    json_key_str(out, "next", next_step(arena, loop, hot));
}

void loop_status_json(JsonOut *out, Arena *arena, const LoopView *view, const Bottleneck *hot)
{
    json_key_open(out, "workloads", '[');
    array_each (const LoopWorkload, loop, &view->workloads) {
        json_open(out, '{');
        put_workload(out, loop);
        put_next(out, arena, loop, &hot[loop - view->workloads.items]);
        if (loop->open) {
            json_key(out, "open");
            put_iteration(out, loop->open);
        }
        json_close(out, '}');
    }
    json_close(out, ']');
}

void loop_log_json(JsonOut *out, const LoopView *view, size_t limit)
{
    json_key_open(out, "workloads", '[');
    array_each (const LoopWorkload, loop, &view->workloads) {
        json_open(out, '{');
        put_workload(out, loop);
        json_key_open(out, "iterations", '[');
        for (size_t i = 0; i < loop->iterations.len && (!limit || i < limit); i++)
            put_iteration(out, &loop->iterations.items[i]);
        json_close(out, ']');
        json_close(out, '}');
    }
    json_close(out, ']');
}
