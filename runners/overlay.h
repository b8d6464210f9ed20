/*
 * Overlay: what the editor has open, given to a command as a JSON file (--overlay FILE):
 *
 *     {"documents": [{"path": "/abs/p.py", "version": 3, "dirty": true, "text": "..."}]}
 *
 * An editor's text is not always what it would save: some keep the line ends of a CRLF file, some
 * show \n only, and most hide a byte order mark. overlay_bytes gives what saving would write,
 * judged by what is on disk; overlay_text is its inverse.
 */
#ifndef RUNNERS_OVERLAY_H
#define RUNNERS_OVERLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/err.h"
#include "base/str.h"

typedef struct OverlayDocument {
    Str path; /* absolute, symbolic links of its folder resolved */
    int64_t version;
    bool dirty; /* the client's word; overlay_bytes knows whether saving would change the file */
    Str text;
} OverlayDocument;
typedef Array(OverlayDocument) Overlay;

bool overlay_read(Arena *arena, Str file, Overlay *out, Err *err) MUST_CHECK;
/* NULL when it is not open; overlay may be NULL. */
const OverlayDocument *overlay_find(const Overlay *overlay, Str path);

/* disk: what the file holds now, empty for a new one. ERR_UNSUPPORTED when that is not UTF-8. */
bool overlay_bytes(Arena *arena, const OverlayDocument *document, Str disk, Str *bytes,
                   Err *err) MUST_CHECK;
Str overlay_text(Arena *arena, const OverlayDocument *document, Str disk, Str bytes);

#endif
