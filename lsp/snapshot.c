#include "lsp/snapshot.h"

#include "lsp/bin.h"
#include "lsp/heat/heat.h"

const Settings *snapshot_settings(const Snapshot *snapshot)
{
    return &snapshot->choice->settings;
}

const OpenDoc *snapshot_find_uri(const Snapshot *snapshot, Str uri)
{
    for (size_t i = 0; i < snapshot->doc_count; i++)
        if (str_eq(snapshot->docs[i].doc->uri, uri))
            return &snapshot->docs[i];
    return NULL;
}

const OpenDoc *snapshot_find_path(const Snapshot *snapshot, Str path)
{
    for (size_t i = 0; path.len && i < snapshot->doc_count; i++)
        if (str_eq(snapshot->docs[i].doc->path, path))
            return &snapshot->docs[i];
    return NULL;
}

DocVersion *version_ref(DocVersion *version)
{
    version->refs++;
    return version;
}

static void free_version(void *object)
{
    arena_free(((DocVersion *)object)->arena);
}

void version_unref(DocVersion *version)
{
    if (version && --version->refs == 0)
        bin_put(version->bin, free_version, version);
}

DocSyntax *doc_syntax_ref(DocSyntax *syntax)
{
    syntax->refs++;
    return syntax;
}

static void free_doc_syntax(void *object)
{
    DocSyntax *syntax = object;
    syntax_free(syntax->syntax);
    arena_free(syntax->arena);
}

void doc_syntax_unref(DocSyntax *syntax)
{
    if (syntax && --syntax->refs == 0)
        bin_put(syntax->bin, free_doc_syntax, syntax);
}

DocHeat *doc_heat_ref(DocHeat *heat)
{
    heat->refs++;
    return heat;
}

static void free_doc_heat(void *object)
{
    DocHeat *heat = object;
    file_heat_finish(heat->file);
    arena_free(heat->arena);
}

void doc_heat_unref(DocHeat *heat)
{
    if (heat && --heat->refs == 0)
        bin_put(heat->bin, free_doc_heat, heat);
}

void open_doc_finish(OpenDoc *open)
{
    version_unref(open->newest);
    version_unref(open->doc);
    doc_syntax_unref(open->syntax);
    doc_heat_unref(open->heat);
    *open = (OpenDoc){0};
}

World *world_ref(World *world)
{
    world->refs++;
    return world;
}

static void free_world(void *object)
{
    World *world = object;
    heat_finish(world->heat);
    arena_free(world->arena);
}

void world_unref(World *world)
{
    if (world && --world->refs == 0)
        bin_put(world->bin, free_world, world);
}

Choice *choice_ref(Choice *choice)
{
    choice->refs++;
    return choice;
}

void choice_unref(Choice *choice)
{
    if (choice && --choice->refs == 0)
        arena_free(choice->arena);
}

Snapshot *snapshot_ref(Snapshot *snapshot)
{
    snapshot->refs++;
    return snapshot;
}

void snapshot_unref(Snapshot *snapshot)
{
    if (!snapshot || --snapshot->refs > 0)
        return;
    for (size_t i = 0; i < snapshot->doc_count; i++)
        open_doc_finish(&snapshot->docs[i]);
    choice_unref(snapshot->choice);
    world_unref(snapshot->world);
    arena_free(snapshot->arena);
}
