/*
 * LoopText: `perfloop status` and `perfloop log` as text and as JSON, from a LoopView.
 */
#ifndef RUNNERS_LOOP_LOOP_TEXT_H
#define RUNNERS_LOOP_LOOP_TEXT_H

#include "base/json_out.h"
#include "runners/loop/bottleneck.h"
#include "runners/loop/loop_view.h"

/*
 * Per workload: baseline, where it is now, target, what is hottest, the open iteration and what to
 * do next. `hot` has one for each workload of the view.
 */
Str loop_status_text(Arena *arena, const LoopView *view, const Bottleneck *hot);
void loop_status_json(JsonOut *out, Arena *arena, const LoopView *view, const Bottleneck *hot);

/* Per workload: the history as a line, then every iteration, newest first. */
Str loop_log_text(Arena *arena, const LoopView *view, size_t limit);
void loop_log_json(JsonOut *out, const LoopView *view, size_t limit);

#endif
