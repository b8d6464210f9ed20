/*
 * Diagnostics of one open file: heat and the loop from its view, and in a workload file the mistakes
 * of the schema. Pushed by lsp/documents.c after each analysis, when they differ from the last ones.
 */

#include "analysis/workload/workload.h"
#include "base/path.h"
#include "lsp/features/view_write.h"
#include "lsp/uri.h"

enum {
    TAG_UNNECESSARY = 1, /* drawn faded */
};

static void write_head(JsonOut *out, int severity, Str code, Str message)
{
    json_key_i64(out, "severity", severity);
    json_key_str(out, "code", code);
    json_key_str(out, "source", S("perfloop"));
    json_key_str(out, "message", message);
}

/* Where the code of the line stands: squiggles under blanks look like dirt. */
static ByteRange code_range(const Text *text, LineNo line)
{
    ByteRange range = text_line_range(text, line);
    Str content = text_line(text, line), code = str_trim(content);
    if (code.len) {
        range.start.n += (uint32_t)(code.ptr - content.ptr);
        range.end.n = range.start.n + (uint32_t)code.len;
    }
    return range;
}

/* Where the kernel is that a line waits for. */
static void write_elsewhere(const Request *request, JsonOut *out, const ViewDiagnostic *diagnostic)
{
    const Heat *heat = request_heat(request)->heat;
    if (!request->snapshot->client->related_information || !diagnostic->elsewhere.len || !heat)
        return;
    Str path = path_join(request->arena, heat->root, diagnostic->elsewhere);
    json_key_open(out, "relatedInformation", '[');
    json_open(out, '{');
    json_key_open(out, "location", '{');
    json_key_str(out, "uri", uri_from_path(request->arena, path));
    write_line_start(out, "range", diagnostic->elsewhere_line);
    json_close(out, '}');
    json_key_str(out, "message", S("the kernel"));
    json_close(out, '}');
    json_close(out, ']');
}

/* Where the iteration changed other files: a regression is more than the line it is shown at. */
static void write_related(const Request *request, JsonOut *out, const ViewDiagnostic *diagnostic)
{
    const FileHeat *file = request_heat(request);
    const WorkloadFacts *workload = facts_workload(&file->facts, file->input.workload);
    if (!request->snapshot->client->related_information || !workload ||
        !str_eq(diagnostic->code, S("regression")) || workload->last.n_places < 2)
        return;
    json_key_open(out, "relatedInformation", '[');
    for (size_t i = 0; i < workload->last.n_places; i++) {
        const ChangedPlace *place = &workload->last.places[i];
        if (!str_eq(place->path, file->path) || place->first.n == 0)
            continue;
        json_open(out, '{');
        json_key_open(out, "location", '{');
        json_key_str(out, "uri", request->doc->doc->uri);
        write_line(out, "range", request, place->first);
        json_close(out, '}');
        json_key_str(out, "message",
                     str_fmt(request->arena, "changed in this iteration: " STR_FMT,
                             STR_ARG(place->function.len ? place->function : place->path)));
        json_close(out, '}');
    }
    json_close(out, ']');
}

static void write_view(const Request *request, JsonOut *out, const FileView *view)
{
    array_each (ViewDiagnostic, diagnostic, &view->diagnostics) {
        json_open(out, '{');
        write_bytes(out, "range", request, code_range(request->doc->doc->text, diagnostic->line));
        write_head(out, (int)diagnostic->severity, diagnostic->code, diagnostic->message);
        if (diagnostic->faded && request->snapshot->client->diagnostic_tags) {
            json_key_open(out, "tags", '[');
            json_put_i64(out, TAG_UNNECESSARY);
            json_close(out, ']');
        }
        write_related(request, out, diagnostic);
        write_elsewhere(request, out, diagnostic);
        json_close(out, '}');
    }
}

static void write_problems(const Request *request, JsonOut *out)
{
    Str path = request->doc->doc->path;
    if (!path.len || !workload_is_file(path))
        return;
    WorkloadFile file =
        workload_read(request->arena, path_base(path), text_bytes(request->doc->doc->text));
    size_t left = VIEW_DIAGNOSTICS_MAX;
    array_each (WorkloadProblem, problem, &file.problems) {
        if (left-- == 0)
            return;
        ByteRange range = {{(uint32_t)problem->span.start}, {(uint32_t)problem->span.end}};
        json_open(out, '{');
        write_bytes(out, "range", request, range);
        write_head(out, (int)problem->severity, problem->code, problem->message);
        json_close(out, '}');
    }
}

bool feature_diagnostics(const Request *request, JsonOut *out, Err *err UNUSED)
{
    json_open(out, '[');
    if (request->doc) {
        const FileHeat *file = request_heat(request);
        write_problems(request, out);
        if (file)
            write_view(request, out, &file->view);
    }
    json_close(out, ']');
    return true;
}
