#include "runners/git/git_program.h"

#include "runners/git/snapshot.h"
#include "runners/report.h"

enum {
    TIMEOUT_S = 600, /* hooks may run a test suite; a passphrase window waits for somebody */
};

bool git_program_run(Arena *arena, const Places *places, const GitCall *call, ProcessResult *result,
                     Err *err)
{
    static const Str ENV[] = {
        STR_CONST("GIT_TERMINAL_PROMPT=0"),   STR_CONST("GIT_EDITOR=true"),
        STR_CONST("GIT_OPTIONAL_LOCKS=0"),    STR_CONST("GIT_DIR"),
        STR_CONST("GIT_WORK_TREE"),           STR_CONST("GIT_INDEX_FILE"),
        STR_CONST("GIT_OBJECT_DIRECTORY"),    STR_CONST("GIT_PREFIX"),
        STR_CONST("GIT_LITERAL_PATHSPECS=1"),
    };
    Str *argv = NEW_ARRAY(arena, Str, call->count + 1);
    argv[0] = S("git");
    for (size_t i = 0; i < call->count; i++)
        argv[i + 1] = call->args[i];
    ProcessOptions options = {
        .argv = argv,
        .argc = call->count + 1,
        .cwd = places->git_top,
        .env = ENV,
        .env_count = sizeof ENV / sizeof ENV[0],
        .input = call->input,
        .capture_bytes = call->capture_bytes,
        .timeout_s = TIMEOUT_S,
        .cancel = &report_cancelled,
    };
    return process_run(arena, &options, result, err);
}

bool git_program_must(Arena *arena, const Places *places, const GitCall *call, Str *out, Err *err)
{
    ProcessResult result;
    Str what = str_fmt(arena, "git " STR_FMT, STR_ARG(call->count ? call->args[0] : S("")));
    if (!git_program_run(arena, places, call, &result, err) || !process_check(&result, what, err))
        return false;
    if (out)
        *out = result.out;
    return true;
}

bool git_program_to_worktree(Arena *arena, const Places *places, const GitEntry *entry, Str *bytes,
                             Err *err)
{
    Str path = str_fmt(arena, "--path=" STR_FMT, STR_ARG(entry->path));
    Str args[] = {S("cat-file"), S("--filters"), path, object_id_hex(arena, entry->blob)};
    GitCall call = {.args = args, .count = 4, .capture_bytes = SNAPSHOT_FILE_MAX + 1};
    if (!git_program_must(arena, places, &call, bytes, err))
        return false;
    if (bytes->len > SNAPSHOT_FILE_MAX)
        return err_set(err, ERR_UNSUPPORTED, STR_FMT ": larger than %d MB", STR_ARG(entry->path),
                       SNAPSHOT_FILE_MAX / 1000000);
    return true;
}

bool git_program_blob_id(Arena *arena, const Places *places, Str path, Str bytes, ObjectId *id,
                         Err *err)
{
    Str option = str_fmt(arena, "--path=" STR_FMT, STR_ARG(path));
    Str args[] = {S("hash-object"), S("--stdin"), option};
    Str hex;
    GitCall call = {.args = args, .count = 3, .input = bytes};
    if (!git_program_must(arena, places, &call, &hex, err))
        return false;
    if (!object_id_from_hex(str_trim(hex), id))
        return err_set(err, ERR_TOOL, "git hash-object answered '" STR_FMT "'",
                       STR_ARG(str_head(hex, 80)));
    return true;
}
