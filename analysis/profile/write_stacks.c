#include "analysis/profile/write_stacks.h"

#include "base/json_out.h"
#include "base/strbuf.h"

enum {
    PIECE = 1 << 16, /* bytes that leave at once */
};

typedef struct Writer {
    const Profile *profile;
    size_t metric;
    StrBuf text;
    uint32_t *frames; /* of one stack, outermost first; room for the deepest */
    StacksSink *sink;
    void *to;
    Err *err;
} Writer;

static bool flush(Writer *in, size_t least)
{
    if (in->text.len < least)
        return true;
    bool ok = in->sink(in->to, strbuf_str(&in->text), in->err);
    strbuf_clear(&in->text);
    return ok;
}

static bool begin(Arena *arena, Writer *in)
{
    const Profile *profile = in->profile;
    if (profile->graph)
        return err_set(in->err, ERR_UNSUPPORTED,
                       STR_FMT " knows functions and who called them, and no stacks that could be "
                               "written",
                       STR_ARG(profile->format));
    in->text = strbuf_new(arena);
    in->frames = NEW_ARRAY(arena, uint32_t, profile->stacks_len + 1);
    return true;
}

/* A parent has a smaller number, so this ends. */
static size_t frames_of(Writer *in, uint32_t stack)
{
    size_t len = 0;
    for (uint32_t at = stack; at; at = in->profile->stacks[at].parent)
        in->frames[len++] = in->profile->stacks[at].frame;
    for (size_t i = 0; i < len / 2; i++) {
        uint32_t frame = in->frames[i];
        in->frames[i] = in->frames[len - 1 - i];
        in->frames[len - 1 - i] = frame;
    }
    return len;
}

/* ------------------------------------------------------------------ folded */

static void put_plain(StrBuf *out, Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        strbuf_char(out, c == ';' ? ':' : c == '\n' || c == '\r' ? ' ' : c);
    }
}

static void put_folded_frame(Writer *in, const ProfileFrame *frame)
{
    Str function = profile_text(in->profile, frame->function);
    put_plain(&in->text, function.len ? function : S("[unknown]"));
    if (!frame->file)
        return;
    strbuf_add(&in->text, S(" ("));
    put_plain(&in->text, profile_text(in->profile, frame->file));
    if (frame->line)
        strbuf_fmt(&in->text, ":%u", frame->line);
    strbuf_char(&in->text, ')');
}

bool write_folded(Arena *arena, const Profile *profile, size_t metric, StacksSink *sink, void *to,
                  Err *err)
{
    Writer in = {.profile = profile, .metric = metric, .sink = sink, .to = to, .err = err};
    if (!begin(arena, &in))
        return false;
    for (size_t i = 0; i < profile->samples_len; i++) {
        int64_t weight = profile->weights[metric][i];
        size_t len = frames_of(&in, profile->sample_stack[i]);
        if (!weight)
            continue;
        if (!len)
            strbuf_add(&in.text, S("[unknown]"));
        for (size_t k = 0; k < len; k++) {
            if (k)
                strbuf_char(&in.text, ';');
            put_folded_frame(&in, &profile->frames[in.frames[k]]);
        }
        strbuf_fmt(&in.text, " %lld\n", (long long)weight);
        if (!flush(&in, PIECE))
            return false;
    }
    return flush(&in, 1);
}

/* ------------------------------------------------------------------ speedscope */

static Str unit_of(const Profile *profile, size_t metric)
{
    Str unit = profile_text(profile, profile->metrics[metric].unit);
    if (str_eq(unit, S("ns")))
        return S("nanoseconds");
    return str_eq(unit, S("bytes")) ? S("bytes") : S("none");
}

