#include "lsp/documents.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/log.h"
#include "base/strbuf.h"
#include "lsp/analysis.h"
#include "lsp/closed.h"
#include "lsp/pause.h"
#include "lsp/uri.h"
#include "lsp/world.h"

enum { /* more versions than this behind: parse afresh instead of keeping their texts */
    STEPS_MAX = 128,
    STEPS_BYTES_MAX = 64 * 1024 * 1024,
};

typedef struct Doc {
    Arena *arena;
    Str uri;
    OpenDoc ready; /* the newest analysed version; empty before the first */
    DocVersion *newest;
    DocVersion **steps; /* versions after ready.doc, oldest first, up to the newest */
    size_t step_count;
    bool gap;    /* steps do not begin right after ready.doc */
    Job *job;    /* at most one */
    bool open;   /* false: closed while its job ran */
    bool edited; /* since its heat was last looked for afresh */
    bool again;  /* look for it afresh when nothing else is to do */
    Read *waiting;
    char *published; /* diagnostics as the client has them; NULL before the first */
    size_t published_len;
    int64_t published_version;
    UT_hash_handle hh;
} Doc;

struct Documents {
    Doc *docs;
    size_t count;
};

Documents *documents_new(void)
{
    Documents *documents = calloc(1, sizeof(*documents));
    if (!documents)
        abort();
    return documents;
}

static Doc *find(Documents *documents, Str uri)
{
    Doc *doc = NULL;
    HASH_FIND(hh, documents->docs, uri.ptr, uri.len, doc);
    return doc;
}

DocVersion *documents_current(Server *server, Str uri)
{
    Doc *doc = find(server->documents, uri);
    return doc ? doc->newest : NULL;
}

static LangId lang_of(Str language, Str path)
{
    static const struct {
        Str id;
        LangId lang;
    } IDS[] = {
        {STR_CONST("python"), LANG_PYTHON}, {STR_CONST("rust"), LANG_RUST},
        {STR_CONST("cuda"), LANG_CUDA},     {STR_CONST("cuda-cpp"), LANG_CUDA},
        {STR_CONST("toml"), LANG_TOML},
    };
    for (size_t i = 0; i < sizeof(IDS) / sizeof(IDS[0]); i++)
        if (str_eq(IDS[i].id, language))
            return IDS[i].lang;
    return lang_of_path(path);
}

DocVersion *version_new(Str uri, Str language)
{
    Arena *arena = arena_new("document");
    DocVersion *version = NEW(arena, DocVersion);
    version->refs = 1;
    version->arena = arena;
    version->uri = str_copy(arena, uri);
    if (!uri_to_path(arena, uri, &version->path))
        version->path = S("");
    version->lang = lang_of(language, version->path.len ? version->path : uri);
    version->serial = 1;
    version->replaced = true;
    return version;
}

DocVersion *version_after(const DocVersion *before)
{
    Arena *arena = arena_new("document");
    DocVersion *version = NEW(arena, DocVersion);
    version->refs = 1;
    version->arena = arena;
    version->uri = str_copy(arena, before->uri);
    version->path = str_copy(arena, before->path);
    version->lang = before->lang;
    version->bin = before->bin;
    version->serial = before->serial + 1;
    return version;
}

/* ---------------------------------------------------------------- around it, on the loop */

static void drop_steps(Doc *doc, size_t count)
{
    for (size_t i = 0; i < count; i++)
        version_unref(doc->steps[i]);
    doc->step_count -= count;
    if (doc->step_count)
        memmove(doc->steps, doc->steps + count, doc->step_count * sizeof(*doc->steps));
}

static void free_doc(Doc *doc)
{
    open_doc_finish(&doc->ready);
    drop_steps(doc, doc->step_count);
    version_unref(doc->newest);
    free(doc->steps);
    free(doc->published);
    arena_free(doc->arena);
    free(doc);
}

static bool is_ready(const Server *server, const Doc *doc, const DocVersion *version)
{
    return doc->ready.doc == version && doc->ready.heat && server->world &&
           doc->ready.heat->generation == server->world->generation;
}

/*
 * True when the client did not have them already. The same ones are sent again for another version:
 * rass drops what another of its servers has a newer version for, and newer eglots look at it, too.
 */
static bool publish(Server *server, Doc *doc, Str diagnostics)
{
    if (doc->ready.doc != doc->newest)
        return false;
    bool same = doc->published && str_eq((Str){doc->published, doc->published_len}, diagnostics);
    bool none = str_eq(diagnostics, S("[]"));
    if (same && (none || doc->published_version == doc->ready.doc->version))
        return false;
    doc->published_version = doc->ready.doc->version;
    free(doc->published);
    doc->published = malloc(diagnostics.len + 1);
    if (!doc->published)
        abort();
    memcpy(doc->published, diagnostics.ptr, diagnostics.len);
    doc->published_len = diagnostics.len;
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("publish");
    StrBuf buf = strbuf_new(scratch);
    JsonOut out = json_out(&buf);
    json_open(&out, '{');
    json_key_str(&out, "uri", doc->uri);
    json_key_i64(&out, "version", doc->ready.doc->version);
    json_key_raw(&out, "diagnostics", diagnostics);
    json_close(&out, '}');
    server_notify(server, LANE_DIAGNOSTICS, doc->uri, "textDocument/publishDiagnostics",
                  strbuf_str(&buf));
    return !same;
}

