/*
 * KeepCheck: what keep.c checks before a commit and after it. Private to keep.
 */
#ifndef RUNNERS_LOOP_KEEP_CHECK_H
#define RUNNERS_LOOP_KEEP_CHECK_H

#include "runners/loop/keep.h"

/*
 * Every changed path holds what was measured, none is unsaved, in a submodule or in conflict.
 * Fills keep's paths, added and unknown anew.
 */
bool keep_check_files(Loop *loop, const TreeChanges *changes, const Overlay *overlay, Keep *keep,
                      Err *err) MUST_CHECK;

/* The workload's tests in the frozen candidate; *last are their last words when red. */
bool keep_tests(Loop *loop, const LedgerIteration *iteration, const Workload *workload, bool *green,
                Str *last, Err *err) MUST_CHECK;

/* Index entries of the paths that would be in no commit and in no file afterwards. */
bool keep_save_staged(Loop *loop, const LedgerIteration *iteration, Keep *keep,
                      Err *err) MUST_CHECK;

/* What git would store of a file as it is now. */
bool keep_blob_of_file(Loop *loop, Str path, ObjectId *blob, Err *err) MUST_CHECK;

/* Compares the new HEAD with what was measured: keep's differ, more, besides. */
bool keep_verify(Loop *loop, const LedgerIteration *iteration, const TreeChanges *changes,
                 bool first_commit, Keep *keep, Err *err) MUST_CHECK;

/* Verdict, trees and conditions as JSON under refs/notes/perfloop. */
bool keep_note(Loop *loop, const LedgerIteration *iteration, const Keep *keep, Err *err) MUST_CHECK;

#endif
