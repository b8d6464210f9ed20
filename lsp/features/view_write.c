#include "lsp/features/view_write.h"

#include "base/path.h"
#include "lsp/uri.h"

const FileHeat *request_heat(const Request *request)
{
    if (!request->doc || !request->doc->heat)
        return NULL;
    return request->doc->heat->file;
}

const Heat *request_world(const Request *request)
{
    return request->snapshot->world ? request->snapshot->world->heat : NULL;
}

FileView request_view(const Request *request)
{
    const FileHeat *file = request_heat(request);
    const RunningJob *job = &request->snapshot->job;
    if (!file)
        return (FileView){0};
    if (job->id.len == 0)
        return file->view;
    LoopFacts facts = file->facts;
    ViewInput input = file->input;
    facts.job = (JobFacts){
        .id = job->id,
        .title = job->title,
        .workload = job->workload,
        .percent = -1,
    };
    input.loop = &facts;
    return view_of(request->arena, &input);
}

void write_arguments(JsonOut *out, const Request *request, const ViewArgs *args)
{
    json_key_open(out, "arguments", '[');
    json_open(out, '{');
    if (args->workload.len)
        json_key_str(out, "workload", args->workload);
    if (args->iteration)
        json_key_i64(out, "iteration", args->iteration);
    if (args->job.len)
        json_key_str(out, "job", args->job);
    if (args->metric.len)
        json_key_str(out, "metric", args->metric);
    if (args->profile.len)
        json_key_str(out, "profile", args->profile);
    if (args->bench.len)
        json_key_str(out, "benchmark", args->bench);
    if (request->doc)
        json_key_str(out, "uri", request->doc->doc->uri);
    if (args->line.n)
        json_key_i64(out, "line", args->line.n);
    json_close(out, '}');
    json_close(out, ']');
}

void write_command(JsonOut *out, const char *key, const Request *request, Str title, Str command,
                   const ViewArgs *args)
{
    json_key_open(out, key, '{');
    json_key_str(out, "title", title);
    json_key_str(out, "command", command);
    write_arguments(out, request, args);
    json_close(out, '}');
}

LineNo function_place(const Request *request, const Heat *heat, uint32_t spot, Str *uri)
{
    const HotSpot *function = &heat->now.spots->functions[spot];
    Str path = path_join(request->arena, heat->root, function->file);
    const OpenDoc *doc = snapshot_find_path(request->snapshot, path);
    const FileHeat *file = doc && doc->heat ? doc->heat->file : NULL;
    *uri = doc ? doc->doc->uri : uri_from_path(request->arena, path);
    bool is_shown = file && file->heat->now.row.id == heat->now.row.id;
    for (size_t i = 0; is_shown && i < file->hot.n_functions; i++)
        if (file->hot.functions[i].spot == spot && file->hot.functions[i].now.n)
            return file->hot.functions[i].now;
    return (LineNo){function->line ? function->line : 1};
}

LineNo call_place(const Request *request, const Heat *heat, const HotEdge *edge)
{
    const HotSpot *caller = &heat->now.spots->functions[edge->caller];
    Str uri;
    LineNo first = function_place(request, heat, edge->caller, &uri);
    const OpenDoc *doc =
        snapshot_find_path(request->snapshot, path_join(request->arena, heat->root, caller->file));
    const FileHeat *file = doc && doc->heat ? doc->heat->file : NULL;
    if (edge->line == 0 || edge->line < caller->line)
        return first;
    if (!file || file->heat->now.row.id != heat->now.row.id)
        return (LineNo){edge->line};
    for (size_t i = 0; i < file->hot.n_lines; i++)
        if (file->hot.lines[i].was.n == edge->line && file->hot.lines[i].now.n)
            return file->hot.lines[i].now;
    return first;
}

const HotSpot *function_in_base(const Heat *heat, const HotSpot *function)
{
    const Comparison *compared = heat->compared;
    for (size_t i = 0; compared && i < compared->functions_len; i++)
        if (compared->functions[i].now == function)
            return compared->functions[i].then;
    return NULL;
}

void write_line_start(JsonOut *out, const char *key, LineNo line)
{
    uint32_t row = line.n ? line.n - 1 : 0;
    write_range(out, key, (LspRange){{row, 0}, {row, 0}});
}

LineNo request_line(const Request *request, ByteOffset offset)
{
    return text_line_at(request->doc->doc->text, offset);
}
