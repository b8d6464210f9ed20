/*
 * Calls: our requests to the client, and who waits for the answers.
 *
 * An answer function is called once: with the client's response, or with NULL when the server ends
 * first. There is no deadline: a question to a person may stay open as long as the person likes.
 */
#ifndef LSP_CALLS_H
#define LSP_CALLS_H

#include "base/str.h"
#include "lsp/message.h"
#include "lsp/server.h"

typedef struct Calls Calls;
typedef void AnswerFn(Server *server, const Message *answer, void *context);

Calls *calls_new(void);
void calls_free(Server *server, Calls *calls);

/* Empty params are left out; `answer` may be NULL. */
void server_request(Server *server, const char *method, Str params, AnswerFn *answer,
                    void *context);
void calls_receive(Server *server, const Message *response);

#endif
