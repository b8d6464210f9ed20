/*
 * Hint rules: what a rule sees and how it answers. Only files of this folder include it.
 *
 * A rule gets one line without its comment, the loops around it and the function it stands in. It
 * answers by filling in title and why; class and code come from its row in the table.
 */
#ifndef ANALYSIS_HINTS_HINT_RULES_H
#define ANALYSIS_HINTS_HINT_RULES_H

#include "analysis/hints/hint.h"

enum {
    HINT_LOOPS_MAX = 8,
};

typedef struct HintPlace {
    Arena *arena;
    const Text *text;
    LineNo line;
    Str code;        /* the line, trimmed, without a trailing comment */
    LineNo function; /* first and last line of the function around it; 0 at file level */
    LineNo function_end;
    bool in_kernel;               /* CUDA: the function is a __global__ one */
    LineNo loops[HINT_LOOPS_MAX]; /* first lines of the loops around it, innermost first */
    LineNo loop_ends[HINT_LOOPS_MAX];
    size_t n_loops;
} HintPlace;

typedef bool HintFn(const HintPlace *place, Hint *out);

typedef struct HintRule {
    HintFn *fn;
    HintClass class;
    Str code;
} HintRule;

typedef struct HintRules {
    const HintRule *items;
    size_t len;
} HintRules;

HintRules hints_python(void);
HintRules hints_rust(void);
HintRules hints_cuda(void);

/* Text helpers that the rules of all languages need. */

/* The line without blanks around it and without its comment. */
Str hint_code(const Text *text, LineNo line, Str comment);
bool hint_is_name_char(char c);
/* Is there `word` as a whole word at or after start? Its offset, or SIZE_MAX. */
size_t hint_word(Str code, Str word, size_t start);
/* The dotted name (a.b.c) that ends at offset `end`; empty when there is none. */
Str hint_name_before(Str code, size_t end);
/* The dotted name that starts at offset `start`. */
Str hint_name_at(Str code, size_t start);
/* The line begins a loop of its own: `for …` stands on it. */
bool hint_is_loop_head(const HintPlace *place);
/* Does any line from first to last assign to this name (name =, name +=, for name in, as name)? */
bool hint_assigns(const HintPlace *place, LineNo first, LineNo last, Str name);

#endif
