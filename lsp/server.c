#include "lsp/server.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "lsp/bin.h"
#include "lsp/calls.h"
#include "lsp/child.h"
#include "lsp/closed.h"
#include "lsp/documents.h"
#include "lsp/methods.h"
#include "lsp/pause.h"
#include "lsp/reads.h"
#include "lsp/rpc.h"
#include "lsp/watch.h"
#include "lsp/world.h"

enum {
    BAD_MESSAGES_MAX = 20, /* in a row; then this is no client */
    READS_OPEN_MAX = 128,  /* their results may be large */
};

Server *server_new(const ServerOptions *options)
{
    Server *server = calloc(1, sizeof(*server));
    if (!server)
        abort();
    server->arena = arena_new("server");
    server->options = *options;
    server->loop = options->loop;
    server->outbox = outbox_new();
    server->pool = pool_new(options->loop, options->threads);
    server->bin = bin_new(server->pool);
    Arena *arena = arena_new("settings");
    server->choice = NEW(arena, Choice);
    *server->choice = (Choice){.refs = 1, .arena = arena, .settings = settings_default()};
    server->documents = documents_new();
    server->reads = reads_new();
    server->calls = calls_new();
    server->loader = loader_new();
    server->pause = pause_new(server);
    server->closed = closed_new();
    server->children = children_new();
    server->watch = watch_new(server);
    server->exit_code = 1;
    return server;
}

void server_free(Server *server)
{
    if (!server)
        return;
    server->phase = PHASE_OVER;
    watch_free(server->watch);
    pause_free(server->pause);
    pool_free(server->pool);
    bin_close(server->bin);
    children_free(server->children);
    documents_free(server, server->documents);
    reads_free(server, server->reads);
    calls_free(server, server->calls);
    loader_free(server->loader);
    closed_free(server->closed);
    snapshot_unref(server->snapshot);
    choice_unref(server->choice);
    world_unref(server->world);
    bin_free(server->bin);
    outbox_free(server->outbox);
    arena_free(server->arena);
    free(server);
}

void server_stop(Server *server)
{
    server->phase = PHASE_OVER;
    children_end(server, STOP_MS);
}

bool server_is_over(const Server *server)
{
    return server->phase == PHASE_OVER;
}

bool server_is_busy(const Server *server)
{
    return outbox_is_full(server->outbox) || reads_open(server->reads) >= READS_OPEN_MAX;
}

Snapshot *server_snapshot(Server *server)
{
    if (server->snapshot)
        return snapshot_ref(server->snapshot);
    Arena *arena = arena_new("snapshot");
    Snapshot *snapshot = NEW(arena, Snapshot);
    snapshot->refs = 1;
    snapshot->arena = arena;
    snapshot->bin = server->bin;
    snapshot->client = &server->client;
    snapshot->places = server->has_places ? &server->places : NULL;
    snapshot->choice = choice_ref(server->choice);
    snapshot->world = server->world ? world_ref(server->world) : NULL;
    snapshot->job = children_running(server, arena);
    documents_list(server, snapshot);
    server->snapshot = snapshot;
    return snapshot_ref(snapshot);
}

void server_changed(Server *server)
{
    snapshot_unref(server->snapshot);
    server->snapshot = NULL;
}

/* ---------------------------------------------------------------- to the client */

void server_reply(Server *server, Str id, Str result)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("reply");
    outbox_push(server->outbox, LANE_RESPONSE, S(""), rpc_response(scratch, id, result));
}

void server_reply_error(Server *server, Str id, RpcCode code, const char *fmt, ...)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("reply");
    va_list args;
    va_start(args, fmt);
    Str text = str_vfmt(scratch, fmt, args);
    va_end(args);
    log_info("lsp: error %d: " STR_FMT, (int)code, STR_ARG(text));
    outbox_push(server->outbox, LANE_RESPONSE, S(""), rpc_error(scratch, id, code, text));
}

void server_notify(Server *server, Lane lane, Str key, const char *method, Str params)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("notify");
    outbox_push(server->outbox, lane, key, rpc_notification(scratch, method, params));
}

void server_show(Server *server, Notice notice, Str text)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("show");
    StrBuf buf = strbuf_new(scratch);
    JsonOut out = json_out(&buf);
    json_open(&out, '{');
    json_key_i64(&out, "type", notice);
    json_key_str(&out, "message", text);
    json_close(&out, '}');
    const char *method = notice == NOTICE_LOG ? "window/logMessage" : "window/showMessage";
    server_notify(server, LANE_REQUEST, S(""), method, strbuf_str(&buf));
}

