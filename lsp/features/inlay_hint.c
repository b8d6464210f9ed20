/*
 * Inlay hints: the share of each hot line, at its end. Some editors ask for the whole file after
 * every keystroke, so the answer is only cut out of the view that the analysis has made.
 */

#include "lsp/features/view_write.h"

/* Index of the first hint at or behind the line; hints are sorted. */
static size_t first_from(const FileView *view, LineNo line)
{
    size_t low = 0, high = view->hints.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (view->hints.items[middle].line.n < line.n)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool feature_inlay_hint(const Request *request, JsonOut *out, Err *err)
{
    const FileHeat *file = request_heat(request);
    ByteRange range;
    if (!file) {
        json_open(out, '[');
        json_close(out, ']');
        return true;
    }
    if (!request_range(request, "range", &range, err))
        return false;
    const Text *text = request->doc->doc->text;
    PositionEncoding encoding = request->snapshot->client->encoding;
    LineNo last = text_line_at(text, range.end);
    json_open(out, '[');
    for (size_t i = first_from(&file->view, text_line_at(text, range.start));
         i < file->view.hints.len && file->view.hints.items[i].line.n <= last.n; i++) {
        const ViewHint *hint = &file->view.hints.items[i];
        LspPosition at =
            text_lsp_from_offset(text, text_line_range(text, hint->line).end, encoding);
        json_open(out, '{');
        json_key_open(out, "position", '{');
        json_key_i64(out, "line", at.line);
        json_key_i64(out, "character", at.character);
        json_close(out, '}');
        json_key_str(out, "label", hint->label);
        json_key_str(out, "tooltip", hint->tooltip);
        json_key_bool(out, "paddingLeft", true);
        json_close(out, '}');
    }
    json_close(out, ']');
    return true;
}
