/*
 * CudaScan: functions and kernel launches of CUDA source as its words show them.
 *
 *     CudaTokens tokens = cuda_tokens(arena, bytes);
 *     CudaPieces pieces = cuda_scan(arena, &tokens);
 *
 * This is what the outline falls back on where a parser gives up: behind a bracket that is still
 * open while somebody types, where branches of #if open one brace together, in a launch whose template
 * arguments fill ten lines. A function is known by its head: `__global__`, `__device__` or `__host__`,
 * or a word at the start of a line, then NAME(...) and a brace. It ends at its brace, or earlier
 * at one that stands as far left as the head: people indent even what does not compile.
 * What stands inside a #define is no piece of the file.
 */
#ifndef ANALYSIS_SOURCE_CUDA_SCAN_H
#define ANALYSIS_SOURCE_CUDA_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/source/cuda_tokens.h"

/* All are numbers of tokens. */
typedef struct CudaPiece {
    bool launch; /* else a function */
    size_t first;
    size_t last;
    size_t name; /* first and last of "ns::apply<T>" */
    size_t name_last;
    size_t body; /* functions: the '{'; launches: the <<< */
} CudaPiece;

typedef struct CudaPieces {
    CudaPiece *items;
    size_t len;
    size_t cap;
} CudaPieces;

CudaPieces cuda_scan(Arena *arena, const CudaTokens *tokens);
/* The launch whose <<< is this token, also inside a #define; false when no name stands before. */
bool cuda_launch_at(const CudaTokens *tokens, size_t at, CudaPiece *out);
/* DEFINE_KERNEL(relu, float) { } defines relu: does the macro's name say so? */
bool cuda_macro_names_kernel(Str macro);
/* The brackets of the parameters of a function that starts at this token, attributes left aside. */
bool cuda_parameters_at(const CudaTokens *tokens, size_t at, size_t *open, size_t *close);
/*
 * The head of a function that starts at this token: its name, parameters and body. A macro's
 * NAME(a)(parameters) gives what stands before the parameters; false when it is no definition.
 */
bool cuda_head_at(const CudaTokens *tokens, size_t at, CudaPiece *out);

#endif
