/*
 * Nsight Systems: calls that wait for the device, and the kernel each one waited for: the one that
 * ended last while the call lasted.
 */

#include <stdlib.h>

#include "analysis/profile/nsys_parts.h"

/* Asynchronous copies from or to memory that is not pinned wait, too: nsys shows the time. */
bool nsys_is_wait(Str call)
{
    static const Str CALLS[] = {
        STR_CONST("cudaDeviceSynchronize"),
        STR_CONST("cudaStreamSynchronize"),
        STR_CONST("cudaEventSynchronize"),
        STR_CONST("cudaThreadSynchronize"),
        STR_CONST("cudaMemcpy"),
        STR_CONST("cuCtxSynchronize"),
        STR_CONST("cuStreamSynchronize"),
        STR_CONST("cuEventSynchronize"),
        STR_CONST("cuMemcpy"),
        STR_CONST("cudaFree"),
        STR_CONST("cuMemFree"),
    };
    for (size_t i = 0; i < sizeof(CALLS) / sizeof(CALLS[0]); i++)
        if (str_starts(call, CALLS[i]))
            return true;
    return false;
}

static int by_thread_and_start(const void *a, const void *b)
{
    const NsysWait *left = a, *right = b;
    if (left->process != right->process)
        return left->process < right->process ? -1 : 1;
    if (left->thread != right->thread)
        return left->thread < right->thread ? -1 : 1;
    return (left->start > right->start) - (left->start < right->start);
}

void nsys_sort_waits(Nsys *in)
{
    if (in->waits.len)
        qsort(in->waits.items, in->waits.len, sizeof(NsysWait), by_thread_and_start);
}

/* The first wait of the thread that ends at `time` or later; those of one thread do not overlap. */
static size_t first_after(const Nsys *in, size_t low, size_t high, int64_t time)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (in->waits.items[middle].end < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t end_of_thread(const Nsys *in, size_t first)
{
    size_t low = first, high = in->waits.len;
    const NsysWait *wait = &in->waits.items[first];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const NsysWait *at = &in->waits.items[middle];
        if (at->process == wait->process && at->thread == wait->thread)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void nsys_wait_kernel(Nsys *in, uint64_t process, int64_t start, int64_t end, uint32_t kernel)
{
    for (size_t first = 0, next; first < in->waits.len; first = next) {
        next = end_of_thread(in, first);
        if (in->waits.items[first].process != process)
            continue;
        size_t at = first_after(in, first, next, end);
        NsysWait *wait = &in->waits.items[at];
        if (at < next && wait->start <= end && start <= wait->end &&
            (!wait->kernel || end > wait->kernel_end)) {
            wait->kernel = kernel + 1;
            wait->kernel_end = end;
        }
    }
}

/* ------------------------------------------------------------------ telling */

/* Waits of one host line for one kernel by one call. */
typedef struct Sum {
    uint32_t frame, call, kernel;
    int64_t ns;
    uint64_t count;
} Sum;

static int by_place(const void *a, const void *b)
{
    const Sum *left = a, *right = b;
    if (left->frame != right->frame)
        return left->frame < right->frame ? -1 : 1;
    if (left->kernel != right->kernel)
        return left->kernel < right->kernel ? -1 : 1;
    return (left->call > right->call) - (left->call < right->call);
}

static void tell(Nsys *in, const Sum *sum)
{
    uint32_t name = in->kernels.items[sum->kernel].name;
    Str kernel = str_copy(in->arena, profile_added_text(in->build, name));
    Str call = str_copy(in->arena, profile_added_text(in->build, sum->call));
    Str text =
        str_fmt(in->arena, "waits for kernel " STR_FMT ": %.3g ms in %llu call%s of " STR_FMT,
                STR_ARG(kernel), (double)sum->ns * 1e-6, (unsigned long long)sum->count,
                sum->count == 1 ? "" : "s", STR_ARG(call));
    profile_add_finding(in->build, (ProfileFinding){.frame = sum->frame,
                                                    .rule = name,
                                                    .message = profile_add_text(in->build, text),
                                                    .kind = FINDING_WAIT});
}

void nsys_tell_waits(Nsys *in)
{
    Sum *sums = NEW_ARRAY(in->arena, Sum, in->waits.len + 1);
    size_t len = 0;
    array_each (NsysWait, wait, &in->waits) {
        if (!wait->kernel)
            continue;
        in->kernels.items[wait->kernel - 1].waited_ns += wait->end - wait->start;
        if (wait->stack)
            sums[len++] = (Sum){profile_added_frame(in->build, wait->stack), wait->call,
                                wait->kernel - 1, wait->end - wait->start, 1};
    }
    if (len)
        qsort(sums, len, sizeof(*sums), by_place);
    for (size_t i = 0, k; i < len; i = k) {
        Sum sum = sums[i];
        for (k = i + 1; k < len && by_place(&sums[k], &sum) == 0; k++) {
            sum.ns += sums[k].ns;
            sum.count++;
        }
        tell(in, &sum);
    }
}
