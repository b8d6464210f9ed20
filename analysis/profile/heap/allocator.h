/*
 * Allocator: which functions only hand memory out. A stack of a memory profiler begins in them,
 * and nobody wants to read "malloc is where memory is allocated": readers leave them out.
 */
#ifndef ANALYSIS_PROFILE_HEAP_ALLOCATOR_H
#define ANALYSIS_PROFILE_HEAP_ALLOCATOR_H

#include <stdbool.h>

#include "base/str.h"

/* "malloc", "operator new(unsigned long)", "alloc::alloc::alloc", mangled Rust names, too. */
bool is_allocator(Str function);

#endif
