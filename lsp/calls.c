#include "lsp/calls.h"

#include <stdlib.h>

#include <uthash.h>

#include "base/log.h"
#include "lsp/rpc.h"

typedef struct Call {
    int64_t id;
    const char *method;
    AnswerFn *answer;
    void *context;
    UT_hash_handle hh;
} Call;

struct Calls {
    Call *open;
    int64_t last_id;
};

Calls *calls_new(void)
{
    Calls *calls = calloc(1, sizeof(*calls));
    if (!calls)
        abort();
    return calls;
}

static void finish(Server *server, Calls *calls, Call *call, const Message *response)
{
    HASH_DEL(calls->open, call);
    if (call->answer)
        call->answer(server, response, call->context);
    free(call);
}

void calls_free(Server *server, Calls *calls)
{
    while (calls->open)
        finish(server, calls, calls->open, NULL);
    free(calls);
}

void server_request(Server *server, const char *method, Str params, AnswerFn *answer, void *context)
{
    Call *call = calloc(1, sizeof(*call));
    if (!call)
        abort();
    call->id = ++server->calls->last_id;
    call->method = method;
    call->answer = answer;
    call->context = context;
    HASH_ADD(hh, server->calls->open, id, sizeof(call->id), call);
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("call");
    outbox_push(server->outbox, LANE_REQUEST, S(""),
                rpc_request(scratch, call->id, method, params));
}

void calls_receive(Server *server, const Message *response)
{
    int64_t id;
    Call *call = NULL;
    if (str_to_i64(response->id, &id))
        HASH_FIND(hh, server->calls->open, &id, sizeof(id), call);
    if (!call) {
        log_warn("lsp: an answer to a request that is not open: id " STR_FMT,
                 STR_ARG(str_head(response->id, 40)));
        return;
    }
    if (response->failed)
        log_info("lsp: the client refused %s: " STR_FMT, call->method,
                 STR_ARG(response->error_text));
    finish(server, server->calls, call, response);
}
