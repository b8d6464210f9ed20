#include "analysis/symbols/kernel_hosts.h"

#include <stdlib.h>

#include "analysis/profile/gpu_wait.h"
#include "analysis/profile/kernel_name.h"
#include "base/idmap.h"
#include "base/path.h"
#include "base/units.h"

enum {
    NAMED_MAX = 3, /* kernels of one line that its sentence names */
    CPU_SAMPLE_NS =
        1000000, /* nsys samples the processor 1,000 times a second unless told otherwise */
};

/* One kernel that one line launches. */
typedef struct Launch {
    uint32_t host;   /* frame + 1 */
    uint32_t kernel; /* text of the profile: its name */
    uint32_t line;   /* in the host's function; 0: the host's */
    int64_t ns;
    uint64_t count;
} Launch;

/* A line's time, as the profile's metrics of the host have it. */
typedef struct HostTime {
    int64_t waits, works;
} HostTime;

struct KernelHosts {
    Arena *arena;
    const Profile *profile;
    const uint32_t *host_of;
    uint32_t *kernel_of; /* by stack: the GPU frame that the kernel begins with, plus 1 */
    bool *waits;         /* by stack: in a call that waits */
    bool *calls;         /* by stack: in a call of CUDA */
    int64_t gpu_ns;      /* of all kernels */
    bool sampled;        /* ncu: a sample is no launch, but an instruction that was seen */
    Array(Launch) launches;
    IdMap launch_of; /* host and kernel to number + 1 */
    Array(HostTime) times;
    IdMap time_of; /* host to number + 1 */
};

