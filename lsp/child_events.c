#include "lsp/child_events.h"

#include <stdlib.h>

#include "base/json_in.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "lsp/calls.h"
#include "lsp/edits.h"
#include "lsp/uri.h"

typedef struct Ask {
    struct Ask *next;
    ChildView *view; /* NULL once the child is gone */
} Ask;

void child_begin(ChildView *view)
{
    view->progress = progress_new(view->server, view->title, view->cancel, view->child);
}

static void unlink_ask(Ask *ask)
{
    Ask **at = &ask->view->asks;
    while (*at && *at != ask)
        at = &(*at)->next;
    if (*at)
        *at = ask->next;
}

static void on_asked(Server *server UNUSED, const Message *answer, void *context)
{
    Ask *ask = context;
    if (ask->view) {
        CLEANUP(arena_cleanup) Arena *scratch = arena_new("answer");
        bool chosen = answer && !answer->failed && json_present(answer->result);
        StrBuf buf = strbuf_new(scratch);
        JsonOut out = json_out(&buf);
        json_open(&out, '{');
        json_key(&out, "answer");
        if (chosen)
            json_put_str(&out, json_opt_str(answer->result, "title", S("")));
        else
            json_put_null(&out);
        json_close(&out, '}');
        strbuf_char(&buf, '\n');
        ask->view->answer(ask->view->child, strbuf_str(&buf));
        unlink_ask(ask);
    }
    free(ask);
}

/* `actions` is always there and its items carry a title only: some clients insist on both. */
static void take_ask(ChildView *view, Arena *scratch, JsonIn event)
{
    StrBuf buf = strbuf_new(scratch);
    JsonOut out = json_out(&buf);
    json_open(&out, '{');
    json_key_i64(&out, "type", NOTICE_INFO);
    json_key_str(&out, "message", json_opt_str(event, "message", S("")));
    json_key_open(&out, "actions", '[');
    JsonIn choices = json_optional(event, "choices");
    for (size_t i = 0; i < json_len(choices); i++) {
        json_open(&out, '{');
        json_key_str(&out, "title", json_as_str(json_item(choices, i)));
        json_close(&out, '}');
    }
    json_close(&out, ']');
    json_close(&out, '}');
    Ask *ask = calloc(1, sizeof(*ask));
    if (!ask)
        abort();
    ask->view = view;
    ask->next = view->asks;
    view->asks = ask;
    server_request(view->server, "window/showMessageRequest", strbuf_str(&buf), on_asked, ask);
}

static void show_document(ChildView *view, Arena *scratch, Str path)
{
    if (!view->server->client.show_document)
        return;
    StrBuf buf = strbuf_new(scratch);
    JsonOut out = json_out(&buf);
    json_open(&out, '{');
    json_key_str(&out, "uri", uri_from_path(scratch, path));
    json_key_bool(&out, "takeFocus", true);
    json_close(&out, '}');
    server_request(view->server, "window/showDocument", strbuf_str(&buf), NULL, NULL);
}

static void take_result(ChildView *view, Arena *scratch, JsonIn event)
{
    Str status = json_opt_str(event, "status", S(""));
    Str message = json_opt_str(event, "message", S("done"));
    view->told = true;
    edits_apply(view->server, view->snapshot, view->title, json_optional(event, "edits"));
    Str open = json_opt_str(event, "open", S(""));
    if (open.len)
        show_document(view, scratch, open);
    Notice notice = str_eq(status, S("slower")) ? NOTICE_WARNING : NOTICE_INFO;
    server_show(view->server, notice, str_fmt(scratch, "perfloop: " STR_FMT, STR_ARG(message)));
    progress_end(view->progress, message);
    view->progress = NULL;
}

static void take_error(ChildView *view, Arena *scratch, JsonIn event)
{
    Str message = json_opt_str(event, "message", S("failed"));
    bool cancelled = str_eq(json_opt_str(event, "kind", S("")), S("cancelled"));
    view->told = true;
    progress_end(view->progress, message);
    view->progress = NULL;
    server_show(view->server, cancelled ? NOTICE_INFO : NOTICE_ERROR,
                str_fmt(scratch, "perfloop: " STR_FMT ": " STR_FMT, STR_ARG(view->title),
                        STR_ARG(message)));
}

void child_event(ChildView *view, Str line)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("event");
    CLEANUP(json_cleanup) JsonIn event = {0};
    Err err = {0};
    if (!str_trim(line).len)
        return;
    if (!json_parse(scratch, line, &event, &err)) {
        log_warn("lsp: '" STR_FMT "' wrote no event: %s", STR_ARG(view->title), err.msg);
        return;
    }
    Str kind = json_opt_str(event, "event", S(""));
    Str message = json_opt_str(event, "message", S(""));
    if (str_eq(kind, S("progress"))) {
        if (view->progress)
            progress_report(view->progress, (int)json_opt_i64(event, "percent", -1), message);
    } else if (str_eq(kind, S("note"))) {
        server_show(view->server, NOTICE_LOG, message);
    } else if (str_eq(kind, S("ask"))) {
        take_ask(view, scratch, event);
    } else if (str_eq(kind, S("result"))) {
        take_result(view, scratch, event);
    } else if (str_eq(kind, S("error"))) {
        take_error(view, scratch, event);
    }
}

void child_over(ChildView *view, bool cancelled, int64_t status, int signal, Str tail)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("over");
    for (Ask *ask = view->asks; ask; ask = ask->next)
        ask->view = NULL;
    view->asks = NULL;
    Str message = S("cancelled");
    if (!cancelled && signal)
        message = str_fmt(scratch, "ended by signal %d", signal);
    else if (!cancelled)
        message = str_fmt(scratch, "ended with status %lld and no result", (long long)status);
    if (!cancelled && tail.len)
        message = str_fmt(scratch, STR_FMT ": " STR_FMT, STR_ARG(message), STR_ARG(tail));
    progress_end(view->progress, message);
    view->progress = NULL;
    if (!view->told && view->server->phase == PHASE_READY)
        server_show(view->server, cancelled ? NOTICE_INFO : NOTICE_ERROR,
                    str_fmt(scratch, "perfloop: " STR_FMT ": " STR_FMT, STR_ARG(view->title),
                            STR_ARG(message)));
    view->told = true;
}