static void start_waiting(Server *server, Doc *doc)
{
    while (doc->waiting && is_ready(server, doc, read_version(doc->waiting))) {
        Read *read = doc->waiting;
        doc->waiting = *read_next(read);
        reads_start(server, read);
    }
}

/* The analysed version moves forward; what led to it is not needed any more. */
static void take_result(Server *server, Doc *doc, Analysis *analysis)
{
    uint64_t serial = analysis->target->serial;
    size_t done = 0;
    while (done < doc->step_count && doc->steps[done]->serial <= serial)
        done++;
    drop_steps(doc, done);
    doc->gap = doc->step_count && doc->steps[0]->serial != serial + 1;
    OpenDoc ready = {
        .doc = version_ref(analysis->target),
        .syntax = doc_syntax_ref(analysis->syntax),
        .heat = analysis->heat ? doc_heat_ref(analysis->heat) : NULL,
    };
    open_doc_finish(&doc->ready);
    doc->ready = ready;
    server_changed(server);
    if (analysis->diagnostics.ptr && is_ready(server, doc, doc->ready.doc) &&
        publish(server, doc, analysis->diagnostics) && analysis->again)
        world_refresh_editor(server);
    start_waiting(server, doc);
}

static void schedule(Server *server, Doc *doc);

static void finish_analysis(Job *job)
{
    Analysis *analysis = job->input;
    Server *server = job->owner;
    Doc *doc = analysis->owner;
    doc->job = NULL;
    bool done = analysis->syntax && !atomic_load(&job->cancelled);
    log_debug("lsp: analysis of " STR_FMT " version %lld: %.1f ms", STR_ARG(doc->uri),
              (long long)analysis->target->version, (double)job->run_ns / 1e6);
    if (done && doc->open)
        take_result(server, doc, analysis);
    analysis_free(analysis);
    job_free(job);
    if (!doc->open)
        free_doc(doc);
    else if (server->phase != PHASE_OVER)
        schedule(server, doc);
}

/* What the next job should make, or NULL. */
static DocVersion *next_target(const Server *server, const Doc *doc)
{
    DocVersion *target = doc->newest;
    if (doc->waiting)
        target = read_version(doc->waiting);
    if (is_ready(server, doc, target))
        return doc->again ? target : NULL;
    if (doc->ready.doc == target && !server->world)
        return NULL; /* all there is to do before the World comes */
    return target;
}

static void add_steps(Analysis *analysis, const Doc *doc)
{
    analysis->from = (OpenDoc){
        .doc = version_ref(doc->ready.doc),
        .syntax = doc_syntax_ref(doc->ready.syntax),
        .heat = doc->ready.heat ? doc_heat_ref(doc->ready.heat) : NULL,
    };
    analysis->has_edits = !doc->gap;
    analysis->steps = calloc(doc->step_count + 1, sizeof(DocVersion *));
    if (!analysis->steps)
        abort();
    for (size_t i = 0; i < doc->step_count; i++) {
        DocVersion *step = doc->steps[i];
        if (step->serial > analysis->target->serial)
            break;
        analysis->steps[analysis->step_count++] = version_ref(step);
        if (step->replaced)
            analysis->has_edits = false;
    }
}

static void schedule(Server *server, Doc *doc)
{
    DocVersion *target = doc->job ? NULL : next_target(server, doc);
    if (!target)
        return;
    Analysis *analysis = analysis_new();
    analysis->owner = doc;
    analysis->target = version_ref(target);
    analysis->snapshot = server_snapshot(server);
    if (doc->ready.doc)
        add_steps(analysis, doc);
    analysis->again = doc->again && is_ready(server, doc, target);
    if (analysis->again)
        doc->again = doc->edited = false;
    bool renewal = doc->ready.doc == target && doc->ready.heat && !doc->waiting;
    doc->job = job_new("analysis", renewal ? JOB_BACKGROUND : JOB_REQUEST);
    doc->job->input = analysis;
    doc->job->owner = server;
    doc->job->run = analysis_run;
    doc->job->done = finish_analysis;
    pool_add(server->pool, doc->job);
}

/* ---------------------------------------------------------------- open, change, close */

static void add_step(Doc *doc, DocVersion *version)
{
    size_t bytes = doc->step_count * text_bytes(version->text).len;
    if (doc->step_count >= STEPS_MAX || bytes > STEPS_BYTES_MAX) {
        drop_steps(doc, doc->step_count);
        doc->gap = true;
    }
    DocVersion **steps = realloc(doc->steps, (doc->step_count + 1) * sizeof(*steps));
    if (!steps)
        abort();
    doc->steps = steps;
    doc->steps[doc->step_count++] = version_ref(version);
    version_unref(doc->newest);
    doc->newest = version;
}

