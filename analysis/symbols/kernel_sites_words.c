/*
 * Launches and definitions of CUDA source by its words. Three things launch: <<<>>> behind a kernel's
 * name or a name that holds it; a call of something whose name says so (cudaLaunchKernel,
 * hipLaunchKernelGGL, LAUNCH(...)) with the kernel among its arguments; and a macro or a function that
 * launches one of its own parameters, where it is called. A node of a graph launches what its `func` is. A macro that holds __global__ defines where it
 * is expanded.
 */

#include "analysis/profile/kernel_name.h"
#include "analysis/source/cuda_scan.h"
#include "analysis/symbols/demangle.h"
#include "analysis/symbols/kernel_sites.h"

enum {
    VALUE_TOKENS_MAX = 200, /* of what is assigned to a name */
    CALL_ARGUMENTS_MAX = 32,
    NAME_BYTES_MAX = 200,
};

/* A name that holds a kernel: `auto k = reduce<float>;`, cuModuleGetFunction(&k, module, "reduce"). */
typedef struct Alias {
    Str name;
    Str kernel;
    const OutlineItem *function; /* around; NULL: known in all the file */
} Alias;

/* A macro or function that launches what it is given, or a macro that launches this kernel. */
typedef struct Launcher {
    Str name;
    Str kernel; /* empty: the parameter */
    size_t parameter;
} Launcher;

/* A macro with __global__ in it: what makes the kernel's name, words of the macro and its parameters. */
typedef struct Maker {
    Str name;
    size_t parameters;  /* the '(' behind the macro's name */
    size_t first, last; /* tokens of the kernel's name: WORD ## WORD */
} Maker;

typedef struct Words {
    KernelLook *look;
    CudaTokens tokens;
    Array(Alias) aliases;
    Array(Launcher) launchers;
    Array(Maker) makers;
} Words;

typedef struct Arguments {
    size_t first[CALL_ARGUMENTS_MAX], last[CALL_ARGUMENTS_MAX]; /* tokens; last is the one behind */
    size_t len;
} Arguments;

static LineNo line_of(const Words *in, size_t token)
{
    return text_line_at(in->look->text, (ByteOffset){in->tokens.items[token].start});
}

static const OutlineItem *function_around(const Words *in, size_t token)
{
    return outline_function_at(in->look->outline, line_of(in, token));
}

/* The arguments in the round brackets at `open`; none when they do not end. */
static Arguments arguments_at(const CudaTokens *tokens, size_t open)
{
    Arguments out = {0};
    size_t close = cuda_close(tokens, open);
    if (close >= tokens->len || close == open + 1)
        return out;
    size_t start = open + 1;
    for (size_t at = start; at <= close && out.len < CALL_ARGUMENTS_MAX; at++) {
        size_t inner = cuda_is_sign(tokens, at, '(') || cuda_is_sign(tokens, at, '{') ||
                               cuda_is_sign(tokens, at, '[') || cuda_is_sign(tokens, at, '<')
                           ? cuda_close(tokens, at)
                           : tokens->len;
        if (inner < close)
            at = inner;
        else if (at == close || cuda_is_sign(tokens, at, ',')) {
            out.first[out.len] = start;
            out.last[out.len++] = at;
            start = at + 1;
        }
    }
    return out;
}

/* ------------------------------------------------------------------ what a name holds */

static void add_alias(Words *in, size_t name, Str kernel)
{
    *array_push(in->look->scratch, &in->aliases) =
        (Alias){cuda_text(&in->tokens, name), kernel, function_around(in, name)};
}

/* `k = kernel<T>`, `k = n > 8 ? big : &small`; not what a call gives. */
static void read_assignment(Words *in, size_t equals)
{
    const CudaTokens *tokens = &in->tokens;
    size_t name = equals - 1;
    if (cuda_is_sign(tokens, name, ')')) /* void (*k)(float *) = kernel */
        while (name > 0 && equals - name < VALUE_TOKENS_MAX && !cuda_is_sign(tokens, name, '*'))
            name--;
    name += cuda_is_sign(tokens, name, '*');
    if (!cuda_is_word(tokens, name))
        return;
    bool node = name > 0 && str_eq(cuda_text(tokens, name), S("func")) &&
                (cuda_is_sign(tokens, name - 1, '.') || tokens->items[name - 1].kind == CUDA_OTHER);
    for (size_t at = equals + 1; at < tokens->len && at - equals < VALUE_TOKENS_MAX; at++) {
        if (cuda_is_sign(tokens, at, ';') || cuda_is_sign(tokens, at, '{') ||
            tokens->items[at].kind == CUDA_LAUNCH)
            break;
        if (cuda_is_word(tokens, at) && kernel_is_wanted(in->look, cuda_text(tokens, at)) &&
            !cuda_is_sign(tokens, at + 1, '(')) {
            add_alias(in, name, cuda_text(tokens, at));
            if (node) /* of a graph: cudaKernelNodeParams.func */
                kernel_add_launch(in->look, cuda_text(tokens, at), line_of(in, at));
        }
    }
}

