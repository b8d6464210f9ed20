/*
 * Feature: answering one LSP request from a snapshot, on a worker.
 *
 *     bool feature_hover(const Request *request, JsonOut *out, Err *err)
 *     {
 *         ...
 *         if (nothing there)
 *             return json_put_null(out), true;
 *         json_open(out, '{');
 *         ...
 *     }
 *
 * A feature writes exactly one JSON value, the `result`, and returns true. Returning false answers
 * with an error and forgets what was written: ERR_INPUT is InvalidParams (-32602), ERR_CONFLICT is
 * ContentModified (-32801, clients hide it), anything else RequestFailed (-32803, most clients show
 * it). Where the user should simply see nothing, write null or an empty list. When the client
 * cancelled, whatever the feature does is dropped; long loops look at request->cancelled.
 *
 * It may read `request`, and allocate in request->arena; nothing else. Positions of documents are in
 * request->snapshot->client->encoding; analysis/source/text.h converts.
 *
 * To add one: lsp/features/X.c, its prototype below, a row in lsp/methods.c (and its capability in
 * lsp/lifecycle.c when the protocol wants one), a scenario.
 */
#ifndef LSP_FEATURE_H
#define LSP_FEATURE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json_in.h"
#include "base/json_out.h"
#include "lsp/snapshot.h"

typedef struct Request {
    Arena *arena;
    const Snapshot *snapshot;
    const OpenDoc *doc; /* the document of params.textDocument.uri; NULL when it names none */
    JsonIn params;
    const atomic_bool *cancelled;
} Request;

typedef bool FeatureFn(const Request *request, JsonOut *out, Err *err);

/* params.position (or another key of params) in the request's document; which must not be NULL. */
bool request_offset(const Request *request, const char *key, ByteOffset *offset, Err *err);
/* params.range in the request's document. */
bool request_range(const Request *request, const char *key, ByteRange *range, Err *err);
/* "key": {"start": {"line", "character"}, "end": {...}}; key NULL: as an item of a list */
void write_range(JsonOut *out, const char *key, LspRange range);
/* The range of bytes, or the content of a line, of the request's document. */
void write_bytes(JsonOut *out, const char *key, const Request *request, ByteRange range);
void write_line(JsonOut *out, const char *key, const Request *request, LineNo line);

/*
 * Written after each analysis of a document and pushed: the `diagnostics` array. Has no params, and
 * is pushed only when it differs from what the client has.
 */
FeatureFn feature_diagnostics;
FeatureFn feature_document_symbol; /* textDocument/documentSymbol: the pattern to copy */
FeatureFn feature_code_action;
FeatureFn feature_code_lens;
FeatureFn feature_completion;
FeatureFn feature_hover;
FeatureFn feature_incoming_calls;
FeatureFn feature_inlay_hint;
FeatureFn feature_outgoing_calls;
FeatureFn feature_prepare_calls;
FeatureFn feature_workspace_symbol;

#endif
