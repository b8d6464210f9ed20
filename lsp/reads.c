#include "lsp/reads.h"

#include <stdlib.h>

#include <uthash.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "lsp/documents.h"
#include "lsp/feature.h"
#include "lsp/rpc.h"

struct Read {
    Read *next; /* in the list of its document while it waits */
    Message *message;
    const Method *method;
    DocVersion *version; /* the one it was sent for; NULL when it names no open document */
    Snapshot *snapshot;
    Job *job;
    bool waits;
    bool answered; /* cancelled: the result is dropped */
    uint64_t received_ns;
    UT_hash_handle hh; /* by the id's text; not in the table once answered */
};

struct Reads {
    Read *open;
};

Reads *reads_new(void)
{
    Reads *reads = calloc(1, sizeof(*reads));
    if (!reads)
        abort();
    return reads;
}

Read **read_next(Read *read)
{
    return &read->next;
}

DocVersion *read_version(const Read *read)
{
    return read->version;
}

static void close_read(Server *server, Read *read)
{
    if (!read->answered)
        HASH_DEL(server->reads->open, read);
    read->answered = true;
}

static void free_read(Read *read)
{
    version_unref(read->version);
    snapshot_unref(read->snapshot);
    message_free(read->message);
    free(read);
}

void reads_free(Server *server, Reads *reads)
{
    while (reads->open) { /* only those that wait: the pool has ended */
        Read *read = reads->open;
        close_read(server, read);
        free_read(read);
    }
    free(reads);
}

size_t reads_open(const Reads *reads)
{
    return HASH_COUNT(reads->open);
}

void reads_refuse(Server *server, Read *read, RpcCode code, const char *why)
{
    if (!read->answered)
        server_reply_error(server, read->message->id, code, "%s", why);
    close_read(server, read);
    free_read(read);
}

typedef struct ReadResult {
    bool ok;
    Str response; /* the whole message: it may be large, so it is not put together on the loop */
    Err err;
} ReadResult;

static void run_read(Job *job)
{
    Read *read = job->input;
    ReadResult *result = NEW(job->arena, ReadResult);
    job->output = result;
    StrBuf buf = strbuf_new(job->arena);
    JsonOut out = json_out(&buf);
    Request request = {
        .arena = job->arena,
        .snapshot = read->snapshot,
        .params = read->message->params,
        .cancelled = &job->cancelled,
    };
    if (read->version)
        request.doc = snapshot_find_uri(read->snapshot, read->version->uri);
    result->ok = read->method->read(&request, &out, &result->err);
    if (!EXPECT(!result->ok || buf.len > 0))
        json_put_null(&out);
    if (result->ok)
        result->response = rpc_response(job->arena, read->message->id, strbuf_str(&buf));
}

static RpcCode code_of(const Err *err)
{
    switch (err->kind) {
    case ERR_INPUT:
        return RPC_INVALID_PARAMS;
    case ERR_CONFLICT:
        return RPC_CONTENT_MODIFIED;
    default:
        return RPC_REQUEST_FAILED;
    }
}

static void answer(Server *server, const Read *read, const ReadResult *result)
{
    if (!result)
        server_reply_error(server, read->message->id, RPC_REQUEST_FAILED, "the server ends");
    else if (!result->ok)
        server_reply_error(server, read->message->id, code_of(&result->err), "%s", result->err.msg);
    else
        outbox_push(server->outbox, LANE_RESPONSE, S(""), result->response);
}

static void finish_read(Job *job)
{
    Read *read = job->input;
    Server *server = job->owner;
    if (!read->answered)
        answer(server, read, job->output);
    log_debug("lsp: " STR_FMT " took %.1f ms, %.1f ms of it in the feature",
              STR_ARG(read->method->name), (double)(clock_now_ns() - read->received_ns) / 1e6,
              (double)job->run_ns / 1e6);
    close_read(server, read);
    free_read(read);
    job_free(job);
    if (server->has_room && !server_is_busy(server))
        server->has_room(server->room_context);
}

void reads_start(Server *server, Read *read)
{
    read->waits = false;
    if (read->answered) {
        free_read(read);
        return;
    }
    read->snapshot = server_snapshot(server);
    read->job = job_new("read", JOB_REQUEST);
    read->job->input = read;
    read->job->owner = server;
    read->job->run = run_read;
    read->job->done = finish_read;
    pool_add(server->pool, read->job);
}

/* Where requests name their document. */
static Str document_of(JsonIn params)
{
    JsonIn named = json_optional(params, "textDocument");
    if (!json_present(named))
        named = json_optional(params, "item");
    return json_opt_str(named, "uri", S(""));
}

void reads_add(Server *server, Message *message, const Method *method)
{
    Read *read = NULL;
    HASH_FIND(hh, server->reads->open, message->id.ptr, message->id.len, read);
    if (read) {
        server_reply_error(server, message->id, RPC_INVALID_REQUEST,
                           "a request with this id is still open");
        message_free(message);
        return;
    }
    read = calloc(1, sizeof(*read));
    if (!read)
        abort();
    read->message = message;
    read->method = method;
    read->received_ns = clock_now_ns();
    HASH_ADD_KEYPTR(hh, server->reads->open, message->id.ptr, message->id.len, read);
    Str uri = document_of(message->params);
    DocVersion *version = uri.len ? documents_current(server, uri) : NULL;
    if (!version) {
        reads_start(server, read);
        return;
    }
    read->version = version_ref(version);
    read->waits = true;
    documents_wait(server, read);
}

bool reads_cancel(Server *server, Str id)
{
    Read *read = NULL;
    HASH_FIND(hh, server->reads->open, id.ptr, id.len, read);
    if (!read)
        return false;
    server_reply_error(server, read->message->id, RPC_REQUEST_CANCELLED, "cancelled");
    close_read(server, read);
    if (read->job)
        atomic_store(&read->job->cancelled, true);
    return true;
}
