#include "analysis/workload/workload.h"

#include <stdlib.h>

#include "analysis/workload/problem.h"
#include "analysis/workload/read_value.h"
#include "analysis/workload/section.h"
#include "base/path.h"

static void add_syntax_problems(WorkloadReader *reader, const TomlDoc *doc)
{
    array_each (TomlProblem, problem, &doc->problems) {
        ProblemAt at = {.span = problem->span,
                        .code = problem->duplicate ? S("config-duplicate") : S("config-syntax"),
                        .fix = problem->fix};
        problem_add(reader, at, STR_FMT, STR_ARG(problem->message));
    }
}

/*
 * A broken line may have been any key, `tests` as well, so its workload must not be run. It is the
 * one whose header stands last above the line; a line above all headers may belong to any.
 */
static bool is_broken(const TomlDoc *doc, const TomlEntry *entry)
{
    const TomlHeader *above = NULL;
    array_each (TomlProblem, problem, &doc->problems) {
        above = NULL;
        array_each (TomlHeader, header, &doc->headers)
            if (header->span.start <= problem->span.start)
                above = header;
        for (size_t i = 0; above && i < above->keys.len; i++)
            if (str_eq(above->keys.items[i], entry->key))
                return true;
        if (!above)
            return true;
    }
    return false;
}

static void read_one(WorkloadReader *reader, const TomlDoc *doc, const TomlEntry *entry)
{
    Workload *workload = array_push(reader->arena, &reader->file->workloads);
    *workload = (Workload){
        .name = entry->key,
        .name_span = entry->key_span,
        .line = toml_line(reader->text, entry->key_span.start),
        .usable = !is_broken(doc, entry),
    };
    reader->workload = workload;
    read_workload(reader, entry->value);
    reader->workload = NULL;
}

static void read_workloads(WorkloadReader *reader, const TomlDoc *doc, const TomlEntry *list)
{
    ProblemAt at = {.span = list->key_span, .code = S("config-type")};
    if (list->value->kind != TOML_TABLE) {
        problem_add(reader, at, "a workload has a name: write [workload.NAME]");
        return;
    }
    array_each (TomlEntry, entry, &list->value->entries) {
        at.span = entry->key_span;
        at.fix = (Str){0};
        if (entry->value->kind == TOML_TABLE)
            read_one(reader, doc, entry);
        else
            problem_add(reader, at,
                        "'" STR_FMT "' stands outside a workload; a workload has a name: "
                        "[workload.NAME]",
                        STR_ARG(entry->key));
    }
}

static void read_section(WorkloadReader *reader, const TomlDoc *doc, const TomlValue *section)
{
    static const SchemaKey TOP[] = {
        {STR_CONST("workload"), SCHEMA_TABLE, {0}, {0}, NULL},
        {{0}, SCHEMA_STRING, {0}, {0}, NULL},
    };
    array_each (TomlEntry, entry, &section->entries) {
        if (str_eq(entry->key, S("workload")))
            read_workloads(reader, doc, entry);
        else
            problem_unknown_key(reader, entry, TOP);
    }
    if (!toml_get(section, S("workload"))) {
        ProblemAt at = {.code = S("config-no-workload"), .severity = WORKLOAD_INFO};
        problem_add(reader, at, "no workload yet: add [workload.NAME] with a benchmark");
    }
}

static int by_place(const void *a, const void *b)
{
    const WorkloadProblem *x = a, *y = b;
    if (x->span.start != y->span.start)
        return x->span.start < y->span.start ? -1 : 1;
    return (int)x->severity - (int)y->severity;
}

WorkloadFile workload_read(Arena *arena, Str file_name, Str bytes)
{
    WorkloadFile file = {.name = file_name};
    WorkloadReader reader = {.arena = arena, .text = bytes, .file = &file};
    TomlDoc doc = toml_read(arena, bytes);
    const TomlValue *section = section_of(&doc, file_name);
    if (section) {
        add_syntax_problems(&reader, &doc);
        read_section(&reader, &doc, section);
    }
    if (file.problems.len)
        qsort(file.problems.items, file.problems.len, sizeof(WorkloadProblem), by_place);
    return file;
}

static const WorkloadProblem *first_error(const WorkloadFile *file, const Workload *workload)
{
    const WorkloadProblem *found = NULL;
    array_each (WorkloadProblem, problem, &file->problems)
        if (problem->severity == WORKLOAD_ERROR && (!found || found->line < workload->line))
            found = problem;
    return found;
}

const Workload *workload_find(const WorkloadFile *file, Str name, Err *err)
{
    const Workload *found = NULL;
    array_each (Workload, workload, &file->workloads)
        if (name.len == 0 || str_eq(workload->name, name))
            found = workload;
    if (!found && name.len)
        err_set(err, ERR_NOT_FOUND, STR_FMT " has no workload '" STR_FMT "'", STR_ARG(file->name),
                STR_ARG(name));
    else if (!found)
        err_set(err, ERR_NOT_FOUND, STR_FMT " has no workload; perfloop init writes a draft",
                STR_ARG(file->name));
    else if (name.len == 0 && file->workloads.len > 1) {
        err_set(err, ERR_NOT_FOUND, STR_FMT " has %zu workloads: name one, such as '" STR_FMT "'",
                STR_ARG(file->name), file->workloads.len, STR_ARG(found->name));
        found = NULL;
    } else if (!found->usable) {
        const WorkloadProblem *problem = first_error(file, found);
        err_set(err, ERR_INPUT, STR_FMT ":%zu: " STR_FMT, STR_ARG(file->name),
                problem ? problem->line : found->line,
                STR_ARG(problem ? problem->message : S("this workload cannot be run")));
        found = NULL;
    }
    return found;
}
