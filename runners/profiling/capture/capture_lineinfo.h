/*
 * CaptureLineinfo: whether the kernels that a benchmark may launch have lines, told before the run.
 *
 * Looked at are the program, the libraries below the workspace that it is linked to, and for Python the
 * extension modules below the workspace. Libraries elsewhere (cuBLAS, PyTorch) are nobody's to build anew.
 */
#ifndef RUNNERS_PROFILING_CAPTURE_CAPTURE_LINEINFO_H
#define RUNNERS_PROFILING_CAPTURE_CAPTURE_LINEINFO_H

#include "runners/profiling/capture/capture_tools.h"

void lineinfo_note(CaptureJob *job);

#endif
