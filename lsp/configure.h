/*
 * Configure: where settings come from.
 *
 * initializationOptions first; then, from a client that answers it, workspace/configuration for the
 * section "perfloop", asked after `initialized` and after every didChangeConfiguration; else what
 * didChangeConfiguration carries. {} and null, which several clients send, change nothing.
 */
#ifndef LSP_CONFIGURE_H
#define LSP_CONFIGURE_H

#include "base/json_in.h"
#include "lsp/server.h"

/* Shows another metric or profile from now on: what the setting says when it is sent again. */
void configure_metric(Server *server, Str metric);
void configure_profile(Server *server, Str profile);
/* A "perfloop" section, or an object that has one. */
void configure_take(Server *server, JsonIn value);
/* After `initialized`: asks for notice of changes and for the settings as they are. */
void configure_register(Server *server);

#endif
