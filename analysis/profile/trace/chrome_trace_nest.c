/*
 * Trace events to stacks. In the order of time, each thread has a stack of what is open: a begin
 * or a complete event opens, an end or the passing of its duration closes. What is on top is
 * charged with the time that passes; that is its self time.
 *
 * Real files break every rule of nesting, and nothing here fails for it: what an end leaves open
 * above its begin is closed with it, an end without begin is left out, a complete event that
 * reaches beyond what it began in is cut there, and what is still open at the end of a thread's
 * events ends there. Each is counted for a note.
 */

#include "analysis/profile/trace/chrome_trace.h"

#include <string.h>

enum {
    /* Starts and durations are rounded each by itself: this much beyond is no crossing. */
    ROUNDING_NS = 1001,
    /* Events that are set aside while sorting: a 64th of all, and not less than this. */
    TRACE_ROOM_MIN = 64,
};

/* ------------------------------------------------------------------ order */

static int64_t duration_of(const ChromeTrace *in, const TraceEvent *event)
{
    if (event->duration & TRACE_LONG)
        return in->durations.items[event->duration & ~TRACE_LONG];
    return event->duration;
}

static bool is_complete(const ChromeTrace *in, const TraceEvent *event)
{
    uint32_t kind = in->whats.items[event->what].kind;
    return kind != TRACE_BEGIN && kind != TRACE_END;
}

/* At one time: begins and ends as in the file, then complete events, the longest first. */
static bool comes_after(const ChromeTrace *in, const TraceEvent *a, const TraceEvent *b)
{
    if (a->at != b->at)
        return a->at > b->at;
    bool complete = is_complete(in, a);
    if (complete != is_complete(in, b))
        return complete;
    return complete && duration_of(in, a) < duration_of(in, b);
}

typedef struct Room {
    TraceEvent *events;
    size_t len;
} Room;

static void merge_forward(const ChromeTrace *in, TraceEvent *events, size_t middle, size_t len,
                          TraceEvent *room)
{
    size_t left = 0, right = middle, to = 0;
    memcpy(room, events, middle * sizeof(*events));
    while (left < middle && right < len) {
        if (comes_after(in, &room[left], &events[right]))
            events[to++] = events[right++];
        else
            events[to++] = room[left++];
    }
    memcpy(events + to, room + left, (middle - left) * sizeof(*events));
}

static void merge_backward(const ChromeTrace *in, TraceEvent *events, size_t middle, size_t len,
                           TraceEvent *room)
{
    size_t left = middle, right = len - middle, to = len;
    memcpy(room, events + middle, right * sizeof(*events));
    while (left > 0 && right > 0) {
        if (comes_after(in, &events[left - 1], &room[right - 1]))
            events[--to] = events[--left];
        else
            events[--to] = room[--right];
    }
    memcpy(events + to - right, room, right * sizeof(*events));
}