static bool put_frames(Writer *in, JsonOut *out)
{
    json_key(out, "frames");
    json_open(out, '[');
    for (size_t i = 0; i < in->profile->frames_len; i++) {
        const ProfileFrame *frame = &in->profile->frames[i];
        Str function = profile_text(in->profile, frame->function);
        json_open(out, '{');
        json_key_str(out, "name", function.len ? function : S("[unknown]"));
        if (frame->file)
            json_key_str(out, "file", profile_text(in->profile, frame->file));
        if (frame->line)
            json_key_u64(out, "line", frame->line);
        json_close(out, '}');
        if (!flush(in, PIECE))
            return false;
    }
    json_close(out, ']');
    return true;
}

static bool is_of(const Writer *in, size_t sample, size_t thread)
{
    return in->profile->sample_thread[sample] == thread && in->profile->weights[in->metric][sample];
}

static Str thread_name(Arena *arena, const Profile *profile, size_t number)
{
    const ProfileThread *thread = &profile->threads[number];
    Str process = profile_text(profile, thread->process),
        name = profile_text(profile, thread->name);
    if (!process.len && !name.len && !thread->tid)
        return number ? str_fmt(arena, "thread %zu", number) : S("all threads");
    if (!name.len)
        name = str_fmt(arena, "thread %llu", (unsigned long long)thread->tid);
    return process.len ? str_fmt(arena, STR_FMT ", " STR_FMT, STR_ARG(process), STR_ARG(name))
                       : name;
}

static bool put_samples(Writer *in, JsonOut *out, size_t thread)
{
    json_key(out, "samples");
    json_open(out, '[');
    for (size_t i = 0; i < in->profile->samples_len; i++) {
        if (!is_of(in, i, thread))
            continue;
        size_t len = frames_of(in, in->profile->sample_stack[i]);
        json_open(out, '[');
        for (size_t k = 0; k < len; k++)
            json_put_u64(out, in->frames[k]);
        json_close(out, ']');
        if (!flush(in, PIECE))
            return false;
    }
    json_close(out, ']');
    json_key(out, "weights");
    json_open(out, '[');
    for (size_t i = 0; i < in->profile->samples_len; i++) {
        if (is_of(in, i, thread))
            json_put_i64(out, in->profile->weights[in->metric][i]);
        if (!flush(in, PIECE))
            return false;
    }
    json_close(out, ']');
    return true;
}

static bool put_thread(Writer *in, JsonOut *out, Str name, size_t thread)
{
    int64_t sum = 0;
    size_t samples = 0;
    for (size_t i = 0; i < in->profile->samples_len; i++)
        if (is_of(in, i, thread)) {
            sum += in->profile->weights[in->metric][i];
            samples++;
        }
    if (!samples)
        return true;
    json_open(out, '{');
    json_key_str(out, "type", S("sampled"));
    json_key_str(out, "name", name);
    json_key_str(out, "unit", unit_of(in->profile, in->metric));
    json_key_i64(out, "startValue", 0);
    json_key_i64(out, "endValue", sum);
    bool ok = put_samples(in, out, thread);
    json_close(out, '}');
    return ok;
}

bool write_speedscope(Arena *arena, const Profile *profile, size_t metric, StacksSink *sink,
                      void *to, Err *err)
{
    Writer in = {.profile = profile, .metric = metric, .sink = sink, .to = to, .err = err};
    if (!begin(arena, &in))
        return false;
    JsonOut out = json_out(&in.text);
    json_open(&out, '{');
    json_key_str(&out, "$schema", S("https://www.speedscope.app/file-format-schema.json"));
    json_key_str(&out, "exporter", S("perfloop"));
    json_key_str(&out, "name", profile_text(profile, profile->metrics[metric].name));
    json_key(&out, "shared");
    json_open(&out, '{');
    if (!put_frames(&in, &out))
        return false;
    json_close(&out, '}');
    json_key(&out, "profiles");
    json_open(&out, '[');
    for (size_t i = 0; i < profile->threads_len; i++)
        if (!put_thread(&in, &out, thread_name(arena, profile, i), i))
            return false;
    json_close(&out, ']');
    json_close(&out, '}');
    return flush(&in, 1);
}
