/*
 * Gate: is a processor free for a wall time to mean something (docs/MEASURING.md 2.4)?
 *
 * Before a pair we spin for 5 ms and read from schedstat how long somebody else had our processor.
 * The run itself is judged afterwards: by its own run delay, or, where it has threads or children
 * whose delays nobody sums, by the system's pressure.
 */
#ifndef RUNNERS_MEASURE_GATE_H
#define RUNNERS_MEASURE_GATE_H

#include <signal.h>

static const double GATE_PROBE_S = 0.005;

/* Waits until a probe was hardly disturbed, but not longer; gives how long it waited. */
double gate_wait(double at_most_s, const volatile sig_atomic_t *cancel);

/* Time so far in which some task of the system waited for a processor; 0 where it is not told. */
double gate_pressure_s(void);

#endif
