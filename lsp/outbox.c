#include "lsp/outbox.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

typedef struct Letter {
    struct Letter *next;
    uint64_t key_hash;
    size_t key_len;
    size_t body_len;
    char *body; /* its own allocation, so that it can be replaced */
    char key[];
} Letter;

typedef struct LaneQueue {
    Letter *first;
    Letter *last;
} LaneQueue;

struct Outbox {
    uv_mutex_t lock;
    uv_cond_t filled;
    LaneQueue lanes[LANE_COUNT];
    size_t bytes;
    bool closed;
};

static void *checked(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

Outbox *outbox_new(void)
{
    Outbox *outbox = checked(calloc(1, sizeof(*outbox)));
    if (uv_mutex_init(&outbox->lock) || uv_cond_init(&outbox->filled))
        abort();
    return outbox;
}

static void letter_free(Letter *letter)
{
    free(letter->body);
    free(letter);
}

static void drop_all(Outbox *outbox)
{
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        while (outbox->lanes[lane].first) {
            Letter *letter = outbox->lanes[lane].first;
            outbox->lanes[lane].first = letter->next;
            letter_free(letter);
        }
        outbox->lanes[lane].last = NULL;
    }
    outbox->bytes = 0;
}

void outbox_free(Outbox *outbox)
{
    if (!outbox)
        return;
    drop_all(outbox);
    uv_cond_destroy(&outbox->filled);
    uv_mutex_destroy(&outbox->lock);
    free(outbox);
}

static char *copy_of(Str text)
{
    char *copy = checked(malloc(text.len + 1));
    memcpy(copy, text.ptr, text.len);
    return copy;
}

static bool replace(Outbox *outbox, LaneQueue *queue, Str key, Str body)
{
    uint64_t hash = str_hash(key);
    for (Letter *letter = queue->first; letter; letter = letter->next) {
        if (letter->key_hash != hash || !str_eq((Str){letter->key, letter->key_len}, key))
            continue;
        free(letter->body);
        outbox->bytes += body.len;
        outbox->bytes -= letter->body_len;
        letter->body = copy_of(body);
        letter->body_len = body.len;
        return true;
    }
    return false;
}

static void append(Outbox *outbox, LaneQueue *queue, Str key, Str body)
{
    Letter *letter = checked(malloc(sizeof(*letter) + key.len));
    *letter = (Letter){
        .key_hash = str_hash(key),
        .key_len = key.len,
        .body = copy_of(body),
        .body_len = body.len,
    };
    if (key.len)
        memcpy(letter->key, key.ptr, key.len);
    if (queue->last)
        queue->last->next = letter;
    else
        queue->first = letter;
    queue->last = letter;
    outbox->bytes += body.len;
}

void outbox_push(Outbox *outbox, Lane lane, Str key, Str body)
{
    uv_mutex_lock(&outbox->lock);
    LaneQueue *queue = &outbox->lanes[lane];
    bool droppable = lane == LANE_PROGRESS && key.len;
    if (!outbox->closed && !(key.len && replace(outbox, queue, key, body)) &&
        !(droppable && outbox->bytes > OUTBOX_DROP_BYTES))
        append(outbox, queue, key, body);
    uv_cond_signal(&outbox->filled);
    uv_mutex_unlock(&outbox->lock);
}

static bool take(Outbox *outbox, Arena *arena, Str *body)
{
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        LaneQueue *queue = &outbox->lanes[lane];
        Letter *letter = queue->first;
        if (!letter)
            continue;
        queue->first = letter->next;
        if (!queue->first)
            queue->last = NULL;
        outbox->bytes -= letter->body_len;
        *body = str_copy(arena, (Str){letter->body, letter->body_len});
        letter_free(letter);
        return true;
    }
    return false;
}

bool outbox_pop(Outbox *outbox, Arena *arena, Str *body)
{
    uv_mutex_lock(&outbox->lock);
    bool got = take(outbox, arena, body);
    uv_mutex_unlock(&outbox->lock);
    return got;
}

bool outbox_wait(Outbox *outbox, Arena *arena, Str *body)
{
    uv_mutex_lock(&outbox->lock);
    bool got;
    while (!(got = take(outbox, arena, body)) && !outbox->closed)
        uv_cond_wait(&outbox->filled, &outbox->lock);
    uv_mutex_unlock(&outbox->lock);
    return got;
}

void outbox_close(Outbox *outbox)
{
    uv_mutex_lock(&outbox->lock);
    outbox->closed = true;
    uv_cond_signal(&outbox->filled);
    uv_mutex_unlock(&outbox->lock);
}

void outbox_discard(Outbox *outbox)
{
    uv_mutex_lock(&outbox->lock);
    drop_all(outbox);
    outbox->closed = true;
    uv_cond_signal(&outbox->filled);
    uv_mutex_unlock(&outbox->lock);
}

size_t outbox_bytes(Outbox *outbox)
{
    uv_mutex_lock(&outbox->lock);
    size_t bytes = outbox->bytes;
    uv_mutex_unlock(&outbox->lock);
    return bytes;
}

bool outbox_is_full(Outbox *outbox)
{
    return outbox_bytes(outbox) > OUTBOX_FULL_BYTES;
}
