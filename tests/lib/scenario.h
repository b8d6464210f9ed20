/*
 * Scenario: a test as one text file, readable without knowing C.
 *
 *     A hot line follows its text when a comment is added above it.
 *
 *     -- src/hot.py --
 *     # a new comment
 *     def slow(xs):  #@ lens("98 % self, moved") lens("Measure")
 *         return sum(x * x for x in xs)  #@ hint("98 %")
 *     -- before/src/hot.py --
 *     ...
 *     -- profile.collapsed --
 *     slow (src/hot.py:2) 98
 *
 * The part before the first `-- name --` line is the sentence. Then come files:
 *
 *     before/PATH       the text that was profiled; PATH itself when there is none
 *     base/PATH         the text of the baseline's profile; else the one that was profiled
 *     profile.EXT       a profile of any format we read, or @ and the path of one; baseline.EXT: the baseline's profile
 *     settings          heat=all top=3 threshold=0.05 had-lenses cursor=markdown|plain
 *     loop              the state of the loop, see below
 *     bench             numbers of benchmarks (scenario_bench.h)
 *     gpus ORIGIN       what nvidia-smi wrote beside the profile, which comes first (gpu_beside.h)
 *     hover PATH:LINE   what the hover must say, word for word
 *     actions PATH:LINE the titles of the code actions there, one a line, "* " before a preferred one
 *     anything else     a source file as it is in the editor now
 *
 * Marks at the end of a line, after `#@` (or `//@`), say what must be shown there:
 * diag(CODE, "message"), lens("title"), hint("label"). They are complete: what is shown and not
 * marked fails the test as well. Marks are taken away before the text is used.
 *
 * The section `loop` has one fact a line:
 *
 *     file perfloop.toml
 *     workload tokenize line=1 metric=p50 unit=s baseline=0.012 current=0.0081 target=8ms [met]
 *     history 0.012 0.010 0.0081
 *     iteration 7 measured slower [profiled] change=0.22 slower: 8.1 ms → 9.9 ms, +22 %
 *     place src/hot.py slow 2 3
 *     stop what is left is outside your code
 *     job job-3 measure tokenize
 *     untrusted
 *
 * scenario_run works everything out again and gives the file as it should read; the test is that
 * nothing changed. With --update the runner writes it back.
 */
#ifndef TESTS_LIB_SCENARIO_H
#define TESTS_LIB_SCENARIO_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

bool scenario_run(Arena *arena, Str text, Str *out, Err *err) MUST_CHECK;

#endif
