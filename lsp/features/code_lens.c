/*
 * Code lenses: the summary of a function and the one thing to do now. They carry their command from
 * the start: resolving costs a round trip and several clients never ask.
 */

#include "lsp/features/view_write.h"

bool feature_code_lens(const Request *request, JsonOut *out, Err *err UNUSED)
{
    FileView view = request_view(request);
    json_open(out, '[');
    array_each (ViewLens, lens, &view.lenses) {
        json_open(out, '{');
        write_line(out, "range", request, lens->line);
        write_command(out, "command", request, lens->title, lens->command, &lens->args);
        json_close(out, '}');
    }
    json_close(out, ']');
    return true;
}
