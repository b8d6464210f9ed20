/* What Cargo.toml says that matters to a profiler. */

#include "analysis/source/toml.h"
#include "base/strbuf.h"
#include "runners/profiling/doctor/doctor_parts.h"

static bool names_crate(const TomlValue *table, Str crate)
{
    static const Str TABLES[] = {STR_CONST("dependencies"), STR_CONST("dev-dependencies"),
                                 STR_CONST("build-dependencies")};
    for (size_t i = 0; i < sizeof(TABLES) / sizeof(TABLES[0]); i++)
        if (toml_get(toml_get(table, TABLES[i]), crate))
            return true;
    return false;
}

/* The version that Cargo.lock settled on. */
static Str locked_version(Arena *arena, Str lock, Str crate)
{
    TomlDoc doc = toml_read(arena, lock);
    const TomlValue *packages = toml_get(doc.root, S("package"));
    if (!packages || packages->kind != TOML_ARRAY)
        return (Str){0};
    array_each (TomlValue *const, package, &packages->items) {
        const TomlValue *name = toml_get(*package, S("name"));
        const TomlValue *version = toml_get(*package, S("version"));
        if (name && version && name->kind == TOML_STRING && version->kind == TOML_STRING &&
            str_eq(name->text, crate))
            return version->text;
    }
    return (Str){0};
}

/* A member of a workspace may name it, too: then the lock has it. */
Str cargo_dependency(Arena *arena, const CargoProject *cargo, Str crate)
{
    TomlDoc doc = toml_read(arena, cargo->manifest);
    Str version = locked_version(arena, cargo->lock, crate);
    if (version.len)
        return version;
    bool named =
        names_crate(doc.root, crate) || names_crate(toml_get(doc.root, S("workspace")), crate);
    return named ? S("not built yet") : (Str){0};
}

Str cargo_program(Arena *arena, Str manifest)
{
    TomlDoc doc = toml_read(arena, manifest);
    const TomlValue *programs = toml_get(doc.root, S("bin"));
    const TomlValue *first = programs && programs->kind == TOML_ARRAY && programs->items.len == 1
                                 ? programs->items.items[0]
                                 : NULL;
    const TomlValue *name = toml_get(first ? first : toml_get(doc.root, S("package")), S("name"));
    return name && name->kind == TOML_STRING ? name->text : (Str){0};
}

static bool says(Str variable, const TomlValue *value, const Str *words, size_t count)
{
    Str text = variable;
    if (!text.len && !value)
        return false;
    if (!text.len && value->kind == TOML_BOOL)
        text = value->truth ? S("true") : S("false");
    else if (!text.len && value->kind == TOML_INTEGER)
        text = value->integer == 0 ? S("0") : S("1");
    else if (!text.len)
        text = value->text;
    for (size_t i = 0; i < count; i++)
        if (str_eq(text, words[i]))
            return true;
    return false;
}

Check cargo_profile_check(Arena *arena, Str manifest, Str debug_variable, Str strip_variable)
{
    static const Str NONE[] = {STR_CONST("false"), STR_CONST("0"), STR_CONST("none")};
    static const Str STRIPS[] = {STR_CONST("true"), STR_CONST("symbols"), STR_CONST("debuginfo")};
    TomlDoc doc = toml_read(arena, manifest);
    const TomlValue *release = toml_get(toml_get(doc.root, S("profile")), S("release"));
    const TomlValue *debug = toml_get(release, S("debug")), *strip = toml_get(release, S("strip"));
    Check check = {.name = S("build"), .sentence = S("release builds of cargo have lines")};
    if (says(strip_variable, strip, STRIPS, 3)) {
        check.sentence = S("release builds of cargo are stripped (strip in [profile.release]); "
                           "perfloop profile has its own built without that");
        check.mend = S("export CARGO_PROFILE_RELEASE_STRIP=none CARGO_PROFILE_RELEASE_DEBUG=1");
    } else if ((!debug && !debug_variable.len) || says(debug_variable, debug, NONE, 3)) {
        check.sentence = S("release builds of cargo have no lines (no debug in [profile.release]); "
                           "perfloop profile has its own built with them");
        check.mend = S("export CARGO_PROFILE_RELEASE_DEBUG=1");
    }
    check.state = check.mend.len ? CHECK_NOTE : CHECK_OK;
    return check;
}
