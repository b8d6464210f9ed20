/*
 * Reads: the client's requests that features answer on workers.
 *
 *     received → (waits for the analysis of its document's version) → job → answered
 *
 * A request about an open document waits until exactly the version it was sent for is analysed
 * (lsp/documents.h calls reads_start). A cancelled request is answered at once with
 * RequestCancelled, wherever it is on that way, and its result is dropped when it comes. A closed
 * document answers ContentModified to what still waits for it.
 */
#ifndef LSP_READS_H
#define LSP_READS_H

#include "lsp/message.h"
#include "lsp/methods.h"
#include "lsp/server.h"

typedef struct Reads Reads;
typedef struct Read Read;

Reads *reads_new(void);
void reads_free(Server *server, Reads *reads);

/* Requests that are not answered yet. */
size_t reads_open(const Reads *reads);
/* Takes the message over. */
void reads_add(Server *server, Message *message, const Method *method);
/* False when no such request is open. `id` is JSON text. */
bool reads_cancel(Server *server, Str id);

/* For documents, which keep waiting reads in a list. */
Read **read_next(Read *read);
DocVersion *read_version(const Read *read);
void reads_start(Server *server, Read *read);
void reads_refuse(Server *server, Read *read, RpcCode code, const char *why);

#endif