static int64_t sum_of(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* ------------------------------------------------------------------ adding up */

static bool is_cuda(const Profile *profile, const ProfileFrame *frame)
{
    Str name = profile_text(profile, frame->function);
    return frame->kind != FRAME_USER &&
           (str_starts(name, S("cuda")) ||
            str_has(profile_text(profile, frame->module), S("libcuda")));
}

static void walk_stacks(KernelHosts *hosts)
{
    const Profile *profile = hosts->profile;
    hosts->kernel_of = NEW_ARRAY(hosts->arena, uint32_t, profile->stacks_len + 1);
    hosts->waits = NEW_ARRAY(hosts->arena, bool, profile->stacks_len + 1);
    hosts->calls = NEW_ARRAY(hosts->arena, bool, profile->stacks_len + 1);
    for (size_t i = 1; i < profile->stacks_len; i++) {
        uint32_t above = profile->stacks[i].parent, number = profile->stacks[i].frame;
        const ProfileFrame *frame = &profile->frames[number];
        Str name = profile_text(profile, frame->function);
        bool kernel = frame->kind == FRAME_GPU && !str_starts(name, S("["));
        hosts->kernel_of[i] = hosts->kernel_of[above] ? hosts->kernel_of[above]
                              : kernel                ? number + 1
                                                      : 0;
        hosts->waits[i] =
            hosts->waits[above] || (frame->kind != FRAME_USER && gpu_call_waits(name));
        hosts->calls[i] = hosts->calls[above] || is_cuda(profile, frame);
    }
}

static void add_launch(KernelHosts *hosts, uint32_t stack, int64_t ns, uint64_t count)
{
    uint32_t host = hosts->host_of[stack], frame = hosts->kernel_of[stack];
    if (!host || !frame || ns <= 0)
        return;
    uint32_t name = hosts->profile->frames[frame - 1].function;
    uint32_t *slot = idmap_slot(&hosts->launch_of, idmap_pair(host, name));
    if (!*slot) {
        *array_push(hosts->arena, &hosts->launches) = (Launch){.host = host, .kernel = name};
        *slot = (uint32_t)hosts->launches.len;
    }
    Launch *launch = &hosts->launches.items[*slot - 1];
    launch->ns = sum_of(launch->ns, ns);
    launch->count += count;
}

static HostTime *time_of(KernelHosts *hosts, uint32_t host)
{
    uint32_t *slot = idmap_slot(&hosts->time_of, host);
    if (!*slot) {
        *array_push(hosts->arena, &hosts->times) = (HostTime){0};
        *slot = (uint32_t)hosts->times.len;
    }
    return &hosts->times.items[*slot - 1];
}

/* The innermost line waits or works; those that called it work, whatever it does. */
static void add_time(KernelHosts *hosts, uint32_t stack, int64_t ns, bool waits)
{
    uint32_t host = hosts->host_of[stack];
    if (!host || ns <= 0)
        return;
    HostTime *time = time_of(hosts, host);
    int64_t *part = waits ? &time->waits : &time->works;
    *part = sum_of(*part, ns);
    uint32_t last = host;
    for (uint32_t above = stack; above; above = hosts->profile->stacks[above].parent) {
        uint32_t outer = hosts->host_of[above];
        if (outer && outer != last && outer != host) {
            time = time_of(hosts, outer);
            time->works = sum_of(time->works, ns);
        }
        last = outer;
    }
}

static bool is_host_time(const Profile *profile, size_t metric)
{
    Str name = profile_text(profile, profile->metrics[metric].name);
    return str_eq(profile_text(profile, profile->metrics[metric].unit), S("ns")) &&
           !str_starts(name, S("gpu_"));
}

static void add_metric(KernelHosts *hosts, size_t metric)
{
    const Profile *profile = hosts->profile;
    Str name = profile_text(profile, profile->metrics[metric].name);
    bool gpu = str_eq(name, S("gpu_time")), host = is_host_time(profile, metric);
    bool cpu = str_eq(name, S("cpu_samples"));
    hosts->sampled = hosts->sampled || (gpu && profile->metrics[metric].sampled);
    for (size_t i = 0; i < profile->samples_len; i++) {
        int64_t weight = profile->weights[metric][i];
        uint32_t stack = profile->sample_stack[i];
        if (gpu) {
            hosts->gpu_ns = sum_of(hosts->gpu_ns, weight);
            add_launch(hosts, stack, weight, profile->sample_count[i]);
        } else if (host) {
            add_time(hosts, stack, weight, hosts->waits[stack]);
        } else if (cpu && !hosts->calls[stack] && weight < INT64_MAX / CPU_SAMPLE_NS) {
            add_time(hosts, stack, weight * CPU_SAMPLE_NS, false);
        }
    }
}

KernelHosts *kernel_hosts_new(Arena *arena, const Profile *profile, const uint32_t *host_of)
{
    KernelHosts *hosts = NEW(arena, KernelHosts);
    *hosts = (KernelHosts){.arena = arena,
                           .profile = profile,
                           .host_of = host_of,
                           .launch_of = idmap_new(arena),
                           .time_of = idmap_new(arena)};
    walk_stacks(hosts);
    for (size_t m = 0; m < profile->metrics_len; m++)
        add_metric(hosts, m);
    return hosts;
}

bool kernel_hosts_works(const KernelHosts *hosts, uint32_t frame)
{
    uint32_t number = idmap_get(&hosts->time_of, frame + 1);
    array_each (const Launch, launch, &hosts->launches)
        if (launch->host == frame + 1)
            return true;
    if (!number)
        return false;
    const HostTime *time = &hosts->times.items[number - 1];
    return time->works > time->waits / 9;
}

/* ------------------------------------------------------------------ lines in functions */

/* Only its function: what PyTorch's profiler records of Python. */
static bool is_function_only(const ProfileFrame *host, Str file)
{
    return host->line && host->line == host->def_line && str_ends(file, S(".py"));
}

static bool is_in_function(const KernelSite *site, const ProfileFrame *host, Str file)
{
    return site->def_line == host->def_line && str_eq(path_base(site->file), path_base(file)) &&
           (str_ends(site->file, file) || str_ends(file, site->file));
}

static bool waits_so(Str call, Str method)
{
    static const struct {
        Str call;
        Str methods;
    } ROWS[] = {
        {STR_CONST("aten::item"), STR_CONST(" item tolist ")},
        {STR_CONST("aten::to"), STR_CONST(" cpu to numpy tolist ")},
        {STR_CONST("aten::copy_"), STR_CONST(" copy_ cpu to ")},
        {STR_CONST("aten::nonzero"), STR_CONST(" nonzero ")},
        {STR_CONST("cudaMemcpy"), STR_CONST(" get ")},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        size_t at = str_find(ROWS[i].methods, method, 0);
        if (str_starts(call, ROWS[i].call) && at != SIZE_MAX &&
            ROWS[i].methods.ptr[at - 1] == ' ' && ROWS[i].methods.ptr[at + method.len] == ' ')
            return true;
    }
    return str_ends(call, S("Synchronize")) && str_eq(method, S("synchronize"));
}

const KernelSite *kernel_wait_line(const Profile *profile, const ProfileFrame *host,
                                   const KernelSources *here, Str message)
{
    Str file = profile_text(profile, host->file), before, call;
    const KernelSite *found = NULL;
    if (!is_function_only(host, file) || !str_cut_last(message, ' ', &before, &call))
        return NULL;
    array_each (const KernelSite, site, &here->waits) {
        if (!is_in_function(site, host, file) || !waits_so(call, site->kernel))
            continue;
        if (found)
            return NULL;
        found = site;
    }
    return found;
}

/* The one line of the function that launches this kernel; 0 when that is not known. */
static uint32_t launch_line(const ProfileFrame *host, Str file, const KernelSources *here, Str name)
{
    uint32_t line = 0;
    Str variants[KERNEL_VARIANTS_MAX];
    if (!is_function_only(host, file))
        return 0;
    size_t n = kernel_variants(kernel_plain_name(name), variants);
    array_each (const KernelSite, site, &here->launches)
        for (size_t i = 0; i < n; i++)
            if (str_eq(site->kernel, variants[i]) && is_in_function(site, host, file)) {
                if (line)
                    return 0;
                line = site->line;
            }
    return line;
}

/* ------------------------------------------------------------------ telling */

static int by_host_and_time(const void *a, const void *b)
{
    const Launch *left = a, *right = b;
    if (left->host != right->host)
        return left->host < right->host ? -1 : 1;
    if (left->line != right->line)
        return left->line < right->line ? -1 : 1;
    if (left->ns != right->ns)
        return left->ns > right->ns ? -1 : 1;
    return (left->kernel > right->kernel) - (left->kernel < right->kernel);
}

static Str share_text(Arena *arena, int64_t ns, int64_t total)
{
    double percent = total > 0 ? 100.0 * (double)ns / (double)total : 0;
    return str_fmt(arena, percent >= 9.95 ? "%.0f %%" : "%.2g %%", percent);
}

static Str time_text(Arena *arena, int64_t ns)
{
    return units_text(arena, (double)ns * 1e-9, UNIT_SECONDS);
}

/* "launches reduce: 12.3 ms, 40 % of GPU time in 3 launches", or of several their sum, then each. */
static Str sentence(KernelHosts *hosts, const Launch *launches, size_t len, int64_t all)
{
    Arena *arena = hosts->arena;
    int64_t ns = 0;
    uint64_t count = 0;
    Str names = {0};
    for (size_t i = 0; i < len; i++) {
        Str name = kernel_plain_name(profile_text(hosts->profile, launches[i].kernel));
        Str time = time_text(arena, launches[i].ns);
        ns = sum_of(ns, launches[i].ns);
        count += launches[i].count;
        if (i < NAMED_MAX)
            names = str_fmt(arena, STR_FMT "%s" STR_FMT " " STR_FMT, STR_ARG(names), i ? ", " : "",
                            STR_ARG(name), STR_ARG(time));
    }
    Str time = time_text(arena, ns), share = share_text(arena, ns, all);
    if (len == 1) {
        Str name = kernel_plain_name(profile_text(hosts->profile, launches[0].kernel));
        Str times = hosts->sampled ? (Str){0}
                                   : str_fmt(arena, " in %llu launch%s", (unsigned long long)count,
                                             count == 1 ? "" : "es");
        return str_fmt(arena, "launches " STR_FMT ": " STR_FMT ", " STR_FMT " of GPU time" STR_FMT,
                       STR_ARG(name), STR_ARG(time), STR_ARG(share), STR_ARG(times));
    }
    return str_fmt(
        arena, "launches %zu kernels: " STR_FMT ", " STR_FMT " of GPU time (" STR_FMT "%s)", len,
        STR_ARG(time), STR_ARG(share), STR_ARG(names), len > NAMED_MAX ? ", …" : "");
}

/* Kernels that stand on a line of their own in their function are told there. */
static void set_lines(KernelHosts *hosts, ProfileBuilder *build, const KernelSources *here)
{
    array_each (Launch, launch, &hosts->launches) {
        const ProfileFrame *host = profile_added_row(build, launch->host - 1);
        launch->line =
            launch_line(host, str_copy(hosts->arena, profile_added_text(build, host->file)), here,
                        profile_text(hosts->profile, launch->kernel));
    }
}

void kernel_hosts_launches(KernelHosts *hosts, ProfileBuilder *build, const KernelSources *here)
{
    int64_t all = hosts->gpu_ns;
    if (!hosts->launches.len)
        return;
    Launch *launches = hosts->launches.items;
    set_lines(hosts, build, here);
    qsort(launches, hosts->launches.len, sizeof(*launches), by_host_and_time);
    for (size_t i = 0, end; i < hosts->launches.len; i = end) {
        for (end = i + 1; end < hosts->launches.len && launches[end].host == launches[i].host &&
                          launches[end].line == launches[i].line;)
            end++;
        Str text = sentence(hosts, &launches[i], end - i, all);
        profile_add_finding(build, (ProfileFinding){
                                       .frame = launches[i].host - 1,
                                       .line = launches[i].line,
                                       .rule = profile_add_text(
                                           build, profile_text(hosts->profile, launches[i].kernel)),
                                       .message = profile_add_text(build, text),
                                       .kind = FINDING_LAUNCH,
                                   });
    }
}
