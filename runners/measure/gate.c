#include "runners/measure/gate.h"

#include <stdio.h>
#include <time.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"

enum {
    PAUSE_MS = 50
};

static const double PROBE_DELAY_MAX = 0.10; /* of the probe spent waiting: not now */

double gate_pressure_s(void)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("pressure");
    Err err = {0};
    Str text;
    uint64_t total;
    if (!file_read(scratch, S("/proc/pressure/cpu"), 4096, &text, &err))
        return 0;
    size_t at = str_find(text, S("total="), 0);
    if (at == SIZE_MAX)
        return 0;
    Str digits = str_from(text, at + sizeof("total=") - 1);
    digits = str_head(digits, str_find(digits, S("\n"), 0));
    return str_to_u64(digits, &total) ? (double)total * 1e-6 : 0;
}

static double own_delay_s(void)
{
    unsigned long long ran, waited = 0;
    FILE *file = fopen("/proc/thread-self/schedstat", "re");
    if (!file || fscanf(file, "%llu %llu", &ran, &waited) != 2)
        waited = 0;
    if (file)
        fclose(file);
    return (double)waited * 1e-9;
}

/* Spins for a moment and sees how much of it another process had. */
static bool processor_is_free(void)
{
    double before = own_delay_s();
    uint64_t start = clock_now_ns();
    while ((double)(clock_now_ns() - start) * 1e-9 < GATE_PROBE_S)
        continue;
    return own_delay_s() - before <= PROBE_DELAY_MAX * GATE_PROBE_S;
}

double gate_wait(double at_most_s, const volatile sig_atomic_t *cancel)
{
    uint64_t start = clock_now_ns();
    double waited = 0;
    while (!processor_is_free() && waited < at_most_s && !(cancel && *cancel)) {
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
        waited = (double)(clock_now_ns() - start) * 1e-9;
    }
    return waited;
}
