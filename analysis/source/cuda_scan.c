#include "analysis/source/cuda_scan.h"

enum {
    HEAD_TOKENS_MAX = 600,     /* before the brace of a function */
    BODY_TOKENS_MAX = 20000,   /* looked through for its end */
    LINE_TOKENS_MAX = 200,     /* before a head, on its line */
    SCAN_TOKENS_MAX = 8 << 20, /* in all: braces that are never closed */
};

static bool is_one_of(Str word, const Str *list, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (str_eq(word, list[i]))
            return true;
    return false;
}

/* ------------------------------------------------------------------ launches */

/* The first token of the name that ends at `last`: "a::b<T>::f". tokens->len without one. */
static size_t name_start(const CudaTokens *tokens, size_t last)
{
    for (;;) {
        if (cuda_is_sign(tokens, last, '>')) {
            last = cuda_open_angle(tokens, last);
            if (last == tokens->len || last == 0)
                return tokens->len;
            last--;
        }
        if (!cuda_is_word(tokens, last))
            return tokens->len;
        if (last < 3 || !cuda_is_sign(tokens, last - 1, ':') ||
            !cuda_is_sign(tokens, last - 2, ':'))
            return last;
        if (!cuda_is_word(tokens, last - 3) && !cuda_is_sign(tokens, last - 3, '>'))
            return last;
        last -= 3;
    }
}

/* The last '>' of >>> that ends the launch's configuration. */
static size_t configuration_end(const CudaTokens *tokens, size_t at)
{
    for (size_t end = at + HEAD_TOKENS_MAX; at < tokens->len && at < end; at++) {
        if (cuda_is_sign(tokens, at, '(') || cuda_is_sign(tokens, at, '{'))
            at = cuda_close(tokens, at);
        else if (cuda_is_sign(tokens, at, ';') || cuda_is_sign(tokens, at, '}'))
            break;
        else if (cuda_is_sign(tokens, at, '>') && cuda_is_sign(tokens, at + 1, '>') &&
                 cuda_is_sign(tokens, at + 2, '>') &&
                 tokens->items[at].start + 2 == tokens->items[at + 2].start)
            return at + 2;
    }
    return tokens->len;
}

bool cuda_launch_at(const CudaTokens *tokens, size_t at, CudaPiece *out)
{
    if (at == 0 || at >= tokens->len || tokens->items[at].kind != CUDA_LAUNCH)
        return false;
    size_t last = at - 1;
    while (last > 0 && (cuda_is_sign(tokens, last, ')') || cuda_is_sign(tokens, last, ']')))
        last--;
    size_t first = name_start(tokens, last);
    if (first == tokens->len)
        return false;
    size_t end = configuration_end(tokens, at + 1), close = tokens->len;
    if (end < tokens->len && cuda_is_sign(tokens, end + 1, '('))
        close = cuda_close(tokens, end + 1);
    *out =
        (CudaPiece){.launch = true, .first = first, .name = first, .name_last = last, .body = at};
    out->last = close < tokens->len ? close : end < tokens->len ? end : at;
    return true;
}

/* ------------------------------------------------------------------ heads */

static bool is_attribute(Str word)
{
    static const Str WORDS[] = {
        STR_CONST("__launch_bounds__"), STR_CONST("__cluster_dims__"), STR_CONST("__maxnreg__"),
        STR_CONST("__block_size__"),    STR_CONST("__attribute__"),    STR_CONST("__declspec"),
        STR_CONST("alignas"),           STR_CONST("requires"),         STR_CONST("noexcept"),
        STR_CONST("decltype"),          STR_CONST("explicit"),
    };
    return is_one_of(word, WORDS, sizeof(WORDS) / sizeof(WORDS[0]));
}

/* A round bracket that only belongs to what follows it: __launch_bounds__(128) void f(... */
static bool is_prefix(const CudaTokens *tokens, size_t open, size_t close)
{
    if (is_attribute(cuda_text(tokens, open - 1)))
        return true;
    Str next = cuda_text(tokens, close + 1);
    return cuda_is_word(tokens, close + 1) &&
           tokens->items[close + 1].define == tokens->items[open].define &&
           !str_eq(next, S("const")) && !str_eq(next, S("noexcept")) &&
           !str_eq(next, S("requires")) && !str_eq(next, S("override")) &&
           !str_eq(next, S("final"));
}

/* Behind the parameters: const, noexcept(...), requires ..., -> type, : members; then the brace. */
static size_t body_after(const CudaTokens *tokens, size_t at)
{
    for (size_t end = at + HEAD_TOKENS_MAX; at < tokens->len && at < end; at++) {
        if (cuda_is_sign(tokens, at, '{'))
            return at;
        if (cuda_is_sign(tokens, at, '('))
            at = cuda_close(tokens, at);
        else if (cuda_is_sign(tokens, at, ';') || cuda_is_sign(tokens, at, '}') ||
                 cuda_is_sign(tokens, at, '=') || cuda_is_sign(tokens, at, ')') ||
                 (at < tokens->len && tokens->items[at].kind == CUDA_LAUNCH))
            break;
    }
    return tokens->len;
}

bool cuda_parameters_at(const CudaTokens *tokens, size_t at, size_t *open, size_t *close)
{
    for (size_t end = at + HEAD_TOKENS_MAX; at < tokens->len && at < end; at++) {
        if (cuda_is_sign(tokens, at, '<')) {
            at = cuda_close(tokens, at);
            continue;
        }
        if (cuda_is_sign(tokens, at, ';') || cuda_is_sign(tokens, at, '{') ||
            cuda_is_sign(tokens, at, '}') || cuda_is_sign(tokens, at, '='))
            return false;
        if (!cuda_is_sign(tokens, at, '('))
            continue;
        *open = at;
        *close = cuda_close(tokens, at);
        if (*close == tokens->len || at == 0)
            return false;
        if (cuda_is_sign(tokens, *close + 1, '(')) {
            *open = *close + 1;
            *close = cuda_close(tokens, *open);
            return *close != tokens->len;
        }
        if (!is_prefix(tokens, at, *close))
            return true;
        at = *close;
    }
    return false;
}

