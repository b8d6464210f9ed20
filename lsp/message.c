#include "lsp/message.h"

static bool is_id(JsonIn id)
{
    return json_kind(id) == JSON_TYPE_NUMBER || json_kind(id) == JSON_TYPE_STRING;
}

static void invalid(Message *message, const char *what)
{
    if (message->kind == MESSAGE_BAD)
        return; /* the first reason counts */
    message->kind = MESSAGE_BAD;
    message->code = RPC_INVALID_REQUEST;
    err_set(&message->why, ERR_INPUT, "%s", what);
}

static void read_request(Message *message, JsonIn method, JsonIn id)
{
    message->kind = json_kind(id) == JSON_TYPE_ABSENT ? MESSAGE_NOTIFICATION : MESSAGE_REQUEST;
    message->params = json_optional(message->root, "params");
    JsonType params = json_kind(message->params);
    if (json_kind(method) == JSON_TYPE_STRING)
        message->method = json_as_str(method);
    else
        invalid(message, "method: expected string");
    if (message->kind == MESSAGE_REQUEST && !is_id(id))
        invalid(message, "id: expected integer or string");
    if (params != JSON_TYPE_ABSENT && params != JSON_TYPE_NULL && params != JSON_TYPE_OBJECT &&
        params != JSON_TYPE_ARRAY)
        invalid(message, "params: expected object or array");
}

static void read_response(Message *message, JsonIn id)
{
    message->kind = MESSAGE_RESPONSE;
    message->result = json_optional(message->root, "result");
    JsonIn error = json_optional(message->root, "error");
    message->failed = json_present(error);
    if (message->failed)
        message->error_text = json_opt_str(error, "message", S("error without a message"));
    if (json_kind(id) == JSON_TYPE_ABSENT)
        invalid(message, "neither a method nor an id");
}

Message *message_from_bytes(Str body)
{
    Arena *arena = arena_new("message");
    Message *message = NEW(arena, Message);
    message->arena = arena;
    message->bytes = body.len;
    message->id = S("null");
    if (!json_parse(arena, body, &message->root, &message->why)) {
        message->kind = MESSAGE_BAD;
        message->code = RPC_PARSE_ERROR;
        return message;
    }
    JsonIn root = message->root;
    if (json_kind(root) != JSON_TYPE_OBJECT) {
        invalid(message, "a message is an object; batches are not supported");
        return message;
    }
    JsonIn id = json_optional(root, "id");
    if (is_id(id))
        message->id = json_text(arena, id);
    JsonIn method = json_optional(root, "method");
    if (json_kind(method) != JSON_TYPE_ABSENT)
        read_request(message, method, id);
    else
        read_response(message, id);
    if (!str_eq(json_opt_str(root, "jsonrpc", S("")), S("2.0")))
        invalid(message, "jsonrpc: expected \"2.0\"");
    return message;
}

void message_free(Message *message)
{
    if (!message)
        return;
    json_done(message->root);
    arena_free(message->arena);
}
