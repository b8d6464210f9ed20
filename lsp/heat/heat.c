#include "lsp/heat/heat.h"

struct Heat {
    Arena *arena;
};

struct FileHeat {
    const Heat *heat;
};

Heat *heat_load(Arena *arena, const HeatInput *input UNUSED)
{
    Heat *heat = NEW(arena, Heat);
    heat->arena = arena;
    return heat;
}

void heat_finish(Heat *heat UNUSED) {}

FileHeat *file_heat_make(Arena *arena, const FileHeatInput *input)
{
    FileHeat *file = NEW(arena, FileHeat);
    file->heat = input->heat;
    return file;
}
