/*
 * Nsight Systems: which host stack launched a kernel or a copy, by process and correlation.
 *
 * A queue of the device holds about a thousand launches, then the host waits. So the newest calls
 * are enough. Where the clocks of the device and the host disagree, work may begin before its call:
 * then it waits here.
 */

#include "analysis/profile/nvidia/nsys_parts.h"

enum {
    LAUNCHES_LEAST = 1 << 10,
    LAUNCHES_MOST = 1 << 16,
    BYTES_PER_LAUNCH = 128, /* of the file, at least */
    EARLY = 1 << 10,
};

static uint64_t key_of(const Nsys *in, uint64_t process, int64_t correlation)
{
    return (in->any_process ? 0 : process << 40) ^ (uint64_t)correlation;
}

void nsys_launches_init(Nsys *in, size_t bytes)
{
    uint32_t capacity = LAUNCHES_LEAST;
    while (capacity < LAUNCHES_MOST && capacity < bytes / BYTES_PER_LAUNCH)
        capacity *= 2;
    in->launches = (NsysLaunches){.by_key = nsys_recent_new(in->arena, capacity),
                                  .list = NEW_ARRAY(in->arena, NsysLaunch, capacity),
                                  .early_by_key = nsys_recent_new(in->arena, EARLY),
                                  .early = NEW_ARRAY(in->arena, NsysEarly, EARLY)};
}

static void add_early_sample(Nsys *in, uint32_t slot, uint32_t host)
{
    NsysLaunches *launches = &in->launches;
    const NsysEarly *early = &launches->early[slot];
    int64_t weights[PROFILE_METRICS_MAX] = {0};
    weights[early->is_kernel ? in->metric.gpu_time : in->metric.copy_time] = early->weights[0];
    if (!early->is_kernel)
        weights[in->metric.copy_bytes] = early->weights[1];
    profile_add_sample(in->build,
                       (ProfileSample){.stack = profile_add_stack(in->build, host, early->frame),
                                       .thread = early->thread,
                                       .count = 1},
                       weights);
    nsys_recent_forget(&launches->early_by_key, slot);
    launches->early_len--;
}

void nsys_add_launch(Nsys *in, uint64_t process, int64_t correlation, NsysLaunch launch)
{
    NsysLaunches *launches = &in->launches;
    uint64_t key = key_of(in, process, correlation);
    uint32_t slot;
    launches->list[nsys_recent_add(&launches->by_key, key)] = launch;
    while (launches->early_len && nsys_recent_find(&launches->early_by_key, key, &slot))
        add_early_sample(in, slot, launch.host);
}

const NsysLaunch *nsys_launch(const Nsys *in, uint64_t process, int64_t correlation)
{
    uint32_t slot;
    return nsys_recent_find(&in->launches.by_key, key_of(in, process, correlation), &slot)
               ? &in->launches.list[slot]
               : NULL;
}

void nsys_add_early(Nsys *in, uint64_t process, int64_t correlation, NsysEarly early)
{
    NsysLaunches *launches = &in->launches;
    uint32_t slot;
    if (nsys_recent_will_forget(&launches->early_by_key, &slot))
        add_early_sample(in, slot, 0);
    slot = nsys_recent_add(&launches->early_by_key, key_of(in, process, correlation));
    launches->early[slot] = early;
    launches->early_len++;
}

void nsys_launches_end(Nsys *in)
{
    for (uint32_t slot = 0; slot < EARLY && in->launches.early_len; slot++)
        if (nsys_recent_holds(&in->launches.early_by_key, slot))
            add_early_sample(in, slot, 0);
}
