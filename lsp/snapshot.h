/*
 * Snapshot: everything a worker may look at, at one moment. Immutable.
 *
 * It holds counted parts, each made once and then only read:
 *
 *     DocVersion   one version of one open file: text, path, language
 *     DocSyntax    its syntax tree and outline
 *     DocHeat      what lsp/heat makes of it: anchors, diagnostics, lenses, hints; and the
 *                  generation of the World it was made with
 *     World        what the ledger, the profile and the workload file say (lsp/heat/heat.h)
 *
 * A request that names an open document is started when syntax and heat of exactly the version it
 * was sent for are there, so it sees the edits sent before it and none sent after it. Counts are
 * plain integers and are touched on the loop thread only; a job holds a count of what it reads.
 */
#ifndef LSP_SNAPSHOT_H
#define LSP_SNAPSHOT_H

#include <stdint.h>

#include "analysis/source/outline.h"
#include "analysis/source/syntax.h"
#include "analysis/source/text.h"
#include "base/arena.h"
#include "base/str.h"
#include "grammars/lang.h"
#include "lsp/client.h"
#include "lsp/settings.h"
#include "runners/places.h"

struct Bin;
struct Heat;
struct FileHeat;

/* How a text came from the one before it. The texts live as long as the DocVersion that holds it. */
typedef struct DocEdit {
    TextChange change;
    const Text *now; /* after this change */
} DocEdit;

/* `bin` is where the last count is dropped (lsp/bin.h); NULL frees on the spot. */
typedef struct DocVersion {
    int refs;
    Arena *arena;
    struct Bin *bin;
    Str uri;  /* as the editor spells it: answers use it */
    Str path; /* normal and absolute; empty for what is no local file */
    LangId lang;
    int64_t version;
    uint64_t serial; /* 1, 2, 3 … within the open document, whatever versions the editor sends */
    const Text *text;
    const DocEdit *edits; /* lead from the version before (serial - 1) to this one */
    size_t edit_count;
    bool replaced; /* opened, or its whole text was replaced: there are no edits */
} DocVersion;

typedef struct DocSyntax {
    int refs;
    Arena *arena;
    struct Bin *bin;
    Syntax *syntax; /* NULL for a language without a grammar */
    Outline outline;
} DocSyntax;

typedef struct DocHeat {
    int refs;
    Arena *arena;
    struct Bin *bin;
    struct FileHeat *file; /* NULL before the first World is loaded */
    uint64_t generation;
} DocHeat;

typedef struct World {
    int refs;
    Arena *arena;
    struct Bin *bin;
    uint64_t generation; /* grows with every World */
    struct Heat *heat;
    struct ClosedFiles *closed; /* lsp/closed.h */
} World;

typedef struct OpenDoc {
    DocVersion *newest; /* the text as it is now, analysed or not; what commands work on */
    DocVersion *doc;    /* the version that syntax and heat belong to */
    DocSyntax *syntax;  /* may be NULL in another document than the request's own */
    DocHeat *heat;
} OpenDoc;

/* Settings as counted values. */
typedef struct Choice {
    int refs;
    Arena *arena;
    Settings settings;
} Choice;

/* The command that runs behind the editor's back, if any. */
typedef struct RunningJob {
    Str id;    /* "job-3"; empty: none */
    Str title; /* "measure tokenize" */
    Str workload;
} RunningJob;

typedef struct Snapshot {
    int refs;
    Arena *arena;
    struct Bin *bin;      /* of what is made from it */
    const Client *client; /* these two live as long as the server */
    const Places *places; /* NULL while no workspace is known */
    Choice *choice;
    World *world; /* NULL before the first one is loaded */
    RunningJob job;
    OpenDoc *docs;
    size_t doc_count;
} Snapshot;

const Settings *snapshot_settings(const Snapshot *snapshot);
/* NULL when no such document is open. */
const OpenDoc *snapshot_find_uri(const Snapshot *snapshot, Str uri);
const OpenDoc *snapshot_find_path(const Snapshot *snapshot, Str path);

/* Loop thread only. Each gives back its argument; unref accepts NULL. */
DocVersion *version_ref(DocVersion *version);
void version_unref(DocVersion *version);
DocSyntax *doc_syntax_ref(DocSyntax *syntax);
void doc_syntax_unref(DocSyntax *syntax);
DocHeat *doc_heat_ref(DocHeat *heat);
void doc_heat_unref(DocHeat *heat);
World *world_ref(World *world);
void world_unref(World *world);
void open_doc_finish(OpenDoc *open);
Choice *choice_ref(Choice *choice);
void choice_unref(Choice *choice);
Snapshot *snapshot_ref(Snapshot *snapshot);
void snapshot_unref(Snapshot *snapshot);

#endif
