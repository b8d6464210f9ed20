#include "runners/profiling/benches/bench_import.h"

#include <math.h>

#include "analysis/stats/readers.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/measure/results.h"
#include "runners/profiling/benches/bench_numbers.h"
#include "runners/profiling/benches/bench_sources.h"
#include "runners/workloads.h"

enum {
    REPORT_BYTES_MAX = 64 * 1024 * 1024,
};

bool bench_import_is_report(Arena *arena, Str file)
{
    Err err = {0};
    uint64_t bytes = 0;
    Str text;
    Samples samples;
    if (file_is_dir(file))
        return true;
    if (!file_stat(file, NULL, &bytes) || bytes > REPORT_BYTES_MAX ||
        !file_read(arena, file, REPORT_BYTES_MAX, &text, &err))
        return false;
    Str start = str_trim(str_head(text, 4096));
    if (!str_starts(start, S("{")) && !str_starts(start, S("[")) &&
        !str_has(start, S("{\"reason\"")))
        return libtest_is(text) || divan_is(text);
    return samples_read(arena, text, &samples, &err) || err.kind != ERR_UNSUPPORTED;
}

static Str place_text(Arena *arena, const BenchListed *item)
{
    return item->path.len ? str_fmt(arena, STR_FMT ":%u", STR_ARG(item->path), item->line.n)
                          : S("defined nowhere in this workspace");
}

static void describe(Arena *arena, BenchImported *out, bool list)
{
    StrBuf text = strbuf_new(arena);
    size_t placed = 0;
    array_each (BenchListed, item, &out->items)
        placed += item->path.len > 0;
    strbuf_fmt(&text, STR_FMT ": %zu benchmark%s, ", STR_ARG(out->harness), out->items.len,
               out->items.len == 1 ? "" : "s");
    if (out->items.len == 1)
        strbuf_fmt(&text, STR_FMT " " STR_FMT ", " STR_FMT,
                   STR_ARG(out->items.items[0].number.name),
                   STR_ARG(bench_number_words(arena, &out->items.items[0].number)),
                   STR_ARG(place_text(arena, &out->items.items[0])));
    else
        strbuf_fmt(&text, "%zu of them found in the source", placed);
    if (list && out->items.len > 1)
        array_each (BenchListed, item, &out->items)
            strbuf_fmt(&text, "\n  " STR_FMT ": " STR_FMT "  " STR_FMT,
                       STR_ARG(place_text(arena, item)), STR_ARG(item->number.name),
                       STR_ARG(bench_number_words(arena, &item->number)));
    out->sentence = strbuf_str(&text);
}

/* As the editor will show it: with the delta against the baseline of the same name. */
static BenchNumber number_of(const BenchFacts *facts, Str harness, const LedgerBenchmark *row)
{
    for (size_t i = 0; i < facts->n_numbers; i++) {
        const BenchNumber *number = &facts->numbers[i];
        if (str_eq(number->name, row->name) && str_eq(number->harness, harness) &&
            number->p50 <= row->p50 && number->p50 >= row->p50)
            return *number;
    }
    return (BenchNumber){.harness = harness,
                         .name = row->name,
                         .unit = row->unit,
                         .p50 = row->p50,
                         .samples = row->samples,
                         .baseline = (double)NAN};
}

bool bench_import_tally(Arena *arena, const Places *places, const Tally *tally, LedgerReport *row,
                        bool list, BenchImported *out, Err *err)
{
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(places, LEDGER_WRITE, err);
    BenchFiles files = {0};
    WorkloadFile workloads = {0};
    BenchImported imported = {.harness = tally->harness};
    Err ignored = {0}; /* a workspace without workloads has benchmarks all the same */
    if (!ledger || !bench_numbers_record(arena, ledger, tally, row, err) ||
        !bench_sources(arena, places, &files, err))
        return false;
    if (!workloads_load(arena, places->root, NULL, &workloads, &ignored))
        workloads = (WorkloadFile){0};
    BenchFacts facts = bench_numbers_load(arena, places, ledger, &workloads);
    array_each (LedgerBenchmark, benchmark, &row->benchmarks) {
        BenchListed *item = array_push(arena, &imported.items);
        item->number = number_of(&facts, tally->harness, benchmark);
        const Bench *bench =
            bench_sources_find(&files, tally->harness, benchmark->name, &item->path);
        if (bench)
            item->line = bench->line;
    }
    if (imported.items.len == 0)
        return err_set(err, ERR_INPUT, "the report holds no benchmark with a number");
    describe(arena, &imported, list);
    *out = imported;
    return true;
}

bool bench_import(Arena *arena, Report *report, const Places *places,
                  const BenchImportOptions *options, BenchImported *out, Err *err)
{
    Samples samples;
    Tally tally = {0};
    LedgerReport row = {.workload = options->workload,
                        .origin = options->as_baseline ? S("baseline") : S("imported"),
                        .source = path_normal(arena, options->file)};
    if (!results_read(arena, options->file, &samples, err))
        return err_wrap(err, STR_FMT, STR_ARG(options->file));
    array_each (Str, note, &samples.notes)
        report_note(report, STR_FMT, STR_ARG(*note));
    if (!file_stat(options->file, &row.time_s, NULL))
        row.time_s = clock_unix_s();
    tally_add(arena, &tally, &samples);
    array_each (TallyRow, benchmark, &tally.rows)
        if (benchmark->time_s > row.time_s)
            row.time_s = benchmark->time_s;
    return bench_import_tally(arena, places, &tally, &row, options->list, out, err);
}

void bench_import_fields(JsonOut *out, const void *context)
{
    const BenchImported *imported = context;
    json_key_str(out, "harness", imported->harness);
    json_key_open(out, "benchmarks", '[');
    array_each (const BenchListed, item, &imported->items) {
        json_open(out, '{');
        json_key_str(out, "name", item->number.name);
        json_key_double(out, "p50", item->number.p50);
        json_key_str(out, "unit", units_symbol(item->number.unit));
        json_key_u64(out, "samples", item->number.samples);
        if (item->number.has_baseline)
            json_key_double(out, "baseline", item->number.baseline);
        json_key_str_or_null(out, "file", item->path);
        json_key_i64(out, "line", item->line.n);
        json_close(out, '}');
    }
    json_close(out, ']');
}
