/*
 * View write: what the heat features share when they turn a view into JSON.
 */
#ifndef LSP_FEATURES_VIEW_WRITE_H
#define LSP_FEATURES_VIEW_WRITE_H

#include "analysis/hints/view.h"
#include "lsp/feature.h"
#include "lsp/heat/heat_data.h"

/* What the request's document shows, or NULL when it has no heat yet. */
const FileHeat *request_heat(const Request *request);
/* The Heat of the present World, or NULL before it is loaded. */
const Heat *request_world(const Request *request);
/* The document's view, with the job that runs now. */
FileView request_view(const Request *request);
/* "arguments": [{"workload", "iteration", …}] */
void write_arguments(JsonOut *out, const Request *request, const ViewArgs *args);
/* "command": {"title", "command", "arguments": [{…}]} */
void write_command(JsonOut *out, const char *key, const Request *request, Str title, Str command,
                   const ViewArgs *args);
/* Where a function of the profile is: in an open document as it is now, else as profiled. */
LineNo function_place(const Request *request, const Heat *heat, uint32_t spot, Str *uri);
/* The line of a call in its caller, as the open document has it; the caller's first when not known. */
LineNo call_place(const Request *request, const Heat *heat, const HotEdge *edge);
/* The same function in the baseline's profile, or NULL. */
const HotSpot *function_in_base(const Heat *heat, const HotSpot *function);
/* A range of no width at the start of the line; key NULL: as an item of a list. */
void write_line_start(JsonOut *out, const char *key, LineNo line);
/* What there is to say about a line (lsp/features/hover.c); empty when nothing is known. */
Str line_details(const Request *request, LineNo line, bool markdown);
/* The line of the document that a position is on. */
LineNo request_line(const Request *request, ByteOffset offset);

#endif
