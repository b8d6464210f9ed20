#include "runners/profiling/benches/bench_numbers.h"

#include <math.h>

#include "base/log.h"
#include "base/map.h"
#include "runners/measure/leftovers.h"

static Str key_of(Arena *arena, Str harness, Str name)
{
    return str_fmt(arena, STR_FMT "\n" STR_FMT, STR_ARG(harness), STR_ARG(name));
}

static Str origin_words(Arena *arena, const LedgerBenchmark *row)
{
    if (str_eq(row->origin, S("imported")))
        return str_fmt(arena, "imported from " STR_FMT, STR_ARG(row->source));
    return str_fmt(arena, STR_FMT ": " STR_FMT, STR_ARG(row->origin), STR_ARG(row->source));
}

static LedgerBenchmarks read_ledger(Arena *arena, Ledger *ledger, Str origin)
{
    LedgerBenchmarks rows = {0};
    Err err = {0};
    if (ledger && !ledger_benchmarks(arena, ledger, origin, &rows, &err))
        log_info("benchmarks: %s", err.msg);
    return rows;
}

/* One row per name; a leftover that is newer takes the place of the ledger's. */
static void add_leftovers(Arena *arena, Str root, LedgerBenchmarks *rows)
{
    Map *known = map_new(arena); /* → index + 1 */
    for (size_t i = 0; i < rows->len; i++)
        map_put(known, key_of(arena, rows->items[i].harness, rows->items[i].name),
                (void *)(uintptr_t)(i + 1));
    Leftovers leftovers = leftovers_find(arena, root);
    array_each (Leftover, leftover, &leftovers) {
        Tally tally = {0};
        tally_add(arena, &tally, &leftover->samples);
        array_each (TallyRow, row, &tally.rows) {
            LedgerBenchmark found = {
                .name = row->name,
                .unit = row->unit,
                .p50 = tally_p50(row),
                .samples = row->samples,
                .harness = tally.harness,
                .source = leftover->source,
                .time_s = row->time_s ? row->time_s : leftover->time_s,
            };
            Str key = key_of(arena, found.harness, found.name);
            uintptr_t at = (uintptr_t)map_get(known, key);
            if (at && rows->items[at - 1].time_s >= found.time_s)
                continue;
            if (!at) {
                array_push(arena, rows);
                at = rows->len;
                map_put(known, key, (void *)at);
            }
            rows->items[at - 1] = found;
        }
    }
}

/* As in bench_run.c: most have a usual command; of google-benchmark a workload must say it. */
static BenchRunners runners_of(const WorkloadFile *workloads)
{
    BenchRunners out = BENCH_CAN_RUN(OUTLINE_PYTEST) | BENCH_CAN_RUN(OUTLINE_CRITERION) |
                       BENCH_CAN_RUN(OUTLINE_LIBTEST) | BENCH_CAN_RUN(OUTLINE_PYPERF);
    array_each (const Workload, workload, &workloads->workloads)
        if (workload->usable && str_eq(workload->harness, outline_harness_name(OUTLINE_GBENCH)))
            out |= BENCH_CAN_RUN(OUTLINE_GBENCH);
    return out;
}

BenchFacts bench_numbers_load(Arena *arena, const Places *places, Ledger *ledger,
                              const WorkloadFile *workloads)
{
    LedgerBenchmarks rows = read_ledger(arena, ledger, S(""));
    LedgerBenchmarks base = read_ledger(arena, ledger, S("baseline"));
    add_leftovers(arena, places->root, &rows);
    Map *baselines = map_new(arena);
    array_each (LedgerBenchmark, row, &base)
        map_put(baselines, key_of(arena, row->harness, row->name), row);
    BenchNumber *numbers = NEW_ARRAY(arena, BenchNumber, rows.len + 1);
    BenchFacts facts = {.numbers = numbers, .runners = runners_of(workloads)};
    array_each (LedgerBenchmark, row, &rows) {
        const LedgerBenchmark *baseline =
            map_get(baselines, key_of(arena, row->harness, row->name));
        BenchNumber *number = &numbers[facts.n_numbers++];
        *number = (BenchNumber){
            .harness = row->harness,
            .name = row->name,
            .unit = row->unit,
            .p50 = row->p50,
            .samples = row->samples,
            .baseline = (double)NAN,
            .is_baseline = str_eq(row->origin, S("baseline")),
            .origin = row->origin.len ? origin_words(arena, row) : row->source,
        };
        if (baseline && !number->is_baseline && baseline->unit == row->unit && baseline->p50 > 0) {
            number->baseline = baseline->p50;
            number->has_baseline = true;
        }
    }
    return facts;
}

bool bench_numbers_record(Arena *arena, Ledger *ledger, const Tally *tally, LedgerReport *report,
                          Err *err)
{
    report->harness = tally->harness;
    array_each (const TallyRow, row, &tally->rows)
        *array_push(arena, &report->benchmarks) = (LedgerBenchmark){
            .name = row->name, .unit = row->unit, .p50 = tally_p50(row), .samples = row->samples};
    return report->benchmarks.len == 0 || ledger_add_report(ledger, report, err);
}
