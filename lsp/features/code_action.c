/*
 * Code actions: all that can be done here, for clients that have nothing else. An action that
 * answers a diagnostic carries it, so that editors show it as its quick fix.
 */

#include "analysis/workload/workload.h"
#include "base/path.h"
#include "lsp/features/view_write.h"

typedef struct Wanted {
    LineNo first, last; /* of the request's range */
    JsonIn context;
} Wanted;

/* context.only names kinds; "source" asks for "source.perfloop" too. */
static bool is_wanted_kind(JsonIn context, Str kind)
{
    JsonIn only = json_optional(context, "only");
    size_t n = json_len(only);
    for (size_t i = 0; i < n; i++) {
        Str want = json_as_str(json_item(only, i));
        if (want.len == 0 || str_eq(kind, want) ||
            (str_starts(kind, want) && kind.ptr[want.len] == '.'))
            return true;
    }
    return n == 0;
}

/* The client's own copies of our diagnostics with this code. */
static void write_fixed(const Request *request, JsonOut *out, JsonIn context, Str code)
{
    JsonIn given = json_optional(context, "diagnostics");
    bool open = false;
    for (size_t i = 0; code.len && i < json_len(given); i++) {
        JsonIn diagnostic = json_item(given, i);
        if (!str_eq(json_opt_str(diagnostic, "source", S("")), S("perfloop")) ||
            !str_eq(json_opt_str(diagnostic, "code", S("")), code))
            continue;
        if (!open) {
            json_key_open(out, "diagnostics", '[');
            open = true;
        }
        json_put_raw(out, json_text(request->arena, diagnostic));
    }
    if (open)
        json_close(out, ']');
}

static bool is_here(const ViewAction *action, const Wanted *wanted)
{
    if (action->first.n == 0)
        return true;
    return action->first.n <= wanted->last.n && wanted->first.n <= action->last.n;
}

static void write_action(const Request *request, JsonOut *out, const ViewAction *action,
                         const Wanted *wanted)
{
    json_open(out, '{');
    json_key_str(out, "title", action->title);
    if (!request->snapshot->client->action_literals) { /* then the list holds bare commands */
        json_key_str(out, "command", action->command);
        write_arguments(out, request, &action->args);
        json_close(out, '}');
        return;
    }
    json_key_str(out, "kind", action->kind);
    if (action->preferred && request->snapshot->client->action_preferred)
        json_key_bool(out, "isPreferred", true);
    write_fixed(request, out, wanted->context, action->fixes);
    write_command(out, "command", request, action->title, action->command, &action->args);
    json_close(out, '}');
}

/* "quickfix": the text that mends a mistake of a workload file, as an edit. */
static void write_mend(const Request *request, JsonOut *out, const WorkloadProblem *problem,
                       const Wanted *wanted)
{
    ByteRange range = {{(uint32_t)problem->span.start}, {(uint32_t)problem->span.end}};
    json_open(out, '{');
    json_key_str(out, "title",
                 str_fmt(request->arena, "perfloop: write " STR_FMT, STR_ARG(problem->fix)));
    json_key_str(out, "kind", S("quickfix"));
    write_fixed(request, out, wanted->context, problem->code);
    json_key_open(out, "edit", '{');
    json_key_open(out, "changes", '{');
    json_key_text(out, request->doc->doc->uri);
    json_open(out, '[');
    json_open(out, '{');
    write_bytes(out, "range", request, range);
    json_key_str(out, "newText", problem->fix);
    json_close(out, '}');
    json_close(out, ']');
    json_close(out, '}');
    json_close(out, '}');
    json_close(out, '}');
}

static void write_mends(const Request *request, JsonOut *out, const Wanted *wanted)
{
    Str path = request->doc->doc->path;
    if (!path.len || !workload_is_file(path) || !request->snapshot->client->action_literals ||
        !is_wanted_kind(wanted->context, S("quickfix")))
        return;
    WorkloadFile file =
        workload_read(request->arena, path_base(path), text_bytes(request->doc->doc->text));
    array_each (WorkloadProblem, problem, &file.problems)
        if (problem->fix.len && problem->line >= wanted->first.n && problem->line <= wanted->last.n)
            write_mend(request, out, problem, wanted);
}

bool feature_code_action(const Request *request, JsonOut *out, Err *err)
{
    ByteRange range;
    Wanted wanted = {.context = json_optional(request->params, "context")};
    if (!request->doc) {
        json_put_null(out);
        return true;
    }
    if (!request_range(request, "range", &range, err))
        return false;
    wanted.first = request_line(request, range.start);
    wanted.last = request_line(request, range.end);
    FileView view = request_view(request);
    json_open(out, '[');
    write_mends(request, out, &wanted);
    array_each (ViewAction, action, &view.actions)
        if (is_here(action, &wanted) && is_wanted_kind(wanted.context, action->kind))
            write_action(request, out, action, &wanted);
    json_close(out, ']');
    return true;
}