/* cuModuleGetFunction(&f, module, "_Z6reducePf") */
static void read_lookup(Words *in, size_t open)
{
    const CudaTokens *tokens = &in->tokens;
    Arguments arguments = arguments_at(tokens, open);
    if (arguments.len < 2 || !arguments.last[0])
        return;
    size_t name = arguments.last[0] - 1, last = arguments.last[arguments.len - 1] - 1;
    Str text = cuda_text(tokens, last);
    if (!cuda_is_word(tokens, name) || tokens->items[last].kind != CUDA_STRING || text.len < 3)
        return;
    text = str_head(str_from(text, 1), text.len - 2);
    Str kernel = kernel_plain_name(demangle(in->look->scratch, text));
    if (kernel_is_wanted(in->look, kernel))
        add_alias(in, name, kernel);
}

static void read_aliases(Words *in)
{
    static const Str LOOKUPS[] = {STR_CONST("cuModuleGetFunction"),
                                  STR_CONST("hipModuleGetFunction"),
                                  STR_CONST("cuLibraryGetKernel")};
    const CudaTokens *tokens = &in->tokens;
    for (size_t at = 1; at < tokens->len; at++) {
        if (cuda_is_sign(tokens, at, '=') && !cuda_is_sign(tokens, at + 1, '=') &&
            !cuda_is_sign(tokens, at - 1, '=') && !cuda_is_sign(tokens, at - 1, '!'))
            read_assignment(in, at);
        for (size_t i = 0;
             cuda_is_sign(tokens, at, '(') && i < sizeof(LOOKUPS) / sizeof(LOOKUPS[0]); i++)
            if (str_eq(cuda_text(tokens, at - 1), LOOKUPS[i]))
                read_lookup(in, at);
    }
}

/* ------------------------------------------------------------------ launching */

/* A kernel by this name, or all that a name of the same function, else of the file, may hold. */
static bool launch_by_name(Words *in, Str name, size_t token)
{
    if (kernel_is_wanted(in->look, name)) {
        kernel_add_launch(in->look, name, line_of(in, token));
        return true;
    }
    const OutlineItem *around = function_around(in, token);
    size_t found = 0;
    for (int pass = 0; pass < 2 && !found; pass++)
        array_each (Alias, alias, &in->aliases) {
            if (!str_eq(alias->name, name) || (pass == 0 && alias->function != around))
                continue;
            kernel_add_launch(in->look, alias->kernel, line_of(in, token));
            found++;
        }
    return found > 0;
}

/* The kernel that an argument names: reduce<T>, &reduce, (void *)reduce, reinterpret_cast<…>(reduce). */
static void launch_argument(Words *in, size_t first, size_t last, size_t token)
{
    const CudaTokens *tokens = &in->tokens;
    for (size_t at = first; at < last; at++) {
        bool member = at > first && (cuda_is_sign(tokens, at - 1, '.') ||
                                     tokens->items[at - 1].kind == CUDA_OTHER);
        if (cuda_is_word(tokens, at) && !member && !cuda_is_sign(tokens, at + 1, '(') &&
            launch_by_name(in, cuda_text(tokens, at), token))
            return;
    }
}

static bool says_launch(Str name)
{
    return str_has(name, S("aunch")) || str_has(name, S("LAUNCH")) || str_eq(name, S("doit"));
}

/* Which parameter of the list at `open` has this name; false when none. */
static bool parameter_number(const CudaTokens *tokens, size_t open, Str name, size_t *number)
{
    Arguments parameters = arguments_at(tokens, open);
    for (size_t i = 0; i < parameters.len; i++)
        for (size_t at = parameters.first[i]; at < parameters.last[i]; at++)
            if (cuda_is_word(tokens, at) && str_eq(cuda_text(tokens, at), name) &&
                (at + 1 == parameters.last[i] || cuda_is_sign(tokens, at + 1, ')') ||
                 cuda_is_sign(tokens, at + 1, '='))) {
                *number = i;
                return true;
            }
    return false;
}

