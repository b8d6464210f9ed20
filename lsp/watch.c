#include "lsp/watch.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

#include "base/log.h"
#include "base/path.h"
#include "lsp/world.h"
#include "runners/ledger/ledger.h"

enum {
    LOOK_EVERY_MS = 2000,
    SETTLE_MS = 60, /* several files change together */
    PARENT_EVERY_MS = 3000,
    FILES_MAX = 8,
    LEDGER_FILES = 2, /* the first of them */
};

struct Watch {
    Server *server;
    uv_fs_event_t event; /* the state folder */
    uv_fs_poll_t polls[FILES_MAX];
    size_t poll_count;
    uint64_t ledger; /* its stamp when the World was last loaded for it */
    bool not_ledger; /* another file has changed, too */
    uv_timer_t settle;
    uv_timer_t parent_timer;
    uv_poll_t parent_poll;
    int parent_fd;
    int64_t parent;
    unsigned open_handles;
    bool has_event;
    bool has_parent_poll;
};

Watch *watch_new(Server *server)
{
    Watch *watch = calloc(1, sizeof(*watch));
    if (!watch)
        abort();
    watch->server = server;
    watch->parent_fd = -1;
    uv_timer_init(server->loop, &watch->settle);
    uv_timer_init(server->loop, &watch->parent_timer);
    watch->settle.data = watch->parent_timer.data = watch;
    watch->open_handles = 2;
    return watch;
}

static void on_closed(uv_handle_t *handle)
{
    Watch *watch = handle->data;
    if (--watch->open_handles)
        return;
    if (watch->parent_fd >= 0)
        close(watch->parent_fd);
    free(watch);
}

void watch_free(Watch *watch)
{
    uv_close((uv_handle_t *)&watch->settle, on_closed);
    uv_close((uv_handle_t *)&watch->parent_timer, on_closed);
    if (watch->has_event)
        uv_close((uv_handle_t *)&watch->event, on_closed);
    if (watch->has_parent_poll)
        uv_close((uv_handle_t *)&watch->parent_poll, on_closed);
    for (size_t i = 0; i < watch->poll_count; i++)
        uv_close((uv_handle_t *)&watch->polls[i], on_closed);
}

/* ---------------------------------------------------------------- files */

static void on_settled(uv_timer_t *timer)
{
    Watch *watch = timer->data;
    uint64_t stamp = ledger_stamp(&watch->server->places);
    if (!watch->not_ledger && stamp == watch->ledger)
        return; /* somebody read it, perhaps we: SQLite makes and removes a log for that */
    watch->not_ledger = false;
    watch->ledger = stamp;
    world_renew(watch->server);
}

static void something_changed(Watch *watch)
{
    if (!uv_is_active((uv_handle_t *)&watch->settle))
        uv_timer_start(&watch->settle, on_settled, SETTLE_MS, 0);
}

static void on_event(uv_fs_event_t *event, const char *name, int events UNUSED, int status)
{
    Str file = str_from_c(name ? name : "");
    /* -shm changes whenever anybody reads. */
    if (status == 0 && str_starts(file, S("ledger.db")) && !str_ends(file, S("-shm")))
        something_changed(event->data);
}

static bool differs(const uv_stat_t *a, const uv_stat_t *b)
{
    return a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec ||
           a->st_size != b->st_size || a->st_ino != b->st_ino;
}

static void start_event(Watch *watch)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("watch");
    const char *folder = str_cstr(scratch, watch->server->places.state);
    if (watch->has_event)
        return;
    uv_fs_event_init(watch->server->loop, &watch->event);
    watch->event.data = watch;
    watch->open_handles++;
    watch->has_event = true;
    if (uv_fs_event_start(&watch->event, on_event, folder, 0) == 0)
        return;
    /* Not there yet: looking will notice when it comes. */
    log_debug("lsp: no notice of changes in %s", folder);
}

static void on_poll(uv_fs_poll_t *poll, int status UNUSED, const uv_stat_t *before,
                    const uv_stat_t *now)
{
    Watch *watch = poll->data;
    if (!differs(before, now))
        return;
    size_t index = (size_t)(poll - watch->polls);
    watch->not_ledger |= index >= LEDGER_FILES;
    if (watch->has_event && !uv_is_active((uv_handle_t *)&watch->event)) {
        CLEANUP(arena_cleanup) Arena *scratch = arena_new("watch");
        (void)uv_fs_event_start(&watch->event, on_event,
                                str_cstr(scratch, watch->server->places.state), 0);
    }
    something_changed(watch);
}

static void look_at(Watch *watch, Str folder, Str name)
{
    if (!folder.len || watch->poll_count == FILES_MAX)
        return;
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("watch");
    uv_fs_poll_t *poll = &watch->polls[watch->poll_count];
    if (uv_fs_poll_init(watch->server->loop, poll))
        return;
    poll->data = watch;
    watch->poll_count++;
    watch->open_handles++;
    (void)uv_fs_poll_start(poll, on_poll, str_cstr(scratch, path_join(scratch, folder, name)),
                           LOOK_EVERY_MS);
}

void watch_places(Server *server)
{
    Watch *watch = server->watch;
    const Places *places = &server->places;
    start_event(watch);
    watch->ledger = ledger_stamp(places);
    look_at(watch, places->state, S("ledger.db"));
    look_at(watch, places->state, S("ledger.db-wal"));
    look_at(watch, places->root, S("perfloop.toml"));
    look_at(watch, places->root, S("pyproject.toml"));
    look_at(watch, places->root, S("Cargo.toml"));
    look_at(watch, places->git_dir, S("HEAD"));
    look_at(watch, places->user_state, S("trust"));
}

/* ---------------------------------------------------------------- parent */

static void on_parent_timer(uv_timer_t *timer)
{
    Watch *watch = timer->data;
    if (kill((pid_t)watch->parent, 0) != 0 && errno == ESRCH)
        server_hang_up(watch->server, "the client's process is gone");
}

static void on_parent_readable(uv_poll_t *poll, int status UNUSED, int events UNUSED)
{
    Watch *watch = poll->data;
    uv_poll_stop(poll);
    server_hang_up(watch->server, "the client's process is gone");
}

void watch_parent(Server *server, int64_t pid)
{
    Watch *watch = server->watch;
    if (pid <= 0 || pid > INT32_MAX || !server->options.stay_with_parent || watch->parent)
        return;
    if (kill((pid_t)pid, 0) != 0 && errno == ESRCH) {
        log_info("lsp: the client's process %lld is not here: not watched", (long long)pid);
        return;
    }
    watch->parent = pid;
    watch->parent_fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
    if (watch->parent_fd >= 0 &&
        uv_poll_init(server->loop, &watch->parent_poll, watch->parent_fd) == 0) {
        watch->parent_poll.data = watch;
        watch->has_parent_poll = true;
        watch->open_handles++;
        uv_poll_start(&watch->parent_poll, UV_READABLE, on_parent_readable);
        return;
    }
    uv_timer_start(&watch->parent_timer, on_parent_timer, PARENT_EVERY_MS, PARENT_EVERY_MS);
}
