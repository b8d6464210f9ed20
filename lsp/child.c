#include "lsp/child.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/log.h"
#include "lsp/child_events.h"
#include "lsp/overlay.h"
#include "lsp/world.h"

enum {
    GRACE_MS = 5 * 1000,    /* between SIGTERM and SIGKILL */
    SHUTDOWN_WAIT_MS = 400, /* the shortest patience of a client is 500 ms */
    LINE_BYTES_MAX = 64 * 1024 * 1024,
    READ_BYTES = 64 * 1024,
    ERROR_TAIL = 2000, /* of standard error, kept for a child that dies without a word */
};

struct Child {
    Child *next;
    Server *server;
    Arena *arena;
    ChildView view; /* what events work on */
    Str *argv;
    size_t argc;
    bool overlay;
    bool quiet;
    Job *preparing; /* writes the overlay */
    Str overlay_path;
    uv_process_t process;
    uv_pipe_t in, out, err;
    uv_timer_t grace;
    unsigned open_handles;
    bool spawned;
    bool exited;
    bool out_ended;
    bool finished;
    bool cancelled;
    int64_t status;
    int signal;
    char *line; /* of standard output, not yet complete */
    size_t line_len;
    size_t line_cap;
    char tail[ERROR_TAIL];
    size_t tail_len;
    char buffer[READ_BYTES];
};

struct Children {
    Child *running;
    Child *waiting;
    unsigned made;
    bool stopping;
    Str shutdown_id; /* the request to answer when all are gone */
    uv_timer_t *patience;
};

Children *children_new(void)
{
    Children *children = calloc(1, sizeof(*children));
    if (!children)
        abort();
    return children;
}

static void free_child(Child *child)
{
    free(child->line);
    if (child->overlay_path.len)
        unlink(str_cstr(child->arena, child->overlay_path));
    snapshot_unref(child->view.snapshot);
    arena_free(child->arena);
    free(child);
}

static void on_handle_closed(uv_handle_t *handle)
{
    Child *child = handle->data;
    if (--child->open_handles == 0)
        free_child(child);
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_handle_closed);
}

static void close_child(Child *child)
{
    close_handle((uv_handle_t *)&child->process);
    close_handle((uv_handle_t *)&child->in);
    close_handle((uv_handle_t *)&child->out);
    close_handle((uv_handle_t *)&child->err);
    close_handle((uv_handle_t *)&child->grace);
}

static void kill_group(const Child *child, int number)
{
    if (child->spawned && !child->exited)
        kill(-child->process.pid, number);
}

static void answer_shutdown(Server *server)
{
    Children *children = server->children;
    if (!children->shutdown_id.len || children->running)
        return;
    server_reply(server, children->shutdown_id, S("null"));
    children->shutdown_id = S("");
}

static void start_child(Child *child);

/* After it ended: the message, the world, and the next one in line. */
static void leave(Child *child)
{
    Server *server = child->server;
    Children *children = server->children;
    if (children->running == child)
        children->running = NULL;
    if (child->quiet) {
        log_info("lsp: %zu requests were answered while '" STR_FMT "' ran",
                 pool_ran_while_held(server->pool), STR_ARG(child->view.title));
        pool_hold(server->pool, false);
    }
    server_changed(server);
    world_renew(server);
    world_refresh_editor(server);
    Child *next = children->waiting;
    children->waiting = NULL;
    if (next && !children->stopping)
        start_child(next);
    else if (next)
        free_child(next);
    answer_shutdown(server);
}

static void finish_if_over(Child *child)
{
    if (!child->exited || !child->out_ended || child->finished)
        return;
    child->finished = true;
    Str tail = str_trim((Str){child->tail, child->tail_len});
    child_over(&child->view, child->cancelled, child->status, child->signal, tail);
    leave(child);
    close_child(child);
}

static void on_exit_status(uv_process_t *process, int64_t status, int number)
{
    Child *child = process->data;
    child->exited = true;
    child->status = status;
    child->signal = number;
    kill(-process->pid, SIGKILL); /* whatever of its group it left behind */
    finish_if_over(child);
}

static void take_line(Child *child, Str more)
{
    if (child->line_len + more.len > LINE_BYTES_MAX) {
        log_warn("lsp: '" STR_FMT "' wrote a line of more than %d bytes",
                 STR_ARG(child->view.title), LINE_BYTES_MAX);
        child->line_len = 0;
        return;
    }
    if (child->line_len + more.len > child->line_cap) {
        child->line_cap = 2 * (child->line_len + more.len);
        child->line = realloc(child->line, child->line_cap);
        if (!child->line)
            abort();
    }
    memcpy(child->line + child->line_len, more.ptr, more.len);
    child->line_len += more.len;
}

static void on_output(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    Child *child = stream->data;
    if (got < 0) {
        uv_read_stop(stream);
        child->out_ended = true;
        finish_if_over(child);
        return;
    }
    Str bytes = {buffer->base, (size_t)got};
    for (Str before, after; str_cut(bytes, '\n', &before, &after); bytes = after) {
        take_line(child, before);
        child_event(&child->view, (Str){child->line, child->line_len});
        child->line_len = 0;
    }
    take_line(child, bytes);
}

