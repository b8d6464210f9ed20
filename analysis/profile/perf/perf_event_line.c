#include "analysis/profile/perf/perf_event_line.h"

#include <stddef.h>

static bool next_word(Str *rest, Str *word)
{
    *rest = perf_trim_start(*rest);
    size_t end = 0;
    while (end < rest->len && rest->ptr[end] != ' ' && rest->ptr[end] != '\t')
        end++;
    *word = str_head(*rest, end);
    *rest = str_from(*rest, end);
    return end > 0;
}

static bool all_digits(Str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned)(text.ptr[i] - '0') > 9)
            return false;
    return text.len > 0;
}

static bool is_ids(Str word)
{
    Str pid, tid;
    if (!str_cut(word, '/', &pid, &tid))
        return all_digits(word) ||
               (word.len > 1 && word.ptr[0] == '-' && all_digits(str_from(word, 1)));
    return is_ids(pid) && is_ids(tid) && !str_has(tid, S("/"));
}

static bool is_time(Str word)
{
    Str seconds, part;
    return word.len > 3 && word.ptr[word.len - 1] == ':' &&
           str_cut(str_head(word, word.len - 1), '.', &seconds, &part) && all_digits(seconds) &&
           all_digits(part);
}

static bool is_cpu(Str word)
{
    return word.len > 2 && word.ptr[0] == '[' && word.ptr[word.len - 1] == ']' &&
           all_digits((Str){word.ptr + 1, word.len - 2});
}

/* `1003009 cpu-clock: rest`, the number is not always there. */
static bool cut_event(Str text, PerfEventLine *out)
{
    Str word;
    if (!next_word(&text, &word))
        return false;
    out->has_period = all_digits(word) && str_to_u64(word, &out->period);
    if (out->has_period && !next_word(&text, &word))
        return false;
    if (word.len < 2 || word.ptr[word.len - 1] != ':')
        return false;
    out->event = str_head(word, word.len - 1);
    out->rest = perf_trim_start(text);
    return true;
}

/* comm may hold blanks and numbers: the ids are the last number before the time, if there is one. */
bool perf_event_line(Str line, PerfEventLine *out)
{
    Str text = perf_trim_start(line), rest = text, word, ids = {0}, after_ids = {0};
    while (next_word(&rest, &word)) {
        if (is_time(word))
            break;
        if (is_ids(word)) {
            Str next = rest, peek;
            bool time_follows =
                next_word(&next, &peek) &&
                (is_time(peek) || (is_cpu(peek) && next_word(&next, &peek) && is_time(peek)));
            if (!ids.len || time_follows) {
                ids = word;
                after_ids = rest;
            }
            if (time_follows)
                break;
        }
    }
    *out = (PerfEventLine){.ids = ids};
    if (ids.len) {
        out->who = (Str){text.ptr, (size_t)(ids.ptr + ids.len - text.ptr)};
        out->comm = perf_trim_end((Str){text.ptr, (size_t)(ids.ptr - text.ptr)});
        text = after_ids;
    }
    rest = text;
    while (next_word(&rest, &word) && (is_cpu(word) || is_time(word))) {
        out->has_time |= is_time(word);
        text = rest;
    }
    return cut_event(text, out);
}
