/*
 * Nsight Systems: for which kernel a call of the host waited: the one that ended last while the call
 * lasted (gpu_wait.h), found while calls and kernels go by in the order of their start.
 */

#include "analysis/profile/nvidia/nsys_parts.h"

enum {
    AT_ONCE = 1024, /* calls that wait, and kernels that run; real programs have a few */
};

static void add_sum(Nsys *in, const NsysOpenWait *wait, int64_t ns)
{
    NsysWaits *waits = &in->waits;
    uint64_t hash = nsys_mix(nsys_mix(wait->frame, wait->call), wait->kernel);
    uint32_t *slot = idmap_slot(&waits->sum_of, hash | 1);
    const GpuWaitSum *known = *slot ? &waits->sums.items[*slot - 1] : NULL;
    if (!known || known->frame != wait->frame - 1 || known->call != wait->call ||
        known->kernel != wait->kernel - 1) {
        *array_push(in->arena, &waits->sums) =
            (GpuWaitSum){.frame = wait->frame - 1, .call = wait->call, .kernel = wait->kernel - 1};
        *slot = (uint32_t)waits->sums.len;
    }
    GpuWaitSum *sum = &waits->sums.items[*slot - 1];
    sum->ns = nsys_sum(sum->ns, ns);
    sum->count++;
}

static void close_wait(Nsys *in, size_t place)
{
    NsysOpenWait wait = in->waits.open.items[place];
    in->waits.open.items[place] = in->waits.open.items[--in->waits.open.len];
    if (!wait.kernel)
        return;
    NsysKernel *kernel = &in->kernels.items[wait.kernel - 1];
    int64_t ns = nsys_lasting(wait.start, wait.end);
    kernel->waited_ns = nsys_sum(kernel->waited_ns, ns);
    if (wait.frame)
        add_sum(in, &wait, ns);
}

static void look_at(NsysOpenWait *wait, const NsysRunning *kernel)
{
    if (kernel->process != wait->process || kernel->end < wait->start || kernel->end > wait->end)
        return;
    if (!wait->kernel || kernel->end > wait->kernel_end) {
        wait->kernel = kernel->kernel + 1;
        wait->kernel_end = kernel->end;
    }
}

void nsys_add_wait(Nsys *in, NsysOpenWait wait)
{
    if (in->waits.open.len == AT_ONCE)
        close_wait(in, 0);
    array_each (NsysRunning, running, &in->waits.running)
        look_at(&wait, running);
    *array_push(in->arena, &in->waits.open) = wait;
}

/* Waits that ended before this, and kernels that no wait from now on can see the end of. */
static void go_on(Nsys *in, int64_t now)
{
    NsysWaits *waits = &in->waits;
    for (size_t i = waits->open.len; i-- > 0;)
        if (waits->open.items[i].end < now)
            close_wait(in, i);
    for (size_t i = waits->running.len; i-- > 0;)
        if (waits->running.items[i].end < now)
            waits->running.items[i] = waits->running.items[--waits->running.len];
}

void nsys_wait_kernel(Nsys *in, uint64_t process, int64_t start, int64_t end, uint32_t kernel)
{
    NsysRunning running = {process, end, kernel};
    go_on(in, start);
    array_each (NsysOpenWait, wait, &in->waits.open)
        look_at(wait, &running);
    if (in->waits.running.len == AT_ONCE)
        in->waits.running.len--;
    *array_push(in->arena, &in->waits.running) = running;
}

void nsys_tell_waits(Nsys *in)
{
    while (in->waits.open.len)
        close_wait(in, in->waits.open.len - 1);
    uint32_t *names = NEW_ARRAY(in->arena, uint32_t, in->kernels.len + 1);
    for (size_t i = 0; i < in->kernels.len; i++)
        names[i] = in->kernels.items[i].name;
    gpu_wait_sums_tell(in->arena, in->build, in->waits.sums.items, in->waits.sums.len, names);
}
