/* The result of baseline and measure as JSON, for scripts and the server. */

#include "runners/loop/experiment.h"

static void write_changes(JsonOut *out, const LedgerChanges *changes)
{
    json_key_open(out, "changes", '[');
    array_each (const LedgerChange, change, changes) {
        json_open(out, '{');
        json_key_str(out, "path", change->path);
        json_key_str(out, "kind", change->kind);
        json_key_str(out, "function", change->function);
        json_key_u64(out, "first_line", change->first_line);
        json_key_u64(out, "last_line", change->last_line);
        json_close(out, '}');
    }
    json_close(out, ']');
}

static void write_verdict(JsonOut *out, const LedgerVerdict *verdict)
{
    json_key_str(out, "verdict", verdict->kind);
    json_key_str(out, "sentence", verdict->sentence);
    json_key_double(out, "before", verdict->before);
    json_key_double(out, "after", verdict->after);
    json_key_double(out, "ln_ratio", verdict->estimate);
    json_key_double(out, "low", verdict->low);
    json_key_double(out, "high", verdict->high);
    json_key_u64(out, "pairs", verdict->pairs);
    json_key_u64(out, "needed", verdict->needed);
    json_key_str(out, "design", verdict->design);
    json_key_str(out, "flag", verdict->flag);
}

void experiment_write(JsonOut *out, const Loop *loop, const Experiment *experiment)
{
    json_key_str(out, "workload", experiment->workload);
    json_key_open(out, "baseline", '{');
    json_key_i64(out, "id", experiment->baseline.id);
    json_key_bool(out, "new", experiment->baseline_is_new);
    json_key_str(out, "metric", experiment->baseline.metric);
    json_key_str(out, "unit", units_symbol(experiment->baseline.unit));
    json_key_double(out, "value", experiment->baseline.value);
    json_key_double(out, "low", experiment->baseline.low);
    json_key_double(out, "high", experiment->baseline.high);
    json_key_u64(out, "runs", experiment->baseline.runs);
    json_close(out, '}');
    json_key_bool(out, "target_met", experiment->target_met);
    if (!experiment->iteration.verdict.kind.len)
        return;
    json_key_i64(out, "iteration", experiment->iteration.id);
    write_verdict(out, &experiment->iteration.verdict);
    json_key_bool(out, "small", experiment->small);
    json_key_str(out, "one_change", experiment->one_change);
    write_changes(out, &experiment->iteration.changes);
    json_key_bool(out, "reverted", experiment->reverted);
    if (experiment->reverted)
        takeback_write(out, loop, &experiment->takeback);
}
