/*
 * Lifecycle: initialize, initialized, shutdown, exit; trace and cancellation.
 *
 * Everything worth keeping is on disk before the answer to shutdown: child jobs are told to end
 * (each cleans up after itself) and the ledger belongs to them. Some clients kill the server as soon
 * as they have that answer, and some never ask.
 */

#include "lsp/lifecycle.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "lsp/child.h"
#include "lsp/configure.h"
#include "lsp/methods.h"
#include "lsp/reads.h"
#include "lsp/uri.h"
#include "lsp/watch.h"
#include "lsp/world.h"

static Str encoding_name(PositionEncoding encoding)
{
    switch (encoding) {
    case ENCODING_UTF8:
        return S("utf-8");
    case ENCODING_UTF32:
        return S("utf-32");
    default:
        return S("utf-16");
    }
}

/* The first folder of the workspace; empty when the client opened none. */
static Str workspace_path(Arena *arena, JsonIn params)
{
    Str path;
    JsonIn folder = json_item(json_optional(params, "workspaceFolders"), 0);
    if (uri_to_path(arena, json_opt_str(folder, "uri", S("")), &path) ||
        uri_to_path(arena, json_opt_str(params, "rootUri", S("")), &path))
        return path;
    return json_opt_str(params, "rootPath", S(""));
}

static Trace read_trace(Str value)
{
    if (str_eq(value, S("messages")))
        return TRACE_MESSAGES;
    return str_eq(value, S("verbose")) ? TRACE_VERBOSE : TRACE_OFF;
}

static void write_result(Server *server, JsonOut *out)
{
    json_open(out, '{');
    json_key_open(out, "capabilities", '{');
    json_key_str(out, "positionEncoding", encoding_name(server->client.encoding));
    json_key_raw(out, "textDocumentSync",
                 S("{\"openClose\":true,\"change\":2,\"save\":{\"includeText\":false}}"));
    methods_write_providers(out);
    json_close(out, '}');
    json_key_open(out, "serverInfo", '{');
    json_key_str(out, "name", S("perfloop"));
    json_key_str(out, "version", S(PERFLOOP_VERSION));
    json_close(out, '}');
    json_close(out, '}');
}

/* Where the workspace is; settled here, or by the first document when there is no folder. */
void lifecycle_find_places(Server *server, Str start)
{
    Err err = {0};
    if (server->has_places || !start.len)
        return;
    server->has_places = places_find(server->arena, start, &server->places, &err);
    if (!server->has_places) {
        log_info("lsp: %s", err.msg);
        return;
    }
    log_info("lsp: workspace " STR_FMT ", state in " STR_FMT, STR_ARG(server->places.root),
             STR_ARG(server->places.state));
    server_changed(server);
    watch_places(server);
    world_renew(server);
}

void lifecycle_initialize(Server *server, const Message *message)
{
    JsonIn params = message->params;
    if (json_kind(params) != JSON_TYPE_OBJECT ||
        json_kind(json_optional(params, "capabilities")) != JSON_TYPE_OBJECT) {
        server_reply_error(server, message->id, RPC_INVALID_PARAMS,
                           "capabilities: expected object");
        return;
    }
    server->client = client_from_params(server->arena, params);
    server->trace = read_trace(json_opt_str(params, "trace", S("off")));
    server->phase = PHASE_READY;
    log_info("lsp: client '" STR_FMT "' " STR_FMT, STR_ARG(server->client.name),
             STR_ARG(server->client.version));
    configure_take(server, json_optional(params, "initializationOptions"));
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("initialize");
    StrBuf buf = strbuf_new(scratch);
    JsonOut out = json_out(&buf);
    write_result(server, &out);
    server_reply(server, message->id, strbuf_str(&buf));
    int64_t pid = json_opt_i64(params, "processId", 0);
    watch_parent(server, pid > 0 ? pid : server->options.client_pid);
    lifecycle_find_places(server, workspace_path(message->arena, params));
    world_renew(server);
}

void lifecycle_initialized(Server *server, const Message *message UNUSED)
{
    configure_register(server);
}

void lifecycle_shutdown(Server *server, const Message *message)
{
    server->phase = PHASE_SHUTDOWN;
    children_stop(server, str_copy(server->arena, message->id));
}

void lifecycle_exit(Server *server, const Message *message UNUSED)
{
    server_hang_up(server, "exit");
}

void lifecycle_set_trace(Server *server, const Message *message)
{
    server->trace = read_trace(json_opt_str(message->params, "value", S("off")));
}

void lifecycle_cancel(Server *server, const Message *message)
{
    JsonIn id = json_optional(message->params, "id");
    if (!json_present(id) || !reads_cancel(server, json_text(message->arena, id)))
        log_debug("lsp: nothing to cancel");
}
