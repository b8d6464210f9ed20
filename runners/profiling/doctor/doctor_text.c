/* doctor.h: its findings, as text for people and as JSON. */

#include "base/strbuf.h"
#include "runners/profiling/doctor/doctor_parts.h"

static Str state_name(DoctorState state)
{
    static const Str NAMES[] = {STR_CONST("ready"), STR_CONST("missing"), STR_CONST("blocked"),
                                STR_CONST("unused")};
    return NAMES[state];
}

static size_t longest_name(const Doctor *doctor)
{
    size_t longest = 10;
    array_each (const DoctorTool, tool, &doctor->tools)
        longest = tool->tool.name.len > longest ? tool->tool.name.len : longest;
    array_each (const DoctorWorkload, workload, &doctor->workloads)
        longest = workload->name.len > longest ? workload->name.len : longest;
    return longest < 30 ? longest : 30;
}

/* name, state, what is to be said, and below it what to type. */
static void add_row(StrBuf *out, size_t width, Str name, Str state, Str says, Str mend)
{
    strbuf_fmt(out, "  %-*.*s  %-8.*s" STR_FMT "\n", (int)width, STR_ARG(name), STR_ARG(state),
               STR_ARG(says));
    if (mend.len)
        strbuf_fmt(out, "  %-*s  %-8smend: " STR_FMT "\n", (int)width, "", "", STR_ARG(mend));
}

static void add_tool(StrBuf *out, size_t width, const DoctorTool *row)
{
    const Tool *tool = &row->tool;
    Str says = tool->problem;
    if (tool->ready)
        says = str_fmt(out->arena, "%-8.*s " STR_FMT "%s" STR_FMT "%s", STR_ARG(tool->version),
                       STR_ARG(tool->path), tool->what.len ? "  (" : "", STR_ARG(tool->what),
                       tool->what.len ? ")" : "");
    add_row(out, width, tool->name, state_name(row->state), says,
            tool->ready ? (Str){0} : tool->mend);
}

static void add_checks(StrBuf *out, size_t width, Str name, const MachineChecks *checks)
{
    array_each (const Check, check, checks) {
        bool first = check == checks->items;
        add_row(out, width,
                !name.len ? check->name
                : first   ? name
                          : S(""),
                check_state_name(check->state), check->sentence, check->mend);
    }
}

Str doctor_text(Arena *arena, const Doctor *doctor)
{
    StrBuf out = strbuf_new(arena);
    size_t width = longest_name(doctor);
    strbuf_add(&out, S("tools\n"));
    array_each (const DoctorTool, tool, &doctor->tools)
        add_tool(&out, width, tool);
    strbuf_add(&out, S("machine\n"));
    add_checks(&out, width, (Str){0}, &doctor->machine);
    if (doctor->workloads.len)
        strbuf_add(&out, S("workloads\n"));
    array_each (const DoctorWorkload, workload, &doctor->workloads)
        add_checks(&out, width, workload->name, &workload->checks);
    strbuf_fmt(&out, STR_FMT, STR_ARG(doctor->sentence));
    return strbuf_str(&out);
}

static void add_field(StrBuf *out, const char *name, Str text)
{
    if (text.len)
        strbuf_fmt(out, "  %-10s " STR_FMT "\n", name, STR_ARG(text));
}

Str doctor_tool_text(Arena *arena, const Doctor *doctor)
{
    const DoctorTool *row = &doctor->tools.items[0];
    const Tool *tool = &row->tool;
    const Check *need = row->need.len ? machine_check(&doctor->machine, row->need) : NULL;
    StrBuf out = strbuf_new(arena), named = strbuf_new(arena);
    array_each (const Str, workload, &row->workloads)
        strbuf_fmt(&named, "%s" STR_FMT, named.len ? ", " : "", STR_ARG(*workload));
    strbuf_fmt(&out, STR_FMT "%s" STR_FMT "\n", STR_ARG(tool->name), tool->what.len ? ": " : "",
               STR_ARG(tool->what));
    add_field(&out, "state", state_name(row->state));
    add_field(&out, "problem", tool->problem);
    add_field(&out, "mend", tool->mend);
    add_field(&out, "where", tool->path);
    add_field(&out, "version", tool->version);
    if (need)
        add_field(&out, "needs", need->sentence);
    if (need && need->state != CHECK_OK && !str_eq(need->mend, tool->mend))
        add_field(&out, "", need->mend);
    add_field(&out, "named by", strbuf_str(&named));
    if (row->runs)
        add_field(&out, "run it",
                  str_fmt(arena, "perfloop profile --with " STR_FMT, STR_ARG(tool->name)));
    size_t width = longest_name(doctor);
    array_each (const DoctorWorkload, workload, &doctor->workloads)
        add_checks(&out, width, workload->name, &workload->checks);
    return str_head(strbuf_str(&out), out.len - 1);
}

/* ---------------------------------------------------------------- JSON */

static void write_checks(JsonOut *out, const char *key, const MachineChecks *checks)
{
    json_key_open(out, key, '[');
    array_each (const Check, check, checks) {
        json_open(out, '{');
        json_key_str(out, "name", check->name);
        json_key_str(out, "state", check_state_name(check->state));
        json_key_str(out, "sentence", check->sentence);
        json_key_str(out, "mend", check->mend);
        json_close(out, '}');
    }
    json_close(out, ']');
}

static void write_tool(JsonOut *out, const DoctorTool *row)
{
    json_open(out, '{');
    json_key_str(out, "name", row->tool.name);
    json_key_bool(out, "ready", row->tool.ready);
    json_key_str(out, "state", state_name(row->state));
    json_key_str(out, "what", row->tool.what);
    json_key_str(out, "path", row->tool.path);
    json_key_str(out, "version", row->tool.version);
    json_key_str(out, "problem", row->tool.problem);
    json_key_str(out, "mend", row->tool.mend);
    json_key_strs(out, "workloads", row->workloads.items, row->workloads.len);
    json_close(out, '}');
}

void doctor_write(JsonOut *out, const Doctor *doctor)
{
    json_key_open(out, "tools", '[');
    array_each (const DoctorTool, tool, &doctor->tools)
        write_tool(out, tool);
    json_close(out, ']');
    write_checks(out, "machine", &doctor->machine);
    json_key_open(out, "workloads", '[');
    array_each (const DoctorWorkload, workload, &doctor->workloads) {
        json_open(out, '{');
        json_key_str(out, "name", workload->name);
        write_checks(out, "checks", &workload->checks);
        json_close(out, '}');
    }
    json_close(out, ']');
}
