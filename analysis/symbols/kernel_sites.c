#include "analysis/symbols/kernel_sites.h"

#include "analysis/profile/kernel_name.h"

enum {
    SIGNATURE_LINES = 6, /* above a function's name: decorators, templates, attributes */
};

bool kernel_is_wanted(const KernelLook *in, Str name)
{
    return name.len && map_has(in->wanted, name);
}

void kernel_add_definition(KernelLook *in, Str kernel, Str qualified, Str parameters, LineNo line,
                           KernelMark mark)
{
    array_each (KernelSite, old, &in->here->definitions)
        if (old->line == line.n + in->lines_before && str_eq(old->file, in->file) &&
            mark != KERNEL_LAMBDA && str_eq(old->kernel, kernel)) {
            old->mark = mark < old->mark ? mark : old->mark;
            return; /* found in two ways */
        }
    *array_push(in->arena, &in->here->definitions) = (KernelSite){
        .kernel = str_copy(in->arena, kernel),
        .file = in->file,
        .line = line.n + in->lines_before,
        .mark = mark,
        .qualified = str_copy(in->arena, qualified),
        .parameters = str_copy(in->arena, parameters),
    };
}

/* One line may launch a kernel in several ways; it is one place. */
void kernel_add_launch(KernelLook *in, Str kernel, LineNo line)
{
    uint32_t number = line.n + in->lines_before;
    const KernelSiteList *launches = &in->here->launches;
    for (size_t i = launches->len; i-- > 0 && str_eq(launches->items[i].file, in->file);)
        if (launches->items[i].line == number && str_eq(launches->items[i].kernel, kernel))
            return;
    const OutlineItem *function = outline_function_at(in->outline, line);
    *array_push(in->arena, &in->here->launches) = (KernelSite){
        .kernel = str_copy(in->arena, kernel),
        .file = in->file,
        .line = number,
        .function = function ? str_copy(in->arena, function->name) : S("<module>"),
        .def_line = function ? function->first.n + in->lines_before : 0,
    };
}

/* ------------------------------------------------------------------ definitions */

/* What stands on a definition's lines, and on a few above, up to its body. */
static bool is_marked(const KernelLook *in, const OutlineItem *function, const OutlineItem *before)
{
    static const Str MARKS[] = {
        STR_CONST("__global__"), STR_CONST("triton."),      STR_CONST("cuda.jit"),
        STR_CONST("numba."),     STR_CONST("@jit"),         STR_CONST("rawkernel"),
        STR_CONST("@vectorize"), STR_CONST("@guvectorize"),
    };
    LineNo last = text_line_at(in->text, function->body_start);
    uint32_t above = function->first.n > SIGNATURE_LINES ? function->first.n - SIGNATURE_LINES : 1;
    if (before && before->last.n >= above) /* not into the function above */
        above = before->last.n + 1;
    for (uint32_t line = above; line <= last.n; line++)
        for (size_t i = 0; i < sizeof(MARKS) / sizeof(MARKS[0]); i++)
            if (str_has(text_line(in->text, (LineNo){line}), MARKS[i]))
                return true;
    return false;
}

/* "(T *x, int n)" behind the name, without its brackets; what follows them is cut by the last. */
static Str parameters_of(const KernelLook *in, const OutlineItem *function)
{
    Str text = text_slice(in->text, (ByteRange){function->name_range.end, function->body_start});
    return kernel_name(text).parameters;
}

/* The device lambdas in a function, as nvcc counts them. */
static void add_lambdas(KernelLook *in, const OutlineItem *function, Str name)
{
    const OutlineItem *end = in->outline->items + in->outline->len;
    uint32_t number = 0;
    for (const OutlineItem *item = function + 1;
         item < end && item->range.start.n < function->range.end.n; item++) {
        if (item->kind != OUTLINE_LAMBDA)
            continue;
        Str text = text_slice(in->text, item->range);
        size_t body = str_find(text, S("{"), 0);
        if (!str_has(str_head(text, body), S("__device__")))
            continue;
        kernel_add_definition(in, name, name, S(""), item->first, KERNEL_LAMBDA);
        in->here->definitions.items[in->here->definitions.len - 1].number = ++number;
    }
}

void kernel_sites_definitions(KernelLook *in)
{
    const OutlineItem *before = NULL;
    array_each (const OutlineItem, item, in->outline) {
        if (item->kind != OUTLINE_FUNCTION)
            continue;
        Str name = kernel_plain_name(item->name);
        if (kernel_is_wanted(in, name)) {
            bool marked = is_marked(in, item, before);
            kernel_add_definition(in, name, item->name, parameters_of(in, item),
                                  text_line_at(in->text, item->name_range.start),
                                  marked ? KERNEL_SAID : KERNEL_NAMED);
            if (!marked)
                add_lambdas(in, item, name);
        }
        if (!before || item->last.n > before->last.n || item->first.n > before->last.n)
            before = item;
    }
}

/* ------------------------------------------------------------------ a file */

void kernel_sites_cuda(KernelLook *in)
{
    kernel_sites_definitions(in);
    kernel_sites_words(in);
}

void kernels_look(Arena *arena, KernelSources *here, const KernelNames *wanted, Str file,
                  const Outline *outline, const Text *text)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("kernel sites");
    Map *names = map_new(scratch);
    array_each (const Str, name, wanted)
        map_put(names, *name, names);
    KernelLook in = {
        .arena = arena,
        .scratch = scratch,
        .here = here,
        .wanted = names,
        .file = str_copy(arena, file),
        .outline = outline,
        .text = text,
    };
    if (outline->lang == LANG_PYTHON)
        kernel_sites_python(&in);
    else
        kernel_sites_cuda(&in);
}
