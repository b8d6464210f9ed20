#include "runners/profiling/benches/bench_sources.h"

#include "base/file.h"
#include "base/path.h"
#include "runners/git/tree_list.h"

enum {
    SOURCE_BYTES_MAX = 2 * 1024 * 1024,
};

static Benches benches_in(Arena *arena, LangId lang, Str bytes)
{
    const Text *text = text_new(arena, bytes);
    Syntax *syntax = syntax_parse(lang, text, NULL, NULL, 0, NULL);
    Outline outline = outline_of(arena, syntax, text);
    Benches benches = benches_of(arena, &outline, text);
    syntax_free(syntax);
    return benches;
}

static bool says_bench(Str bytes)
{
    return str_has(bytes, S("bench")) || str_has(bytes, S("BENCH"));
}

bool bench_source(Arena *arena, const Places *places, Str path, Benches *out, Err *err)
{
    Str bytes;
    if (!file_read(arena, path_join(arena, places->root, path), SOURCE_BYTES_MAX, &bytes, err))
        return false;
    LangId lang = lang_of_path(path);
    *out = lang != LANG_NONE && says_bench(bytes) ? benches_in(arena, lang, bytes) : (Benches){0};
    return true;
}

bool bench_sources(Arena *arena, const Places *places, BenchFiles *out, Err *err)
{
    TreeFiles tree = {0};
    BenchFiles found = {0};
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("bench sources");
    if (!tree_list(arena, places, &tree, err))
        return false;
    array_each (Str, path, &tree) {
        Err ignored = {0}; /* gone, or too large to be written by hand */
        Str bytes;
        LangId lang = lang_of_path(*path);
        ArenaMark mark = arena_mark(scratch);
        if (lang == LANG_NONE || lang == LANG_TOML ||
            !file_read(scratch, path_join(scratch, places->root, *path), SOURCE_BYTES_MAX, &bytes,
                       &ignored) ||
            !says_bench(bytes)) {
            arena_rollback(scratch, mark);
            continue;
        }
        BenchFile file = {.path = *path,
                          .benches = benches_in(arena, lang, str_copy(arena, bytes))};
        if (file.benches.len)
            *array_push(arena, &found) = file;
        arena_rollback(scratch, mark);
    }
    *out = found;
    return true;
}

const Bench *bench_sources_find(const BenchFiles *files, Str harness, Str name, Str *path)
{
    const Bench *best = NULL;
    int most = 0;
    array_each (const BenchFile, file, files) {
        const Bench *bench = benches_find(&file->benches, file->path, harness, name);
        int score = bench ? bench_score(bench, file->path, harness, name) : 0;
        if (score > most) {
            most = score;
            best = bench;
            *path = file->path;
        }
    }
    return best;
}