/* How many of these sorted events come before the pivot; those at its place count if `equal`. */
static size_t count_before(const ChromeTrace *in, const TraceEvent *events, size_t len,
                           const TraceEvent *pivot, bool equal)
{
    size_t low = 0, high = len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bool before = equal ? !comes_after(in, &events[middle], pivot)
                            : comes_after(in, pivot, &events[middle]);
        if (before)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void reverse(TraceEvent *events, size_t len)
{
    for (size_t i = 0; i < len / 2; i++) {
        TraceEvent kept = events[i];
        events[i] = events[len - 1 - i];
        events[len - 1 - i] = kept;
    }
}

/* Lets two neighbours change places. */
static void rotate(TraceEvent *events, size_t first, size_t second)
{
    reverse(events, first);
    reverse(events + first, second);
    reverse(events, first + second);
}

/*
 * Merges two sorted neighbours, in order where they are equal. When neither fits into the room,
 * the longer is halved, the other is cut where that half's border belongs, the inner pieces
 * change places, and what is left are two smaller merges.
 */
static void merge(const ChromeTrace *in, TraceEvent *events, size_t middle, size_t len, Room room)
{
    size_t right = len - middle;
    if (middle == 0 || right == 0)
        return;
    if (middle <= room.len) {
        merge_forward(in, events, middle, len, room.events);
        return;
    }
    if (right <= room.len) {
        merge_backward(in, events, middle, len, room.events);
        return;
    }
    size_t from_left = middle / 2, from_right = right / 2;
    if (middle >= right)
        from_right = count_before(in, events + middle, right, &events[from_left], false);
    else
        from_left = count_before(in, events, middle, &events[middle + from_right], true);
    size_t border = from_left + from_right;
    rotate(events + from_left, middle - from_left, from_right);
    merge(in, events, from_left, border, room);
    merge(in, events + border, middle - from_left, len - border, room);
}

/* Most files are nearly in order, so halves that already are cost one comparison. */
static void sort(const ChromeTrace *in, TraceEvent *events, size_t len, Room room)
{
    if (len < 2)
        return;
    size_t middle = len / 2;
    sort(in, events, middle, room);
    sort(in, events + middle, len - middle, room);
    if (comes_after(in, &events[middle - 1], &events[middle]))
        merge(in, events, middle, len, room);
}

static void sort_events(ChromeTrace *in)
{
    bool sorted = true;
    for (size_t i = 1; i < in->len && sorted; i++)
        sorted = !comes_after(in, &in->events[i - 1], &in->events[i]);
    if (sorted)
        return;
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("trace order");
    size_t len = in->len / 64 < TRACE_ROOM_MIN ? TRACE_ROOM_MIN : in->len / 64;
    sort(in, in->events, in->len, (Room){NEW_ARRAY(scratch, TraceEvent, len), len});
}

/* ------------------------------------------------------------------ threads */

static uint64_t number_of(Str text)
{
    uint64_t number = 0;
    return str_to_u64(text, &number) ? number : 0;
}

static uint32_t thread_of(ChromeTrace *in, TraceLane *lane)
{
    if (lane->thread)
        return lane->thread - 1;
    Str pid = intern_str(&in->texts, lane->pid), tid = intern_str(&in->texts, lane->tid);
    Str process = intern_str(&in->texts, idmap_get(&in->process_names, lane->pid));
    Str name = lane->name ? intern_str(&in->texts, lane->name)
                          : str_fmt(in->arena, "thread " STR_FMT, STR_ARG(tid));
    if (process.len)
        process = str_fmt(in->arena, STR_FMT " ", STR_ARG(process));
    lane->thread = profile_add_thread(in->build,
                                      (ProfileThread){
                                          .process = profile_add_text(in->build, process),
                                          .name = profile_add_text(in->build, name),
                                          .pid = number_of(pid),
                                          .tid = number_of(tid),
                                      }) +
                   1;
    return lane->thread - 1;
}

/* ------------------------------------------------------------------ open and close */

static TraceOpen *top_of(TraceLane *lane)
{
    return lane->open.len ? &lane->open.items[lane->open.len - 1] : NULL;
}

static void close_top(ChromeTrace *in, TraceLane *lane)
{
    TraceOpen *top = top_of(lane);
    int64_t weights[PROFILE_METRICS_MAX] = {top->self};
    profile_add_sample(
        in->build, (ProfileSample){.stack = top->node, .thread = thread_of(in, lane), .count = 1},
        weights);
    lane->open.len--;
}

static void pass_to(TraceLane *lane, int64_t at)
{
    if (lane->open.len)
        top_of(lane)->self += at - lane->at;
    lane->at = at;
    lane->orphan = 0;
    lane->implied = 0;
}

/* Lets time pass until `at`: complete events end on the way. */
static void advance(ChromeTrace *in, TraceLane *lane, int64_t at)
{
    for (TraceOpen *top; (top = top_of(lane)) && top->end <= at;) {
        if (top->end > lane->at)
            pass_to(lane, top->end);
        lane->implied += top->is_begin;
        close_top(in, lane);
    }
    if (at > lane->at)
        pass_to(lane, at);
}

/* A line of the user's own, as far as its path says; PyTorch's files are recorded below "torch/". */
static bool has_file(const ChromeTrace *in, uint32_t node)
{
    if (!node)
        return false;
    const ProfileFrame *frame = profile_added_row(in->build, profile_added_frame(in->build, node));
    Str file = profile_added_text(in->build, frame->file);
    return frame->file && !str_starts(file, S("torch/")) && !str_has(file, S("-packages/"));
}

/* The new event's node, place and call stack. */
static TraceOpen child_of(ChromeTrace *in, const TraceWhat *what, const TraceOpen *top)
{
    TraceOpen child = {.call_stack = top && top->call_stack, .place = top ? top->place : 0};
    uint32_t parent = top ? top->node : 0;
    if (what->call_stack && !child.call_stack && !top) {
        parent = trace_call_stack(in, what->call_stack);
        child.call_stack = true;
        if (has_file(in, parent))
            child.place = parent;
    }
    child.node = profile_add_stack(in->build, parent, trace_frame(in, what->name));
    if (has_file(in, child.node))
        child.place = child.node;
    return child;
}

static Str name_of(const ChromeTrace *in, const TraceWhat *what)
{
    return intern_str(&in->texts, in->names.items[what->name].name);
}

/* `x.item()` and `x.cpu()` of Python are what waits, whatever CUDA call they do so in. */
static Str waiting_call(const ChromeTrace *in, const TraceLane *lane, const TraceWhat *what)
{
    static const Str OPERATORS[] = {STR_CONST("aten::item"), STR_CONST("aten::to"),
                                    STR_CONST("aten::copy_"), STR_CONST("aten::is_nonzero"),
                                    STR_CONST("aten::nonzero")};
    for (size_t i = 0; i < lane->open.len; i++) {
        Str name = intern_str(&in->texts, lane->open.items[i].name);
        for (size_t k = 0; k < sizeof(OPERATORS) / sizeof(OPERATORS[0]); k++)
            if (str_eq(name, OPERATORS[k]))
                return name;
    }
    return name_of(in, what);
}

/* At the line of Python that waits; without one at the operator around the call, or at the call. */
static void add_wait(ChromeTrace *in, const TraceLane *lane, const TraceWhat *what, int64_t start,
                     const TraceOpen *child)
{
    size_t depth = lane->open.len;
    uint32_t around = depth ? lane->open.items[depth - 1].node : child->node;
    Str category = intern_str(&in->texts, in->names.items[what->name].category);
    if (what->kind != TRACE_COMPLETE || !str_starts(category, S("cuda_")) ||
        !gpu_call_waits(name_of(in, what)))
        return;
    Str call = waiting_call(in, lane, what);
    gpu_waits_add(&in->waits, (GpuWait){.process = lane->pid,
                                        .start = start,
                                        .end = child->end,
                                        .stack = child->place ? child->place : around,
                                        .call = profile_add_text(in->build, call)});
}

static void know_launch(ChromeTrace *in, const TraceLane *lane, const TraceWhat *what,
                        uint32_t node)
{
    if (!what->correlation && !what->external)
        return;
    *array_push(in->arena, &in->launches) = (TraceLaunch){.node = node, .pid = lane->pid};
    uint32_t number = (uint32_t)in->launches.len;
    if (what->correlation)
        *idmap_slot(&in->launch_of, what->correlation) = number;
    else
        *idmap_slot(&in->operator_of, what->external) = number;
}

static void open_event(ChromeTrace *in, TraceLane *lane, const TraceWhat *what, int64_t at,
                       int64_t end)
{
    if (lane->open.len == TRACE_DEPTH_MAX) {
        lane->too_deep += what->kind == TRACE_BEGIN;
        in->deep++;
        return;
    }
    const TraceOpen *top = top_of(lane);
    if (top && end > top->end) {
        in->crossing += what->kind == TRACE_COMPLETE && end - top->end > ROUNDING_NS;
        end = top->end;
    }
    TraceOpen child = child_of(in, what, top);
    child.name = in->names.items[what->name].name;
    child.end = end;
    child.is_begin = what->kind == TRACE_BEGIN;
    add_wait(in, lane, what, at, &child);
    know_launch(in, lane, what, child.node);
    *array_push(in->arena, &lane->open) = child;
}

static void begin_event(ChromeTrace *in, TraceLane *lane, const TraceWhat *what)
{
    bool was_ended = lane->orphan && lane->orphan == in->names.items[what->name].name;
    open_event(in, lane, what, lane->at, INT64_MAX);
    if (!was_ended)
        return;
    lane->orphan = 0; /* its end stood before it in the file, at the same time */
    in->unmatched--;
    if (lane->too_deep)
        lane->too_deep--;
    else
        close_top(in, lane);
}

/* An end without a name closes what is innermost. */
static void end_event(ChromeTrace *in, TraceLane *lane, uint32_t name)
{
    size_t at = lane->open.len;
    if (lane->too_deep) {
        lane->too_deep--;
        return;
    }
    while (at > 0 && name && lane->open.items[at - 1].name != name)
        at--;
    if (at == 0) {
        if (lane->implied) {
            lane->implied--;
            return;
        }
        lane->orphan = name;
        in->unmatched++;
        return;
    }
    lane->implied += lane->open.len - at;
    while (lane->open.len >= at)
        close_top(in, lane);
}

static void end_kernel(ChromeTrace *in, const TraceWhat *what, uint32_t pid, int64_t end)
{
    uint32_t frame = trace_frame(in, what->name);
    uint32_t *slot = idmap_slot(&in->kernel_of, frame + 1);
    if (!*slot) {
        *array_push(in->arena, &in->kernel_names) = profile_added_row(in->build, frame)->function;
        *slot = (uint32_t)in->kernel_names.len;
    }
    gpu_waits_kernel(&in->waits, pid, end, *slot - 1);
}

/* Each is below the call that launched it, or the operator: those are known by now. */
static void gpu_event(ChromeTrace *in, const TraceEvent *event)
{
    const TraceWhat *what = &in->whats.items[event->what];
    int64_t end, duration = duration_of(in, event);
    uint32_t number = what->correlation ? idmap_get(&in->launch_of, what->correlation) : 0;
    if (!number && what->external)
        number = idmap_get(&in->operator_of, what->external);
    TraceLaunch launch = number ? in->launches.items[number - 1] : (TraceLaunch){0};
    uint32_t node = profile_add_stack(in->build, launch.node, trace_frame(in, what->name));
    int64_t weights[PROFILE_METRICS_MAX] = {0};
    weights[what->kind == TRACE_COPY ? in->copy_metric : in->kernel_metric] = duration;
    profile_add_sample(in->build,
                       (ProfileSample){.stack = node,
                                       .thread = thread_of(in, &in->lanes.items[what->lane]),
                                       .count = 1},
                       weights);
    if (what->kind == TRACE_KERNEL && !__builtin_add_overflow(event->at, duration, &end))
        end_kernel(in, what, launch.pid, end);
}

static bool on_gpu(const ChromeTrace *in, const TraceEvent *event)
{
    uint32_t kind = in->whats.items[event->what].kind;
    return kind == TRACE_KERNEL || kind == TRACE_COPY;
}

static void take_event(ChromeTrace *in, const TraceEvent *event)
{
    const TraceWhat *what = &in->whats.items[event->what];
    TraceLane *lane = &in->lanes.items[what->lane];
    int64_t end, duration = is_complete(in, event) ? duration_of(in, event) : 0;
    if (lane->async && in->has_sync) {
        in->async_left_out++;
        return;
    }
    thread_of(in, lane); /* numbers them in the order of their first events */
    if (on_gpu(in, event))
        return;
    advance(in, lane, event->at);
    if (__builtin_add_overflow(event->at, duration, &end))
        end = INT64_MAX;
    if (what->kind == TRACE_END)
        end_event(in, lane, in->names.items[what->name].name);
    else if (what->kind == TRACE_BEGIN)
        begin_event(in, lane, what);
    else
        open_event(in, lane, what, event->at, end);
}

/* Complete events still run to their end; begins without an end stop at the last event. */
static void finish(ChromeTrace *in, TraceLane *lane)
{
    while (lane->open.len) {
        TraceOpen *top = top_of(lane);
        if (top->end == INT64_MAX) {
            in->open_at_end++;
            close_top(in, lane);
        } else {
            advance(in, lane, top->end);
        }
    }
}

void trace_nest(ChromeTrace *in)
{
    sort_events(in);
    array_each (TraceLane, lane, &in->lanes)
        lane->at = INT64_MIN;
    for (size_t i = 0; i < in->len; i++)
        take_event(in, &in->events[i]);
    array_each (TraceLane, lane, &in->lanes)
        finish(in, lane);
    if (!in->has_kernels && !in->has_copies)
        return;
    gpu_waits_ready(&in->waits);
    for (size_t i = 0; i < in->len; i++)
        if (on_gpu(in, &in->events[i]))
            gpu_event(in, &in->events[i]);
    gpu_waits_tell(&in->waits, in->kernel_names.items);
}
