/*
 * Code actions: all that can be done here, for clients that have nothing else. An action that
 * answers a diagnostic carries it, so that editors show it as its quick fix.
 */

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
            json_key(out, "diagnostics");
            json_open(out, '[');
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
    array_each (ViewAction, action, &view.actions)
        if (is_here(action, &wanted) && is_wanted_kind(wanted.context, action->kind))
            write_action(request, out, action, &wanted);
    json_close(out, ']');
    return true;
}
