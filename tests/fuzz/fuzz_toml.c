/*
 * TOML and workload files. The first byte says where the cursor is, for completion and hover, and
 * what the file is called; the rest is the text. Beyond not crashing: every place lies inside the text, and the same text gives
 * the same problems.
 */

#include <stdlib.h>

#include "analysis/workload/complete.h"
#include "analysis/workload/workload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_span(TomlSpan span, Str text)
{
    must(span.start <= span.end && span.end <= text.len);
}

static void check_value(const TomlValue *value, Str text)
{
    check_span(value->span, text);
    array_each (TomlValue *, item, &value->items)
        check_value(*item, text);
    array_each (TomlEntry, entry, &value->entries) {
        check_span(entry->key_span, text);
        must(toml_get(value, entry->key) == entry->value);
        check_value(entry->value, text);
    }
}

static void check_toml(Arena *arena, Str text)
{
    TomlDoc doc = toml_read(arena, text), again = toml_read(arena, text);
    check_value(doc.root, text);
    must(doc.problems.len == again.problems.len);
    array_each (TomlProblem, problem, &doc.problems) {
        check_span(problem->span, text);
        must(problem->message.len > 0);
    }
    array_each (TomlHeader, header, &doc.headers)
        check_span(header->span, text);
}

static void check_workloads(Arena *arena, Str name, Str text, size_t offset)
{
    WorkloadFile file = workload_read(arena, name, text);
    WorkloadHover hover;
    array_each (WorkloadProblem, problem, &file.problems)
        check_span(problem->span, text);
    array_each (Workload, workload, &file.workloads)
        must(!workload->usable || workload->benchmark.argc > 0);
    WorkloadItems items = workload_complete(arena, name, text, offset);
    array_each (WorkloadItem, item, &items)
        check_span(item->replace, text);
    if (workload_hover(arena, name, text, offset, &hover))
        check_span(hover.span, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    Arena *arena = arena_new("fuzz");
    Str text = {(const char *)data + 1, size - 1};
    size_t offset = text.len * data[0] / 255;
    check_toml(arena, text);
    static const Str NAMES[] = {STR_CONST("perfloop.toml"), STR_CONST("pyproject.toml"),
                                STR_CONST("Cargo.toml")};
    check_workloads(arena, NAMES[data[0] % 3], text, offset);
    arena_free(arena);
    return 0;
}
