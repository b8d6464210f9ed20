/*
 * Turn: one benchmark at a time on this machine.
 *
 * A lock on user_state/bench.lock, held until the Turn is finished or the process ends. Waiting can
 * be cancelled; `note` is called once, with who is measuring.
 */
#ifndef RUNNERS_MEASURE_TURN_H
#define RUNNERS_MEASURE_TURN_H

#include <signal.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

typedef struct Turn {
    int fd; /* -1: none held */
} Turn;

/* An empty user_state takes no lock. ERR_CANCELLED when cancelled while waiting. */
bool turn_take(Turn *turn, Str user_state, const volatile sig_atomic_t *cancel,
               void (*note)(void *context, Str message), void *context, Err *err) MUST_CHECK;
/* CLEANUP(turn_finish) Turn turn = {.fd = -1}; */
void turn_finish(Turn *turn);

#endif
