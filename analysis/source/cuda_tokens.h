/*
 * CudaTokens: CUDA C++ source as a list of words and signs, for what a parser cannot tell: which
 * kernels a macro makes or launches, what stands behind a line that is just being typed, and CUDA
 * source inside strings of another language.
 *
 *     CudaTokens tokens = cuda_tokens(arena, bytes);
 *     size_t close = cuda_close(&tokens, open);           its bracket, or tokens.len
 *
 * Comments are left out, and of preprocessor directives all but what a #define stands for and the
 * branches of #if: cuda_close() looks into the first branch only, so that a brace opened in each of
 * two branches counts once. One pass, in proportion to the bytes.
 */
#ifndef ANALYSIS_SOURCE_CUDA_TOKENS_H
#define ANALYSIS_SOURCE_CUDA_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/str.h"

typedef enum CudaTokenKind {
    CUDA_WORD,
    CUDA_NUMBER,
    CUDA_STRING, /* with its quotes */
    CUDA_SIGN,   /* one byte; '>' always for itself */
    CUDA_LAUNCH, /* <<< */
    CUDA_OTHER,  /* signs of several bytes that would be taken for brackets: -> << <= >= */
    CUDA_PASTE,  /* ## */
    CUDA_DEFINE, /* the name that a #define defines; what it stands for follows */
} CudaTokenKind;

typedef struct CudaToken {
    uint32_t start;
    uint32_t end;
    uint8_t kind;
    char sign;     /* of CUDA_SIGN */
    bool define;   /* inside a #define */
    bool other;    /* in a branch behind #else or #elif */
    bool new_line; /* the first of its line */
} CudaToken;

typedef struct CudaTokens {
    Str bytes;
    CudaToken *items;
    size_t len;
    size_t cap;
} CudaTokens;

CudaTokens cuda_tokens(Arena *arena, Str bytes);
Str cuda_text(const CudaTokens *tokens, size_t at);
/* False beyond the end, too. */
bool cuda_is_sign(const CudaTokens *tokens, size_t at, char sign);
bool cuda_is_word(const CudaTokens *tokens, size_t at);
/* The bracket that closes '(', '[', '{' or '<' at `open`; tokens->len when there is none nearby. */
size_t cuda_close(const CudaTokens *tokens, size_t open);
/* The '<' that the '>' at `close` closes; tokens->len when there is none nearby. */
size_t cuda_open_angle(const CudaTokens *tokens, size_t close);

#endif
