/*
 * Server: all mutable state, owned by the loop thread. There are no locks here.
 *
 * Whoever has bytes (lsp/transport.c, or a test) parses them into Messages and gives each to
 * server_receive; what the server has to say goes into its Outbox, from which somebody writes it.
 * So the same server runs over stdio, a socket, or inside a test with neither.
 *
 *     client bytes → framer → Message → server_receive → handler (loop)  ─┐
 *                                                     └→ feature (worker) ┴→ Outbox → client
 *
 * The parts, each a pair of files that works on this struct:
 *
 *     lifecycle   initialize … exit, and which message is legal when
 *     sync        didOpen, didChange, didClose → documents
 *     documents   open files, their versions, and the job that analyses them
 *     reads       requests answered from a snapshot on a worker; $/cancelRequest
 *     calls       our requests to the client and their answers
 *     world       loads Heat again when ledger, profiles or settings change; refreshes
 *     closed      diagnostics of a few files that are not open
 *     pause       heat looked for afresh when the user stops typing
 *     configure   settings from three sources
 *     progress    server-initiated progress, or messages where the client has none
 *     child       `perfloop CMD --events` behind a command
 *     watch       our own files on disk, and the parent process
 */
#ifndef LSP_SERVER_H
#define LSP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "lsp/client.h"
#include "lsp/job.h"
#include "lsp/message.h"
#include "lsp/outbox.h"
#include "lsp/snapshot.h"
#include "runners/places.h"

struct uv_loop_s;

enum {
    STOP_MS = 1500,
    SLOW_HANDLER_NS = 5 * 1000 * 1000, /* more than this on the loop thread is logged */
};

typedef enum Phase {
    PHASE_NEW, /* before initialize */
    PHASE_READY,
    PHASE_SHUTDOWN, /* shutdown was asked for; only exit is legal */
    PHASE_OVER,     /* the loop may end */
} Phase;

typedef enum Trace {
    TRACE_OFF,
    TRACE_MESSAGES,
    TRACE_VERBOSE,
} Trace;

typedef struct ServerOptions {
    struct uv_loop_s *loop;
    unsigned threads;      /* of the pool; 0: jobs run inside pool_drain (tests) */
    Str program;           /* what child jobs run; empty: commands that act are refused */
    int64_t client_pid;    /* --clientProcessId; 0: not given */
    bool stay_with_parent; /* end when the process named by the client ends */
} ServerOptions;

typedef struct Server {
    Arena *arena; /* lives as long as the server */
    ServerOptions options;
    struct uv_loop_s *loop;
    Outbox *outbox;
    Pool *pool;
    struct Bin *bin;
    Phase phase;
    int exit_code;
    Trace trace;
    Client client;
    Places places;
    bool has_places;
    Choice *choice;
    World *world;
    uint64_t generation; /* of the newest World asked for */
    Snapshot *snapshot;  /* of the present moment; NULL when something changed since */
    struct Documents *documents;
    struct Reads *reads;
    struct Calls *calls;
    struct Loader *loader;
    struct Pause *pause;
    struct Closed *closed;
    struct Children *children;
    struct Watch *watch;
    struct Progress *progresses;
    void (*has_room)(void *context); /* called when a busy server can take messages again */
    void *room_context;
    unsigned bad_messages; /* in a row */
    unsigned slow_handlers;
} Server;

Server *server_new(const ServerOptions *options);
/*
 * Ends what runs: the child is told to stop, and its group is killed when it does not within
 * STOP_MS. Runs the loop meanwhile. Then server_free.
 */
void server_stop(Server *server);
/* Stops the pool and closes every handle; run the loop once more after it. */
void server_free(Server *server);

/* Takes the message over. */
void server_receive(Server *server, Message *message);
/* Bytes that were no message: answered with a ParseError; too many in a row end the server. */
void server_garbage(Server *server, const Err *why);
/* The client is gone (end of input, broken pipe, its process died), or SIGTERM came. */
void server_hang_up(Server *server, const char *why);
bool server_is_over(const Server *server);
/*
 * So much is under way, or waits for a client that does not read, that no further message should
 * be given to it now.
 */
bool server_is_busy(const Server *server);

/* The present moment; counted, give it back with snapshot_unref. */
Snapshot *server_snapshot(Server *server);
/* Something a Snapshot shows has changed. */
void server_changed(Server *server);

/* To the client. Params and results are JSON values. */
void server_reply(Server *server, Str id, Str result);
void server_reply_error(Server *server, Str id, RpcCode code, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
void server_notify(Server *server, Lane lane, Str key, const char *method, Str params);

typedef enum Notice { /* the numbers of MessageType */
    NOTICE_ERROR = 1,
    NOTICE_WARNING = 2,
    NOTICE_INFO = 3,
    NOTICE_LOG = 4,
} Notice;
void server_show(Server *server, Notice notice, Str text);

#endif
