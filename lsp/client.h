/*
 * Client: what the editor at the other end can do, and what it is called.
 *
 * Read once from `initialize`, never changed after it, so any thread may read it. Only what we send
 * depends on it (requests, refreshes, forms of edits): whoever asks for a lens gets lenses, whatever
 * the capabilities say, because several clients forget to announce what they do.
 */
#ifndef LSP_CLIENT_H
#define LSP_CLIENT_H

#include <stdbool.h>

#include "analysis/source/text.h"
#include "base/arena.h"
#include "base/json_in.h"
#include "base/str.h"

typedef struct Client {
    Str name; /* "Neovim", "Visual Studio Code"; empty when it does not say */
    Str version;
    PositionEncoding encoding; /* the first of the client's list that we know; else UTF-16 */

    bool work_done_progress; /* window.workDoneProgress */
    bool show_document;
    bool configuration;         /* answers workspace/configuration */
    bool dynamic_configuration; /* takes a registration for didChangeConfiguration */
    bool apply_edit;
    bool document_changes; /* edits as versioned documentChanges; else as `changes` */
    bool lens_refresh;
    bool hint_refresh;

    bool related_information; /* of pushed diagnostics */
    bool diagnostic_tags;
    bool diagnostic_data;
    bool code_description;
    bool action_literals; /* CodeAction objects; without it only Commands may be sent */
    bool action_preferred;
    bool action_disabled;
    bool action_data;
    bool hover_markdown;
    bool hover_tables; /* markdown's tables are drawn */
    bool completion_markdown;
    bool completion_snippets;
    bool hierarchical_symbols;
} Client;

/* From the params of initialize; wrong types count as absent. Texts are copied into arena. */
Client client_from_params(Arena *arena, JsonIn params);

#endif
