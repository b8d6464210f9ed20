/*
 * Doctor: which profilers are here, may they run, what mends what is missing; and whether the programs
 * of this workspace are built so that a profiler can make something of them.
 *
 *     Doctor doctor;
 *     if (!doctor_look(arena, report, &(DoctorOptions){.places = &places}, &doctor, err))
 *         return false;
 *     doctor.usable        whatever perfloop.toml names can run
 *     doctor_text(arena, &doctor)
 *
 * Tools are tried out on something small. A program of the workspace is started only when the user
 * agreed to the command that names it (allow.h); its file is read in any case.
 */
#ifndef RUNNERS_PROFILING_DOCTOR_DOCTOR_H
#define RUNNERS_PROFILING_DOCTOR_DOCTOR_H

#include <signal.h>
#include <stdbool.h>

#include "analysis/workload/workload.h"
#include "base/arena.h"
#include "base/array.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/json_out.h"
#include "base/str.h"
#include "runners/machine.h"
#include "runners/places.h"
#include "runners/report.h"
#include "runners/tools.h"

typedef enum DoctorState {
    DOCTOR_READY,
    DOCTOR_MISSING,
    DOCTOR_BLOCKED, /* it is there, and may not run or does not work */
    DOCTOR_UNUSED,  /* a library for programs of a kind that this workspace has none of */
} DoctorState;

typedef struct DoctorTool {
    Tool tool;
    DoctorState state;
    Str need;          /* the machine's check that it depends on; may be empty */
    bool runs;         /* `perfloop profile --with` runs it */
    StrList workloads; /* that name it in perfloop.toml */
} DoctorTool;

typedef struct DoctorWorkload {
    Str name;
    MachineChecks checks; /* agreed, program, python, build, binary: those that apply */
} DoctorWorkload;

typedef struct Doctor {
    Array(DoctorTool) tools; /* in the order of DESIGN's table, then those behind it */
    MachineChecks machine;
    Array(DoctorWorkload) workloads;
    bool usable;
    Str sentence; /* what stands in the way, or that nothing does */
} Doctor;

typedef struct DoctorOptions {
    const Places *places;
    Str only;                            /* one tool; empty: all */
    const volatile sig_atomic_t *cancel; /* may be NULL */
} DoctorOptions;

/* ERR_NOT_FOUND when there is no tool of that name, ERR_CANCELLED. */
bool doctor_look(Arena *arena, Report *report, const DoctorOptions *options, Doctor *out,
                 Err *err) MUST_CHECK;

/* For people: a table of all, or all about the only tool looked at. */
Str doctor_text(Arena *arena, const Doctor *doctor);
Str doctor_tool_text(Arena *arena, const Doctor *doctor);
/* The keys tools, machine and workloads. */
void doctor_write(JsonOut *out, const Doctor *doctor);

#endif
