#include "lsp/snapshot.h"

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

void version_unref(DocVersion *version)
{
    if (version && --version->refs == 0)
        arena_free(version->arena);
}

DocSyntax *doc_syntax_ref(DocSyntax *syntax)
{
    syntax->refs++;
    return syntax;
}

void doc_syntax_unref(DocSyntax *syntax)
{
    if (!syntax || --syntax->refs > 0)
        return;
    syntax_free(syntax->syntax);
    arena_free(syntax->arena);
}

DocHeat *doc_heat_ref(DocHeat *heat)
{
    heat->refs++;
    return heat;
}

void doc_heat_unref(DocHeat *heat)
{
    if (!heat || --heat->refs > 0)
        return;
    file_heat_finish(heat->file);
    arena_free(heat->arena);
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

void world_unref(World *world)
{
    if (!world || --world->refs > 0)
        return;
    heat_finish(world->heat);
    arena_free(world->arena);
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
