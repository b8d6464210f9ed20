/*
 * Outline: what stands where in a file, as plain structs: functions, classes, loops, statements,
 * calls, kernel launches, benchmarks. What counts as one is written in grammars/queries/LANG/ as
 * patterns.
 *
 *     Outline outline = outline_of(arena, syntax, text);
 *     const OutlineItem *function = outline_function_at(&outline, (LineNo){12});
 *     if (function)
 *         printf(STR_FMT, STR_ARG(function->name));    "Parser.next"
 *
 * Items are sorted by where they start, an outer one before those inside it. Names and items live
 * as long as the arena and the Text given. A NULL syntax gives an empty outline, and so every
 * question about a file without a grammar has the answer "nothing".
 */
#ifndef ANALYSIS_SOURCE_OUTLINE_H
#define ANALYSIS_SOURCE_OUTLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/source/syntax.h"
#include "analysis/source/text.h"

/* In the order in which things of the same extent enclose each other. */
typedef enum OutlineKind {
    OUTLINE_FUNCTION,  /* has a name of its own */
    OUTLINE_CLASS,     /* anything that qualifies a name: class, impl, trait, mod, namespace */
    OUTLINE_STATEMENT, /* simple ones and compound ones that are no loop */
    OUTLINE_LOOP,      /* comprehensions too, named as Python's profilers do: "<listcomp>" */
    OUTLINE_LAMBDA,    /* a function without a name: "<lambda>", "{{closure}}" */
    OUTLINE_CALL,
    OUTLINE_LAUNCH, /* kernel<<<grid, block>>>(...) */
    OUTLINE_BENCH,  /* what makes a benchmark known to its harness; benches.h reads them */
    OUTLINE_GROUP,  /* what gives benchmarks the first part of their names */
} OutlineKind;

/* Whose benchmark it is. */
typedef enum OutlineHarness {
    OUTLINE_NO_HARNESS,
    OUTLINE_PYTEST,
    OUTLINE_PYPERF,
    OUTLINE_CRITERION,
    OUTLINE_LIBTEST, /* #[bench] */
    OUTLINE_DIVAN,
    OUTLINE_GBENCH,
    OUTLINE_NVBENCH,
} OutlineHarness;

#define OUTLINE_NONE UINT32_MAX

typedef struct OutlineItem {
    OutlineKind kind;
    uint32_t parent; /* index of the smallest item around it, or OUTLINE_NONE */
    LineNo first;
    LineNo last;
    ByteRange range;
    ByteRange name_range; /* empty where there is no name in the text */
    ByteOffset
        body_start; /* functions: behind the signature; groups: their variable; else the end */
    OutlineHarness harness; /* benchmarks and groups */
    bool guessed;           /* the parser gave up there; read from the words (cuda_scan.h) */
    /*
     * Functions and classes: qualified by what they stand in, "Parser.next" or "lexer::Lexer::next".
     * Calls and launches: what is called, as written: "np.dot". Benchmarks and groups: the name as
     * written. Otherwise a fixed name or empty.
     */
    Str name;
    /* Functions: of what follows the signature, line ends aside. Zero for others, and for those
     * inside more than 32 other functions. */
    Digest body;
} OutlineItem;

typedef struct Outline {
    LangId lang;
    OutlineItem *items;
    size_t len;
    Digest text; /* text_id of the text it describes */
} Outline;

Outline outline_of(Arena *arena, const Syntax *syntax, const Text *text);
/*
 * The same value, made from the outline of the text before the changes that `syntax` was parsed
 * with; only what changed is looked at. Any other `old` is noticed and everything is done anew.
 */
Outline outline_update(Arena *arena, const Outline *old, const Syntax *syntax, const Text *text);

/* "function", "loop", ... */
Str outline_kind_name(OutlineKind kind);
/* "pytest-benchmark", "criterion", ...: as in a workload file; empty for none. */
Str outline_harness_name(OutlineHarness harness);
/* The item around it, or NULL. */
const OutlineItem *outline_parent(const Outline *outline, const OutlineItem *item);
/* The innermost function whose lines include this one, or NULL. */
const OutlineItem *outline_function_at(const Outline *outline, LineNo line);
/* The innermost statement or loop whose lines include this one, or NULL. */
const OutlineItem *outline_statement_at(const Outline *outline, LineNo line);

/*
 * The function a profiler means: by its qualified name, else by the end of it ("next" or
 * "pkg.Parser.next" find Parser.next), and with "<lambda>", "<listcomp>" or "{{closure}}" the
 * lambda, comprehension or closure. Rust hashes and generics and C++ arguments are looked through.
 * Of several the one around `near`, else the one that starts closest to it; else the first.
 */
const OutlineItem *outline_find_function(const Outline *outline, Str name, LineNo near);

/* One line per item, indented by depth: "function Parser.next 3-9". For tests and `dump`. */
Str outline_print(Arena *arena, const Outline *outline);

#endif
