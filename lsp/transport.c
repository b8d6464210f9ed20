#include "lsp/transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "lsp/framer.h"

enum {
    READ_BYTES = 64 * 1024,
    INBOX_BYTES = 64 * 1024 * 1024,
    TURN_NS = 50 * 1000 * 1000, /* of messages taken before the loop looks at other things */
};

struct Transport {
    Server *server;
    TransportEnds ends;
    int stop; /* an eventfd: readable once the threads must end */
    uv_thread_t reader;
    uv_thread_t writer;
    uv_async_t *wake;
    /* Under the lock. */
    uv_mutex_t lock;
    uv_cond_t room;
    Message *first;
    Message *last;
    size_t inbox_bytes;
    bool stopping;
    bool hung_up; /* the client is gone; why says how */
    const char *why;
    atomic_bool written; /* the writer has ended */
    atomic_bool stalled; /* the loop waits for the outbox to become less full */
    bool is_socket;      /* `out` */
};

/* ---------------------------------------------------------------- opening */

bool transport_stdio(TransportEnds *out, Err *err)
{
    TransportEnds ends = {
        .in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10),
        .out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10),
    };
    if (ends.in < 0 || ends.out < 0)
        return err_set(err, ERR_IO, "standard input and output: %s", strerror(errno));
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0)
        return err_set(err, ERR_IO, "/dev/null: %s", strerror(errno));
    if (dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        dup2(null, STDOUT_FILENO); /* standard error is closed */
    close(null);
    *out = ends;
    return true;
}

static bool connect_to(int fd, const struct sockaddr *address, socklen_t len, TransportEnds *out)
{
    if (fd < 0)
        return false;
    if (connect(fd, address, len) == 0) {
        *out = (TransportEnds){fd, fd};
        return true;
    }
    int why = errno;
    close(fd);
    errno = why;
    return false;
}

bool transport_pipe(Str name, TransportEnds *out, Err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!name.len || name.len >= sizeof(address.sun_path))
        return err_set(err, ERR_INPUT, "--pipe: a name of 1 to %zu bytes is needed",
                       sizeof(address.sun_path) - 1);
    memcpy(address.sun_path, name.ptr, name.len);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!connect_to(fd, (struct sockaddr *)&address, sizeof(address), out))
        return err_set(err, ERR_IO, "--pipe=" STR_FMT ": %s", STR_ARG(name), strerror(errno));
    return true;
}

bool transport_socket(uint16_t port, TransportEnds *out, Err *err)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!connect_to(fd, (struct sockaddr *)&address, sizeof(address), out))
        return err_set(err, ERR_IO, "--socket=%u: %s", port, strerror(errno));
    return true;
}

/* ---------------------------------------------------------------- reader */

/* False when the threads must end. */
static bool wait_for(const Transport *transport, int fd, short events)
{
    struct pollfd polls[] = {{fd, events, 0}, {transport->stop, POLLIN, 0}};
    while (poll(polls, 2, -1) < 0)
        if (errno != EINTR)
            return false;
    return !(polls[1].revents & POLLIN);
}

static void hang_up(Transport *transport, const char *why)
{
    uv_mutex_lock(&transport->lock);
    transport->hung_up = true;
    transport->why = why;
    uv_mutex_unlock(&transport->lock);
    uv_async_send(transport->wake);
}

static bool put(Transport *transport, Message *message)
{
    uv_mutex_lock(&transport->lock);
    while (transport->inbox_bytes > INBOX_BYTES && !transport->stopping)
        uv_cond_wait(&transport->room, &transport->lock);
    bool stopping = transport->stopping;
    if (!stopping) {
        if (transport->last)
            transport->last->next = message;
        else
            transport->first = message;
        transport->last = message;
        transport->inbox_bytes += message->bytes + sizeof(*message);
    }
    uv_mutex_unlock(&transport->lock);
    if (stopping)
        message_free(message);
    else
        uv_async_send(transport->wake);
    return !stopping;
}

/* Broken framing travels as a message, so that it is answered in its turn. */
static Message *broken_frame(const Err *why)
{
    Arena *arena = arena_new("message");
    Message *message = NEW(arena, Message);
    message->arena = arena;
    message->kind = MESSAGE_BAD;
    message->id = S("null");
    message->code = RPC_PARSE_ERROR;
    message->why = *why;
    return message;
}

static bool take_frames(Transport *transport, Framer *framer)
{
    Str body;
    Err why = {0};
    for (Frame frame; (frame = framer_next(framer, &body, &why)) != FRAME_NONE;) {
        Message *message = frame == FRAME_BODY ? message_from_bytes(body) : broken_frame(&why);
        if (!put(transport, message))
            return false;
    }
    return true;
}

static void read_all(void *argument)
{
    Transport *transport = argument;
    Framer *framer = framer_new(0);
    char *bytes = malloc(READ_BYTES);
    if (!bytes)
        abort();
    while (wait_for(transport, transport->ends.in, POLLIN)) {
        ssize_t got = read(transport->ends.in, bytes, READ_BYTES);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got <= 0) {
            bool inside = framer_pending(framer) > 0;
            hang_up(transport, got < 0  ? "the client cannot be read"
                               : inside ? "the input ends inside a message"
                                        : "the input ends");
            break;
        }
        framer_feed(framer, (Str){bytes, (size_t)got});
        if (!take_frames(transport, framer))
            break;
    }
    free(bytes);
    framer_free(framer);
}

/* ---------------------------------------------------------------- writer */

