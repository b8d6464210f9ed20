/*
 * Source text in which kernels are looked for, and their names. The first byte picks the language, then
 * comes a name up to a line end, then the text. Every place that is found lies in the text.
 */

#include <stdlib.h>

#include "analysis/profile/kernel_name.h"
#include "analysis/source/cuda_scan.h"
#include "analysis/symbols/kernels.h"

enum {
    TEXT_MOST = 16 * 1024,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_pieces(Arena *arena, Str text)
{
    CudaTokens tokens = cuda_tokens(arena, text);
    for (size_t i = 0; i < tokens.len; i++)
        must(tokens.items[i].start < tokens.items[i].end && tokens.items[i].end <= text.len &&
             (i == 0 || tokens.items[i - 1].end <= tokens.items[i].start));
    CudaPieces pieces = cuda_scan(arena, &tokens);
    array_each (CudaPiece, piece, &pieces)
        must(piece->first <= piece->name && piece->name <= piece->name_last &&
             piece->name_last <= piece->last && piece->last < tokens.len);
}

static Profile kernel_of_name(Arena *arena, Str name)
{
    ProfileBuilder *build = profile_builder_new(arena);
    profile_add_metric(build, S("gpu_time"), S("ns"), false);
    uint32_t text = profile_add_text(build, name);
    uint32_t frame = profile_add_frame(
        build, (ProfileFrame){.function = text, .module = text, .kind = FRAME_GPU});
    ProfileSample sample = {.stack = profile_add_stack(build, 0, frame), .count = 1};
    profile_add_sample(build, sample, (int64_t[]){1});
    return profile_build(build, S("fuzz"), S("fuzz"));
}

static void check_sites(Arena *arena, LangId lang, Str name, Str bytes)
{
    Profile profile = kernel_of_name(arena, name);
    KernelNames wanted = kernels_wanted(arena, &profile);
    KernelSources here = {0};
    const Text *text = text_new(arena, bytes);
    Syntax *syntax = syntax_parse(lang, text, NULL, NULL, 0, NULL);
    Outline outline = outline_of(arena, syntax, text);
    kernels_look(arena, &here, &wanted, S("/w/a.cu"), &outline, text);
    syntax_free(syntax);
    array_each (KernelSite, site, &here.definitions)
        must(site->line > 0 && site->line <= text_lines(text));
    array_each (KernelSite, site, &here.launches)
        must(site->line > 0 && site->line <= text_lines(text));
    (void)kernels_place(arena, &profile, &here);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str input = {(const char *)data, size}, name;
    if (size < 2 || size > TEXT_MOST)
        return 0;
    LangId lang = data[0] == 'p' ? LANG_PYTHON : LANG_CUDA;
    input = str_from(input, 1);
    (void)str_next_line(&input, &name);
    Arena *arena = arena_new("fuzz");
    check_pieces(arena, input);
    if (name.len)
        check_sites(arena, lang, name, input);
    arena_free(arena);
    return 0;
}