void documents_open(Server *server, DocVersion *version)
{
    Documents *documents = server->documents;
    Doc *doc = find(documents, version->uri);
    version->bin = server->bin;
    if (doc) {
        log_warn("lsp: opened again: " STR_FMT, STR_ARG(version->uri));
        version->serial = doc->newest->serial + 1;
        add_step(doc, version);
    } else {
        doc = calloc(1, sizeof(*doc));
        if (!doc)
            abort();
        doc->arena = arena_new("open document");
        doc->uri = str_copy(doc->arena, version->uri);
        doc->open = true;
        add_step(doc, version);
        HASH_ADD_KEYPTR(hh, documents->docs, doc->uri.ptr, doc->uri.len, doc);
        documents->count++;
    }
    server_changed(server);
    closed_publish(server);
    schedule(server, doc);
}

void documents_change(Server *server, DocVersion *version)
{
    Doc *doc = find(server->documents, version->uri);
    if (!EXPECT(doc)) {
        version_unref(version);
        return;
    }
    add_step(doc, version);
    doc->edited = true;
    doc->again = false;
    pause_restart(server);
    if (doc->job)
        pool_promote(server->pool, doc->job);
    server_changed(server);
    schedule(server, doc);
}

void documents_find_again(Server *server)
{
    for (Doc *doc = server->documents->docs; doc; doc = doc->hh.next) {
        doc->again = doc->edited;
        schedule(server, doc);
    }
}

static void refuse_waiting(Server *server, Doc *doc)
{
    while (doc->waiting) {
        Read *read = doc->waiting;
        doc->waiting = *read_next(read);
        reads_refuse(server, read, RPC_CONTENT_MODIFIED, "the document was closed");
    }
}

static void close_doc(Server *server, Doc *doc)
{
    HASH_DEL(server->documents->docs, doc);
    server->documents->count--;
    refuse_waiting(server, doc);
    doc->open = false;
    if (doc->job)
        atomic_store(&doc->job->cancelled, true); /* finish_analysis frees it */
    else
        free_doc(doc);
}

void documents_close(Server *server, Str uri)
{
    Doc *doc = find(server->documents, uri);
    if (!doc) {
        log_warn("lsp: closed, but not open: " STR_FMT, STR_ARG(uri));
        return;
    }
    if (doc->published && doc->published_len > 2) {
        CLEANUP(arena_cleanup) Arena *scratch = arena_new("publish");
        StrBuf buf = strbuf_new(scratch);
        JsonOut out = json_out(&buf);
        json_open(&out, '{');
        json_key_str(&out, "uri", uri);
        json_key_raw(&out, "diagnostics", S("[]"));
        json_close(&out, '}');
        server_notify(server, LANE_DIAGNOSTICS, uri, "textDocument/publishDiagnostics",
                      strbuf_str(&buf));
    }
    close_doc(server, doc);
    server_changed(server);
    closed_publish(server);
    world_renew(server); /* it may be one of the closed files worth a look */
}

void documents_free(Server *server, Documents *documents)
{
    Doc *doc, *next;
    HASH_ITER(hh, documents->docs, doc, next)
    {
        close_doc(server, doc);
    }
    free(documents);
}

void documents_wait(Server *server, Read *read)
{
    Doc *doc = find(server->documents, read_version(read)->uri);
    Read **end = &doc->waiting;
    while (*end)
        end = read_next(*end);
    *read_next(read) = NULL;
    *end = read;
    if (doc->job)
        pool_promote(server->pool, doc->job);
    start_waiting(server, doc);
    schedule(server, doc);
}

void documents_renew(Server *server)
{
    for (Doc *doc = server->documents->docs; doc; doc = doc->hh.next)
        schedule(server, doc);
}

void documents_list(Server *server, Snapshot *snapshot)
{
    snapshot->docs = NEW_ARRAY(snapshot->arena, OpenDoc, server->documents->count + 1);
    for (Doc *doc = server->documents->docs; doc; doc = doc->hh.next) {
        OpenDoc *open = &snapshot->docs[snapshot->doc_count++];
        bool analysed = doc->ready.doc != NULL;
        open->newest = version_ref(doc->newest);
        open->doc = version_ref(analysed ? doc->ready.doc : doc->newest);
        open->syntax = analysed ? doc_syntax_ref(doc->ready.syntax) : NULL;
        open->heat = doc->ready.heat ? doc_heat_ref(doc->ready.heat) : NULL;
    }
}

bool documents_are_ready(const Server *server)
{
    for (const Doc *doc = server->documents->docs; doc; doc = doc->hh.next)
        if (!is_ready(server, doc, doc->newest))
            return false;
    return true;
}
