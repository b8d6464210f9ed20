#include "runners/profiling/kernels_here.h"

#include "analysis/profile/store.h"
#include "analysis/source/outline.h"
#include "analysis/symbols/kernels.h"
#include "base/file.h"
#include "base/path.h"
#include "runners/ledger/contents.h"
#include "runners/profiling/convert.h"

enum {
    FILE_BYTES_MAX = 4 << 20,
    ALL_BYTES_MAX = 256 << 20, /* read in all: a workspace may hold anything */
};

static bool names_one(Str bytes, const KernelNames *wanted)
{
    array_each (Str, name, wanted)
        if (str_has(bytes, *name))
            return true;
    return str_has(bytes, S("##")) && str_has(bytes, S("__global__")); /* macros join names */
}

/* Kernels have names such as "add": of the files with that word only those with CUDA in them are parsed. */
static bool may_hold(LangId lang, Str bytes)
{
    static const Str WORDS[] = {STR_CONST("__global__"), STR_CONST("<<<"),
                                STR_CONST("aunch"),      STR_CONST("LAUNCH"),
                                STR_CONST("KERNEL"),     STR_CONST("__device__"),
                                STR_CONST("cuModule"),   STR_CONST(".func")};
    for (size_t i = 0; lang == LANG_CUDA && i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
        if (str_has(bytes, WORDS[i]))
            return true;
    return lang != LANG_CUDA;
}

static bool is_one_of(const KernelNames *names, Str name)
{
    array_each (Str, one, names)
        if (str_eq(*one, name))
            return true;
    return false;
}

/* C++ files hold launches of kernels, too, and the CUDA grammar reads them. */
static LangId lang_of(Str path)
{
    static const Str ENDS[] = {STR_CONST(".cpp"), STR_CONST(".cc"),  STR_CONST(".cxx"),
                               STR_CONST(".h"),   STR_CONST(".hpp"), STR_CONST(".hxx")};
    LangId lang = lang_of_path(path);
    for (size_t i = 0; lang == LANG_NONE && i < sizeof(ENDS) / sizeof(ENDS[0]); i++)
        if (str_ends(path, ENDS[i]))
            return LANG_CUDA;
    return lang == LANG_CUDA || lang == LANG_PYTHON ? lang : LANG_NONE;
}

static void look_at(Arena *arena, KernelSources *here, const KernelNames *wanted, LangId lang,
                    Str path, Str bytes)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("kernels");
    const Text *text = text_new(scratch, bytes);
    Syntax *syntax = syntax_parse(lang, text, NULL, NULL, 0, NULL);
    if (!syntax)
        return;
    Outline outline = outline_of(scratch, syntax, text);
    kernels_look(arena, here, wanted, path, &outline, text);
    syntax_free(syntax);
}

/* The texts as they were when the profile was imported. */
static KernelSources look_back(Arena *arena, const Places *places, const LedgerProfile *row,
                               const KernelNames *wanted)
{
    KernelSources then = {.root = places->root};
    array_each (const LedgerFile, file, &row->files) {
        CLEANUP(arena_cleanup) Arena *scratch = arena_new("source");
        Err gone = {0};
        Str bytes;
        LangId lang = lang_of(file->path);
        if (lang != LANG_NONE && contents_get(scratch, places, file->content, &bytes, &gone))
            look_at(arena, &then, wanted, lang, path_join(scratch, places->root, file->path),
                    bytes);
    }
    return then;
}

static KernelSources look_around(Arena *arena, const Places *places, const TreeFiles *tree,
                                 const KernelNames *wanted, const KernelNames *waiting)
{
    KernelSources here = {.root = places->root};
    size_t bytes_left = ALL_BYTES_MAX;
    array_each (const Str, file, tree) {
        CLEANUP(arena_cleanup) Arena *scratch = arena_new("source");
        Err unreadable = {0};
        Str bytes;
        LangId lang = lang_of(*file);
        Str path = path_join(scratch, places->root, *file);
        if (lang == LANG_NONE || !file_read(scratch, path, FILE_BYTES_MAX, &bytes, &unreadable))
            continue;
        if (bytes.len > bytes_left)
            break;
        bytes_left -= bytes.len;
        if ((may_hold(lang, bytes) && names_one(bytes, wanted)) ||
            is_one_of(waiting, path_base(path)))
            look_at(arena, &here, wanted, lang, path, bytes);
    }
    return here;
}

bool kernels_here(Arena *arena, const Places *places, const TreeFiles *tree, Profile *profile,
                  Digest *id, Err *err)
{
    KernelNames wanted = kernels_wanted(arena, profile);
    if (!wanted.len)
        return true;
    KernelNames waiting = kernels_waiting_files(arena, profile);
    KernelSources here = look_around(arena, places, tree, &wanted, &waiting);
    *profile = kernels_place(arena, profile, &here);
    Str bytes = profile_store_write(arena, profile);
    *id = digest_of(bytes);
    return file_write(profile_cache_path(arena, places->cache, *id), bytes, err);
}

bool kernels_again(Arena *arena, const Places *places, const LedgerProfile *row, Digest id,
                   Err *err)
{
    OpenProfile open = {0};
    if (!profile_open(arena, places->cache, id, &open, err))
        return false;
    KernelNames wanted = kernels_wanted(arena, &open.profile);
    Str bytes = {0};
    if (wanted.len) {
        KernelSources then = look_back(arena, places, row, &wanted);
        Profile placed = kernels_place(arena, &open.profile, &then);
        bytes = profile_store_write(arena, &placed);
    }
    profile_close(&open);
    return bytes.len ? file_write(profile_cache_path(arena, places->cache, row->cache), bytes, err)
                     : err_set(err, ERR_NOT_FOUND, STR_FMT ": not what was imported any more",
                               STR_ARG(row->source));
}
