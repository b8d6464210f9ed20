/* What is said about the word under the cursor of a workload file. */

#include "analysis/workload/complete.h"
#include "analysis/workload/schema.h"
#include "analysis/workload/section.h"
#include "base/strbuf.h"

static bool inside(TomlSpan span, size_t offset)
{
    return offset >= span.start && offset <= span.end;
}

static Str key_markdown(Arena *arena, const SchemaKey *key)
{
    StrBuf out = strbuf_new(arena);
    strbuf_fmt(&out, "**" STR_FMT "**\n\n" STR_FMT "\n", STR_ARG(key->name), STR_ARG(key->help));
    for (SchemaNames name = key->values; name && name->name.len; name++)
        strbuf_fmt(&out, "\n- `" STR_FMT "` " STR_FMT, STR_ARG(name->name), STR_ARG(name->help));
    if (key->values)
        strbuf_char(&out, '\n');
    strbuf_fmt(&out, "\n```toml\n" STR_FMT " = " STR_FMT "\n```", STR_ARG(key->name),
               STR_ARG(key->example));
    return strbuf_str(&out);
}

static Str named(Arena *arena, Str name, Str help)
{
    return str_fmt(arena, "**" STR_FMT "**\n\n" STR_FMT, STR_ARG(name), STR_ARG(help));
}

/* The help of a value that is one of our names; empty for any other. */
static Str value_markdown(Arena *arena, const SchemaKey *key, const TomlValue *value)
{
    const SchemaHarness *harness = schema_harness(value->text);
    const SchemaMetric *metric = schema_metric(value->text);
    if (value->kind != TOML_STRING)
        return (Str){0};
    if (str_eq(key->name, S("harness")) && harness) {
        StrBuf out = strbuf_new(arena);
        strbuf_add(&out, named(arena, harness->name, harness->help));
        strbuf_add(&out, S("\n\nMetrics:"));
        for (const Str *name = harness->metrics; name->len; name++)
            strbuf_fmt(&out, " `" STR_FMT "`", STR_ARG(*name));
        strbuf_add(&out, harness->own_metrics ? S(", and its own names") : S(""));
        return strbuf_str(&out);
    }
    if (str_eq(key->name, S("metric")) && metric)
        return named(arena, metric->name, metric->help);
    for (SchemaNames name = key->values; name && name->name.len; name++)
        if (str_eq(name->name, value->text))
            return named(arena, name->name, name->help);
    return (Str){0};
}

static bool hover_value(Arena *arena, const SchemaKey *key, const TomlValue *value, size_t offset,
                        WorkloadHover *out)
{
    if (!inside(value->span, offset))
        return false;
    array_each (TomlValue *, item, &value->items)
        if (hover_value(arena, key, *item, offset, out))
            return true;
    *out = (WorkloadHover){value->span, value_markdown(arena, key, value)};
    return out->markdown.len > 0;
}

static bool hover_table(Arena *arena, const TomlValue *table, const SchemaKey *keys, size_t offset,
                        WorkloadHover *out)
{
    array_each (TomlEntry, entry, &table->entries) {
        const SchemaKey *key = schema_key(keys, entry->key);
        if (!key)
            continue;
        if (inside(entry->key_span, offset)) {
            *out = (WorkloadHover){entry->key_span, key_markdown(arena, key)};
            return true;
        }
        bool nested = str_eq(key->name, S("load"));
        if (nested && hover_table(arena, entry->value, schema_load_keys(), offset, out))
            return true;
        if (hover_value(arena, key, entry->value, offset, out))
            return true;
    }
    return false;
}

static bool hover_name(Arena *arena, const TomlEntry *workload, size_t offset, WorkloadHover *out)
{
    if (!inside(workload->key_span, offset))
        return false;
    *out = (WorkloadHover){
        workload->key_span,
        str_fmt(arena,
                "**workload " STR_FMT "**\n\nWhat is optimized, and how one knows that it got "
                "better. `perfloop measure " STR_FMT "` compares your change with the baseline.",
                STR_ARG(workload->key), STR_ARG(workload->key))};
    return true;
}

bool workload_hover(Arena *arena, Str file_name, Str text, size_t offset, WorkloadHover *out)
{
    TomlDoc doc = toml_read(arena, text);
    const TomlValue *workloads = toml_get(section_of(&doc, file_name), S("workload"));
    if (!workloads)
        return false;
    array_each (TomlEntry, workload, &workloads->entries)
        if (hover_name(arena, workload, offset, out) ||
            hover_table(arena, workload->value, schema_keys(), offset, out))
            return true;
    return false;
}
