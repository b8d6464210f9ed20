/* The evidence behind a verdict as JSON, for the ledger, the commit's note and --json. */
#include "runners/measure/bench.h"

#include "base/json_out.h"
#include "base/strbuf.h"

static void put_numbers(JsonOut *out, const char *key, const double *values, size_t n)
{
    json_key_open(out, key, '[');
    for (size_t i = 0; i < n; i++)
        json_put_double(out, values[i]);
    json_close(out, ']');
}

static void put_side(JsonOut *out, const PreflightSide *side)
{
    json_open(out, '{');
    put_numbers(out, "wall_s", side->wall_s, PREFLIGHT_PAIRS);
    put_numbers(out, "cpu_s", side->cpu_s, PREFLIGHT_PAIRS);
    put_numbers(out, "delay_s", side->delay_s, PREFLIGHT_PAIRS);
    json_key_double(out, "processor_share", side->share);
    json_key_u64(out, "peak_rss_bytes", side->peak_rss_bytes);
    json_key_u64(out, "threads", side->threads);
    json_key_u64(out, "processes", side->processes);
    json_key_bool(out, "repeats_output", side->repeats_output);
    if (side->same_core_s > 0)
        json_key_double(out, "same_core_cpu_s", side->same_core_s);
    json_close(out, '}');
}

static void put_preflight(JsonOut *out, const Preflight *preflight)
{
    json_key_open(out, "preflight", '{');
    json_key_str(out, "reason", preflight->reason);
    json_key_open(out, "sides", '[');
    put_side(out, &preflight->sides[0]);
    put_side(out, &preflight->sides[1]);
    json_close(out, ']');
    if (preflight->inflation > 0)
        json_key_double(out, "same_core_inflation", preflight->inflation);
    json_key_u64(out, "repeat", preflight->repeat);
    json_key_double(out, "pair_s", preflight->pair_s);
    json_close(out, '}');
}

Str bench_evidence_json(Arena *arena, const BenchResult *result)
{
    StrBuf buf = strbuf_new(arena);
    JsonOut out = json_out(&buf);
    const Verdict *verdict = &result->verdict;
    json_open(&out, '{');
    json_key_str(&out, "verdict", verdict_word(verdict->kind));
    json_key_str(&out, "reason", result->reason);
    json_key_str(&out, "metric", result->metric.name);
    json_key_str(&out, "design", design_word(result->design));
    json_key_u64(&out, "pairs", verdict->n);
    json_key_double(&out, "estimate", verdict->estimate);
    json_key_double(&out, "low", verdict->low);
    json_key_double(&out, "high", verdict->high);
    json_key_str(&out, "flag", verdict_flag_word(verdict->flag));
    json_key_bool(&out, "quick", verdict->quick);
    json_key_u64(&out, "needed", verdict->needed);
    json_key_double(&out, "before", result->before);
    json_key_double(&out, "after", result->after);
    /* As text: not every reader of JSON keeps 64 bits. */
    json_key_str(&out, "seed", str_fmt(arena, "%llu", (unsigned long long)result->seed));
    json_key_u64(&out, "attempts", result->attempts);
    json_key_u64(&out, "dropped", result->dropped);
    json_key_double(&out, "spent_s", result->spent_s);
    json_key_double(&out, "run_s", result->run_s);
    put_numbers(&out, "peak_rss_bytes", result->peak_rss, 2);
    put_preflight(&out, &result->preflight);
    json_key_strs(&out, "notes", result->notes.items, result->notes.len);
    json_close(&out, '}');
    return strbuf_str(&buf);
}
