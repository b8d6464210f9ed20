/* Nsight Systems: which host stack launched a kernel or a copy, by process and correlation. */

#include <stdlib.h>

#include "analysis/profile/nvidia/nsys_parts.h"

static uint64_t key_of(uint64_t process, int64_t correlation)
{
    return process << 40 ^ (uint64_t)correlation;
}

void nsys_add_launch(Nsys *in, uint64_t process, int64_t correlation, uint32_t host)
{
    NsysLaunches *launches = &in->launches;
    size_t len = launches->list.len;
    uint64_t key = key_of(process, correlation);
    launches->unsorted |= len && launches->list.items[len - 1].key > key;
    *array_push(in->arena, &launches->list) = (NsysLaunch){.key = key, .host = host};
}

static int by_key(const void *a, const void *b)
{
    const NsysLaunch *left = a, *right = b;
    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    return (left->host > right->host) - (left->host < right->host);
}

void nsys_sort_launches(Nsys *in)
{
    NsysLaunches *launches = &in->launches;
    if (launches->unsorted)
        qsort(launches->list.items, launches->list.len, sizeof(NsysLaunch), by_key);
}

static bool is_at(const NsysLaunches *launches, size_t at, uint64_t key)
{
    return at < launches->list.len && launches->list.items[at].key == key;
}

/* Beside the newest answer; else by halving. */
uint32_t nsys_launch_host(Nsys *in, uint64_t process, int64_t correlation)
{
    enum {
        NEAR = 4
    };
    NsysLaunches *launches = &in->launches;
    uint64_t key = key_of(process, correlation);
    size_t low = launches->last, high = launches->list.len;
    for (size_t i = 0; i < NEAR; i++)
        if (is_at(launches, low + i, key)) {
            launches->last = low + i;
            return launches->list.items[low + i].host;
        }
    for (low = 0; low < high;) {
        size_t middle = low + (high - low) / 2;
        if (launches->list.items[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    if (!is_at(launches, low, key))
        return 0;
    launches->last = low;
    return launches->list.items[low].host;
}
