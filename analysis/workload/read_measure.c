#include "analysis/workload/read_measure.h"

#include "analysis/workload/schema.h"
#include "base/units.h"

static const SchemaHarness *read_harness(WorkloadReader *reader, const TomlValue *value)
{
    StrList names = {0};
    Str text;
    if (!problem_unless_string(reader, S("harness"), value, &text))
        return NULL;
    const SchemaHarness *found = schema_harness(text);
    if (found && found->later) {
        ProblemAt later = {
            .span = value->span, .code = S("config-harness"), .severity = WORKLOAD_WARNING};
        problem_add(reader, later,
                    "perfloop cannot measure with " STR_FMT
                    " yet; with 'command' it measures the whole process",
                    STR_ARG(text));
    }
    if (found)
        return found;
    for (const SchemaHarness *harness = schema_harnesses(); harness->name.len; harness++)
        *array_push(reader->arena, &names) = harness->name;
    ProblemAt at = {.span = value->span, .code = S("config-harness")};
    problem_unknown_name(reader, at, "harness", text, names);
    return NULL;
}

/* Without a harness the process is measured; say so where the command looks like another one. */
static void guess_harness(WorkloadReader *reader)
{
    Workload *workload = reader->workload;
    ProblemAt at = {
        .span = workload->name_span, .code = S("config-harness"), .severity = WORKLOAD_INFO};
    if (str_has(workload->benchmark.text, S("pytest")))
        problem_add(reader, at,
                    "no harness: the whole process is measured; for pytest's benchmarks "
                    "add harness = \"pytest-benchmark\"");
    else if (str_has(workload->benchmark.text, S("cargo bench")))
        problem_add(reader, at,
                    "no harness: the whole process is measured; for criterion's "
                    "benchmarks add harness = \"criterion\"");
}

static StrList metric_names(WorkloadReader *reader, const SchemaHarness *harness)
{
    StrList names = {0};
    for (const Str *name = harness->metrics; name->len; name++)
        *array_push(reader->arena, &names) = *name;
    return names;
}

static void read_metric(WorkloadReader *reader, const SchemaHarness *harness,
                        const TomlValue *value)
{
    Workload *workload = reader->workload;
    StrList names = metric_names(reader, harness);
    Str text = {0};
    workload->metric = names.items[0];
    workload->metric_given = value != NULL;
    if (!value) {
        ProblemAt at = {
            .span = workload->name_span, .code = S("config-no-metric"), .severity = WORKLOAD_INFO};
        if (str_eq(harness->name, S("command")))
            problem_add(
                reader, at,
                "no metric: time decides, 'cpu_time' where both sides are serial and compute, "
                "else 'wall'; name the one number that decides");
        else
            problem_add(reader, at,
                        "no metric: '" STR_FMT "' is taken; name the one number that decides",
                        STR_ARG(workload->metric));
    } else if (problem_unless_string(reader, S("metric"), value, &text)) {
        ProblemAt at = {.span = value->span, .code = S("config-metric")};
        Str what =
            str_fmt(reader->arena, "metric of harness '" STR_FMT "':", STR_ARG(harness->name));
        if (schema_has_metric(harness, text))
            workload->metric = text;
        else
            problem_unknown_name(reader, at, str_cstr(reader->arena, what), text, names);
    }
    const SchemaMetric *metric = schema_metric(workload->metric);
    workload->metric_unit_known = metric != NULL;
    workload->metric_unit = metric ? metric->unit : UNIT_COUNT;
    workload->higher_is_better = schema_more_is_better(workload->metric);
}

static const char *unit_words(Unit unit)
{
    static const char *const WORDS[] = {
        [UNIT_COUNT] = "a count",         [UNIT_SECONDS] = "seconds", [UNIT_BYTES] = "bytes",
        [UNIT_PER_SECOND] = "per second", [UNIT_PERCENT] = "percent",
    };
    return WORDS[unit];
}

static const char *unit_example(Unit unit)
{
    static const char *const EXAMPLES[] = {
        [UNIT_COUNT] = "\"2 M\"",    [UNIT_SECONDS] = "\"8 ms\"",
        [UNIT_BYTES] = "\"200 MB\"", [UNIT_PER_SECOND] = "\"12000 /s\"",
        [UNIT_PERCENT] = "\"80 %\"",
    };
    return EXAMPLES[unit];
}

static ProblemAt target_problem(const TomlValue *value)
{
    return (ProblemAt){
        .span = value->span, .code = S("config-target"), .severity = WORKLOAD_WARNING};
}

