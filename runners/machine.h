/*
 * Machine: what this machine allows profilers to do, found by reading /proc and /sys and by trying.
 *
 *     Machine machine = machine_read(arena, &(MachineOptions){.try_out = true});
 *     MachineChecks checks = machine_checks(arena, &machine);
 *     checks.items[0]      {"ptrace", CHECK_BLOCKED, "ptrace_scope is 3: ...", "echo kernel.yama ..."}
 *
 * Reading and judging are apart, so that every judgement is tested without such a machine.
 */
#ifndef RUNNERS_MACHINE_H
#define RUNNERS_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/str.h"

enum {
    MACHINE_NOT_TRIED = -1,
    MACHINE_UNKNOWN = INT32_MIN, /* of a setting that this kernel does not have */
};

typedef struct MachineOptions {
    Str system_root; /* for tests: a folder with proc/, sys/ and the rest in place of / */
    bool try_out;    /* look into a child of ours, open counters */
} MachineOptions;

typedef struct Machine {
    int ptrace_scope;   /* kernel.yama.ptrace_scope */
    int perf_paranoid;  /* kernel.perf_event_paranoid */
    int kptr_restrict;  /* kernel.kptr_restrict */
    uint64_t caps;      /* effective capabilities, a bit each */
    int seccomp;        /* 0 none, 1 strict, 2 a filter */
    bool root;          /* our user is 0, whatever it may do */
    Str container;      /* "Docker", "Podman", "Kubernetes", "LXC", "container"; empty: none */
    Str governor;       /* of the first processor; empty where there is none */
    bool turbo;         /* it may run faster for a while */
    bool gpu;           /* NVIDIA's driver is loaded */
    bool gpu_admin;     /* it gives counters to administrators only */
    int ptrace_errno;   /* 0: a child of ours was looked into; MACHINE_NOT_TRIED */
    int sampling_errno; /* the same of a clock for sampling */
    int counter_errno;  /* the same of a hardware counter, cycles */
} Machine;

Machine machine_read(Arena *arena, const MachineOptions *options);

typedef enum CheckState {
    CHECK_OK,
    CHECK_NOTE,    /* nothing is forbidden, but it is worth knowing */
    CHECK_BLOCKED, /* tools that need it cannot run */
} CheckState;

typedef struct Check {
    Str name;
    CheckState state;
    Str sentence;
    Str mend; /* the one command, or line of a configuration, that mends it; may be empty */
} Check;
typedef Array(Check) MachineChecks;

/* ptrace, sampling, counters, kernel, container, clock, gpu: always these, in this order. */
MachineChecks machine_checks(Arena *arena, const Machine *machine);
const Check *machine_check(const MachineChecks *checks, Str name);
/* One of them for this machine, tried now. */
Check machine_try(Arena *arena, Str name);
Str check_state_name(CheckState state);

#endif
