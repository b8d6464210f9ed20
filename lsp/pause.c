#include "lsp/pause.h"

#include <stdlib.h>
#include <uv.h>

#include "lsp/documents.h"

struct Pause {
    uv_timer_t timer;
};

Pause *pause_new(Server *server)
{
    Pause *pause = calloc(1, sizeof(*pause));
    if (!pause)
        abort();
    uv_timer_init(server->loop, &pause->timer);
    /* Alone it must not keep the loop alive. */
    uv_unref((uv_handle_t *)&pause->timer);
    pause->timer.data = server;
    return pause;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle); /* the timer is the first member */
}

void pause_free(Pause *pause)
{
    if (pause)
        uv_close((uv_handle_t *)&pause->timer, on_closed);
}

static void on_pause(uv_timer_t *timer)
{
    documents_find_again(timer->data);
}

void pause_restart(Server *server)
{
    uv_timer_start(&server->pause->timer, on_pause, PAUSE_MS, 0);
}