static void on_error_output(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    Child *child = stream->data;
    if (got < 0) {
        uv_read_stop(stream);
        return;
    }
    Str bytes = {buffer->base, (size_t)got};
    if (bytes.len > ERROR_TAIL)
        bytes = str_from(bytes, bytes.len - ERROR_TAIL);
    size_t keep = ERROR_TAIL - bytes.len;
    if (child->tail_len > keep) {
        memmove(child->tail, child->tail + child->tail_len - keep, keep);
        child->tail_len = keep;
    }
    memcpy(child->tail + child->tail_len, bytes.ptr, bytes.len);
    child->tail_len += bytes.len;
}

static void lend_buffer(uv_handle_t *handle, size_t wanted UNUSED, uv_buf_t *buffer)
{
    Child *child = handle->data;
    *buffer = uv_buf_init(child->buffer, sizeof(child->buffer));
}

static void init_handles(Child *child)
{
    uv_loop_t *loop = child->server->loop;
    uv_pipe_init(loop, &child->in, 0);
    uv_pipe_init(loop, &child->out, 0);
    uv_pipe_init(loop, &child->err, 0);
    uv_timer_init(loop, &child->grace);
    child->in.data = child->out.data = child->err.data = child->grace.data = child;
    child->process.data = child;
    child->open_handles = 5;
}

static char **make_argv(Child *child)
{
    char **argv = NEW_ARRAY(child->arena, char *, child->argc + 5);
    size_t n = 0;
    argv[n++] = str_cstr(child->arena, child->server->options.program);
    for (size_t i = 0; i < child->argc; i++)
        argv[n++] = str_cstr(child->arena, child->argv[i]);
    argv[n++] = str_cstr(child->arena, S("--events"));
    if (child->overlay_path.len) {
        argv[n++] = str_cstr(child->arena, S("--overlay"));
        argv[n++] = str_cstr(child->arena, child->overlay_path);
    }
    return argv;
}

static bool spawn(Child *child, Err *err)
{
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&child->in},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&child->out},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&child->err},
    };
    char **argv = make_argv(child);
    uv_process_options_t options = {
        .exit_cb = on_exit_status,
        .file = argv[0],
        .args = argv,
        .cwd = str_cstr(child->arena, child->server->places.root),
        .flags = UV_PROCESS_DETACHED,
        .stdio = stdio,
        .stdio_count = 3,
    };
    init_handles(child);
    int status = uv_spawn(child->server->loop, &child->process, &options);
    if (status)
        return err_set(err, ERR_IO, "cannot start %s: %s", argv[0], uv_strerror(status));
    child->spawned = true;
    uv_read_start((uv_stream_t *)&child->out, lend_buffer, on_output);
    uv_read_start((uv_stream_t *)&child->err, lend_buffer, on_error_output);
    return true;
}

static void run_child(Child *child)
{
    Err err = {0};
    if (child->cancelled) {
        child_over(&child->view, true, 0, 0, S(""));
        leave(child);
        free_child(child);
        return;
    }
    if (!spawn(child, &err)) {
        child_over(&child->view, false, 1, 0, str_from_c(err.msg));
        leave(child);
        close_child(child);
    }
}

static void run_overlay(Job *job)
{
    Child *child = job->input;
    Err *err = NEW(job->arena, Err);
    job->output = err;
    if (!overlay_write(job->arena, child->view.snapshot, &child->overlay_path, err))
        child->overlay_path = S("");
}

static void finish_overlay(Job *job)
{
    Child *child = job->input;
    Err err = job->output ? *(Err *)job->output : (Err){.kind = ERR_CANCELLED};
    child->preparing = NULL;
    child->overlay_path = str_copy(child->arena, child->overlay_path);
    if (err.kind == ERR_NONE || child->cancelled) {
        run_child(child);
    } else {
        child_over(&child->view, false, 1, 0, str_from_c(err.msg));
        leave(child);
        free_child(child);
    }
    job_free(job);
}

static void on_grace_over(uv_timer_t *grace)
{
    Child *child = grace->data;
    log_warn("lsp: '" STR_FMT "' did not end in %d ms after SIGTERM", STR_ARG(child->view.title),
             GRACE_MS);
    kill_group(child, SIGKILL);
}

static void cancel_child(void *context)
{
    Child *child = context;
    child->cancelled = true;
    if (!child->spawned || child->exited)
        return;
    kill_group(child, SIGTERM);
    uv_timer_start(&child->grace, on_grace_over, GRACE_MS, 0);
}

typedef struct Answer {
    uv_write_t request;
    size_t len;
    char bytes[];
} Answer;

static void on_answered(uv_write_t *request, int status)
{
    if (status)
        log_info("lsp: the command did not take an answer: %s", uv_strerror(status));
    free(request->data);
}

