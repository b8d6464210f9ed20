#include "analysis/workload/read_value.h"

#include <string.h>

#include "analysis/workload/read_measure.h"
#include "analysis/workload/schema.h"
#include "base/path.h"
#include "base/units.h"

static StrList read_strings(WorkloadReader *reader, Str key, const TomlValue *value)
{
    StrList out = {0};
    if (value->kind == TOML_STRING) {
        Str written = problem_source(reader, value->span);
        ProblemAt at = {.span = value->span,
                        .code = S("config-type"),
                        .fix = str_fmt(reader->arena, "[" STR_FMT "]", STR_ARG(written))};
        problem_add(reader, at, "'" STR_FMT "' must be a list of strings: [\"...\"]", STR_ARG(key));
        *array_push(reader->arena, &out) = value->text;
        return out;
    }
    if (value->kind != TOML_ARRAY)
        problem_type(reader, key, value, "a list of strings");
    array_each (TomlValue *, item, &value->items) {
        Str text;
        if (problem_unless_string(reader, key, *item, &text))
            *array_push(reader->arena, &out) = text;
    }
    return out;
}

static bool words_of(WorkloadReader *reader, Str key, const TomlValue *value, WorkloadCommand *out)
{
    ProblemAt at = {.span = value->span, .code = S("config-value")};
    if (value->kind == TOML_ARRAY) {
        StrList words = read_strings(reader, key, value);
        out->argv = words.items;
        out->argc = words.len;
        out->text = workload_join(reader->arena, words.items, words.len);
        return words.len == value->items.len;
    }
    out->text = value->text;
    if (out->shell) {
        out->argv = NEW_ARRAY(reader->arena, Str, 3);
        out->argv[0] = S("/bin/sh");
        out->argv[1] = S("-c");
        out->argv[2] = value->text;
        out->argc = str_trim(value->text).len ? 3 : 0;
    } else if (!workload_split(reader->arena, value->text, &out->argv, &out->argc)) {
        problem_add(reader, at, "a quote in '" STR_FMT "' is not closed", STR_ARG(key));
        return false;
    }
    return true;
}

/* Words that only a shell would understand; the command would get them as they stand. */
static void warn_of_shell_words(WorkloadReader *reader, const WorkloadCommand *command)
{
    static const char *const WORDS[] = {"&&", "||", "|", ";", ">", "<", ">>", "2>&1"};
    for (size_t i = 0; i < command->argc; i++)
        for (size_t k = 0; k < sizeof(WORDS) / sizeof(WORDS[0]); k++) {
            if (!str_eq(command->argv[i], str_from_c(WORDS[k])))
                continue;
            ProblemAt at = {
                .span = command->span, .code = S("config-value"), .severity = WORKLOAD_WARNING};
            problem_add(reader, at,
                        "no shell runs this, so '%s' is given to the program; add "
                        "shell = true when that is not meant",
                        WORDS[k]);
            return;
        }
}

static WorkloadCommand read_command(WorkloadReader *reader, Str key, const TomlValue *value,
                                    bool shell)
{
    WorkloadCommand command = {.span = value->span, .shell = shell && value->kind == TOML_STRING};
    ProblemAt at = {.span = value->span, .code = S("config-value")};
    if (value->kind != TOML_STRING && value->kind != TOML_ARRAY) {
        problem_type(reader, key, value, "a command: a string, or a list of strings");
        return (WorkloadCommand){0};
    }
    if (!words_of(reader, key, value, &command))
        return (WorkloadCommand){0};
    if (command.argc == 0 || command.argv[0].len == 0) {
        problem_add(reader, at, "'" STR_FMT "' is empty", STR_ARG(key));
        return (WorkloadCommand){0};
    }
    for (size_t i = 0; i < command.argc; i++)
        if (command.argv[i].len && memchr(command.argv[i].ptr, 0, command.argv[i].len)) {
            problem_add(reader, at, "'" STR_FMT "' holds a NUL character", STR_ARG(key));
            return (WorkloadCommand){0};
        }
    if (!command.shell && value->kind == TOML_STRING)
        warn_of_shell_words(reader, &command);
    return command;
}

/* One of a fixed list of names; `otherwise` after a problem. */
static Str read_choice(WorkloadReader *reader, const SchemaKey *key, const TomlValue *value,
                       Str otherwise)
{
    Str text;
    StrList names = {0};
    if (!problem_unless_string(reader, key->name, value, &text))
        return otherwise;
    for (SchemaNames name = key->values; name->name.len; name++) {
        *array_push(reader->arena, &names) = name->name;
        if (str_eq(text, name->name))
            return text;
    }
    ProblemAt at = {.span = value->span, .code = S("config-value")};
    problem_unknown_name(reader, at, str_cstr(reader->arena, key->name), text, names);
    return otherwise;
}

static const SchemaName *find_name(SchemaNames names, Str word)
{
    for (; names->name.len; names++)
        if (str_eq(names->name, word))
            return names;
    return NULL;
}

static StrList read_profilers(WorkloadReader *reader, const SchemaKey *key, const TomlValue *value)
{
    StrList names = {0}, known = {0}, out = read_strings(reader, key->name, value);
    for (SchemaNames name = key->values; name->name.len; name++)
        *array_push(reader->arena, &names) = name->name;
    array_each (TomlValue *, item, &value->items) {
        const SchemaName *found = find_name(key->values, (*item)->text);
        ProblemAt at = {
            .span = (*item)->span, .code = S("config-profiler"), .severity = WORKLOAD_WARNING};
        if ((*item)->kind != TOML_STRING)
            continue;
        if (found)
            *array_push(reader->arena, &known) =
                found->same_as.len ? found->same_as : (*item)->text;
        else
            problem_unknown_name(reader, at, "profiler", (*item)->text, names);
    }
    return value->kind == TOML_ARRAY ? known : out;
}

