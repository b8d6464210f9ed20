/*
 * Outbox: messages on their way to the client. Filled by the loop thread, emptied by the writer.
 *
 * Four lanes, urgent first: responses, requests, diagnostics, progress; in order within a lane. A
 * message with a key replaces a waiting one with the same lane and key (newer diagnostics of a file,
 * a newer progress report of a token), so a client that reads slowly gets the newest state and not
 * its history. A replaced message keeps its place.
 *
 * A client that stops reading must not make us grow: above OUTBOX_DROP_BYTES keyed progress is
 * dropped, and above OUTBOX_FULL_BYTES outbox_is_full tells the loop to take no further requests.
 */
#ifndef LSP_OUTBOX_H
#define LSP_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

enum {
    OUTBOX_DROP_BYTES = 4 * 1024 * 1024,
    OUTBOX_FULL_BYTES = 16 * 1024 * 1024,
};

typedef enum Lane {
    LANE_RESPONSE,
    LANE_REQUEST,
    LANE_DIAGNOSTICS,
    LANE_PROGRESS,
    LANE_COUNT,
} Lane;

typedef struct Outbox Outbox;

Outbox *outbox_new(void);
void outbox_free(Outbox *outbox);

/* Copies both; an empty key never replaces. `body` is JSON without headers. */
void outbox_push(Outbox *outbox, Lane lane, Str key, Str body);
/* The next body, copied into arena; false when there is none. */
bool outbox_pop(Outbox *outbox, Arena *arena, Str *body);
/* As outbox_pop, but waits; false once the outbox is closed and empty. */
bool outbox_wait(Outbox *outbox, Arena *arena, Str *body);
/* Nothing more will come: outbox_wait ends after the last message. */
void outbox_close(Outbox *outbox);
/* Forgets what waits: the client is gone. */
void outbox_discard(Outbox *outbox);
bool outbox_is_full(Outbox *outbox);
size_t outbox_bytes(Outbox *outbox);

#endif
