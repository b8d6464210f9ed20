/*
 * Sandbox: what the child that reads a foreign profile can still do (convert.h). Entered once, for
 * good, before the first byte is looked at; the result's file is open by then.
 *
 * Always: no file larger than `file_bytes` is written, no core is dumped, few files are open, and
 * nothing that the parent had open is left but the standard streams.
 *
 * Where the kernel filters system calls (Linux on x86-64 and aarch64): the child may open files
 * to read, write to what is open, use memory, and end. Everything else fails with EPERM: starting a program
 * or process, the network, opening a file to write, making, renaming, removing one, changing
 * rights, signals to others, tracing, memory that becomes code. So a reader that was taken over can
 * write a wrong profile into the cache, and no more.
 *
 * With `debuginfod` (the user set DEBUGINFOD_URLS) libdw may fetch debug information, which takes
 * the network, threads, and its cache's files; then only programs, tracing and signals are refused.
 *
 * Time and memory are limited by the parent (process.h).
 */
#ifndef RUNNERS_PROFILING_SANDBOX_H
#define RUNNERS_PROFILING_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

typedef struct SandboxOptions {
    int keep_fd; /* the result's; all others above standard error are closed */
    uint64_t file_bytes;
    bool debuginfod;
} SandboxOptions;

/* False when this kernel has no filter for system calls; the limits hold anyway. */
bool sandbox_enter(SandboxOptions options);

#endif
