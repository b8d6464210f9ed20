/*
 * perfloop.showDetails: what the hover says about a line, as a message. For clients without a hover
 * of their own, or with another server's in front of ours. It reads a snapshot on a worker, as the
 * hover does, and the command has been answered before that.
 */

#include <stdlib.h>

#include "lsp/features/view_write.h"
#include "lsp/methods.h"
#include "lsp/server.h"

typedef struct Details {
    Snapshot *snapshot;
    Str uri;
    LineNo line;
    Str text;
} Details;

static void run_details(Job *job)
{
    Details *details = job->input;
    Request request = {
        .arena = job->arena,
        .snapshot = details->snapshot,
        .doc = snapshot_find_uri(details->snapshot, details->uri),
        .cancelled = &job->cancelled,
    };
    details->text = line_details(&request, details->line, false);
}

static void show_details(Job *job)
{
    Details *details = job->input;
    Server *server = job->owner;
    if (!atomic_load(&job->cancelled))
        server_show(server, NOTICE_INFO,
                    details->text.len ? details->text
                                      : S("perfloop: nothing is known of this line"));
    snapshot_unref(details->snapshot);
    job_free(job);
}

void details_show(Server *server, const Message *message)
{
    JsonIn first = json_item(json_optional(message->params, "arguments"), 0);
    Job *job = job_new("details", JOB_REQUEST);
    Details *details = NEW(job->arena, Details);
    details->snapshot = server_snapshot(server);
    details->uri = str_copy(job->arena, json_opt_str(first, "uri", S("")));
    details->line.n = (uint32_t)json_opt_i64(first, "line", 0);
    job->input = details;
    job->owner = server;
    job->run = run_details;
    job->done = show_details;
    server_reply(server, message->id, S("null"));
    pool_add(server->pool, job);
}
