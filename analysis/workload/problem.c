#include "analysis/workload/problem.h"

#include <stdarg.h>

#include "base/strbuf.h"

Str problem_source(const WorkloadReader *reader, TomlSpan span)
{
    return (Str){reader->text.ptr + span.start, span.end - span.start};
}

void problem_add(WorkloadReader *reader, ProblemAt at, const char *fmt, ...)
{
    WorkloadSeverity severity = at.severity ? at.severity : WORKLOAD_ERROR;
    va_list args;
    va_start(args, fmt);
    *array_push(reader->arena, &reader->file->problems) = (WorkloadProblem){
        .span = at.span,
        .line = toml_line(reader->text, at.span.start),
        .severity = severity,
        .code = at.code,
        .message = str_vfmt(reader->arena, fmt, args),
        .fix = at.fix,
    };
    va_end(args);
    if (reader->workload && severity == WORKLOAD_ERROR)
        reader->workload->usable = false;
}

/* "did you mean 'x'?", or what there is. */
static Str hint(Arena *arena, Str nearest, StrList names)
{
    StrBuf out = strbuf_new(arena);
    if (nearest.len)
        return str_fmt(arena, "did you mean '" STR_FMT "'?", STR_ARG(nearest));
    strbuf_add(&out, S("there are "));
    for (size_t i = 0; i < names.len; i++)
        strbuf_fmt(&out, "%s" STR_FMT, i ? ", " : "", STR_ARG(names.items[i]));
    return strbuf_str(&out);
}

void problem_unknown_key(WorkloadReader *reader, const TomlEntry *entry, const SchemaKey *table)
{
    StrList names = {0};
    for (; table->name.len; table++)
        *array_push(reader->arena, &names) = table->name;
    Str nearest = schema_nearest(names.items, names.len, entry->key);
    ProblemAt at = {.span = entry->key_span, .code = S("config-unknown-key"), .fix = nearest};
    problem_add(reader, at, "unknown key '" STR_FMT "'; " STR_FMT, STR_ARG(entry->key),
                STR_ARG(hint(reader->arena, nearest, names)));
}

void problem_type(WorkloadReader *reader, Str key, const TomlValue *value, const char *wanted)
{
    ProblemAt at = {.span = value->span, .code = S("config-type")};
    problem_add(reader, at, "'" STR_FMT "' must be %s, not " STR_FMT, STR_ARG(key), wanted,
                STR_ARG(toml_kind_name(value->kind)));
}

bool problem_unless_string(WorkloadReader *reader, Str key, const TomlValue *value, Str *out)
{
    if (value->kind == TOML_STRING) {
        *out = value->text;
        return true;
    }
    problem_type(reader, key, value, "a string");
    return false;
}

void problem_unknown_name(WorkloadReader *reader, ProblemAt at, const char *what, Str word,
                          StrList names)
{
    Str nearest = schema_nearest(names.items, names.len, word);
    if (nearest.len)
        at.fix = str_fmt(reader->arena, "\"" STR_FMT "\"", STR_ARG(nearest));
    problem_add(reader, at, "unknown %s '" STR_FMT "'; " STR_FMT, what, STR_ARG(word),
                STR_ARG(hint(reader->arena, nearest, names)));
}
