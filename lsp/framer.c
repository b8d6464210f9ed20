#include "lsp/framer.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    READ_STEP = 64 * 1024,
};

struct Framer {
    char *bytes; /* what came and is not used up starts at `start` */
    size_t start;
    size_t len;
    size_t cap;
    size_t body_max;
    size_t body_len; /* announced length, once the headers are read */
    bool in_body;
    bool lost;   /* skipping to the next Content-Length */
    size_t seen; /* of the header part, searched already for its end */
};

Framer *framer_new(size_t body_max)
{
    Framer *framer = calloc(1, sizeof(*framer));
    if (!framer)
        abort();
    framer->body_max = body_max ? body_max : FRAMER_BODY_MAX;
    return framer;
}

void framer_free(Framer *framer)
{
    if (!framer)
        return;
    free(framer->bytes);
    free(framer);
}

static Str unread(const Framer *framer)
{
    if (!framer->bytes)
        return (Str){0};
    return (Str){framer->bytes + framer->start, framer->len - framer->start};
}

/* Moves the rest to the front, and gives memory back after a large message. */
static void compact(Framer *framer)
{
    size_t rest = framer->len - framer->start;
    if (framer->start && rest)
        memmove(framer->bytes, framer->bytes + framer->start, rest);
    framer->start = 0;
    framer->len = rest;
    if (framer->cap > 16 * READ_STEP && rest < READ_STEP) {
        char *smaller = realloc(framer->bytes, READ_STEP);
        framer->bytes = smaller ? smaller : framer->bytes;
        framer->cap = smaller ? READ_STEP : framer->cap;
    }
}

void framer_feed(Framer *framer, Str bytes)
{
    if (!bytes.len)
        return;
    compact(framer);
    if (framer->len + bytes.len > framer->cap) {
        size_t cap = framer->cap ? framer->cap : READ_STEP;
        while (cap < framer->len + bytes.len)
            cap *= 2;
        char *larger = realloc(framer->bytes, cap);
        if (!larger) {
            fprintf(stderr, "out of memory: %zu bytes for a message\n", cap);
            abort();
        }
        framer->bytes = larger;
        framer->cap = cap;
    }
    memcpy(framer->bytes + framer->len, bytes.ptr, bytes.len);
    framer->len += bytes.len;
}

size_t framer_pending(const Framer *framer)
{
    return framer->lost ? 0 : framer->len - framer->start;
}

static const char LENGTH[] = "content-length:";
enum {
    LENGTH_LEN = sizeof(LENGTH) - 1,
};

static size_t find_length_header(Str text)
{
    for (size_t i = 0; i + LENGTH_LEN <= text.len; i++)
        if ((text.ptr[i] | 0x20) == 'c' && !strncasecmp(text.ptr + i, LENGTH, LENGTH_LEN))
            return i;
    return SIZE_MAX;
}

/* Drops bytes up to the next Content-Length; false when it is not there yet. */
static bool resync(Framer *framer)
{
    Str text = unread(framer);
    size_t at = find_length_header(text);
    if (at == SIZE_MAX) {
        size_t keep = text.len < LENGTH_LEN ? text.len : LENGTH_LEN - 1;
        framer->start += text.len - keep;
        return false;
    }
    framer->start += at;
    framer->lost = false;
    framer->seen = 0;
    return true;
}

static Frame lose(Framer *framer, size_t skip)
{
    framer->start += skip;
    framer->lost = true;
    framer->in_body = false;
    framer->seen = 0;
    return FRAME_BAD;
}

/* The length of the header part with its empty line, or 0 when that has not come. */
static size_t header_end(Framer *framer, Str text)
{
    for (size_t i = framer->seen; i < text.len; i++) {
        if (text.ptr[i] != '\n')
            continue;
        if (i + 1 < text.len && text.ptr[i + 1] == '\n')
            return i + 2;
        if (i + 2 < text.len && text.ptr[i + 1] == '\r' && text.ptr[i + 2] == '\n')
            return i + 3;
    }
    framer->seen = text.len > 2 ? text.len - 2 : 0;
    return 0;
}

static bool read_length(const Framer *framer, Str value, size_t *length, Err *why)
{
    uint64_t number;
    value = str_trim(value);
    if (!str_to_u64(value, &number))
        return err_set(why, ERR_INPUT, "Content-Length is no number: '" STR_FMT "'",
                       STR_ARG(str_head(value, 60)));
    if (number > framer->body_max)
        return err_set(why, ERR_INPUT, "a message of %llu bytes is over the limit of %zu",
                       (unsigned long long)number, framer->body_max);
    *length = (size_t)number;
    return true;
}

static bool read_headers(Framer *framer, Str headers, Err *why)
{
    bool have_length = false;
    for (Str line, name, value; str_next_line(&headers, &line);) {
        line = str_trim(line);
        if (!line.len)
            continue;
        if (!str_cut(line, ':', &name, &value))
            return err_set(why, ERR_INPUT, "header without a colon: '" STR_FMT "'",
                           STR_ARG(str_head(line, 60)));
        name = str_trim(name);
        if (name.len != LENGTH_LEN - 1 || strncasecmp(name.ptr, LENGTH, LENGTH_LEN - 1) != 0)
            continue;
        if (!read_length(framer, value, &framer->body_len, why))
            return false;
        have_length = true;
    }
    return have_length || err_set(why, ERR_INPUT, "headers without Content-Length");
}

/* Line ends between messages are no headers. */
static void skip_blank(Framer *framer)
{
    while (framer->start < framer->len &&
           (framer->bytes[framer->start] == '\r' || framer->bytes[framer->start] == '\n'))
        framer->start++;
}

Frame framer_next(Framer *framer, Str *body, Err *why)
{
    if (framer->lost && !resync(framer))
        return FRAME_NONE;
    if (!framer->in_body) {
        if (framer->seen == 0)
            skip_blank(framer);
        Str text = unread(framer);
        size_t end = header_end(framer, text);
        if (!end && text.len <= FRAMER_HEADER_MAX)
            return FRAME_NONE;
        if (!end || end > FRAMER_HEADER_MAX) {
            err_set(why, ERR_INPUT, "a header part of more than %d bytes", FRAMER_HEADER_MAX);
            return lose(framer, LENGTH_LEN);
        }
        if (!read_headers(framer, str_head(text, end), why))
            return lose(framer, end);
        framer->start += end;
        framer->in_body = true;
        framer->seen = 0;
    }
    Str text = unread(framer);
    if (text.len < framer->body_len)
        return FRAME_NONE;
    *body = str_head(text, framer->body_len);
    framer->start += framer->body_len;
    framer->in_body = false;
    return FRAME_BODY;
}
