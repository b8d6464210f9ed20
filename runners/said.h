/*
 * Said: the one line of a failed command's output that tells why it failed.
 *
 * pytest ends with a summary and pip with a notice, so the last line often says nothing. In this order:
 *
 *     E       assert 3 == 4                       pytest, the first of them, without the E
 *     ModuleNotFoundError: No module named 'x'    a Python exception, the last of its traceback
 *     thread 'main' panicked at src/main.rs:3:5:  a Rust panic: its message, on the next line
 *     error: no such subcommand: `bensh`          whoever says error, fatal or panic, perhaps with its
 *     pytest: error: unrecognized arguments: -x   own name before it
 *     anything                                    the last line that is not empty
 */
#ifndef RUNNERS_SAID_H
#define RUNNERS_SAID_H

#include "base/str.h"

/* Of the two streams the first that has a telling line, else the last line of the first not empty. */
Str said_why(Str first, Str second);

#endif
