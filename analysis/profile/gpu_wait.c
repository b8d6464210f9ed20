#include "analysis/profile/gpu_wait.h"

#include <stdlib.h>

/* Asynchronous copies from or to memory that is not pinned wait, too: the time shows it. */
bool gpu_call_waits(Str call)
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

GpuWaits gpu_waits_new(Arena *arena, ProfileBuilder *build)
{
    return (GpuWaits){.arena = arena, .build = build};
}

void gpu_waits_add(GpuWaits *waits, GpuWait wait)
{
    *array_push(waits->arena, &waits->list) = wait;
}

/* ------------------------------------------------------------------ which kernel */

static int by_time(const void *a, const void *b)
{
    const GpuWaitTime *left = a, *right = b;
    if (left->process != right->process)
        return left->process < right->process ? -1 : 1;
    return (left->time > right->time) - (left->time < right->time);
}

void gpu_waits_ready(GpuWaits *waits)
{
    waits->times = NEW_ARRAY(waits->arena, GpuWaitTime, waits->list.len * 2 + 1);
    array_each (GpuWait, wait, &waits->list) {
        waits->times[waits->times_len++] = (GpuWaitTime){.process = wait->process, wait->start};
        waits->times[waits->times_len++] = (GpuWaitTime){.process = wait->process, wait->end};
    }
    if (waits->times_len)
        qsort(waits->times, waits->times_len, sizeof(*waits->times), by_time);
}

/* The first time at or after this one. */
static size_t time_at(const GpuWaits *waits, uint64_t process, int64_t time)
{
    GpuWaitTime wanted = {.process = process, .time = time};
    size_t low = 0, high = waits->times_len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_time(&waits->times[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void gpu_waits_kernel(GpuWaits *waits, uint64_t process, int64_t end, uint32_t kernel)
{
    size_t at = time_at(waits, process, end);
    if (at == waits->times_len || waits->times[at].process != process)
        return;
    GpuWaitTime *time = &waits->times[at];
    if (!time->kernel || end > time->kernel_end) {
        time->kernel = kernel + 1;
        time->kernel_end = end;
    }
}

/* Where no kernel ended since the time before, the newest until then counts. */
static void carry_on(GpuWaits *waits)
{
    for (size_t i = 1; i < waits->times_len; i++) {
        GpuWaitTime *before = &waits->times[i - 1], *time = &waits->times[i];
        if (!time->kernel && before->kernel && before->process == time->process) {
            time->kernel = before->kernel;
            time->kernel_end = before->kernel_end;
        }
    }
}

/* ------------------------------------------------------------------ telling */

static int by_place(const void *a, const void *b)
{
    const GpuWaitSum *left = a, *right = b;
    if (left->frame != right->frame)
        return left->frame < right->frame ? -1 : 1;
    if (left->kernel != right->kernel)
        return left->kernel < right->kernel ? -1 : 1;
    return (left->call > right->call) - (left->call < right->call);
}

static int64_t sum_of(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static int64_t wait_ns(const GpuWait *wait)
{
    int64_t ns;
    return wait->end > wait->start && !__builtin_sub_overflow(wait->end, wait->start, &ns) ? ns : 0;
}

static void tell(Arena *arena, ProfileBuilder *build, const GpuWaitSum *sum, uint32_t name)
{
    Str kernel = str_copy(arena, profile_added_text(build, name));
    Str call = str_copy(arena, profile_added_text(build, sum->call));
    Str text = str_fmt(arena, "waits for kernel " STR_FMT ": %.3g ms in %llu call%s of " STR_FMT,
                       STR_ARG(kernel), (double)sum->ns * 1e-6, (unsigned long long)sum->count,
                       sum->count == 1 ? "" : "s", STR_ARG(call));
    profile_add_finding(build, (ProfileFinding){.frame = sum->frame,
                                                .rule = name,
                                                .message = profile_add_text(build, text),
                                                .kind = FINDING_WAIT});
}

void gpu_wait_sums_tell(Arena *arena, ProfileBuilder *build, GpuWaitSum *sums, size_t len,
                        const uint32_t *names)
{
    if (len)
        qsort(sums, len, sizeof(*sums), by_place);
    for (size_t i = 0, k; i < len; i = k) {
        GpuWaitSum sum = sums[i];
        for (k = i + 1; k < len && by_place(&sums[k], &sum) == 0; k++) {
            sum.ns = sum_of(sum.ns, sums[k].ns);
            sum.count += sums[k].count;
        }
        tell(arena, build, &sum, names[sum.kernel]);
    }
}

static size_t collect(GpuWaits *waits, GpuWaitSum *sums)
{
    size_t len = 0;
    array_each (GpuWait, wait, &waits->list) {
        size_t at = time_at(waits, wait->process, wait->end);
        const GpuWaitTime *time = &waits->times[at];
        if (!time->kernel || time->kernel_end < wait->start)
            continue;
        wait->kernel = time->kernel;
        if (wait->stack)
            sums[len++] = (GpuWaitSum){profile_added_frame(waits->build, wait->stack), wait->call,
                                       wait->kernel - 1, wait_ns(wait), 1};
    }
    return len;
}

void gpu_waits_tell(GpuWaits *waits, const uint32_t *names)
{
    carry_on(waits);
    GpuWaitSum *sums = NEW_ARRAY(waits->arena, GpuWaitSum, waits->list.len + 1);
    gpu_wait_sums_tell(waits->arena, waits->build, sums, collect(waits, sums), names);
}
