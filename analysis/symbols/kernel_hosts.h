/*
 * KernelHosts: what the lines of the host do for the device: which kernels each launches, and whether
 * one that waits does anything else. Part of kernels_place.
 *
 *     KernelHosts *hosts = kernel_hosts_new(arena, &profile, host_of);
 *     kernel_hosts_launches(hosts, build, here);            FINDING_LAUNCH at the lines that launch
 *     if (kernel_hosts_works(hosts, frame)) ...
 *
 * host_of says, by stack of the profile, the frame of the innermost line of the user's own in it, as
 * the builder numbers frames, plus 1; 0 where there is none.
 */
#ifndef ANALYSIS_SYMBOLS_KERNEL_HOSTS_H
#define ANALYSIS_SYMBOLS_KERNEL_HOSTS_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/profile/profile.h"
#include "analysis/symbols/kernels.h"
#include "base/arena.h"

typedef struct KernelHosts KernelHosts;

KernelHosts *kernel_hosts_new(Arena *arena, const Profile *profile, const uint32_t *host_of);
void kernel_hosts_launches(KernelHosts *hosts, ProfileBuilder *build, const KernelSources *here);
/* It launches, or more than a tenth of the host's time at this line passes outside of calls that wait. */
bool kernel_hosts_works(const KernelHosts *hosts, uint32_t frame);
/*
 * Of a frame that is known by its function only: the one line in it with what the message says it waits
 * in ("… of aten::item"), or NULL.
 */
const KernelSite *kernel_wait_line(const Profile *profile, const ProfileFrame *host,
                                   const KernelSources *here, Str message);

#endif