static void trace(Server *server, const Message *message, uint64_t ns)
{
    if (server->trace == TRACE_OFF || server->phase != PHASE_READY)
        return;
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("trace");
    StrBuf buf = strbuf_new(scratch);
    JsonOut out = json_out(&buf);
    json_open(&out, '{');
    json_key_str(&out, "message", str_fmt(scratch, "got " STR_FMT, STR_ARG(message->method)));
    if (server->trace == TRACE_VERBOSE)
        json_key_str(&out, "verbose",
                     str_fmt(scratch, "%zu bytes, id " STR_FMT ", %.2f ms on the loop",
                             message->bytes, STR_ARG(message->id), (double)ns / 1e6));
    json_close(&out, '}');
    server_notify(server, LANE_PROGRESS, S("trace"), "$/logTrace", strbuf_str(&buf));
}

/* ---------------------------------------------------------------- from the client */

/* Is the message legal now? Requests that are not get their error here. */
static bool is_legal(Server *server, const Message *message)
{
    bool request = message->kind == MESSAGE_REQUEST;
    bool initialize = str_eq(message->method, S("initialize"));
    if (str_eq(message->method, S("exit")) && !request)
        return true;
    if (server->phase == PHASE_READY && !initialize)
        return true;
    if (server->phase == PHASE_NEW && initialize && request)
        return true;
    if (!request)
        log_info("lsp: dropped " STR_FMT, STR_ARG(str_head(message->method, 60)));
    else if (server->phase == PHASE_NEW)
        server_reply_error(server, message->id, RPC_NOT_INITIALIZED, "initialize comes first");
    else if (server->phase == PHASE_READY)
        server_reply_error(server, message->id, RPC_INVALID_REQUEST, "already initialized");
    else
        server_reply_error(server, message->id, RPC_INVALID_REQUEST,
                           "after shutdown only exit is legal");
    return false;
}

static const Method *find_method(Server *server, const Message *message)
{
    const Method *method = method_find(message->method);
    bool request = message->kind == MESSAGE_REQUEST;
    if (method && method->is_request == request)
        return method;
    if (!request && !str_starts(message->method, S("$/")))
        log_info("lsp: ignored the notification " STR_FMT, STR_ARG(str_head(message->method, 60)));
    if (request && method)
        server_reply_error(server, message->id, RPC_INVALID_REQUEST, STR_FMT " is a notification",
                           STR_ARG(message->method));
    else if (request)
        server_reply_error(server, message->id, RPC_METHOD_NOT_FOUND, "no method " STR_FMT,
                           STR_ARG(str_head(message->method, 100)));
    return NULL;
}

static void dispatch(Server *server, Message *message)
{
    const Method *method = is_legal(server, message) ? find_method(server, message) : NULL;
    if (method && method->read) {
        reads_add(server, message, method);
        return;
    }
    if (method)
        method->loop(server, message);
    message_free(message);
}

static void take_bad(Server *server, const Message *message)
{
    server_reply_error(server, message->id, message->code, "%s", message->why.msg);
    if (++server->bad_messages > BAD_MESSAGES_MAX)
        server_hang_up(server, "too many messages that are no JSON-RPC");
}

void server_receive(Server *server, Message *message)
{
    uint64_t start = clock_now_ns(), start_cpu = clock_thread_ns();
    if (message->kind == MESSAGE_BAD) {
        take_bad(server, message);
        message_free(message);
        return;
    }
    server->bad_messages = 0;
    if (message->kind == MESSAGE_RESPONSE) {
        calls_receive(server, message);
        message_free(message);
        return;
    }
    /* The message may be gone after dispatch. */
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("receive");
    Message seen = {
        .method = str_copy(scratch, str_head(message->method, 200)),
        .id = str_copy(scratch, str_head(message->id, 200)),
        .bytes = message->bytes,
    };
    dispatch(server, message);
    uint64_t spent = clock_now_ns() - start;
    if (spent > SLOW_HANDLER_NS) {
        server->slow_handlers++;
        log_warn("lsp: " STR_FMT " of %zu bytes took %.1f ms on the loop thread, %.1f ms computing",
                 STR_ARG(seen.method), seen.bytes, (double)spent / 1e6,
                 (double)(clock_thread_ns() - start_cpu) / 1e6);
    }
    trace(server, &seen, spent);
}

void server_garbage(Server *server, const Err *why)
{
    log_warn("lsp: %s", why->msg);
    server_reply_error(server, S("null"), RPC_PARSE_ERROR, "%s", why->msg);
    if (++server->bad_messages > BAD_MESSAGES_MAX)
        server_hang_up(server, "too many broken messages");
}

void server_hang_up(Server *server, const char *why)
{
    if (server->phase == PHASE_OVER)
        return;
    log_info("lsp: ends: %s", why);
    server->exit_code = server->phase == PHASE_SHUTDOWN ? 0 : 1;
    server->phase = PHASE_OVER;
}
