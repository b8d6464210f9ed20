/*
 * Message: one JSON-RPC message from the client, parsed.
 *
 * The reader thread makes it and hands it over whole; from then on it belongs to one thread at a
 * time (loop, or the worker of the request it is). A body that is no message of JSON-RPC 2.0 is a
 * MESSAGE_BAD with the error code to answer with, as is a message whose shape is wrong.
 */
#ifndef LSP_MESSAGE_H
#define LSP_MESSAGE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json_in.h"
#include "base/str.h"

typedef enum RpcCode {
    RPC_PARSE_ERROR = -32700,
    RPC_INVALID_REQUEST = -32600,
    RPC_METHOD_NOT_FOUND = -32601,
    RPC_INVALID_PARAMS = -32602,
    RPC_INTERNAL_ERROR = -32603,
    RPC_NOT_INITIALIZED = -32002,
    RPC_REQUEST_FAILED = -32803,
    RPC_CONTENT_MODIFIED = -32801,
    RPC_REQUEST_CANCELLED = -32800,
} RpcCode;

typedef enum MessageKind {
    MESSAGE_REQUEST,
    MESSAGE_NOTIFICATION,
    MESSAGE_RESPONSE,
    MESSAGE_BAD,
} MessageKind;

typedef struct Message {
    struct Message *next; /* in a queue */
    Arena *arena;
    MessageKind kind;
    size_t bytes; /* of the body */
    Str id;       /* its JSON text: 7, "a-7", null */
    Str method;
    JsonIn root;
    JsonIn params; /* absent when there are none */
    JsonIn result; /* of a response; `failed` when it carries an error instead */
    bool failed;
    Str error_text;
    RpcCode code; /* of a MESSAGE_BAD */
    Err why;
} Message;

/* Never NULL. */
Message *message_from_bytes(Str body);
void message_free(Message *message);

#endif
