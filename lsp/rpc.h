/*
 * Rpc: the envelopes of JSON-RPC, as text.
 *
 * Parameters and results are JSON values already written; an envelope is put around them. Which
 * ids are open in either direction is kept in lsp/calls.h (ours) and lsp/reads.h (the client's).
 */
#ifndef LSP_RPC_H
#define LSP_RPC_H

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "lsp/message.h"

/* `id` is JSON text as the client sent it. */
Str rpc_response(Arena *arena, Str id, Str result);
Str rpc_error(Arena *arena, Str id, RpcCode code, Str message);
/* Empty params are left out. */
Str rpc_notification(Arena *arena, const char *method, Str params);
Str rpc_request(Arena *arena, int64_t id, const char *method, Str params);

#endif
