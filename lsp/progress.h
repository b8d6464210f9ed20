/*
 * Progress: how a command that runs behind the editor's back is seen there.
 *
 *     Progress *progress = progress_new(server, S("measure tokenize"), cancel, child);
 *     progress_report(progress, 35, S("pair 7 of 20"));
 *     progress_end(progress, S("faster: …"));                    frees it
 *
 * With window.workDoneProgress: a token of its own is created in the client, then one begin, reports
 * and one end; a client that refuses the token gets none of these. Without it, or when it was
 * refused: a message at the start and at most one every 30 s. The end is not a message of its own,
 * because whoever ends says the result.
 *
 * `cancel` may be called at any time before progress_end. Tokens are unique in the world, since
 * multiplexers forward them unchanged and broadcast cancellations; unknown ones are ignored.
 */
#ifndef LSP_PROGRESS_H
#define LSP_PROGRESS_H

#include "base/str.h"
#include "lsp/server.h"

typedef struct Progress Progress;
typedef void ProgressCancelFn(void *context);

Progress *progress_new(Server *server, Str title, ProgressCancelFn *cancel, void *context);
/* percent below 0: unknown. */
void progress_report(Progress *progress, int percent, Str message);
void progress_end(Progress *progress, Str message);

#endif