static double read_rate(WorkloadReader *reader, Str key, const TomlValue *value)
{
    double rate;
    Unit unit;
    Str text;
    if (!problem_unless_string(reader, key, value, &text))
        return 0;
    if (units_parse(text, &rate, &unit) && unit == UNIT_PER_SECOND && rate > 0)
        return rate;
    ProblemAt at = {.span = value->span, .code = S("config-value")};
    problem_add(reader, at, "'" STR_FMT "' must be a rate, such as \"200 /s\"", STR_ARG(key));
    return 0;
}

static int64_t read_count(WorkloadReader *reader, Str key, const TomlValue *value)
{
    ProblemAt at = {.span = value->span, .code = S("config-value")};
    if (value->kind != TOML_INTEGER)
        problem_type(reader, key, value, "an integer");
    else if (value->integer > 0)
        return value->integer;
    else
        problem_add(reader, at, "'" STR_FMT "' must be above 0", STR_ARG(key));
    return 0;
}

static WorkloadLoad read_load(WorkloadReader *reader, const TomlValue *value)
{
    WorkloadLoad load = {.given = true};
    if (value->kind != TOML_TABLE)
        problem_type(reader, S("load"), value,
                     "a table: { concurrency = 4, peak = \"200 /s\", sustained = \"50 /s\" }");
    array_each (TomlEntry, entry, &value->entries) {
        if (str_eq(entry->key, S("concurrency")))
            load.concurrency = read_count(reader, entry->key, entry->value);
        else if (str_eq(entry->key, S("peak")))
            load.peak = read_rate(reader, entry->key, entry->value);
        else if (str_eq(entry->key, S("sustained")))
            load.sustained = read_rate(reader, entry->key, entry->value);
        else
            problem_unknown_key(reader, entry, schema_load_keys());
    }
    return load;
}

static void read_path_map(WorkloadReader *reader, const TomlValue *value)
{
    if (value->kind != TOML_TABLE)
        problem_type(reader, S("path_map"), value, "a table: { \"/build/src\" = \"src\" }");
    array_each (TomlEntry, entry, &value->entries) {
        Str to;
        if (problem_unless_string(reader, entry->key, entry->value, &to))
            *array_push(reader->arena, &reader->workload->path_map) =
                (WorkloadPathMap){.from = entry->key, .to = to};
    }
}

/* Inputs stay inside the workspace: they are hashed on every run. */
static void check_inputs(WorkloadReader *reader, const TomlValue *value)
{
    array_each (TomlValue *, item, &value->items) {
        Str normal = path_normal(reader->arena, (*item)->text);
        bool outside =
            path_is_absolute(normal) || str_eq(normal, S("..")) || str_starts(normal, S("../"));
        ProblemAt at = {
            .span = (*item)->span, .code = S("config-value"), .severity = WORKLOAD_WARNING};
        if ((*item)->kind == TOML_STRING && outside)
            problem_add(reader, at, "this input lies outside the workspace");
    }
}

/* ---------------------------------------------------------------- the table */

static bool read_shell(WorkloadReader *reader, const TomlValue *value)
{
    if (value && value->kind != TOML_BOOL)
        problem_type(reader, S("shell"), value, "true or false");
    return value && value->kind == TOML_BOOL && value->truth;
}

static void read_plain_key(WorkloadReader *reader, const SchemaKey *key, const TomlValue *value)
{
    Workload *out = reader->workload;
    if (str_eq(key->name, S("inputs"))) {
        out->inputs = read_strings(reader, key->name, value);
        check_inputs(reader, value);
    } else if (str_eq(key->name, S("profilers"))) {
        out->profilers = read_profilers(reader, key, value);
    } else if (str_eq(key->name, S("constraints"))) {
        out->constraints = read_strings(reader, key->name, value);
    } else if (str_eq(key->name, S("load"))) {
        out->load = read_load(reader, value);
    } else if (str_eq(key->name, S("on_regression"))) {
        bool revert = str_eq(read_choice(reader, key, value, S("ask")), S("revert"));
        out->on_regression = revert ? ON_REGRESSION_REVERT : ON_REGRESSION_ASK;
    } else if (str_eq(key->name, S("executor"))) {
        out->executor = read_choice(reader, key, value, S("local"));
    } else if (str_eq(key->name, S("path_map"))) {
        read_path_map(reader, value);
    }
}

static void read_commands(WorkloadReader *reader, const TomlValue *table)
{
    Workload *out = reader->workload;
    bool shell = read_shell(reader, toml_get(table, S("shell")));
    const TomlValue *value;
    if ((value = toml_get(table, S("benchmark")))) {
        out->benchmark = read_command(reader, S("benchmark"), value, shell);
    } else {
        ProblemAt at = {.span = out->name_span, .code = S("config-no-benchmark")};
        problem_add(reader, at,
                    "workload '" STR_FMT "' has no benchmark: add benchmark = \"the "
                    "command to measure\"",
                    STR_ARG(out->name));
    }
    if ((value = toml_get(table, S("tests"))))
        out->tests = read_command(reader, S("tests"), value, shell);
    if ((value = toml_get(table, S("build"))))
        out->build = read_command(reader, S("build"), value, shell);
}

void read_workload(WorkloadReader *reader, const TomlValue *table)
{
    Workload *out = reader->workload;
    out->executor = S("local");
    read_commands(reader, table);
    read_measure(reader, table);
    array_each (TomlEntry, entry, &table->entries) {
        const SchemaKey *key = schema_key(schema_keys(), entry->key);
        if (key)
            read_plain_key(reader, key, entry->value);
        else
            problem_unknown_key(reader, entry, schema_keys());
    }
}
