#include "lsp/world.h"

#include <stdlib.h>

#include "base/log.h"
#include "lsp/calls.h"
#include "lsp/closed.h"
#include "lsp/documents.h"
#include "lsp/heat/heat.h"
#include "lsp/methods.h"

/* One at a time; what changes before the answer asks for one more after it. */
typedef struct Refresh {
    bool asked;
    bool again;
} Refresh;

struct Loader {
    Job *job;
    bool again;
    Refresh lenses;
    Refresh hints;
};

Loader *loader_new(void)
{
    Loader *loader = calloc(1, sizeof(*loader));
    if (!loader)
        abort();
    return loader;
}

void loader_free(Loader *loader)
{
    free(loader);
}

static void refresh(Server *server, Refresh *refresh, const char *method, AnswerFn *answered)
{
    refresh->again = refresh->asked;
    if (refresh->asked || server->phase != PHASE_READY)
        return;
    refresh->asked = true;
    server_request(server, method, S(""), answered, NULL);
}

static void lenses_answered(Server *server, const Message *answer, void *context UNUSED)
{
    Refresh *lenses = &server->loader->lenses;
    lenses->asked = false;
    if (answer && lenses->again)
        refresh(server, lenses, "workspace/codeLens/refresh", lenses_answered);
}

static void hints_answered(Server *server, const Message *answer, void *context UNUSED)
{
    Refresh *hints = &server->loader->hints;
    hints->asked = false;
    if (answer && hints->again)
        refresh(server, hints, "workspace/inlayHint/refresh", hints_answered);
}

void world_refresh_editor(Server *server)
{
    Loader *loader = server->loader;
    if (server->client.lens_refresh)
        refresh(server, &loader->lenses, "workspace/codeLens/refresh", lenses_answered);
    if (server->client.hint_refresh)
        refresh(server, &loader->hints, "workspace/inlayHint/refresh", hints_answered);
}

typedef struct Load {
    Snapshot *snapshot;
    World *world;
} Load;

static void run_load(Job *job)
{
    Load *load = job->input;
    Arena *arena = arena_new("world");
    World *world = NEW(arena, World);
    world->refs = 1;
    world->arena = arena;
    world->bin = load->snapshot->bin;
    world->heat =
        heat_load(arena, &(HeatInput){
                             .places = load->snapshot->places,
                             .settings = snapshot_settings(load->snapshot),
                             .before = load->snapshot->world ? load->snapshot->world->heat : NULL,
                             .cancelled = &job->cancelled,
                         });
    world->closed = closed_make(job->arena, load->snapshot, world);
    load->world = world;
}

static void start_load(Server *server);

static void finish_load(Job *job)
{
    Server *server = job->owner;
    Load *load = job->input;
    World *world = load->world;
    server->loader->job = NULL;
    log_debug("lsp: world %llu loaded in %.1f ms", (unsigned long long)server->generation,
              (double)job->run_ns / 1e6);
    bool over = server->phase == PHASE_OVER || atomic_load(&job->cancelled);
    if (world && !over) {
        world->generation = ++server->generation;
        bool first = !server->world;
        world_unref(server->world);
        server->world = world_ref(world);
        server_changed(server);
        documents_renew(server);
        closed_publish(server);
        if (!first)
            world_refresh_editor(server);
    }
    world_unref(world);
    snapshot_unref(load->snapshot);
    free(load);
    job_free(job);
    if (server->loader->again && !over)
        start_load(server);
}

static void start_load(Server *server)
{
    Loader *loader = server->loader;
    loader->again = false;
    Load *load = calloc(1, sizeof(*load));
    if (!load)
        abort();
    load->snapshot = server_snapshot(server);
    loader->job = job_new("world", server->world ? JOB_BACKGROUND : JOB_REQUEST);
    loader->job->input = load;
    loader->job->owner = server;
    loader->job->run = run_load;
    loader->job->done = finish_load;
    pool_add(server->pool, loader->job);
}

void world_renew(Server *server)
{
    if (server->phase == PHASE_OVER || server->phase == PHASE_NEW)
        return;
    if (server->loader->job)
        server->loader->again = true;
    else
        start_load(server);
}

void world_did_change_files(Server *server, const Message *message UNUSED)
{
    world_renew(server);
}
