#include "analysis/profile/kernel_name.h"

#include <stdbool.h>

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The bracket that closes the '<' at `at`; those in parentheses do not count. */
static size_t skip_arguments(Str name, size_t at)
{
    size_t angles = 0, round = 0;
    for (; at < name.len; at++) {
        char c = name.ptr[at];
        if (c == '(')
            round++;
        else if (c == ')' && round)
            round--;
        else if (c == '<' && !round)
            angles++;
        else if (c == '>' && !round && !--angles)
            break;
    }
    return at;
}

/* The last word before the parameters. */
Str kernel_plain_name(Str name)
{
    static const Str NAMELESS = STR_CONST("(anonymous namespace)");
    Str last = {name.ptr, 0};
    for (size_t at = 0; at < name.len; at++) {
        char c = name.ptr[at];
        size_t start = at;
        if (c == '<') {
            at = skip_arguments(name, at);
        } else if (c == '(' && str_starts(str_from(name, at), NAMELESS)) {
            at += NAMELESS.len - 1;
        } else if (c == '(' || c == '[') {
            break;
        } else if (is_name_char(c)) {
            while (at + 1 < name.len && is_name_char(name.ptr[at + 1]))
                at++;
            last = (Str){name.ptr + start, at + 1 - start};
        }
    }
    return last;
}
