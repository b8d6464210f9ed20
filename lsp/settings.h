/*
 * Settings: what the user may choose in the editor, section "perfloop".
 *
 *     heat       "off" | "top" | "all"   which hot lines carry a diagnostic (top)
 *     top        how many with "top" (5)
 *     threshold  share below which a line is quiet, 0 to 1 (0.01)
 *     trusted    false in an untrusted workspace: nothing runs, nothing is written (true). Once
 *                false it stays so: settings may come from the workspace that is not trusted
 *     metric     which metric of the profile is shown: "peak", "allocations", "instructions" ("": the
 *                one that the workload asks for; it is also shown when a profile has not this one)
 *     profile    a profile to show instead of the newest of the ledger ("")
 *
 * They come from initializationOptions, from workspace/configuration and from
 * workspace/didChangeConfiguration. A key that is absent or of a wrong type keeps its value.
 * A Settings value never changes once it is in a Snapshot: a change makes a new one.
 */
#ifndef LSP_SETTINGS_H
#define LSP_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json_in.h"
#include "base/str.h"

typedef enum ShownHeat {
    SHOW_TOP,
    SHOW_OFF,
    SHOW_ALL,
} ShownHeat;

typedef struct Settings {
    ShownHeat heat;
    uint32_t top;
    double threshold;
    bool trusted;
    Str profile;
    Str metric;
} Settings;

Settings settings_default(void);
/* `section` is the value of "perfloop" (or all of initializationOptions); anything but an object
 * changes nothing. Texts are copied into arena. False when nothing changed. */
bool settings_read(Settings *settings, Arena *arena, JsonIn section);

#endif