/*
 * A write that blocks could not be ended by `stop`. So one to a socket says that
 * it must not, and others are of a size that POLLOUT promises for a pipe.
 */
static ssize_t write_some(const Transport *transport, Str bytes)
{
    if (transport->is_socket)
        return send(transport->ends.out, bytes.ptr, bytes.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    return write(transport->ends.out, bytes.ptr, bytes.len < PIPE_BUF ? bytes.len : PIPE_BUF);
}

static bool write_whole(const Transport *transport, Str bytes)
{
    while (bytes.len) {
        if (!wait_for(transport, transport->ends.out, POLLOUT))
            return false;
        ssize_t wrote = write_some(transport, bytes);
        if (wrote < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (wrote < 0)
            return false;
        bytes = str_from(bytes, (size_t)wrote);
    }
    return true;
}

static void write_all(void *argument)
{
    Transport *transport = argument;
    Arena *arena = arena_new("writer");
    ArenaMark mark = arena_mark(arena);
    Str body;
    while (outbox_wait(transport->server->outbox, arena, &body)) {
        Str head = str_fmt(arena, "Content-Length: %zu\r\n\r\n", body.len);
        StrBuf message = strbuf_new(arena);
        strbuf_reserve(&message, head.len + body.len);
        strbuf_add(&message, head);
        strbuf_add(&message, body);
        bool ok = write_whole(transport, strbuf_str(&message));
        arena_rollback(arena, mark);
        if (atomic_load(&transport->stalled) && !outbox_is_full(transport->server->outbox))
            uv_async_send(transport->wake);
        if (ok)
            continue;
        outbox_discard(transport->server->outbox);
        hang_up(transport, "the client does not take what is written");
        break;
    }
    arena_free(arena);
    atomic_store(&transport->written, true);
}

/* ---------------------------------------------------------------- loop thread */

static Message *get(Transport *transport)
{
    uv_mutex_lock(&transport->lock);
    Message *message = transport->first;
    if (message) {
        transport->first = message->next;
        if (!transport->first)
            transport->last = NULL;
        transport->inbox_bytes -= message->bytes + sizeof(*message);
        uv_cond_signal(&transport->room);
    }
    uv_mutex_unlock(&transport->lock);
    return message;
}

static void on_wake(uv_async_t *wake)
{
    Transport *transport = wake->data;
    if (!transport)
        return;
    Server *server = transport->server;
    uint64_t start = clock_now_ns();
    while (!server_is_over(server)) {
        bool busy = server_is_busy(server);
        atomic_store(&transport->stalled, busy);
        if (busy && server_is_busy(server))
            return; /* the writer or a finished request wakes us */
        if (clock_now_ns() - start > TURN_NS) {
            uv_async_send(wake);
            return;
        }
        Message *message = get(transport);
        if (!message)
            break;
        server_receive(server, message);
    }
    uv_mutex_lock(&transport->lock);
    const char *why = transport->hung_up ? transport->why : NULL;
    uv_mutex_unlock(&transport->lock);
    if (why)
        server_hang_up(server, why);
}

static void on_room(void *context)
{
    Transport *transport = context;
    if (atomic_load(&transport->stalled))
        uv_async_send(transport->wake);
}

Transport *transport_new(Server *server, TransportEnds ends)
{
    Transport *transport = calloc(1, sizeof(*transport));
    uv_async_t *wake = calloc(1, sizeof(*wake));
    if (!transport || !wake || uv_mutex_init(&transport->lock) || uv_cond_init(&transport->room) ||
        uv_async_init(server->loop, wake, on_wake))
        abort();
    transport->server = server;
    server->has_room = on_room;
    server->room_context = transport;
    transport->ends = ends;
    transport->wake = wake;
    wake->data = transport;
    struct stat stat;
    transport->is_socket = fstat(ends.out, &stat) == 0 && S_ISSOCK(stat.st_mode);
    transport->stop = eventfd(0, EFD_CLOEXEC);
    if (transport->stop < 0 || uv_thread_create(&transport->reader, read_all, transport) ||
        uv_thread_create(&transport->writer, write_all, transport))
        abort();
    return transport;
}

static void free_wake(uv_handle_t *wake)
{
    free(wake);
}

/* What was written last should arrive; a client that does not read is not waited for. */
static void flush(Transport *transport, unsigned flush_ms)
{
    outbox_close(transport->server->outbox);
    for (unsigned waited = 0; waited < flush_ms && !atomic_load(&transport->written); waited++)
        usleep(1000);
}

void transport_free(Transport *transport, unsigned flush_ms)
{
    if (!transport)
        return;
    flush(transport, flush_ms);
    transport->server->has_room = NULL;
    uint64_t one = 1;
    ssize_t wrote = write(transport->stop, &one, sizeof(one));
    (void)wrote;
    uv_mutex_lock(&transport->lock);
    transport->stopping = true;
    uv_cond_broadcast(&transport->room);
    uv_mutex_unlock(&transport->lock);
    uv_thread_join(&transport->reader);
    uv_thread_join(&transport->writer);
    for (Message *message; (message = get(transport));)
        message_free(message);
    close(transport->ends.in);
    if (transport->ends.out != transport->ends.in)
        close(transport->ends.out);
    close(transport->stop);
    transport->wake->data = NULL;
    uv_close((uv_handle_t *)transport->wake, free_wake);
    uv_cond_destroy(&transport->room);
    uv_mutex_destroy(&transport->lock);
    free(transport);
}
