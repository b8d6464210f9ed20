/*
 * Pause: when the user stops typing, hot lines are looked for afresh.
 *
 * While keys come, places are carried through each edit, which is quick and exact but never brings
 * back a line that was cut and pasted, and does not ask the syntax. PAUSE_MS after the last edit
 * the documents that were edited are compared with their profiled text again, in the background.
 */
#ifndef LSP_PAUSE_H
#define LSP_PAUSE_H

#include "lsp/server.h"

enum {
    PAUSE_MS = 400,
};

typedef struct Pause Pause;

Pause *pause_new(Server *server);
/* The timer's memory goes in its close callback. */
void pause_free(Pause *pause);
void pause_restart(Server *server);

#endif
