/*
 * Readers: one function per format, all alike: bytes to Profile, or Err with a place.
 *
 * Input is hostile. A reader checks every size before it believes it, uses memory in proportion
 * to the input, and returns what it could read with notes; it fails only when nothing is left.
 * The bytes may go away afterwards: a Profile keeps no view of them.
 */
#ifndef ANALYSIS_PROFILE_READERS_H
#define ANALYSIS_PROFILE_READERS_H

#include <stdbool.h>

#include "analysis/profile/profile.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

typedef bool ProfileReader(Arena *arena, Str bytes, Profile *out, Err *err);

/* Folded stacks, `a;b;c 12` per line; py-spy's raw format with its `name (file:line)` frames. */
ProfileReader read_collapsed;
/* perf.data, as a file or a pipe's bytes; frames leave as module and address. */
ProfileReader read_perf_data;
bool is_perf_data(Str bytes);
/* speedscope's own JSON, sampled and evented. */
ProfileReader read_speedscope;
/* cProfile's .prof: a marshalled dict, read without an interpreter. */
ProfileReader read_pstats;
/* pprof's profile.proto, unpacked. */
ProfileReader read_pprof;
/* What gperftools wrote before: machine words and a memory map. */
ProfileReader read_gperftools;
bool is_gperftools(Str bytes);
/* Trace events: viztracer, tracing-chrome, py-spy, PyTorch, browsers. */
ProfileReader read_chrome_trace;
/* Callgrind's text, as valgrind, xdebug and pprof write it. */
ProfileReader read_callgrind;

/* The text of `perf script`. */
ProfileReader read_perf_script;
bool is_perf_script(Str bytes);
/* The same text, made of the recording `data`, which knows the modules' build ids. */
bool read_perf_unwound(Arena *arena, Str data, Str text, Profile *out, Err *err) MUST_CHECK;
/* line_profiler's .lprof: a pickle, read without an interpreter (pickle.h). */
ProfileReader read_lprof;
/* tracemalloc's Snapshot.dump(), likewise. */
ProfileReader read_tracemalloc;
/* memray transform csv. */
ProfileReader read_memray_csv;
bool is_memray_csv(Str bytes);
/* Memory by stack, as our scripts around memray and tracemalloc write it. */
ProfileReader read_memory_stacks;
bool is_memory_stacks(Str bytes);
/* memray stats --json. */
ProfileReader read_memray_stats;
bool is_memray_stats(Str bytes);
/* gprof2dot's own JSON (memray transform gprof2dot): functions without lines. */
ProfileReader read_gprof2dot;
bool is_gprof2dot(Str bytes);
/* heaptrack's interpreted file, unpacked. */
ProfileReader read_heaptrack;
bool is_heaptrack(Str bytes);
/* Nsight Compute's .ncu-rep. */
ProfileReader read_ncu;
/* Its CSV pages, as `ncu --csv` prints them. */
ProfileReader read_ncu_csv;
bool is_ncu_csv(Str bytes);
/* Nsight Systems' SQLite export. */
ProfileReader read_nsys;
/* The same of a file, of which only a few pages are in memory at a time. */
bool read_nsys_file(Arena *arena, Str path, Profile *out, Err *err) MUST_CHECK;
/* What `nsys stats` prints as CSV or JSON. */
ProfileReader read_nsys_stats;
bool is_nsys_stats(Str bytes);
/* DHAT's JSON, of valgrind and of the dhat crate. */
ProfileReader read_dhat;

#endif
