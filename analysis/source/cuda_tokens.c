#include "analysis/source/cuda_tokens.h"

#include <ctype.h>
#include <string.h>

enum {
    NEAR_TOKENS = 20000,      /* how far a brace is looked for */
    NEAR_ROUND = 3000,        /* the same, of ( and [ */
    NEAR_ANGLES = 1000,       /* of < and > */
    DELIMITER_BYTES_MAX = 16, /* of a raw string, by the standard */
    BRANCHES_MAX = 64,        /* #if in #if; deeper ones are read as if they were not there */
};

typedef struct Lexer {
    Arena *arena;
    CudaTokens *out;
    Str in;
    size_t at;
    bool define;
    bool line_start; /* only blanks since the last line end */
    bool new_line;   /* no token since the last line end */
    uint32_t depth;  /* of #if */
    bool other[BRANCHES_MAX];
} Lexer;

static bool is_word_start(char c)
{
    return isalpha((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static bool is_word_char(char c)
{
    return is_word_start(c) || isdigit((unsigned char)c);
}

static char peek(const Lexer *lexer, size_t ahead)
{
    return lexer->at + ahead < lexer->in.len ? lexer->in.ptr[lexer->at + ahead] : '\0';
}

static bool is_in_other_branch(const Lexer *lexer)
{
    for (uint32_t i = 0; i < lexer->depth && i < BRANCHES_MAX; i++)
        if (lexer->other[i])
            return true;
    return false;
}

static void push(Lexer *lexer, CudaTokenKind kind, size_t start)
{
    *array_push(lexer->arena, lexer->out) = (CudaToken){
        .start = (uint32_t)start,
        .end = (uint32_t)lexer->at,
        .kind = (uint8_t)kind,
        .sign = kind == CUDA_SIGN ? lexer->in.ptr[start] : '\0',
        .define = lexer->define,
        .other = is_in_other_branch(lexer),
        .new_line = lexer->new_line,
    };
    lexer->new_line = false;
}

/* ------------------------------------------------------------------ what is left out */

/* "\" at the end of a line, which goes on in the next one. */
static size_t continuation(const Lexer *lexer)
{
    if (peek(lexer, 0) != '\\')
        return 0;
    if (peek(lexer, 1) == '\n')
        return 2;
    return peek(lexer, 1) == '\r' && peek(lexer, 2) == '\n' ? 3 : 0;
}

static void skip_line(Lexer *lexer)
{
    while (lexer->at < lexer->in.len && lexer->in.ptr[lexer->at] != '\n') {
        size_t more = continuation(lexer);
        lexer->at += more ? more : 1;
    }
}

static bool skip_comment(Lexer *lexer)
{
    if (peek(lexer, 0) != '/' || (peek(lexer, 1) != '/' && peek(lexer, 1) != '*'))
        return false;
    if (peek(lexer, 1) == '/') {
        skip_line(lexer);
        return true;
    }
    size_t end = str_find(lexer->in, S("*/"), lexer->at + 2);
    lexer->at = end == SIZE_MAX ? lexer->in.len : end + 2;
    return true;
}

/* ------------------------------------------------------------------ strings */

static void read_string(Lexer *lexer)
{
    size_t start = lexer->at;
    char quote = lexer->in.ptr[lexer->at++];
    while (lexer->at < lexer->in.len && lexer->in.ptr[lexer->at] != quote &&
           lexer->in.ptr[lexer->at] != '\n')
        lexer->at += lexer->in.ptr[lexer->at] == '\\' ? 2 : 1;
    if (peek(lexer, 0) == quote)
        lexer->at++;
    if (lexer->at > lexer->in.len)
        lexer->at = lexer->in.len;
    push(lexer, CUDA_STRING, start);
}

/* R"x( ... )x" */
static bool read_raw_string(Lexer *lexer)
{
    if (peek(lexer, 0) != 'R' || peek(lexer, 1) != '"')
        return false;
    size_t start = lexer->at, open = start + 2;
    while (open < lexer->in.len && open - start <= 2 + DELIMITER_BYTES_MAX &&
           lexer->in.ptr[open] != '(' && lexer->in.ptr[open] != '\n')
        open++;
    if (open >= lexer->in.len || lexer->in.ptr[open] != '(')
        return false;
    char end[DELIMITER_BYTES_MAX + 3] = ")";
    size_t len = open - start - 2;
    memcpy(end + 1, lexer->in.ptr + start + 2, len);
    end[len + 1] = '"';
    size_t close = str_find(lexer->in, (Str){end, len + 2}, open);
    lexer->at = close == SIZE_MAX ? lexer->in.len : close + len + 2;
    push(lexer, CUDA_STRING, start);
    return true;
}

/* ------------------------------------------------------------------ directives */

static Str read_word(Lexer *lexer)
{
    size_t start = lexer->at;
    while (is_word_char(peek(lexer, 0)))
        lexer->at++;
    return (Str){lexer->in.ptr + start, lexer->at - start};
}

static void skip_blanks(Lexer *lexer)
{
    while (peek(lexer, 0) == ' ' || peek(lexer, 0) == '\t')
        lexer->at++;
}

static void branch(Lexer *lexer, bool opens, bool other)
{
    if (opens)
        lexer->depth++;
    if (lexer->depth > 0 && lexer->depth <= BRANCHES_MAX)
        lexer->other[lexer->depth - 1] = other;
}

/* After '#'. A #define goes on as tokens; all other directives end here. */
static void read_directive(Lexer *lexer)
{
    skip_blanks(lexer);
    Str word = read_word(lexer);
    if (str_eq(word, S("define"))) {
        skip_blanks(lexer);
        size_t start = lexer->at;
        lexer->define = true;
        if (read_word(lexer).len)
            push(lexer, CUDA_DEFINE, start);
        return;
    }
    if (str_starts(word, S("if")))
        branch(lexer, true, false);
    else if (str_starts(word, S("el")))
        branch(lexer, false, true);
    else if (str_eq(word, S("endif")) && lexer->depth)
        lexer->depth--;
    skip_line(lexer);
}

/* ------------------------------------------------------------------ signs */

static void read_sign(Lexer *lexer)
{
    static const struct {
        Str text;
        CudaTokenKind kind;
    } LONG[] = {
        {STR_CONST("<<<"), CUDA_LAUNCH}, {STR_CONST("->"), CUDA_OTHER},
        {STR_CONST("<<"), CUDA_OTHER},   {STR_CONST("<="), CUDA_OTHER},
        {STR_CONST(">="), CUDA_OTHER},   {STR_CONST("##"), CUDA_PASTE},
    };
    size_t start = lexer->at;
    Str rest = str_from(lexer->in, start);
    for (size_t i = 0; i < sizeof(LONG) / sizeof(LONG[0]); i++)
        if (str_starts(rest, LONG[i].text)) {
            lexer->at += LONG[i].text.len;
            push(lexer, LONG[i].kind, start);
            return;
        }
    lexer->at++;
    push(lexer, CUDA_SIGN, start);
}

/* 1'000 and 0x1p-3 need no care: what is left over is a sign or a word of no meaning here. */
static void read_number(Lexer *lexer)
{
    size_t start = lexer->at;
    while (is_word_char(peek(lexer, 0)) || peek(lexer, 0) == '.' ||
           (peek(lexer, 0) == '\'' && is_word_char(peek(lexer, 1))))
        lexer->at++;
    push(lexer, CUDA_NUMBER, start);
}

static void end_line(Lexer *lexer)
{
    lexer->at++;
    lexer->define = false;
    lexer->line_start = lexer->new_line = true;
}

static void read_one(Lexer *lexer)
{
    char c = peek(lexer, 0);
    size_t more = continuation(lexer);
    if (c == '\n') {
        end_line(lexer);
        return;
    }
    if (more || isspace((unsigned char)c) || c == '\0') {
        lexer->at += more ? more : 1;
        return;
    }
    if (skip_comment(lexer))
        return;
    bool directive = c == '#' && lexer->line_start;
    lexer->line_start = false;
    if (directive) {
        lexer->at++;
        read_directive(lexer);
    } else if (read_raw_string(lexer)) {
        return;
    } else if (c == '"' || c == '\'') {
        read_string(lexer);
    } else if (is_word_start(c)) {
        size_t start = lexer->at;
        (void)read_word(lexer);
        push(lexer, CUDA_WORD, start);
    } else if (isdigit((unsigned char)c)) {
        read_number(lexer);
    } else {
        read_sign(lexer);
    }
}

CudaTokens cuda_tokens(Arena *arena, Str bytes)
{
    CudaTokens out = {.bytes = bytes};
    Lexer lexer = {.arena = arena, .out = &out, .in = bytes, .line_start = true, .new_line = true};
    while (lexer.at < bytes.len)
        read_one(&lexer);
    return out;
}

/* ------------------------------------------------------------------ questions */

Str cuda_text(const CudaTokens *tokens, size_t at)
{
    if (at >= tokens->len)
        return S("");
    const CudaToken *token = &tokens->items[at];
    return (Str){tokens->bytes.ptr + token->start, token->end - token->start};
}

bool cuda_is_sign(const CudaTokens *tokens, size_t at, char sign)
{
    return at < tokens->len && tokens->items[at].kind == CUDA_SIGN &&
           tokens->items[at].sign == sign;
}

bool cuda_is_word(const CudaTokens *tokens, size_t at)
{
    return at < tokens->len && tokens->items[at].kind == CUDA_WORD;
}

static char closer_of(char sign)
{
    return sign == '(' ? ')' : sign == '[' ? ']' : sign == '{' ? '}' : sign == '<' ? '>' : '\0';
}

/* An angle is one of a template: what closes around it, or a ';', ends the search. */
static size_t close_angle(const CudaTokens *tokens, size_t open)
{
    size_t depth = 0, round = 0;
    for (size_t at = open; at < tokens->len && at < open + NEAR_ANGLES; at++) {
        char sign = tokens->items[at].sign;
        if (sign == ';' || sign == '{' || tokens->items[at].kind == CUDA_LAUNCH)
            break;
        if (sign == '(') {
            round++;
        } else if (sign == ')') {
            if (!round)
                break;
            round--;
        } else if (!round && sign == '<') {
            depth++;
        } else if (!round && sign == '>' && !--depth) {
            return at;
        }
    }
    return tokens->len;
}

size_t cuda_close(const CudaTokens *tokens, size_t open)
{
    if (open >= tokens->len || !closer_of(tokens->items[open].sign))
        return tokens->len;
    char opens = tokens->items[open].sign, closes = closer_of(opens);
    if (opens == '<')
        return close_angle(tokens, open);
    bool other = tokens->items[open].other;
    size_t depth = 0, near = open + (opens == '{' ? NEAR_TOKENS : NEAR_ROUND);
    for (size_t at = open; at < tokens->len && at < near; at++) {
        if (tokens->items[at].other && !other)
            continue;
        if (tokens->items[at].sign == opens)
            depth++;
        else if (tokens->items[at].sign == closes && !--depth)
            return at;
    }
    return tokens->len;
}

size_t cuda_open_angle(const CudaTokens *tokens, size_t close)
{
    size_t depth = 0, round = 0;
    for (size_t at = close + 1; at-- > 0 && close - at < NEAR_ANGLES;) {
        char sign = tokens->items[at].sign;
        if (sign == ';' || sign == '{' || sign == '}')
            break;
        if (sign == ')') {
            round++;
        } else if (sign == '(') {
            if (!round)
                break;
            round--;
        } else if (!round && sign == '>') {
            depth++;
        } else if (!round && sign == '<' && !--depth) {
            return at;
        }
    }
    return tokens->len;
}