bool cuda_macro_names_kernel(Str macro)
{
    for (size_t i = 0; i < macro.len; i++)
        if (macro.ptr[i] >= 'a' && macro.ptr[i] <= 'z')
            return false;
    return str_has(macro, S("KERNEL"));
}

bool cuda_head_at(const CudaTokens *tokens, size_t at, CudaPiece *out)
{
    static const Str NO_NAMES[] = {
        STR_CONST("if"),       STR_CONST("for"),       STR_CONST("while"),  STR_CONST("switch"),
        STR_CONST("catch"),    STR_CONST("return"),    STR_CONST("sizeof"), STR_CONST("__device__"),
        STR_CONST("__host__"), STR_CONST("__global__")};
    size_t open = 0, close = 0;
    if (!cuda_parameters_at(tokens, at, &open, &close) || open == at)
        return false;
    size_t body = body_after(tokens, close + 1);
    size_t last = open - 1, first = last;
    if (body == tokens->len)
        return false;
    if (cuda_is_sign(tokens, last, ')')) { /* MACRO(name)(parameters): the macro's last argument */
        first = last = last - 1;
        if (!cuda_is_word(tokens, last))
            return false;
    } else {
        first = name_start(tokens, last);
        if (first == tokens->len || first < at ||
            is_one_of(cuda_text(tokens, last), NO_NAMES, sizeof(NO_NAMES) / sizeof(NO_NAMES[0])))
            return false;
    }
    if (first == at && cuda_macro_names_kernel(cuda_text(tokens, last)) &&
        cuda_is_word(tokens, open + 1) &&
        (open + 2 == close || cuda_is_sign(tokens, open + 2, ',')))
        first = last = open + 1;
    *out = (CudaPiece){.first = at, .name = first, .name_last = last, .body = body, .last = body};
    return true;
}

/* ------------------------------------------------------------------ the file */

static uint32_t column_of(const CudaTokens *tokens, size_t at)
{
    uint32_t start = tokens->items[at].start, column = 0;
    while (column < start && tokens->bytes.ptr[start - column - 1] != '\n')
        column++;
    return column;
}

/* The line's first token. */
static size_t line_start(const CudaTokens *tokens, size_t at)
{
    for (size_t end = LINE_TOKENS_MAX; end > 0 && at > 0 && !tokens->items[at].new_line; end--)
        at--;
    return at;
}

/* Where its body ends: at its brace, or at one that stands no further right than its head. */
static size_t body_end(const CudaTokens *tokens, size_t head, size_t body)
{
    size_t end = cuda_close(tokens, body);
    uint32_t column = column_of(tokens, line_start(tokens, head));
    size_t limit = body + BODY_TOKENS_MAX < end ? body + BODY_TOKENS_MAX : end;
    for (size_t at = body + 1; at < limit; at++)
        if (tokens->items[at].new_line && !tokens->items[at].other &&
            cuda_is_sign(tokens, at, '}') && column_of(tokens, at) <= column)
            return at;
    return limit < tokens->len ? limit : tokens->len - 1;
}

/* Does a declaration begin here? A space of CUDA, or a word that a line starts with, unindented. */
static bool may_begin(const CudaTokens *tokens, size_t at)
{
    static const Str SPACES[] = {STR_CONST("__global__"), STR_CONST("__device__"),
                                 STR_CONST("__host__")};
    static const Str NOT_HEADS[] = {
        STR_CONST("namespace"), STR_CONST("class"),  STR_CONST("struct"),  STR_CONST("enum"),
        STR_CONST("union"),     STR_CONST("using"),  STR_CONST("typedef"), STR_CONST("public"),
        STR_CONST("private"),   STR_CONST("return"), STR_CONST("if"),      STR_CONST("for"),
        STR_CONST("while"),     STR_CONST("else"),   STR_CONST("do"),      STR_CONST("switch"),
        STR_CONST("case"),      STR_CONST("default")};
    if (!cuda_is_word(tokens, at) || tokens->items[at].define)
        return false;
    Str word = cuda_text(tokens, at);
    if (is_one_of(word, SPACES, sizeof(SPACES) / sizeof(SPACES[0])))
        return !cuda_is_sign(tokens, at - 1, ']'); /* of a lambda */
    return tokens->items[at].new_line && column_of(tokens, at) == 0 &&
           !is_one_of(word, NOT_HEADS, sizeof(NOT_HEADS) / sizeof(NOT_HEADS[0]));
}

CudaPieces cuda_scan(Arena *arena, const CudaTokens *tokens)
{
    CudaPieces out = {0};
    size_t head_until = 0; /* heads begin behind the one before */
    size_t looked = 0;
    for (size_t at = 0; at < tokens->len && looked < SCAN_TOKENS_MAX; at++) {
        CudaPiece piece;
        if (tokens->items[at].kind == CUDA_LAUNCH && !tokens->items[at].define &&
            cuda_launch_at(tokens, at, &piece))
            *array_push(arena, &out) = piece;
        if (at < head_until || !may_begin(tokens, at) || !cuda_head_at(tokens, at, &piece))
            continue;
        piece.last = body_end(tokens, at, piece.body);
        head_until = piece.body;
        looked += HEAD_TOKENS_MAX + (piece.last - piece.body) * 2;
        *array_push(arena, &out) = piece;
    }
    return out;
}
