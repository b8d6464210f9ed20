/* DoctorParts: what the files of doctor.h share. Only for them and their tests. */
#ifndef RUNNERS_PROFILING_DOCTOR_DOCTOR_PARTS_H
#define RUNNERS_PROFILING_DOCTOR_DOCTOR_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "runners/profiling/doctor/doctor.h"

typedef struct DoctorRow DoctorRow;

/* What is looked for, in order. */
size_t doctor_row_count(void);
Str doctor_row_name(size_t index);
/* One of them; `cargo` is that of the workspace. */
typedef struct CargoProject {
    bool present; /* there is a Cargo.toml */
    Str manifest; /* its text */
    Str lock;     /* of Cargo.lock; may be empty */
} CargoProject;
void doctor_row_look(Arena *arena, size_t index, const ToolSearch *search,
                     const CargoProject *cargo, DoctorTool *out);

/* The version of a crate among the dependencies; empty when it is none of them. */
Str cargo_dependency(Arena *arena, const CargoProject *cargo, Str crate);
/* What the profile that benchmarks are built with does to lines and symbols. */
Check cargo_profile_check(Arena *arena, Str manifest, Str debug_variable, Str strip_variable);
/* The name of the program that `cargo build --release` makes; empty when there is no one name. */
Str cargo_program(Arena *arena, Str manifest);

DoctorWorkload doctor_workload(Arena *arena, const Places *places, const Workload *workload,
                               const CargoProject *cargo, bool agreed);

#endif
