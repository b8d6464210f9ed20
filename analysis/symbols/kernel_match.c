#include "analysis/symbols/kernel_match.h"

#include "analysis/profile/kernel_name.h"
#include "base/path.h"

/* Definitions that may be meant; each step keeps those that fit, unless that leaves none. */
typedef struct Candidates {
    Arena *arena;
    Str full;
    KernelName name;
    Str qualified;
    const KernelSite **sites;
    size_t len;
} Candidates;

typedef bool FitsFn(const Candidates *in, const KernelSite *site);

static void prefer(Candidates *in, FitsFn *fits)
{
    size_t fitting = 0;
    for (size_t i = 0; i < in->len; i++)
        fitting += fits(in, in->sites[i]);
    if (!fitting || fitting == in->len)
        return;
    size_t kept = 0;
    for (size_t i = 0; i < in->len; i++)
        if (fits(in, in->sites[i]))
            in->sites[kept++] = in->sites[i];
    in->len = kept;
}

static bool is_python(const KernelSite *site)
{
    return str_ends(site->file, S(".py")) && !str_has(site->qualified, S("::"));
}

static bool ends_with_part(Str name, Str end)
{
    return str_eq(name, end) || (end.len && str_ends(name, end) &&
                                 str_ends(str_head(name, name.len - end.len), S("::")));
}

/* A definition may stand in a namespace that a macro opens, and a tool may print short names. */
static bool may_be(Candidates *in, const KernelSite *site)
{
    if (is_python(site))
        return true;
    Str qualified = kernel_qualified_name(in->arena, site->qualified);
    return ends_with_part(qualified, in->qualified) || ends_with_part(in->qualified, qualified);
}

static bool is_qualified_so(const Candidates *in, const KernelSite *site)
{
    return str_eq(kernel_qualified_name(in->arena, site->qualified), in->qualified);
}

static Str without_blanks(Arena *arena, Str text)
{
    char *out = NEW_ARRAY(arena, char, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != ' ' && text.ptr[i] != '\t' && text.ptr[i] != '\n')
            out[len++] = text.ptr[i];
    return (Str){out, len};
}

/* "reduce<64>" is for 64 only, "reduce" for all others. */
static bool is_specialized_so(const Candidates *in, const KernelSite *site)
{
    Str own = without_blanks(in->arena, kernel_name(site->qualified).templates);
    Str wanted = without_blanks(in->arena, in->name.templates);
    return own.len &&
           (str_eq(own, wanted) || str_has(wanted, str_fmt(in->arena, ")" STR_FMT, STR_ARG(own))));
}

static bool is_general(const Candidates *in, const KernelSite *site)
{
    (void)in;
    return !kernel_name(site->qualified).templates.len;
}

/* nvcc names the namespace of a file after it: _GLOBAL__N__3a1f0_9_blur_cu_71e06f4e. */
static bool is_file_named(const Candidates *in, const KernelSite *site)
{
    Str base = path_base(site->file);
    char *words = NEW_ARRAY(in->arena, char, base.len + 2);
    for (size_t i = 0; i < base.len; i++)
        words[i + 1] = base.ptr[i] == '.' || base.ptr[i] == '-' ? '_' : base.ptr[i];
    words[0] = '_';
    return (str_has(in->full, S("_GLOBAL__N_")) || str_has(in->full, S("_INTERNAL_"))) &&
           str_has(in->full, (Str){words, base.len + 1});
}

static size_t count_parameters(Str text)
{
    size_t depth = 0, count = 1;
    text = str_trim(text);
    if (!text.len || str_eq(text, S("void")))
        return 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        depth += c == '(' || c == '<' || c == '[' || c == '{';
        depth -= depth && (c == ')' || c == '>' || c == ']' || c == '}');
        count += c == ',' && !depth;
    }
    return count;
}

static bool has_as_many(const Candidates *in, const KernelSite *site)
{
    return count_parameters(site->parameters) == count_parameters(in->name.parameters);
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool has_word(Str text, Str word)
{
    for (size_t at = str_find(text, word, 0); at != SIZE_MAX; at = str_find(text, word, at + 1)) {
        size_t end = at + word.len;
        if ((at == 0 || !is_word(text.ptr[at - 1])) && (end == text.len || !is_word(text.ptr[end])))
            return true;
    }
    return false;
}

/* Every type that the profiler prints stands in the source. */
static bool has_types(const Candidates *in, const KernelSite *site)
{
    Str text = in->name.parameters;
    for (size_t at = 0; at < text.len;) {
        size_t start = at;
        while (at < text.len && is_word(text.ptr[at]))
            at++;
        if (at > start && !has_word(site->parameters, str_head(str_from(text, start), at - start)))
            return false;
        at += at == start;
    }
    return true;
}

/* What is a kernel only by its name has to have as many parameters as well. */
static bool is_sure(const Candidates *in, const KernelSite *site)
{
    if (site->mark != KERNEL_NAMED || !in->name.called || in->name.templates.len ||
        !site->parameters.len || is_python(site))
        return true;
    return has_as_many(in, site);
}

static bool is_lambda_so(const Candidates *in, const KernelSite *site, Str function,
                         uint32_t number)
{
    (void)in;
    return site->mark == KERNEL_LAMBDA && site->number == number && str_eq(site->kernel, function);
}

/* All of a name and of the surest mark that there is. */
static void collect(Candidates *in, const KernelSiteList *all, Str plain, KernelMark least)
{
    for (KernelMark mark = KERNEL_SAID; mark <= least && !in->len; mark++)
        array_each (const KernelSite, site, all)
            if (mark != KERNEL_LAMBDA && site->mark == mark && str_eq(site->kernel, plain) &&
                may_be(in, site) && is_sure(in, site))
                in->sites[in->len++] = site;
}

static void collect_lambdas(Candidates *in, const KernelSiteList *all)
{
    Str function;
    uint32_t number;
    if (in->len || !kernel_lambda(in->full, &function, &number))
        return;
    array_each (const KernelSite, site, all)
        if (is_lambda_so(in, site, function, number))
            in->sites[in->len++] = site;
}

const KernelSite *kernel_match(Arena *arena, const KernelSiteList *definitions, Str name,
                               size_t *candidates)
{
    Candidates in = {.arena = arena, .full = name, .name = kernel_name(name)};
    in.sites = NEW_ARRAY(arena, const KernelSite *, definitions->len + 1);
    in.qualified = kernel_qualified_name(arena, in.name.qualified);
    Str variants[KERNEL_VARIANTS_MAX];
    size_t n = kernel_variants(in.name.plain, variants);
    for (size_t i = 0; i < n && !in.len; i++) {
        if (i)
            in.qualified = variants[i];
        collect(&in, definitions, variants[i], i ? KERNEL_SAID : KERNEL_NAMED);
    }
    collect_lambdas(&in, definitions);
    prefer(&in, is_qualified_so);
    prefer(&in, is_file_named);
    prefer(&in, is_specialized_so);
    if (in.len > 1 && !is_specialized_so(&in, in.sites[0]))
        prefer(&in, is_general);
    if (in.name.called) {
        prefer(&in, has_as_many);
        prefer(&in, has_types);
    }
    *candidates = in.len;
    return in.len == 1 ? in.sites[0] : NULL;
}