static void add_launcher(Words *in, Launcher launcher)
{
    array_each (Launcher, old, &in->launchers)
        if (old->parameter == launcher.parameter && str_eq(old->name, launcher.name) &&
            str_eq(old->kernel, launcher.kernel))
            return;
    *array_push(in->look->scratch, &in->launchers) = launcher;
}

static bool is_launcher(const Words *in, Str name)
{
    array_each (Launcher, launcher, &in->launchers)
        if (str_eq(launcher->name, name))
            return true;
    return false;
}

/* The first token of the outline's function, to find its parameters; tokens are sorted by place. */
static size_t token_at(const CudaTokens *tokens, uint32_t offset)
{
    size_t low = 0, high = tokens->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tokens->items[middle].start < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t define_of(const CudaTokens *tokens, size_t token)
{
    while (token > 0 && tokens->items[token].kind != CUDA_DEFINE)
        token--;
    return token;
}

/* `kernel<<<…>>>` where kernel is a parameter of the function around, or of the macro. */
static void launch_of_parameter(Words *in, Str name, size_t token)
{
    const CudaTokens *tokens = &in->tokens;
    size_t open, number;
    Str launcher;
    if (tokens->items[token].define) {
        size_t define = define_of(tokens, token);
        launcher = cuda_text(tokens, define);
        open = define + 1;
    } else {
        const OutlineItem *function = function_around(in, token);
        if (!function)
            return;
        open = token_at(tokens, function->name_range.end.n);
        launcher = kernel_plain_name(function->name);
    }
    if (cuda_is_sign(tokens, open, '(') && parameter_number(tokens, open, name, &number))
        add_launcher(in, (Launcher){.name = launcher, .parameter = number});
}

static void read_chevrons(Words *in, size_t at)
{
    CudaPiece piece;
    if (!cuda_launch_at(&in->tokens, at, &piece))
        return;
    Str name = kernel_plain_name(
        (Str){in->tokens.bytes.ptr + in->tokens.items[piece.name].start,
              in->tokens.items[piece.name_last].end - in->tokens.items[piece.name].start});
    bool define = in->tokens.items[at].define;
    if (define && kernel_is_wanted(in->look, name))
        add_launcher(in, (Launcher){.name = cuda_text(&in->tokens, define_of(&in->tokens, at)),
                                    .kernel = name});
    else if (define || !launch_by_name(in, name, piece.first))
        launch_of_parameter(in, name, at);
}

/* Behind a call's name and its template arguments: the '('; tokens->len when it is none. */
static size_t call_bracket(const CudaTokens *tokens, size_t at)
{
    at++;
    if (cuda_is_sign(tokens, at, '<')) {
        size_t close = cuda_close(tokens, at);
        at = close < tokens->len ? close + 1 : at;
    }
    return cuda_is_sign(tokens, at, '(') ? at : tokens->len;
}

static void read_call(Words *in, size_t at)
{
    const CudaTokens *tokens = &in->tokens;
    Str name = cuda_text(tokens, at);
    bool known = is_launcher(in, name);
    size_t open = known || says_launch(name) ? call_bracket(tokens, at) : tokens->len;
    if (open == tokens->len)
        return;
    Arguments arguments = arguments_at(tokens, open);
    array_each (Launcher, launcher, &in->launchers) {
        if (!str_eq(launcher->name, name))
            continue;
        if (launcher->kernel.len)
            kernel_add_launch(in->look, launcher->kernel, line_of(in, at));
        else if (launcher->parameter < arguments.len)
            launch_argument(in, arguments.first[launcher->parameter],
                            arguments.last[launcher->parameter], at);
    }
    for (size_t i = 0; !known && i < arguments.len; i++)
        launch_argument(in, arguments.first[i], arguments.last[i], at);
}

/* A call in a macro or function that passes its own parameter on to something that launches. */
static void read_passing_on(Words *in, size_t at)
{
    const CudaTokens *tokens = &in->tokens;
    size_t open = says_launch(cuda_text(tokens, at)) ? call_bracket(tokens, at) : tokens->len;
    if (open == tokens->len)
        return;
    Arguments arguments = arguments_at(tokens, open);
    for (size_t i = 0; i < arguments.len; i++)
        for (size_t k = arguments.first[i]; k < arguments.last[i]; k++)
            if (cuda_is_word(tokens, k) && !cuda_is_sign(tokens, k + 1, '('))
                launch_of_parameter(in, cuda_text(tokens, k), at);
}

/* ------------------------------------------------------------------ made by macros */

static void read_maker(Words *in, size_t define, size_t global)
{
    const CudaTokens *tokens = &in->tokens;
    size_t open, close;
    if (!cuda_parameters_at(tokens, global, &open, &close) || open < 2 ||
        !cuda_is_sign(tokens, define + 1, '('))
        return;
    size_t last = open - 1, first = last;
    while (first > global + 2 && tokens->items[first - 1].kind == CUDA_PASTE)
        first -= 2;
    *array_push(in->look->scratch, &in->makers) =
        (Maker){cuda_text(tokens, define), define + 1, first, last};
}

static void read_makers(Words *in)
{
    size_t define = SIZE_MAX;
    for (size_t at = 0; at < in->tokens.len; at++) {
        if (in->tokens.items[at].kind == CUDA_DEFINE)
            define = at;
        else if (define != SIZE_MAX && in->tokens.items[at].define &&
                 str_eq(cuda_text(&in->tokens, at), S("__global__")))
            read_maker(in, define, at);
    }
}

/* The kernel's name where a maker stands with these arguments. */
static Str made_name(Words *in, const Maker *maker, const Arguments *arguments)
{
    const CudaTokens *tokens = &in->tokens;
    Str name = {0};
    for (size_t at = maker->first; at <= maker->last && name.len < NAME_BYTES_MAX; at += 2) {
        Str part = cuda_text(tokens, at);
        size_t number;
        if (parameter_number(tokens, maker->parameters, part, &number)) {
            if (number >= arguments->len)
                return (Str){0};
            part = cuda_text(tokens, arguments->first[number]);
        }
        name = str_fmt(in->look->scratch, STR_FMT STR_FMT, STR_ARG(name), STR_ARG(part));
    }
    return name;
}

/* A macro's line without a semicolon looks like the beginning of the function behind it. */
static bool is_in_body(const Words *in, size_t token)
{
    const OutlineItem *function = function_around(in, token);
    return function && function->body_start.n <= in->tokens.items[token].start;
}

/* A line of its own at file level, MACRO(reduce, float): by the macro's words, else by its own. */
static void read_expansion(Words *in, size_t at)
{
    const CudaTokens *tokens = &in->tokens;
    if (!cuda_is_sign(tokens, at + 1, '('))
        return;
    Arguments arguments = {0};
    array_each (Maker, maker, &in->makers) {
        if (!str_eq(maker->name, cuda_text(tokens, at)))
            continue;
        arguments = arguments_at(tokens, at + 1);
        Str name = made_name(in, maker, &arguments);
        if (kernel_is_wanted(in->look, name)) {
            kernel_add_definition(in->look, name, name, S(""), line_of(in, at), KERNEL_SAID);
            return;
        }
    }
    if (!tokens->items[at].new_line || is_launcher(in, cuda_text(tokens, at)) ||
        says_launch(cuda_text(tokens, at)) || is_in_body(in, at))
        return;
    arguments = arguments_at(tokens, at + 1);
    for (size_t i = 0; i < arguments.len; i++) {
        Str name = cuda_text(tokens, arguments.first[i]);
        if (arguments.first[i] + 1 == arguments.last[i] && kernel_is_wanted(in->look, name))
            kernel_add_definition(in->look, name, name, S(""), line_of(in, at), KERNEL_NAMED);
    }
}

/* ------------------------------------------------------------------ a file */

void kernel_sites_words(KernelLook *look)
{
    Words in = {.look = look, .tokens = cuda_tokens(look->scratch, text_bytes(look->text))};
    read_aliases(&in);
    read_makers(&in);
    for (size_t at = 0; at < in.tokens.len; at++)
        if (in.tokens.items[at].kind == CUDA_LAUNCH)
            read_chevrons(&in, at);
    for (size_t at = 0; at < in.tokens.len; at++)
        if (cuda_is_word(&in.tokens, at))
            read_passing_on(&in, at);
    for (size_t at = 0; at < in.tokens.len; at++)
        if (cuda_is_word(&in.tokens, at) && !in.tokens.items[at].define) {
            read_call(&in, at);
            read_expansion(&in, at);
        }
}
