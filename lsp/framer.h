/*
 * Framer: bytes from a client, in any pieces, into message bodies.
 *
 *     framer_feed(framer, bytes);
 *     while ((frame = framer_next(framer, &body, &why)) != FRAME_NONE)
 *         use(body);                          valid until the next feed
 *
 * A message is "Content-Length: N", perhaps other headers, an empty line and N bytes. Line ends may
 * be \r\n or \n, header names come in any case, unknown headers are skipped. A header part that
 * makes no sense (no length, no number, a length over the limit, longer than the limit) is one
 * FRAME_BAD with the reason; after it everything up to the next "Content-Length:" is skipped, so
 * that one bad message does not cost the connection. Whoever reads counts the bad ones and gives up.
 *
 * Memory is bounded by the announced length, which is checked before a byte of it is kept.
 */
#ifndef LSP_FRAMER_H
#define LSP_FRAMER_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

enum {
    FRAMER_HEADER_MAX = 8 * 1024,
    FRAMER_BODY_MAX = 256 * 1024 * 1024,
};

typedef struct Framer Framer;

typedef enum Frame {
    FRAME_NONE, /* more bytes are needed */
    FRAME_BODY,
    FRAME_BAD,
} Frame;

/* body_max 0 is FRAMER_BODY_MAX. */
Framer *framer_new(size_t body_max);
void framer_free(Framer *framer);
void framer_feed(Framer *framer, Str bytes);
Frame framer_next(Framer *framer, Str *body, Err *why);
/* Bytes of a message that has begun and is not complete; 0 between messages. */
size_t framer_pending(const Framer *framer);

#endif
