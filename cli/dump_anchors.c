/*
 * dump anchors PROFILED CURRENT [--lines 3,9-12]: where lines of one text are in another.
 *
 *     3 -> 5 moved Parser.next
 *     9 -> - gone Parser.next
 */

#include <argp.h>
#include <stdio.h>

#include "analysis/hotspots/anchor.h"
#include "base/array.h"
#include "base/file.h"
#include "cli/args.h"
#include "cli/dump.h"

typedef Array(LineNo) Lines;

typedef struct Arguments {
    Str paths[2];
    size_t count;
    Str lines; /* empty for all */
} Arguments;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Arguments *arguments = state->input;
    switch (key) {
    case 'l':
        arguments->lines = str_from_c(arg);
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->count == 2)
            argp_usage(state);
        arguments->paths[arguments->count++] = str_from_c(arg);
        return 0;
    case ARGP_KEY_END:
        if (arguments->count < 2)
            argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option OPTIONS[] = {
    {"lines", 'l', "LINES", 0, "only these lines of PROFILED, as in 3,9-12", 0},
    {0},
};
static const struct argp ARGP = {
    OPTIONS,
    parse,
    "PROFILED CURRENT",
    "Print where every line of PROFILED is in CURRENT, and whether it is still the same.",
    NULL,
    NULL,
    NULL,
};

/* Ranges beyond the text are cut, so that nobody's typing error fills the memory. */
static bool read_lines(Arena *arena, Str wish, const Text *text, Lines *lines, Err *err)
{
    Str all = str_fmt(arena, "1-%u", text_lines(text)), range, low, high;
    for (Str rest = wish.len ? wish : all; rest.len;) {
        uint64_t first, last;
        if (!str_cut(rest, ',', &range, &rest))
            range = rest, rest = S("");
        if (!str_cut(range, '-', &low, &high))
            low = high = range;
        if (!str_to_u64(low, &first) || !str_to_u64(high, &last) || first == 0)
            return err_set(err, ERR_INPUT, "--lines: not a line or a range: '" STR_FMT "'",
                           STR_ARG(range));
        for (uint64_t n = first; n <= last && n <= text_lines(text); n++)
            *array_push(arena, lines) = (LineNo){(uint32_t)n};
    }
    return true;
}

static bool read_side(Arena *arena, Str path, AnchorSide *side, Err *err)
{
    Str bytes;
    if (!file_read(arena, path, FILE_LIMIT_TEXT, &bytes, err))
        return false;
    Outline *outline = NEW(arena, Outline);
    side->text = text_new(arena, bytes);
    Syntax *syntax = syntax_parse(lang_of_path(path), side->text, NULL, NULL, 0, NULL);
    *outline = outline_of(arena, syntax, side->text);
    syntax_free(syntax);
    side->outline = outline;
    return true;
}

static void print(const Anchors *anchors, const AnchorSide *then)
{
    for (size_t i = 0; i < anchors->len; i++) {
        const Anchor *anchor = &anchors->items[i];
        const OutlineItem *function = outline_function_at(then->outline, anchor->was);
        printf("%u -> ", anchor->was.n);
        if (anchor->now.n)
            printf("%u ", anchor->now.n);
        else
            printf("- ");
        printf(STR_FMT, STR_ARG(anchor_state_name(anchor->state)));
        if (function)
            printf(" " STR_FMT, STR_ARG(function->name));
        printf("\n");
    }
}

int dump_anchors(int argc, char **argv)
{
    CLEANUP(arena_cleanup) Arena *arena = arena_new("dump");
    Arguments arguments = {0};
    AnchorSide then, now;
    Lines lines = {0};
    Err err = {0};
    args_parse("perfloop dump anchors", &ARGP, argc, argv, &arguments);
    if (!read_side(arena, arguments.paths[0], &then, &err) ||
        !read_side(arena, arguments.paths[1], &now, &err) ||
        !read_lines(arena, arguments.lines, then.text, &lines, &err)) {
        fprintf(stderr, "perfloop: %s\n", err.msg);
        return EXIT_FAILED;
    }
    Anchors anchors = anchors_find(arena, &then, &now, lines.items, lines.len);
    print(&anchors, &then);
    return EXIT_OK;
}
