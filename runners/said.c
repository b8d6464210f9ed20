#include "runners/said.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    SAID_BYTES_MAX = 200,
    NAME_BYTES_MAX = 40,
};

/* py-spy's own lines stand between those of the benchmark. */
static bool next_line(Str *text, Str *line)
{
    while (str_next_line(text, line))
        if (str_trim(*line).len && !str_starts(*line, S("py-spy> ")))
            return true;
    return false;
}

/* pytest: "E   " and what was wrong. */
static Str pytest_says(Str text)
{
    for (Str line; next_line(&text, &line);)
        if (str_starts(line, S("E  ")))
            return str_trim(str_from(line, 1));
    return (Str){0};
}

/* Behind a traceback's indented lines: what went out of the program, so the last one. */
static Str exception_says(Str text)
{
    Str found = {0};
    bool inside = false;
    for (Str line; next_line(&text, &line);) {
        if (str_starts(line, S("Traceback (most recent call last)"))) {
            inside = true;
        } else if (inside && !str_starts(line, S(" "))) {
            found = str_trim(line);
            inside = false;
        }
    }
    return found;
}

/* "thread 'main' panicked at 'text', src/main.rs:3:5", or the text on the line behind. */
static Str panic_says(Str text)
{
    for (Str line; next_line(&text, &line);) {
        if (!str_starts(line, S("thread '")) || !str_has(line, S(" panicked at ")))
            continue;
        Str next;
        return str_ends(str_trim(line), S(":")) && next_line(&text, &next) ? str_trim(next)
                                                                           : str_trim(line);
    }
    return (Str){0};
}

/* "error: x", "error[E0308]: x", "ERROR: x", "fatal: x", "pytest: error: x" */
static bool says_error(Str line)
{
    static const Str WORDS[] = {STR_CONST("error: "), STR_CONST("Error: "), STR_CONST("ERROR: "),
                                STR_CONST("fatal: "), STR_CONST("error[E")};
    Str name, rest;
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (str_starts(line, WORDS[i]))
            return true;
        bool named = str_cut(line, ':', &name, &rest) && name.len <= NAME_BYTES_MAX;
        if (named && str_starts(rest, S(" ")) && str_starts(str_from(rest, 1), WORDS[i]))
            return true;
    }
    return false;
}

static Str error_says(Str text)
{
    for (Str line; next_line(&text, &line);)
        if (says_error(line) && !str_starts(line, S("ERROR: usage: ")))
            return str_trim(line);
    return (Str){0};
}

static Str last_line(Str text)
{
    Str last = {0};
    for (Str line; next_line(&text, &line);)
        last = str_trim(line);
    return last;
}

Str said_why(Str first, Str second)
{
    typedef Str Says(Str text);
    static Says *const SAYS[] = {pytest_says, exception_says, panic_says, error_says, last_line};
    for (size_t i = 0; i < sizeof(SAYS) / sizeof(SAYS[0]); i++) {
        Str found = SAYS[i](first);
        if (!found.len)
            found = SAYS[i](second);
        if (found.len)
            return str_head(found, SAID_BYTES_MAX);
    }
    return (Str){0};
}