/* "-30 %": less is better, or "+20 %" where more is. The sign is written out. */
static bool check_relative(WorkloadReader *reader, const TomlValue *value, Str text, double change)
{
    bool higher = reader->workload->higher_is_better;
    Str number = str_starts(text, S("-")) || str_starts(text, S("+")) ? str_from(text, 1) : text;
    ProblemAt at = target_problem(value);
    at.fix =
        str_fmt(reader->arena, "\"%s" STR_FMT "\"", higher ? "+" : "-", STR_ARG(str_trim(number)));
    bool signed_right = str_starts(text, higher ? S("+") : S("-"));
    if ((signed_right && change != 0) || !reader->workload->metric_unit_known)
        return true;
    problem_add(reader, at, "%s is better for " STR_FMT ": write " STR_FMT,
                higher ? "more" : "less", STR_ARG(reader->workload->metric), STR_ARG(at.fix));
    return false;
}

static bool check_unit(WorkloadReader *reader, const TomlValue *value, Str text, double number,
                       Unit unit)
{
    Workload *workload = reader->workload;
    Unit wanted = workload->metric_unit;
    ProblemAt at = target_problem(value);
    if (unit == wanted && number > 0)
        return true;
    if (!workload->metric_unit_known)
        return number > 0;
    if (unit == UNIT_COUNT && wanted != UNIT_COUNT)
        problem_add(reader, at,
                    "the target has no unit, and " STR_FMT " is in %s; write it like %s",
                    STR_ARG(workload->metric), unit_words(wanted), unit_example(wanted));
    else if (unit != wanted)
        problem_add(reader, at, "the target is in %s, but " STR_FMT " is in %s; write it like %s",
                    unit_words(unit), STR_ARG(workload->metric), unit_words(wanted),
                    unit_example(wanted));
    else
        problem_add(reader, at, "a target of " STR_FMT " cannot be reached", STR_ARG(text));
    return false;
}

static void read_target_text(WorkloadReader *reader, const TomlValue *value, Str text)
{
    WorkloadTarget target = {.given = true, .text = text};
    Unit wanted = reader->workload->metric_unit;
    if (!units_parse(text, &target.value, &target.unit)) {
        problem_add(reader, target_problem(value),
                    "no number with a unit that is known; write it like %s or \"-30 %%\"",
                    unit_example(reader->workload->metric_unit_known ? wanted : UNIT_SECONDS));
        return;
    }
    /* A metric in percent is relative only with a sign. */
    bool has_sign = str_starts(text, S("-")) || str_starts(text, S("+"));
    target.relative = target.unit == UNIT_PERCENT && (has_sign || wanted != UNIT_PERCENT);
    /* Of a metric of the benchmark's own the target knows best. */
    if (!reader->workload->metric_unit_known)
        reader->workload->higher_is_better |=
            target.unit == UNIT_PER_SECOND || str_starts(text, S("+"));
    if (target.relative ? check_relative(reader, value, text, target.value)
                        : check_unit(reader, value, text, target.value, target.unit))
        reader->workload->target = target;
}

static void read_target(WorkloadReader *reader, const TomlValue *value)
{
    Workload *workload = reader->workload;
    Unit wanted = workload->metric_unit;
    bool number = value && (value->kind == TOML_INTEGER || value->kind == TOML_FLOAT);
    if (!value) {
        ProblemAt at = {
            .span = workload->name_span, .code = S("config-no-target"), .severity = WORKLOAD_INFO};
        problem_add(reader, at, "no target: give a number, such as target = %s or \"%s30 %%\"",
                    unit_example(workload->metric_unit_known ? wanted : UNIT_SECONDS),
                    workload->higher_is_better ? "+" : "-");
    } else if (number && workload->metric_unit_known && wanted != UNIT_COUNT) {
        problem_add(reader, target_problem(value),
                    "the target has no unit, and " STR_FMT " is in %s; write it like %s",
                    STR_ARG(workload->metric), unit_words(wanted), unit_example(wanted));
    } else if (number) {
        workload->target = (WorkloadTarget){.given = true,
                                            .value = value->number,
                                            .unit = UNIT_COUNT,
                                            .text = problem_source(reader, value->span)};
    } else if (value->kind != TOML_STRING) {
        problem_type(reader, S("target"), value, "a string with a number and its unit");
    } else {
        read_target_text(reader, value, str_trim(value->text));
    }
}

void read_measure(WorkloadReader *reader, const TomlValue *table)
{
    Workload *out = reader->workload;
    const TomlValue *value = toml_get(table, S("harness"));
    const SchemaHarness *harness = NULL;
    out->harness = S("command");
    if (value)
        harness = read_harness(reader, value);
    else
        guess_harness(reader);
    if (harness)
        out->harness = harness->name;
    /* After an unknown harness nothing can be said about its metrics. */
    if (harness || !value) {
        read_metric(reader, schema_harness(out->harness), toml_get(table, S("metric")));
        read_target(reader, toml_get(table, S("target")));
    }
}
