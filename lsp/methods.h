/*
 * Methods: the table of everything a client may send, and who answers it.
 *
 * `loop` handlers run on the loop thread, change the server and reply themselves; they must be
 * quick. `read` is a feature (lsp/feature.h): it runs on a worker and its result is the reply.
 * `provider` is the capability that announces the method; the answer to initialize is made from
 * these.
 */
#ifndef LSP_METHODS_H
#define LSP_METHODS_H

#include <stdbool.h>

#include "base/json_out.h"
#include "base/str.h"
#include "lsp/feature.h"
#include "lsp/message.h"
#include "lsp/server.h"

typedef void LoopFn(Server *server, const Message *message);

typedef struct Method {
    Str name;
    bool is_request;
    LoopFn *loop;
    FeatureFn *read;
    const char *provider;                /* "hoverProvider", or NULL */
    void (*write_options)(JsonOut *out); /* its value; NULL writes true */
} Method;

/* NULL when we do not know it. */
const Method *method_find(Str name);
/* Fields of ServerCapabilities, into an open object. */
void methods_write_providers(JsonOut *out);

/* Loop handlers, by the file they stand in. */
LoopFn lifecycle_initialize;
LoopFn lifecycle_initialized;
LoopFn lifecycle_shutdown;
LoopFn lifecycle_exit;
LoopFn lifecycle_set_trace;
LoopFn lifecycle_cancel;
LoopFn sync_did_open;
LoopFn sync_did_change;
LoopFn sync_did_save;
LoopFn sync_did_close;
LoopFn configure_did_change;
LoopFn world_did_change_files;
LoopFn progress_did_cancel;
LoopFn commands_execute;
LoopFn details_show;
void commands_write_options(JsonOut *out);

#endif
