/*
 * Verdict: from pairs of runs to one of a few words, so that the word can be trusted.
 *
 * Each pair gives d = ln(candidate / baseline), turned so that negative is better. Which side of a
 * pair ran first was a coin flip, so without a difference every d is symmetric about 0, whatever
 * the machine did meanwhile. We look only after 10, 14, 20, ... pairs, each look spends its part
 * of an error rate of 1 %, and the running intersection of the looks' intervals supports every
 * word we say; continuing later ("measure longer") costs no further error.
 *
 *     improvement   the interval is wholly below the floor of -1 %
 *     regression    wholly above +1 %
 *     same          wholly inside +-2 %
 *     unstable      the looks contradict each other: conditions changed meanwhile
 *     inconclusive  none of these after n_max pairs
 *
 * An improvement is measured on (at most as many pairs again) until it is also known whether it
 * reaches 5 %. The kinds after VERDICT_UNSTABLE are not made here but by those who ran the
 * benchmark. Only words and numbers here: who acts on them is runners/experiment.
 */
#ifndef ANALYSIS_STATS_VERDICT_H
#define ANALYSIS_STATS_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/units.h"

typedef enum VerdictKind {
    VERDICT_INCONCLUSIVE,
    VERDICT_IMPROVEMENT,
    VERDICT_REGRESSION,
    VERDICT_SAME,
    VERDICT_UNSTABLE,
    VERDICT_INVALID,    /* the two sides did not do the same work */
    VERDICT_MIXED,      /* another metric says the opposite */
    VERDICT_CONDITIONS, /* the conditions differ or changed meanwhile */
} VerdictKind;

typedef enum VerdictFlag {
    FLAG_NONE,
    FLAG_ABOVE,       /* improves by 5 % or more */
    FLAG_BELOW,       /* by less */
    FLAG_ABOVE_ABOUT, /* by the estimate, the interval holds both */
    FLAG_BELOW_ABOUT,
} VerdictFlag;

/* The zero value is the default. */
typedef struct VerdictOptions {
    size_t n_max; /* no look beyond; 0: 80 */
    double floor; /* a difference must exceed it; 0: 1 %; negative: none */
    double same;  /* 0: 2 % */
    double flag;  /* 0: 5 % */
    size_t m;     /* hypotheses that share the error rate; 0: one */
    bool quick;   /* looks at 6, 10, 14, 20 pairs with 5 % in all; never acts by itself */
} VerdictOptions;

typedef struct Verdict {
    VerdictKind kind;
    VerdictFlag flag;
    bool done;       /* further pairs would not be looked at */
    bool quick;      /* decided with an error rate of 5 % */
    size_t n;        /* pairs used: the last look */
    double estimate; /* ln ratio, negative is better */
    double low;      /* the running intersection: 99 % */
    double high;
    size_t needed; /* pairs that would probably settle it; 0: nothing to settle, or no idea */
} Verdict;

/* Decides over the first n pairs that there are; the same pairs always give the same verdict. */
Verdict verdict_decide(const double *d, size_t n, VerdictOptions options);

/* The number of pairs of the next look after n, or 0 when there is none up to n_max. */
size_t verdict_next_look(size_t n, VerdictOptions options);
/* The largest look of at most n pairs, but at least the first. */
size_t verdict_last_look(size_t n, VerdictOptions options);

/* "improvement", "conditions differ", ... */
Str verdict_word(VerdictKind kind);
/* "faster", "slower", "same", "unclear" */
Str verdict_status(VerdictKind kind);
/* "above", "below", "above?", "below?"; empty for FLAG_NONE. */
Str verdict_flag_word(VerdictFlag flag);

/* What the sentence is about. */
typedef struct VerdictFacts {
    double before; /* typical value of each side, in base units */
    double after;
    Unit unit;
    bool more_is_better; /* throughput */
    Str metric;          /* "CPU time" */
    Str design;          /* "same core"; may be empty */
    Str reason;          /* why there is no better answer; may be empty */
    double same;         /* the bounds of "same"; 0: 2 % */
} VerdictFacts;

/*
 * "faster: 8.1 ms → 5.5 ms, -32 % [-35, -29] 99 %, 14 pairs, CPU time, same core"
 * "unclear: 8.1 ms → 8 ms, -1.2 % [-4.1, +1.9] 99 %, 80 pairs, CPU time; about 160 pairs may settle it"
 */
Str verdict_sentence(Arena *arena, const Verdict *verdict, const VerdictFacts *facts);
/* The relative change of the value itself (0.1: it became 10 % larger) for a ln ratio. */
double verdict_change(double ln_ratio, bool more_is_better);

#endif