/* A line to the child's standard input. */
static void answer_child(void *context, Str line)
{
    Child *child = context;
    if (!child->spawned || child->exited || uv_is_closing((uv_handle_t *)&child->in))
        return;
    Answer *answer = malloc(sizeof(*answer) + line.len);
    if (!answer)
        abort();
    memcpy(answer->bytes, line.ptr, line.len);
    answer->request.data = answer;
    uv_buf_t buffer = uv_buf_init(answer->bytes, (unsigned)line.len);
    if (uv_write(&answer->request, (uv_stream_t *)&child->in, &buffer, 1, on_answered))
        free(answer);
}

static void start_child(Child *child)
{
    Server *server = child->server;
    server->children->running = child;
    if (child->quiet)
        pool_hold(server->pool, true);
    child->view.snapshot = server_snapshot(server);
    child->view.answer = answer_child;
    child->view.cancel = cancel_child;
    child->view.child = child;
    child_begin(&child->view);
    server_changed(server);
    world_refresh_editor(server);
    if (!child->overlay) {
        run_child(child);
        return;
    }
    child->preparing = job_new("overlay", JOB_REQUEST);
    child->preparing->input = child;
    child->preparing->run = run_overlay;
    child->preparing->done = finish_overlay;
    pool_add(server->pool, child->preparing);
}

/* ---------------------------------------------------------------- commands */

static void reply_with_id(Server *server, Str request, Str id)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("reply");
    server_reply(server, request, str_fmt(scratch, "{\"job\":\"" STR_FMT "\"}", STR_ARG(id)));
}

void children_start(Server *server, const ChildOptions *options)
{
    Children *children = server->children;
    Child *child = calloc(1, sizeof(*child));
    if (!child)
        abort();
    child->server = server;
    child->arena = arena_new("child");
    child->argc = options->argc;
    child->argv = NEW_ARRAY(child->arena, Str, options->argc + 1);
    for (size_t i = 0; i < options->argc; i++)
        child->argv[i] = str_copy(child->arena, options->argv[i]);
    child->overlay = options->overlay;
    child->quiet = options->quiet;
    child->view = (ChildView){
        .server = server,
        .arena = child->arena,
        .id = str_fmt(child->arena, "job-%u", ++children->made),
        .title = str_copy(child->arena, options->title),
        .workload = str_copy(child->arena, options->workload),
    };
    reply_with_id(server, options->request, child->view.id);
    if (!children->running) {
        start_child(child);
        return;
    }
    if (children->waiting)
        free_child(children->waiting);
    children->waiting = child;
}

bool children_cancel(Server *server, Str id)
{
    Children *children = server->children;
    bool found = false;
    Child *waiting = children->waiting;
    if (waiting && (!id.len || str_eq(waiting->view.id, id))) {
        children->waiting = NULL;
        free_child(waiting);
        found = true;
    }
    Child *running = children->running;
    if (running && (!id.len || str_eq(running->view.id, id))) {
        cancel_child(running);
        found = true;
    }
    return found;
}

RunningJob children_running(const Server *server, Arena *arena)
{
    const Child *child = server->children->running;
    if (!child)
        return (RunningJob){0};
    return (RunningJob){
        .id = str_copy(arena, child->view.id),
        .title = str_copy(arena, child->view.title),
        .workload = str_copy(arena, child->view.workload),
    };
}

static void on_patience_closed(uv_handle_t *timer)
{
    free(timer);
}

static void on_patience_over(uv_timer_t *timer)
{
    Server *server = timer->data;
    Children *children = server->children;
    children->patience = NULL;
    uv_close((uv_handle_t *)timer, on_patience_closed);
    if (!children->shutdown_id.len)
        return;
    server_reply(server, children->shutdown_id, S("null"));
    children->shutdown_id = S("");
}

void children_stop(Server *server, Str id)
{
    Children *children = server->children;
    children->stopping = true;
    children->shutdown_id = id;
    children_cancel(server, S(""));
    answer_shutdown(server);
    if (!children->running || children->patience)
        return;
    children->patience = calloc(1, sizeof(*children->patience));
    if (!children->patience)
        abort();
    uv_timer_init(server->loop, children->patience);
    children->patience->data = server;
    uv_timer_start(children->patience, on_patience_over, SHUTDOWN_WAIT_MS, 0);
}

static void on_end_waited(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

static void on_end_closed(uv_handle_t *timer)
{
    free(timer);
}

void children_end(Server *server, unsigned wait_ms)
{
    Children *children = server->children;
    bool waited = false;
    children->stopping = true;
    children_cancel(server, S(""));
    uv_timer_t *timer = calloc(1, sizeof(*timer));
    if (!timer)
        abort();
    uv_timer_init(server->loop, timer);
    timer->data = &waited;
    uv_timer_start(timer, on_end_waited, wait_ms, 0);
    while (children->running && !waited)
        uv_run(server->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)timer, on_end_closed);
    if (children->running)
        kill_group(children->running, SIGKILL);
}

/* After children_end and pool_free. */
void children_free(Children *children)
{
    if (children->patience)
        uv_close((uv_handle_t *)children->patience, on_patience_closed);
    Child *child = children->running;
    if (child && child->open_handles) { /* killed, and not waited for */
        child_over(&child->view, true, 0, 0, S(""));
        child->finished = true;
        close_child(child);
    }
    free(children);
}
