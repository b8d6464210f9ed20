/*
 * perfloop lsp: the language server. Picks the transport, runs the loop, and turns its end into an
 * exit status: 0 after shutdown and exit, else 1.
 */

#include <argp.h>
#include <signal.h>
#include <unistd.h>
#include <uv.h>

#include "base/log.h"
#include "cli/commands.h"
#include "lsp/server.h"
#include "lsp/transport.h"

enum {
    FLUSH_MS = 300,
    POOL_THREADS_MAX = 4,
    OPTION_STDIO = 256,
    OPTION_PIPE,
    OPTION_SOCKET,
    OPTION_PID,
};

typedef struct Lsp {
    const char *pipe;
    uint64_t port;
    uint64_t client_pid;
} Lsp;

static const struct argp_option OPTIONS[] = {
    {"stdio", OPTION_STDIO, NULL, 0, "talk over standard input and output (the default)", 0},
    {"pipe", OPTION_PIPE, "NAME", 0, "connect to this socket in the file system", 0},
    {"socket", OPTION_SOCKET, "PORT", 0, "connect to this port of the loopback address", 0},
    {"clientProcessId", OPTION_PID, "PID", 0, "end when this process ends", 0},
    {0},
};

static const char DOC[] = "The language server: started by an editor, not by a person.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Lsp *lsp = state->input;
    switch (key) {
    case OPTION_STDIO:
        return 0;
    case OPTION_PIPE:
        lsp->pipe = arg;
        return 0;
    case OPTION_SOCKET:
        if (!str_to_u64(str_from_c(arg), &lsp->port) || lsp->port == 0 || lsp->port > 65535)
            argp_error(state, "--socket: a port from 1 to 65535 is needed");
        return 0;
    case OPTION_PID:
        if (!str_to_u64(str_from_c(arg), &lsp->client_pid))
            argp_error(state, "--clientProcessId: a number is needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {OPTIONS, parse, NULL, DOC, NULL, NULL, NULL};

static bool open_transport(const Lsp *lsp, TransportEnds *ends, Err *err)
{
    if (lsp->pipe)
        return transport_pipe(str_from_c(lsp->pipe), ends, err);
    if (lsp->port)
        return transport_socket((uint16_t)lsp->port, ends, err);
    return transport_stdio(ends, err);
}

static void on_signal(uv_signal_t *handle, int number)
{
    Server *server = handle->data;
    if (server_is_over(server))
        _exit(128 + number); /* asked twice: now */
    server_hang_up(server, number == SIGTERM ? "SIGTERM" : "a signal");
}

static unsigned pool_threads(void)
{
    unsigned cores = uv_available_parallelism();
    return cores < 2 ? 2 : cores > POOL_THREADS_MAX ? POOL_THREADS_MAX : cores;
}

static void close_signal(uv_handle_t *handle, void *unused UNUSED)
{
    if (handle->type == UV_SIGNAL && !uv_is_closing(handle))
        uv_close(handle, NULL);
}

static int serve(const Lsp *lsp, TransportEnds ends)
{
    static const int SIGNALS[] = {SIGTERM, SIGINT, SIGHUP};
    uv_loop_t loop;
    uv_signal_t handles[sizeof(SIGNALS) / sizeof(SIGNALS[0])];
    if (uv_loop_init(&loop))
        return EXIT_FAILED;
    Server *server = server_new(&(ServerOptions){
        .loop = &loop,
        .threads = pool_threads(),
        .program = S("/proc/self/exe"), /* this program again, even if replaced on disk */
        .client_pid = (int64_t)lsp->client_pid,
        .stay_with_parent = true,
    });
    for (size_t i = 0; i < sizeof(SIGNALS) / sizeof(SIGNALS[0]); i++) {
        uv_signal_init(&loop, &handles[i]);
        handles[i].data = server;
        uv_signal_start(&handles[i], on_signal, SIGNALS[i]);
    }
    Transport *transport = transport_new(server, ends);
    while (!server_is_over(server))
        uv_run(&loop, UV_RUN_ONCE);
    int status = server->exit_code;
    server_stop(server);
    transport_free(transport, FLUSH_MS);
    server_free(server);
    uv_walk(&loop, close_signal, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return status;
}

int cmd_lsp(int argc, char **argv)
{
    Lsp lsp = {0};
    Err err = {0};
    TransportEnds ends;
    argv[0] = (char *)(uintptr_t) "perfloop lsp";
    argp_parse(&ARGP, argc, argv, 0, NULL, &lsp);
    signal(SIGPIPE, SIG_IGN);
    if (!open_transport(&lsp, &ends, &err)) {
        log_error("lsp: %s", err.msg);
        return EXIT_FAILED;
    }
    return serve(&lsp, ends);
}
