/* The half of outline.c that runs the patterns; for this folder only. */
#ifndef ANALYSIS_SOURCE_OUTLINE_SCAN_H
#define ANALYSIS_SOURCE_OUTLINE_SCAN_H

#include "analysis/source/outline.h"
#include "base/array.h"

typedef Array(OutlineItem) OutlineItems;

/*
 * Adds what the patterns find in the part of the tree that touches `range`, in no order and
 * perhaps twice. Parents and digests are left empty, and names are as in the text.
 */
void outline_scan(Arena *arena, const Syntax *syntax, const Text *text, ByteRange range,
                  OutlineItems *items);
/* Adds CUDA functions and launches that are in the text and not among the items. */
void outline_guess(Arena *arena, const Text *text, OutlineItems *items);

#endif
