/*
 * Import: a profile file becomes the heat of the workspace.
 *
 * It is converted in a child (convert.h), its paths are mapped to files of the workspace
 * (pathmap.h), the text of each such file is kept as it is now (contents.h), and a row in the
 * ledger ties them together. From then on hot lines follow the text.
 *
 *     ImportOptions options = {.file = file, .workload = name, .run_dir = dir};
 *     Imported imported;
 *     if (!import_profile(arena, &report, &places, &options, &imported, err))
 *         return false;
 *     report_result(&report, S("ok"), imported.sentence, import_fields, &imported);
 *
 * The texts are taken when it is imported. A file that was changed after the recording is named
 * in a note: its lines may be off.
 */
#ifndef RUNNERS_PROFILING_IMPORT_H
#define RUNNERS_PROFILING_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/symbols/pathmap.h"
#include "base/arena.h"
#include "base/array.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/str.h"
#include "runners/ledger/ledger.h"
#include "runners/places.h"
#include "runners/report.h"

typedef struct ImportOptions {
    Str file;
    Str workload; /* empty: the only one of the workspace, if there is one */
    Str run_dir;  /* where the profiled command ran; empty: the root */
    Str snapshot; /* tree that was profiled, when known */
    Str program;  /* see ConvertOptions */
    /* Files that changed after this moment get a note; 0: when the recording was last written. */
    int64_t recorded_s;
} ImportOptions;

typedef struct ImportedFile {
    Str recorded;
    PathPlace place;
} ImportedFile;
typedef Array(ImportedFile) ImportedFiles;

typedef struct Imported {
    int64_t id; /* in the ledger */
    Digest cache;
    Str tool;
    Str format;
    Str metric;
    Str unit;
    int64_t total;
    uint64_t samples;
    int64_t unmapped;    /* cost outside of any file */
    ImportedFiles files; /* each file the profile names, once */
    size_t mapped;       /* of them, in the workspace */
    Str sentence;
} Imported;

bool import_profile(Arena *arena, Report *report, const Places *places,
                    const ImportOptions *options, Imported *out, Err *err) MUST_CHECK;
/* The result's own fields, for report_result. */
ReportFields import_fields;

/*
 * The map of a profile in the ledger: recorded paths to the files that were found when it was
 * imported, whatever the workspace holds now. The rules may be those of a workload, or none.
 */
PathMap *import_path_map(Arena *arena, const Places *places, const LedgerProfile *profile);

#endif
