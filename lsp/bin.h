/*
 * Bin: what the loop thread gives up, freed on a worker.
 *
 * Dropping the last count of a syntax tree or of a large outline frees a hundred thousand small
 * pieces, which takes longer than a handler may. Counts are still touched on the loop thread only;
 * an object comes here when nobody holds it any more.
 *
 * Objects come in bursts, so while one job frees, others gather for the next.
 */
#ifndef LSP_BIN_H
#define LSP_BIN_H

#include "lsp/job.h"

typedef struct Bin Bin;
typedef void BinFreeFn(void *object);

Bin *bin_new(Pool *pool);
/* The pool ends: from now on things are freed at once. */
void bin_close(Bin *bin);
void bin_free(Bin *bin);

/* A NULL bin frees at once. `free_object` may run on any thread. */
void bin_put(Bin *bin, BinFreeFn *free_object, void *object);

#endif
