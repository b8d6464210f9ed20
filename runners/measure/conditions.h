/*
 * Conditions: what must be equal before two numbers may be compared, as docs/MEASURING.md lists it.
 *
 * A flat list of (group, key, value), so that a difference can be named. Groups and what a
 * difference in them means (conditions_compare):
 *
 *     group       between the sides   during a session      against a stored result
 *     benchmark   invalid             abort                 measure again
 *     toolchain   note: the change    abort                 measure again
 *                 itself did it
 *     env         invalid             warn                  measure again
 *     hardware    invalid             abort                 never mix
 *     power       -                   note, or abort (wall) measure again
 *     load        -                   -                     note
 *     gpu         -                   abort                 measure again     (gpus.h)
 *
 * Values of environment variables are stored as hashes. Variables that differ from one terminal to
 * the next and change no program's speed (a short list in the .c) are left out.
 */
#ifndef RUNNERS_MEASURE_CONDITIONS_H
#define RUNNERS_MEASURE_CONDITIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/attr.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/str.h"

typedef struct Condition {
    Str group;
    Str key;
    Str value;
} Condition;
typedef Array(Condition) Conditions;

typedef struct ConditionsOptions {
    const Str *argv; /* of the benchmark */
    size_t argc;
    Str dir; /* the tree it runs in: inputs are below it */
    const Str *inputs;
    size_t input_count;
    const Str *tools; /* programs whose --version counts; others than known ones are not started */
    size_t tool_count;
    Str runtime;      /* what the harness' report said of its interpreter; may be empty */
    Digest libraries; /* of what the run loaded from outside the tree; zero: not known */
    bool gpus;        /* the benchmark uses them */
    Str system_root;  /* for tests: a folder with proc/ and sys/ in place of / */
} ConditionsOptions;

Conditions conditions_collect(Arena *arena, const ConditionsOptions *options);

/* {"hardware": {"hash": "…", "cpu": "…"}, …}, groups and keys in the order collected; and back. */
Str conditions_json(Arena *arena, const Conditions *conditions);
bool conditions_from_json(Arena *arena, Str json, Conditions *out, Err *err) MUST_CHECK;
/* Names them in the ledger: of all groups but load. */
Digest conditions_digest(Arena *arena, const Conditions *conditions);

typedef enum ConditionsWhen {
    CONDITIONS_BETWEEN_SIDES,
    CONDITIONS_DURING,      /* a session in design S, or not of wall time */
    CONDITIONS_DURING_WALL, /* of wall time, in design P */
    CONDITIONS_STORED,
} ConditionsWhen;

/* What a difference asks for, the worse the larger. */
typedef enum ConditionAction {
    CONDITION_NOTE,
    CONDITION_WARN,      /* the verdict carries it, nothing is offered by itself */
    CONDITION_REMEASURE, /* the stored number must not be compared: measure again */
    CONDITION_ABORT,     /* keep the data, no verdict */
    CONDITION_INVALID,   /* no verdict */
} ConditionAction;

typedef struct ConditionDifference {
    Condition was; /* value empty where there was none */
    Str now;
    ConditionAction action;
} ConditionDifference;
typedef Array(ConditionDifference) ConditionDifferences;

ConditionDifferences conditions_compare(Arena *arena, const Conditions *was, const Conditions *now,
                                        ConditionsWhen when);
/* The worst one's action; NOTE when there is none. */
ConditionAction conditions_worst(const ConditionDifferences *differences);
/* "power: governor was powersave, is performance" */
Str conditions_difference_text(Arena *arena, const ConditionDifference *difference);

#endif
