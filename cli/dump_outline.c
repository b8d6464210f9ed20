/*
 * dump outline [--lang cuda] FILE...: what stands where in a file.
 *
 *     # src/reduce.cu
 *     function reduce 3-12
 *       loop 5-9
 */

#include <argp.h>
#include <stdio.h>

#include "analysis/source/outline.h"
#include "base/array.h"
#include "base/file.h"
#include "cli/args.h"
#include "cli/dump.h"

typedef struct Arguments {
    LangId lang; /* LANG_NONE: by the file's name */
    Array(Str) paths;
    Arena *arena;
} Arguments;

static LangId lang_from(Str name)
{
    for (LangId lang = LANG_NONE + 1; lang < LANG_COUNT; lang++)
        if (str_eq(lang_get(lang)->name, name))
            return lang;
    return LANG_NONE;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Arguments *arguments = state->input;
    switch (key) {
    case 'l':
        arguments->lang = lang_from(str_from_c(arg));
        if (arguments->lang == LANG_NONE)
            argp_error(state, "--lang: no grammar for '%s'", arg);
        return 0;
    case ARGP_KEY_ARG:
        *array_push(arguments->arena, &arguments->paths) = str_from_c(arg);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option OPTIONS[] = {
    {"lang", 'l', "NAME", 0, "read every FILE as python, rust or cuda, whatever its name", 0},
    {0},
};
static const struct argp ARGP = {
    OPTIONS,
    parse,
    "FILE...",
    "Print functions, classes, loops, statements, calls, kernel launches and benchmarks of files.",
    NULL,
    NULL,
    NULL,
};

static bool print_file(Str path, LangId lang, Err *err)
{
    CLEANUP(arena_cleanup) Arena *arena = arena_new("dump");
    Str bytes;
    if (!file_read(arena, path, FILE_LIMIT_TEXT, &bytes, err))
        return false;
    const Text *text = text_new(arena, bytes);
    Syntax *syntax =
        syntax_parse(lang == LANG_NONE ? lang_of_path(path) : lang, text, NULL, NULL, 0, NULL);
    if (!syntax)
        return err_set(err, ERR_INPUT, STR_FMT ": no grammar for this name; give --lang",
                       STR_ARG(path));
    Outline outline = outline_of(arena, syntax, text);
    Str out = outline_print(arena, &outline);
    syntax_free(syntax);
    printf("# " STR_FMT "\n" STR_FMT, STR_ARG(path), STR_ARG(out));
    return true;
}

int dump_outline(int argc, char **argv)
{
    CLEANUP(arena_cleanup) Arena *arena = arena_new("dump");
    Arguments arguments = {.arena = arena};
    args_parse("perfloop dump outline", &ARGP, argc, argv, &arguments);
    array_each (Str, path, &arguments.paths) {
        Err err = {0};
        if (!print_file(*path, arguments.lang, &err)) {
            fprintf(stderr, "perfloop: %s\n", err.msg);
            return EXIT_FAILED;
        }
    }
    return EXIT_OK;
}
