/*
 * CaptureNative: what the profilers of machine code share. Inside this folder only.
 *
 * Each program that the benchmark starts is run through a script of ours in the capture's folder,
 * so that a profiler sees the program and not what starts it:
 *
 *     target/release/app data.txt        /bin/sh FOLDER/run target/release/app data.txt
 *     env A=1 ./app                      the same, with A=1 in its environment
 *     cargo bench --bench parse -- 100   cargo --config target.T.runner=["/bin/sh","FOLDER/run"] bench ...
 *
 * cargo builds first and then runs each program with its folder and variables, as it always does;
 * neither it nor the compiler is profiled. Every run leaves a part in FOLDER/parts, named by the
 * number of its process; the largest one is the profile.
 */
#ifndef RUNNERS_PROFILING_CAPTURE_CAPTURE_NATIVE_H
#define RUNNERS_PROFILING_CAPTURE_CAPTURE_NATIVE_H

#include "runners/profiling/capture/capture_tools.h"

/*
 * `line` is shell: how the tool runs "$@" and writes to "$part". Leaves job->argv. With `once` a
 * pytest benchmark is called once and not timed.
 */
bool native_command(CaptureJob *job, Str line, bool once, Err *err) MUST_CHECK;

/* Words for `line`, quoted. */
Str native_quote(Arena *arena, Str word);

/*
 * The largest part; false, with ERR_NOT_FOUND, when there is none. Tells which other programs ran,
 * and when the program has no lines.
 */
bool native_part(CaptureJob *job, Str *part, Err *err) MUST_CHECK;

/* Makes the largest part the profile. That there is none is no error here: row->explain says why. */
CaptureStep native_collect;

/* Runs a fixed script of shell with arguments "$1"...; ERR_TOOL says `what` when it fails. */
bool native_shell(CaptureJob *job, Str script, const StrList *words, Str what, Err *err) MUST_CHECK;

#endif
