/* Nsight Systems: ranges that the program named (NVTX), as they open and close. */

#include "analysis/profile/nvidia/nsys_parts.h"

enum {
    RANGES_DEEP = 256, /* deeper ones have the stack of the one around them */
    NVTX_PUSH_POP = 59,
    NVTX_START_END = 60,
};

void nsys_take_range(Nsys *in, const NsysRow *row)
{
    int64_t type = row->value[NSYS_TYPE];
    bool has_text = !nsys_is_null(row, NSYS_TEXT);
    if ((type != NVTX_PUSH_POP && type != NVTX_START_END) || nsys_is_null(row, NSYS_START) ||
        (!has_text && nsys_is_null(row, NSYS_TEXT_ID)))
        return;
    NsysThread *thread = nsys_thread_row(in, row->value[NSYS_PROCESS]);
    int64_t end = nsys_is_null(row, NSYS_END) ? INT64_MAX : row->value[NSYS_END];
    while (thread->ranges.len && thread->ranges.items[thread->ranges.len - 1].end < end)
        thread->ranges.len--;
    uint32_t text =
        has_text ? profile_add_text(in->build, row->text) : nsys_text(in, row->value[NSYS_TEXT_ID]);
    *array_push(in->arena, &thread->ranges) = (NsysRange){.end = end, .text = text};
}

/* Time only goes on: what has ended will not be asked for again. */
static size_t open_at(NsysThread *thread, int64_t time)
{
    while (thread->ranges.len && thread->ranges.items[thread->ranges.len - 1].end < time)
        thread->ranges.len--;
    return thread->ranges.len < RANGES_DEEP ? thread->ranges.len : RANGES_DEEP;
}

uint32_t nsys_range_stack(Nsys *in, NsysThread *thread, int64_t time)
{
    size_t open = open_at(thread, time), known = open;
    while (known && !thread->ranges.items[known - 1].stack)
        known--;
    for (size_t i = known; i < open; i++) {
        NsysRange *range = &thread->ranges.items[i];
        uint32_t frame = profile_add_frame(
            in->build, (ProfileFrame){.function = range->text, .kind = FRAME_LABEL});
        range->stack =
            profile_add_stack(in->build, i ? thread->ranges.items[i - 1].stack : 0, frame);
    }
    return open ? thread->ranges.items[open - 1].stack : 0;
}

uint32_t nsys_range_text(NsysThread *thread, int64_t time)
{
    size_t open = open_at(thread, time);
    return open ? thread->ranges.items[open - 1].text : 0;
}
