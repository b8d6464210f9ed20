/*
 * Hint: advice for a line that was measured hot.
 *
 * A rule is one function and one table row in hints_LANG.c. It looks at one line, in its function
 * and its loops, and says what to try and why, or nothing. Rules read text and outline only; they
 * are asked about hot lines and nowhere else, so there is no advice without a measurement.
 *
 *     Hints hints = hints_for_line(arena, LANG_PYTHON, &source, line);
 *
 * The result is in the order in which an optimization should be tried: a better algorithm before
 * less work before a better layout of memory before concurrency, I/O and the language's own tricks.
 */
#ifndef ANALYSIS_HINTS_HINT_H
#define ANALYSIS_HINTS_HINT_H

#include "analysis/source/outline.h"
#include "analysis/source/text.h"
#include "base/array.h"
#include "base/str.h"
#include "grammars/lang.h"

typedef enum HintClass {
    HINT_ALGORITHM,
    HINT_UNNECESSARY_WORK,
    HINT_MEMORY,
    HINT_CONCURRENCY,
    HINT_IO,
    HINT_LANGUAGE,
} HintClass;

typedef struct Hint {
    HintClass class;
    Str code;  /* "python-list-membership" */
    Str title; /* what to try: "make `words` a set" */
    Str why;   /* one sentence */
} Hint;

typedef Array(Hint) Hints;

/* A file as rules see it. */
typedef struct HintSource {
    const Text *text;
    const Outline *outline;
} HintSource;

Hints hints_for_line(Arena *arena, LangId lang, const HintSource *source, LineNo line);

/* "algorithm", "unnecessary work", … */
Str hint_class_name(HintClass class);

#endif
