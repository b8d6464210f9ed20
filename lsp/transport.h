/*
 * Transport: the bytes between client and server.
 *
 *     reader thread   read → framer → Message → inbox → loop thread: server_receive
 *     writer thread   outbox → write
 *
 * Both use plain blocking reads and writes on whatever they were given: pipe, socket, terminal,
 * regular file. Giving these descriptors to libuv would set O_NONBLOCK on the open file, which
 * standard error, the terminal and other processes may share, and their writes would begin to fail.
 * Parsing JSON on the reader keeps a large didOpen off the loop thread. This is the only place in
 * the program that writes to the client.
 *
 * The inbox is bounded: while more than INBOX_BYTES wait there, or the outbox is full because the
 * client does not read, nothing more is read.
 */
#ifndef LSP_TRANSPORT_H
#define LSP_TRANSPORT_H

#include "base/err.h"
#include "base/str.h"
#include "lsp/server.h"

typedef struct Transport Transport;

typedef struct TransportEnds {
    int in;
    int out; /* may be the same */
} TransportEnds;

/*
 * Standard input and output, made safe: the server keeps copies, descriptor 0 becomes /dev/null and
 * 1 becomes standard error, so that no stray print and no child can disturb the protocol.
 */
bool transport_stdio(TransportEnds *out, Err *err) MUST_CHECK;
/* --pipe=NAME: a socket in the file system that the client listens on. */
bool transport_pipe(Str name, TransportEnds *out, Err *err) MUST_CHECK;
/* --socket=PORT: the client listens on that port of the loopback address. */
bool transport_socket(uint16_t port, TransportEnds *out, Err *err) MUST_CHECK;

/* Takes the descriptors over. */
Transport *transport_new(Server *server, TransportEnds ends);
/* Waits at most flush_ms for what is still to be written, and ends both threads. */
void transport_free(Transport *transport, unsigned flush_ms);

#endif
