/* Libraries of Rust that write a profile from inside the program: they are there when cargo says so. */

#include "base/file.h"
#include "base/path.h"
#include "runners/tools_native.h"

enum {
    MANIFEST_LIMIT = 16 * 1024 * 1024,
};

static Str text_of(Arena *arena, Str folder, Str name)
{
    Str text;
    Err err = {0};
    return file_read(arena, path_join(arena, folder, name), MANIFEST_LIMIT, &text, &err) ? text
                                                                                         : (Str){0};
}

/* `name = "dhat"`, and on a line below it `version = "0.3.3"`. */
static Str locked_version(Arena *arena, Str lock, Str crate)
{
    Str wanted = str_fmt(arena, "name = \"" STR_FMT "\"", STR_ARG(crate)), line, key, value;
    bool found = false;
    while (str_next_line(&lock, &line)) {
        line = str_trim(line);
        found = str_eq(line, wanted) || (found && !str_eq(line, S("[[package]]")));
        if (found && str_starts(line, S("version = \"")) && str_cut(line, '"', &key, &value) &&
            value.len)
            return str_head(value, value.len - 1);
    }
    return (Str){0};
}

static bool names_crate(Str manifest, Str crate)
{
    for (Str line; str_next_line(&manifest, &line);) {
        line = str_trim(line);
        Str after = str_trim(str_from(line, crate.len));
        if (str_starts(line, crate) && (str_starts(after, S("=")) || str_starts(after, S("."))))
            return true;
    }
    return false;
}

/* A member's lock lies with its workspace, in a folder above. */
static void look_crate(Arena *arena, const ToolSearch *search, Str crate, Str mend, Tool *tool)
{
    Str manifest = {0}, lock = {0};
    for (Str folder = search->cwd; folder.len; folder = path_dir(folder)) {
        manifest = manifest.len ? manifest : text_of(arena, folder, S("Cargo.toml"));
        lock = text_of(arena, folder, S("Cargo.lock"));
        if (lock.len || folder.len == 1 || str_eq(path_dir(folder), folder))
            break;
    }
    tool->version = manifest.len ? locked_version(arena, lock, crate) : (Str){0};
    tool->ready = tool->version.len || names_crate(manifest, crate);
    if (tool->ready)
        return;
    tool->problem =
        manifest.len
            ? str_fmt(arena, STR_FMT " is none of the dependencies in Cargo.toml", STR_ARG(crate))
            : S("a library for Rust programs, and here is no Cargo.toml");
    tool->mend = manifest.len ? mend : S("");
}

void tool_look_dhat_crate(Arena *arena, const ToolSearch *search, Tool *tool)
{
    look_crate(arena, search, S("dhat"), S("cargo add dhat"), tool);
}

void tool_look_tracing_chrome(Arena *arena, const ToolSearch *search, Tool *tool)
{
    look_crate(arena, search, S("tracing-chrome"),
               S("cargo add tracing tracing-subscriber tracing-chrome"), tool);
}

/* perf behind it. */
void tool_look_criterion(Arena *arena, const ToolSearch *search, Tool *tool)
{
    Tool crate = *tool;
    look_crate(arena, search, S("criterion"), S("cargo add --dev criterion"), &crate);
    if (crate.ready)
        tool_look_perf(arena, search, tool);
    else
        *tool = crate;
    if (tool->ready)
        tool->version = crate.version;
}
