/*
 * dump toml: values and problems of TOML files, one JSON object a line. Floats and times are tagged
 * ({"$float": "1.5"}, {"$time": "07:32:00"}), so that nothing is mistaken for another type.
 */

#include <math.h>
#include <stdio.h>

#include "analysis/source/toml.h"
#include "base/file.h"
#include "base/json_out.h"
#include "base/strbuf.h"
#include "cli/dump.h"

enum {
    DUMP_DEPTH_MAX = 60, /* of what the JSON writer can nest */
};

static void put_value(Arena *arena, JsonOut *out, const TomlValue *value);

static void put_tagged(JsonOut *out, const char *tag, Str text)
{
    json_open(out, '{');
    json_key_str(out, tag, text);
    json_close(out, '}');
}

static Str float_text(Arena *arena, double number)
{
    if (isnan(number))
        return S("nan");
    return str_fmt(arena, "%.17g", number);
}

static void put_list(Arena *arena, JsonOut *out, const TomlValue *value)
{
    bool table = value->kind == TOML_TABLE;
    json_open(out, table ? '{' : '[');
    array_each (TomlEntry, entry, &value->entries) {
        json_key_text(out, entry->key);
        put_value(arena, out, entry->value);
    }
    array_each (TomlValue *, item, &value->items)
        put_value(arena, out, *item);
    json_close(out, table ? '}' : ']');
}

static void put_value(Arena *arena, JsonOut *out, const TomlValue *value)
{
    if (out->depth > DUMP_DEPTH_MAX) {
        json_put_str(out, S("..."));
        return;
    }
    switch (value->kind) {
    case TOML_TABLE:
    case TOML_ARRAY:
        put_list(arena, out, value);
        return;
    case TOML_STRING:
        json_put_str(out, value->text);
        return;
    case TOML_INTEGER:
        json_put_i64(out, value->integer);
        return;
    case TOML_FLOAT:
        put_tagged(out, "$float", float_text(arena, value->number));
        return;
    case TOML_BOOL:
        json_put_bool(out, value->truth);
        return;
    case TOML_TIME:
        put_tagged(out, "$time", value->text);
        return;
    }
}

static void put_doc(Arena *arena, JsonOut *out, const TomlDoc *doc, Str text)
{
    json_open(out, '{');
    json_key(out, "values");
    put_value(arena, out, doc->root);
    json_key_open(out, "problems", '[');
    array_each (TomlProblem, problem, &doc->problems) {
        json_open(out, '{');
        json_key_u64(out, "line", toml_line(text, problem->span.start));
        json_key_str(out, "message", problem->message);
        json_close(out, '}');
    }
    json_close(out, ']');
    json_close(out, '}');
}

int dump_toml(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        CLEANUP(arena_cleanup) Arena *arena = arena_new("dump");
        Str text;
        Err err = {0};
        if (!file_read(arena, str_from_c(argv[i]), TOML_BYTES_MAX, &text, &err)) {
            fprintf(stderr, "perfloop: %s\n", err.msg);
            return EXIT_FAILED;
        }
        StrBuf line = strbuf_new(arena);
        JsonOut out = json_out(&line);
        TomlDoc doc = toml_read(arena, text);
        put_doc(arena, &out, &doc, text);
        printf(STR_FMT "\n", STR_ARG(strbuf_str(&line)));
    }
    return EXIT_OK;
}
