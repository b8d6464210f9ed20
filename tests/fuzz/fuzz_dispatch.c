/*
 * A whole server on any bytes: framer, JSON guard, dispatcher, documents, features. Input that does
 * not begin with a header is taken as lines, each one a message body, so that mutations need not
 * keep lengths right. Every request must be answered once, and the server must end cleanly.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "base/json_in.h"
#include "base/log.h"
#include "lsp/framer.h"
#include "lsp/server.h"

static unsigned requests;

static void receive(Server *server, Str body)
{
    Message *message = message_from_bytes(body);
    requests += message->kind == MESSAGE_REQUEST || message->kind == MESSAGE_BAD;
    server_receive(server, message);
}

static void feed_framed(Server *server, Str bytes)
{
    Framer *framer = framer_new(1 << 20);
    framer_feed(framer, bytes);
    Str body;
    Err why = {0};
    Frame frame;
    while (!server_is_over(server) && (frame = framer_next(framer, &body, &why)) != FRAME_NONE) {
        if (frame == FRAME_BODY) {
            receive(server, body);
            continue;
        }
        requests++;
        server_garbage(server, &why);
    }
    framer_free(framer);
}

static void feed_lines(Server *server, Str bytes)
{
    for (Str line; !server_is_over(server) && str_next_line(&bytes, &line);)
        receive(server, line);
}

static unsigned responses(Server *server)
{
    Arena *arena = arena_new("answers");
    unsigned count = 0;
    for (Str body; outbox_pop(server->outbox, arena, &body);) {
        JsonIn root;
        Err err = {0};
        if (!json_parse(arena, body, &root, &err))
            abort();
        count += json_kind(json_optional(root, "method")) == JSON_TYPE_ABSENT;
        json_done(root);
    }
    arena_free(arena);
    return count;
}

static void lsp_feed(Str bytes)
{
    uv_loop_t loop;
    if (uv_loop_init(&loop))
        abort();
    requests = 0;
    Server *server = server_new(&(ServerOptions){.loop = &loop});
    if (str_starts(bytes, S("Content-Length:")))
        feed_framed(server, bytes);
    else
        feed_lines(server, bytes);
    while (!server_is_over(server) && pool_busy(server->pool))
        uv_run(&loop, UV_RUN_NOWAIT);
    bool ended_early = server_is_over(server);
    unsigned answered = responses(server);
    if (answered > requests || (!ended_early && answered < requests)) {
        fprintf(stderr, "%u requests, %u responses\n", requests, answered);
        abort();
    }
    server_stop(server);
    server_free(server);
    uv_run(&loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&loop))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    log_set_level(LOG_ERROR);
    lsp_feed((Str){(const char *)data, size});
    return 0;
}
