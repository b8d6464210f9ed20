#include "lsp/progress.h"

#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "base/strbuf.h"
#include "lsp/calls.h"
#include "lsp/methods.h"

enum {
    MESSAGE_EVERY_MS = 30 * 1000,
};

typedef enum Channel {
    CHANNEL_ASKED, /* the token is being created */
    CHANNEL_TOKEN,
    CHANNEL_MESSAGES,
} Channel;

struct Progress {
    Progress *next;
    Server *server;
    Arena *arena;
    Str token;
    Str title;
    ProgressCancelFn *cancel; /* NULL once ended */
    void *context;
    Channel channel;
    int percent; /* the last one sent; never falls */
    bool ended;
    bool answered; /* to the creation of the token; freed only after it */
    uint64_t last_message_ms;
    char *latest; /* a report that came before the token was there */
    size_t latest_len;
};

static void send_value(const Progress *progress, const char *kind, int percent, Str message)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("progress");
    StrBuf buf = strbuf_new(scratch);
    JsonOut out = json_out(&buf);
    bool begin = kind[0] == 'b', report = kind[0] == 'r';
    json_open(&out, '{');
    json_key_str(&out, "token", progress->token);
    json_key_open(&out, "value", '{');
    json_key_str(&out, "kind", str_from_c(kind));
    if (begin)
        json_key_str(&out, "title", progress->title);
    if (begin || report)
        json_key_bool(&out, "cancellable", true);
    if (message.len)
        json_key_str(&out, "message", message);
    if ((begin || report) && percent >= 0)
        json_key_i64(&out, "percentage", percent > 100 ? 100 : percent);
    json_close(&out, '}');
    json_close(&out, '}');
    server_notify(progress->server, LANE_PROGRESS, report ? progress->token : S(""), "$/progress",
                  strbuf_str(&buf));
}

static void show(Progress *progress, Str message)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("progress");
    server_show(progress->server, NOTICE_INFO,
                str_fmt(scratch, "perfloop: " STR_FMT ": " STR_FMT, STR_ARG(progress->title),
                        STR_ARG(message)));
    progress->last_message_ms = uv_now(progress->server->loop);
}

static void unlink_progress(Progress *progress)
{
    Progress **at = &progress->server->progresses;
    while (*at && *at != progress)
        at = &(*at)->next;
    if (*at)
        *at = progress->next;
}

static void free_progress(Progress *progress)
{
    unlink_progress(progress);
    free(progress->latest);
    arena_free(progress->arena);
    free(progress);
}

static void begin(Server *server UNUSED, const Message *answer, void *context)
{
    Progress *progress = context;
    progress->answered = true;
    if (progress->ended) { /* nothing was begun, so nothing has to end */
        free_progress(progress);
        return;
    }
    if (!answer || answer->failed) {
        progress->channel = CHANNEL_MESSAGES;
        if (answer)
            show(progress, S("started"));
        return;
    }
    progress->channel = CHANNEL_TOKEN;
    send_value(progress, "begin", 0, (Str){progress->latest, progress->latest_len});
}

static Str new_token(Arena *arena)
{
    static unsigned made;
    return str_fmt(arena, "perfloop-%d-%llx-%u", (int)getpid(), (unsigned long long)clock_now_ns(),
                   ++made);
}

Progress *progress_new(Server *server, Str title, ProgressCancelFn *cancel, void *context)
{
    Progress *progress = calloc(1, sizeof(*progress));
    if (!progress)
        abort();
    progress->server = server;
    progress->arena = arena_new("progress");
    progress->title = str_copy(progress->arena, title);
    progress->token = new_token(progress->arena);
    progress->cancel = cancel;
    progress->context = context;
    progress->next = server->progresses;
    server->progresses = progress;
    if (!server->client.work_done_progress) {
        progress->channel = CHANNEL_MESSAGES;
        progress->answered = true;
        show(progress, S("started"));
        return progress;
    }
    StrBuf buf = strbuf_new(progress->arena);
    JsonOut out = json_out(&buf);
    json_open(&out, '{');
    json_key_str(&out, "token", progress->token);
    json_close(&out, '}');
    server_request(server, "window/workDoneProgress/create", strbuf_str(&buf), begin, progress);
    return progress;
}

static void remember(Progress *progress, Str message)
{
    free(progress->latest);
    progress->latest = malloc(message.len + 1);
    if (!progress->latest)
        abort();
    for (size_t i = 0; i < message.len; i++)
        progress->latest[i] = message.ptr[i];
    progress->latest_len = message.len;
}

void progress_report(Progress *progress, int percent, Str message)
{
    if (percent >= 0 && percent < progress->percent)
        percent = progress->percent;
    if (percent >= 0)
        progress->percent = percent;
    switch (progress->channel) {
    case CHANNEL_ASKED:
        remember(progress, message);
        break;
    case CHANNEL_TOKEN:
        send_value(progress, "report", percent, message);
        break;
    case CHANNEL_MESSAGES:
        if (uv_now(progress->server->loop) - progress->last_message_ms >= MESSAGE_EVERY_MS)
            show(progress, message);
        break;
    }
}

void progress_end(Progress *progress, Str message)
{
    if (!progress)
        return;
    if (progress->channel == CHANNEL_TOKEN)
        send_value(progress, "end", -1, message);
    progress->ended = true;
    progress->cancel = NULL;
    if (progress->answered)
        free_progress(progress);
}

void progress_did_cancel(Server *server, const Message *message)
{
    Str token = json_opt_str(message->params, "token", S(""));
    for (Progress *at = server->progresses; at; at = at->next) {
        if (!str_eq(at->token, token) || !at->cancel)
            continue;
        at->cancel(at->context);
        return;
    }
}
