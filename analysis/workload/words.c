/* Commands as text: split into words like a shell does, without any expansion, and back. */

#include <string.h>

#include "analysis/workload/workload.h"
#include "base/strbuf.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Copies a quoted part, without its quotes; `text` stands behind the opening one. */
static bool add_quoted(StrBuf *word, Str *text, char quote)
{
    while (text->len && text->ptr[0] != quote) {
        bool escapes = quote == '"' && text->ptr[0] == '\\' && text->len > 1;
        if (escapes && memchr("\"\\$`", text->ptr[1], 4))
            *text = str_from(*text, 1);
        strbuf_char(word, text->ptr[0]);
        *text = str_from(*text, 1);
    }
    if (!text->len)
        return false;
    *text = str_from(*text, 1);
    return true;
}

static bool add_word(StrBuf *word, Str *text)
{
    while (text->len && !is_blank(text->ptr[0])) {
        char c = text->ptr[0];
        *text = str_from(*text, 1);
        if (c == '"' || c == '\'') {
            if (!add_quoted(word, text, c))
                return false;
            continue;
        }
        if (c == '\\' && text->len) {
            c = text->ptr[0];
            *text = str_from(*text, 1);
        }
        strbuf_char(word, c);
    }
    return true;
}

bool workload_split(Arena *arena, Str text, Str **argv, size_t *argc)
{
    StrList words = {0};
    for (;;) {
        while (text.len && is_blank(text.ptr[0]))
            text = str_from(text, 1);
        if (!text.len)
            break;
        StrBuf word = strbuf_new(arena);
        if (!add_word(&word, &text))
            return false;
        *array_push(arena, &words) = strbuf_str(&word);
    }
    *argv = words.items;
    *argc = words.len;
    return true;
}

static bool needs_quotes(Str word)
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./:=,+@%^";
    for (size_t i = 0; i < word.len; i++)
        if (!word.ptr[i] || !strchr(PLAIN, word.ptr[i]))
            return true;
    return word.len == 0;
}

Str workload_join(Arena *arena, const Str *argv, size_t argc)
{
    StrBuf out = strbuf_new(arena);
    for (size_t i = 0; i < argc; i++) {
        if (i)
            strbuf_char(&out, ' ');
        if (!needs_quotes(argv[i])) {
            strbuf_add(&out, argv[i]);
            continue;
        }
        strbuf_char(&out, '\'');
        for (size_t k = 0; k < argv[i].len; k++) {
            if (argv[i].ptr[k] == '\'')
                strbuf_add(&out, S("'\\''"));
            else
                strbuf_char(&out, argv[i].ptr[k]);
        }
        strbuf_char(&out, '\'');
    }
    return strbuf_str(&out);
}
