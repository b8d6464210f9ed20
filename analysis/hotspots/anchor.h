/*
 * Anchors: how lines of a profiled text hold on to the text as it is now.
 *
 * A profile speaks of the file as it was when it was recorded. The user types on, saves, switches
 * branches and restarts the editor. For every profiled line an Anchor says where it is now:
 *
 *     exact     same content, same line number
 *     moved     same content at another line number
 *     changed   its content, or what it belongs to, is not certainly the same; `now` is where it
 *               would be: "was 31 % before this line changed"
 *     gone      nowhere; `now` is 0
 *
 * A line whose bytes changed is changed, however little: a reindented line is changed. The line
 * end is no part of the line, so converting "\n" to "\r\n" changes nothing. Bytes that come back
 * (undo, indent and dedent) make a carried anchor exact or moved again.
 *
 * There are two ways to an answer, and they compose:
 *
 * anchors_find compares two texts (after a restart, a save by another program, a branch switch):
 * a line diff that prefers to lose a line over confusing it with another (linemap.h), then the
 * syntax: a line that ended up inside another function than the one it was in is only `changed`.
 * A function that was renamed in place, or moved as a whole, keeps its lines.
 *
 * anchors_carry follows one edit whose place is known, which is exact: only the lines touched by
 * the edit are looked at, all others shift.
 *
 *     Anchors anchors = anchors_find(arena, &then, &now, lines, count);
 *     ...
 *     const Text *next = text_edit(next_arena, text, range, S("x"), &change);
 *     anchors = anchors_carry(next_arena, &anchors, &change, next);
 *
 * Carrying never brings back what is gone, and does not know about functions. So do find again, in
 * a job, when the user pauses.
 *
 * How an edit moves lines, to the letter (tests/unit/test_anchor_oracle.c replays it naively):
 * let A be the old lines touched and B the new ones. If the edit ends at the start of a line, that
 * line is kept and becomes the last of B. If it begins behind the content of a line and leaves that
 * content alone, that line is kept and stays the first of B. What remains of A and B is paired by
 * the line diff where it is certain; between its pairs the lines are taken in order, first with
 * first, and what has no partner is gone.
 */
#ifndef ANALYSIS_HOTSPOTS_ANCHOR_H
#define ANALYSIS_HOTSPOTS_ANCHOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/source/outline.h"
#include "analysis/source/text.h"

typedef enum AnchorState {
    ANCHOR_EXACT,
    ANCHOR_MOVED,
    ANCHOR_CHANGED,
    ANCHOR_GONE,
} AnchorState;

typedef struct Anchor {
    LineNo was; /* in the profiled text */
    LineNo now; /* in the current text; 0 when gone */
    AnchorState state;
    bool certain;  /* `now` is known to be the same line, whatever its content */
    uint64_t hash; /* of the profiled content */
} Anchor;

typedef struct Anchors {
    Anchor *items; /* sorted by `was`, one per line asked for */
    size_t len;
} Anchors;

/* A text with its outline; an outline without items turns the check by syntax off. */
typedef struct AnchorSide {
    const Text *text;
    const Outline *outline;
} AnchorSide;

/* `lines` in any order; doubles and lines outside the text are left out. */
Anchors anchors_find(Arena *arena, const AnchorSide *then, const AnchorSide *now,
                     const LineNo *lines, size_t count);
/* `now` is the text that the change led to. */
Anchors anchors_carry(Arena *arena, const Anchors *old, const TextChange *change, const Text *now);

/* The anchor of a profiled line, or NULL when it was not asked for. */
const Anchor *anchors_at(const Anchors *anchors, LineNo was);
/* "exact", "moved", "changed", "gone" */
Str anchor_state_name(AnchorState state);

#endif
